import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { kairos, newHome, startDaemon } from '../cli/kairos.ts';
import { sessionFile } from '../dream/make.ts';
import { startMessagesServer, text } from '../fakes/messages-server.ts';
import { snapshot, topicText } from '../memory/make.ts';
import { openBox, until, type AgentBox } from './agent-box.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface DreamView {
  readonly gates: readonly { readonly name: string; readonly open: boolean | null; readonly reason: string }[];
  readonly progress: { readonly phase: string } | null;
  readonly last: { readonly id: number; readonly outcome: string | null; readonly reason: string } | null;
}

interface Outcome {
  readonly ran: boolean;
  readonly reason: string;
  readonly changes: readonly { readonly kind: string; readonly text: string }[];
  readonly generation: number | null;
  readonly conflicts: readonly { readonly yours: string; readonly text: string; readonly src: readonly string[] }[];
  readonly tokens: number;
}

function write(home: string, path: string, content: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), content);
}

const NAMES = [
  'mail',
  'wiki',
  'auth',
  'proxy',
  'cache',
  'queue',
  'chat',
  'build',
  'search',
  'metrics',
  'billing',
  'staging',
];

function session(
  home: string,
  index: number,
  words = [`Our ${NAMES[index]} server runs on port ${5_000 + index}.`],
): void {
  write(home, ...sessionFile(`s${index}`, words));
}

/** All that is current. */
function remembered(home: string): string {
  const folder = join(home, 'memory/topics');
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}

const dreamNow = (box: AgentBox): Promise<Outcome> => box.post('/api/dream', { now: true });
const lastDream = async (box: AgentBox): Promise<number> => (await box.get<DreamView>('/api/dream')).last?.id ?? 0;

describe('a dream in the whole daemon', () => {
  test('begins by itself, once: a day after the last, with five sessions and an idle foreground [E2E-DREAM]', async () => {
    await using box = await openBox({ config: { nightshift: { from: '01:00', to: '01:01' } } });
    expect(await dreamNow(box)).toMatchObject({ ran: true, reason: 'nothing new since the last dream' });
    for (let index = 1; index <= 4; index += 1) session(box.home, index);
    box.clock.jumpWall(24 * HOUR_MS - 2 * MINUTE_MS);
    await box.clock.advance(MINUTE_MS);
    const early = await box.get<DreamView>('/api/dream');
    expect(early.gates.find(({ open }) => open !== true)).toMatchObject({ name: 'time', open: false });
    await box.clock.advance(11 * MINUTE_MS);
    expect(await lastDream(box)).toBe(1);
    session(box.home, 5);
    await until('the foreground was idle for half an hour, and it dreams', async () => {
      await box.clock.advance(MINUTE_MS);
      return (await lastDream(box)) === 2;
    });
    await until('it is over', async () => (await box.get<DreamView>('/api/dream')).last?.outcome === 'changed');
    expect(remembered(box.home)).toMatch(/5005 \{since: .*src: s5, trust: derived\}/);
    for (let minute = 0; minute < 20; minute += 1) await box.clock.advance(MINUTE_MS);
    expect(await lastDream(box)).toBe(2);
    expect((await box.kairos('status')).stdout).toMatch(
      /^ *Dream +last 2026-11-03 .*: 5 added \(generation 1\); next /m,
    );
    const { dream } = await box.get<{ dream: { last: { at: string }; dueAt: string } }>('/api/status');
    expect(Date.parse(dream.dueAt) - Date.parse(dream.last.at)).toBe(24 * HOUR_MS);
  });

  test('tells in the digest what contradicts words of the owner, and leaves their file alone [E2E-DREAM]', async () => {
    await using box = await openBox({});
    const file = topicText('databases', 'project', '- Our staging database runs on port 5432');
    write(box.home, 'memory/topics/databases.md', file);
    session(box.home, 1, ['Our staging database runs on port 5433 now.']);
    const outcome = await dreamNow(box);
    expect(outcome.conflicts).toMatchObject([{ yours: 'Our staging database runs on port 5432', src: ['s1'] }]);
    expect(readFileSync(join(box.home, 'memory/topics/databases.md'), 'utf8')).toBe(file);
    const { stdout } = await box.kairos('digest', '2026-11-02');
    expect(stdout).toMatch(
      /your note says "Our staging database runs on port 5432" \(memory\/topics\/databases\.md\), since \S+ s1 says ".*5433/,
    );
    const facts = JSON.parse((await box.kairos('digest', '2026-11-02', '--json')).stdout) as {
      dreams: { total: number; tokens: number; usd: number; dreams: { conflicts: unknown[] }[] };
    };
    expect(facts.dreams).toMatchObject({ total: 1, tokens: 0, usd: 0 });
    expect(facts.dreams.dreams[0]?.conflicts).toHaveLength(1);
  });

  test('is taken back byte for byte [E2E-DREAM]', async () => {
    await using box = await openBox({});
    session(box.home, 1);
    await dreamNow(box);
    const before = snapshot(box.home);
    session(box.home, 2);
    session(box.home, 1, ['Our wiki server runs on port 6000 now.']);
    const { generation } = await dreamNow(box);
    expect(generation).toBe(2);
    expect(snapshot(box.home)).not.toEqual(before);
    const { code, stdout } = await box.kairos('memory', 'rollback', '2', '--json');
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 0, generation: 3, held: [] });
    expect(snapshot(box.home)).toEqual(before);
  });

  test('and the verdicts on its memory are documents of a fixed shape [CLI-MEMORY-VERIFY, CLI-DREAM]', async () => {
    await using box = await openBox({});
    const line = '- The entry point is `src/gone/entry.ts` {src: s1, trust: derived}';
    write(box.home, 'memory/topics/shop.md', topicText('shop', 'project', line));
    session(box.home, 1);
    const dreamt = JSON.parse((await box.kairos('dream', '--now', '--json')).stdout) as Outcome;
    expect(dreamt).toMatchObject({ ran: true, generation: 1, failed: false, rejected: [], tokens: 0, usd: 0 });
    expect(dreamt.changes.map(({ kind }) => kind)).toContain('add');
    const found = JSON.parse((await box.kairos('memory', 'verify', '--json')).stdout) as Record<string, unknown>[];
    const [claim] = found.filter(({ topic }) => topic === 'shop');
    expect(claim).toMatchObject({
      topic: 'shop',
      verdict: 'stale',
      claim: expect.any(String),
      reason: expect.any(String),
    });
    expect(claim?.['text']).toContain('src/gone/entry.ts');
  });

  test('marks facts whose claims no longer hold, once, and takes the mark away when they hold again [E2E-DREAM]', async () => {
    await using box = await openBox({});
    const line = '- The entry point is `src/gone/entry.ts` {src: s1, trust: derived}';
    write(box.home, 'memory/topics/shop.md', topicText('shop', 'project', line));
    const stale = async (): Promise<unknown> => {
      const shown = JSON.parse((await box.kairos('memory', 'show', 'shop', '--json')).stdout) as {
        facts: { stale: string | null }[];
      };
      return shown.facts[0]?.stale;
    };
    expect((await dreamNow(box)).changes).toMatchObject([{ kind: 'mark-stale', topic: 'shop' }]);
    expect(await stale()).toContain('src/gone/entry.ts');
    expect((await dreamNow(box)).changes).toEqual([]);
    write(box.repository, 'src/gone/entry.ts', 'export {};\n');
    await box.post('/api/dream', { dryRun: true });
    expect(await stale()).not.toBeNull();
    await dreamNow(box);
    expect(await stale()).toBeNull();
  });

  test('asks no model when there is nothing new, and says so [E2E-DREAM, DREAM-METERED]', async () => {
    await using model = await startMessagesServer(() => ({ blocks: [text('{"same":[],"overtaken":[]}')] }));
    await using box = await openBox({ model: model.url });
    session(box.home, 1);
    session(box.home, 2);
    await dreamNow(box);
    const asked = model.requests.length;
    expect(await dreamNow(box)).toMatchObject({
      ran: true,
      reason: 'nothing new since the last dream',
      generation: null,
      tokens: 0,
    });
    expect(model.requests).toHaveLength(asked);
  });
});

describe('a daemon that is killed while it dreams', () => {
  test('has the old memory or the new one, counts a failure, and waits before it tries again [E2E-DREAM]', async () => {
    const home = newHome();
    const names = Array.from({ length: 400 }, (_, index) => `Our box-${index} server runs on port ${6_000 + index}.`);
    for (let at = 0; at < 400; at += 10) write(home, ...sessionFile(`s${at}`, names.slice(at, at + 10)));
    write(home, 'config.yaml', 'notify: []\ntimezone: UTC\n');
    const token = async (): Promise<{ url: string; token: string }> => ({
      url: (JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as { url: string }).url,
      token: readFileSync(join(home, 'token'), 'utf8').trim(),
    });
    const view = async (): Promise<DreamView> => {
      const { url, token: secret } = await token();
      const answer = await fetch(`${url}/api/dream`, { headers: { authorization: `Bearer ${secret}` } });
      return (await answer.json()) as DreamView;
    };
    let lost = 0;
    for (const delayMs of [0, 120, 400]) {
      const daemon = await startDaemon(home);
      const asked = kairos(home, ['dream', '--now', '--json']);
      await until('it has begun', async () => {
        const { last } = await view();
        return last !== null && last.id > lost;
      });
      await pause(delayMs);
      daemon.kill('SIGKILL');
      await asked;
      const again = await startDaemon(home);
      const { last, gates } = await view();
      // None of the facts, or all of them.
      const facts = remembered(home)
        .split('\n')
        .filter((line) => line.startsWith('- ')).length;
      expect([0, 400]).toContain(facts);
      if (facts === 400) break;
      expect(last).toMatchObject({ id: lost + 1, outcome: 'lost' });
      lost += 1;
      expect(gates.find(({ name }) => name === 'backoff')).toMatchObject({ open: false });
      expect(gates.find(({ name }) => name === 'time')).toMatchObject({ open: true });
      again.kill('SIGKILL');
    }
    expect(lost).toBeGreaterThan(0);
  }, 60_000);
});
