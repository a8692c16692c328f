import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { beginDaemon, freePort, makeHome, ROOT, until, type DaemonProcess } from '../../proof/lib/daemon.ts';
import { postGithub } from '../../proof/lib/sender.ts';

const LEAK = pathToFileURL(join(ROOT, 'test/fakes/leak.ts')).href;
const SMALL = { notify: [], care: { memory: '200MB', sustained: '2s' } };

interface Boot {
  readonly reason: string | null;
  readonly stopped_at: number | null;
}

const rows = <Row>(home: string, sql: string): Row[] => {
  using database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true, timeout: 2_000 });
  return database.prepare(sql).all() as Row[];
};

const startedAt = (home: string): string => {
  try {
    return (JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as { startedAt: string }).startedAt;
  } catch {
    return '';
  }
};

/** Sends one delivery after the other, again when nobody answered, as a sender does. @returns the ids answered 202 or 200. */
function keepSending(daemon: DaemonProcess): { stop(): Promise<{ taken: string[]; gapMs: number }> } {
  const over = new AbortController();
  const taken: string[] = [];
  let gapMs = 0;
  const sent = (async () => {
    let answeredMs = performance.now();
    for (let number = 0; !over.signal.aborted;) {
      const id = `delivery-${number}`;
      const answer = await postGithub(daemon.url, { id, event: 'push', body: Buffer.from('{"ref":"main"}') }).catch(
        () => undefined,
      );
      if (answer?.status === 202 || answer?.status === 200) {
        gapMs = Math.max(gapMs, performance.now() - answeredMs);
        answeredMs = performance.now();
        taken.push(id);
        number += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return { taken, gapMs };
  })();
  return {
    stop() {
      over.abort();
      return sent;
    },
  };
}

describe('a daemon with a leak', () => {
  test('notices it, starts itself anew in place, says why, and loses no delivery [CARE-MEMORY, CARE-RESTART]', async () => {
    using home = makeHome(SMALL);
    const port = await freePort();
    await using daemon = await beginDaemon(home.path, { port, env: { NODE_OPTIONS: `--import ${LEAK}` } }).ready;
    const first = startedAt(home.path);
    writeFileSync(join(home.path, 'leak'), '');
    const sending = keepSending(daemon);
    expect(await until(() => !['', first].includes(startedAt(home.path)), 60_000)).toBe(true);
    rmSync(join(home.path, 'leak'));
    expect(await until(async () => (await daemon.get('/readyz').catch(() => undefined)) !== undefined, 10_000)).toBe(
      true,
    );
    const { taken, gapMs } = await sending.stop();
    // In place: the process that a supervisor or a terminal knows is still it.
    expect(daemon.alive()).toBe(true);
    const status = (await daemon.get('/api/status')) as {
      pid: number;
      safeMode: boolean;
      health: { lastRestart: { why: string } };
    };
    expect(status.pid).toBe(daemon.pid);
    expect(status.safeMode).toBe(false);
    expect(status.health.lastRestart.why).toMatch(/^memory: it uses 1\d\d MiB of 200 MiB memory and grows$/);
    expect(await daemon.stop()).toBe(0);
    const known = new Set(
      rows<{ delivery: string }>(home.path, "SELECT delivery FROM events WHERE source = 'github'").map(
        (row) => row.delivery,
      ),
    );
    expect(taken.filter((id) => !known.has(id))).toEqual([]);
    expect(taken.length).toBeGreaterThan(100);
    expect(gapMs).toBeLessThan(5_000);
    const boots = rows<Boot>(home.path, 'SELECT reason, stopped_at FROM boots ORDER BY id');
    expect(boots.map(({ reason }) => reason?.split(':')[0])).toEqual(['restart', 'stopped']);
    const journal = rows<{ text: string }>(home.path, 'SELECT text FROM journal ORDER BY id').map(({ text }) => text);
    expect(journal.join('\n')).toMatch(/kairosd starts itself anew: it uses/);
    expect(journal.join('\n')).toMatch(/is ready again \(memory: it uses/);
    expect(readFileSync(join(home.path, 'log/kairosd.log'), 'utf8')).toMatch(/"msg":"starting anew"/);
  }, 120_000);

  test('ends with code 75 where a supervisor starts it again [CARE-RESTART]', async () => {
    using home = makeHome(SMALL);
    const starting = beginDaemon(home.path, {
      env: { NODE_OPTIONS: `--import ${LEAK}`, KAIROS_SUPERVISOR: 'systemd' },
    });
    await using daemon = await starting.ready;
    writeFileSync(join(home.path, 'leak'), '');
    expect(await until(() => !daemon.alive(), 60_000)).toBe(true);
    expect(await daemon.stop()).toBe(75);
    const [boot] = rows<Boot>(home.path, 'SELECT reason, stopped_at FROM boots');
    expect(boot?.reason).toMatch(/^restart: memory: /);
    // A restart of its own is no crash: two of them do not lead to safe mode.
    expect(rows(home.path, 'SELECT 1 FROM boots WHERE stopped_at IS NULL')).toEqual([]);
  }, 120_000);
});
