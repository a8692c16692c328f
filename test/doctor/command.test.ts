import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/ledger/database.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import type { Finding } from '../../src/doctor/check.ts';
import { examine } from '../../src/doctor/doctor.ts';
import { kairos, newHome, startDaemon } from '../cli/kairos.ts';
import { differences, portsOf, snapshot } from './world.ts';

interface Answer {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly backup?: string;
}

async function doctor(home: string, ...words: string[]): Promise<Answer & { code: number | null }> {
  const { code, stdout, stderr } = await kairos(home, ['doctor', '--json', ...words]);
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as Answer) };
}

const SECRET = 'a-secret-of-the-tests-0123456789';

describe('kairos doctor', () => {
  test('--fix beside a real daemon mends modes, leaves its files alone, and says no secret [DOCTOR-FIX-SAFE DOCTOR-NO-SECRET]', async () => {
    const home = newHome();
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'secrets.env'), `GITHUB_WEBHOOK_SECRET=${SECRET}\n`, { mode: 0o600 });
    await startDaemon(home);
    chmodSync(join(home, 'secrets.env'), 0o644);
    chmodSync(join(home, 'ledger.db-wal'), 0o644);
    const dry = await doctor(home, '--fix', '--dry-run');
    expect(dry).toMatchObject({ ok: false, code: 1 });
    expect(dry.findings.filter(({ fixable }) => fixable).map(({ check }) => check)).toEqual(['files', 'files']);
    expect(statSync(join(home, 'secrets.env')).mode & 0o777).toBe(0o644);
    const fixed = await doctor(home, '--fix');
    expect(fixed).toMatchObject({ ok: true, code: 0 });
    expect(fixed.findings.filter((one) => one.fixed)).toHaveLength(2);
    expect(statSync(join(home, 'secrets.env')).mode & 0o777).toBe(0o600);
    expect(readdirSync(fixed.backup ?? '')).toEqual(['manifest.json']);
    expect(readFileSync(join(home, 'secrets.env'), 'utf8')).toBe(`GITHUB_WEBHOOK_SECRET=${SECRET}\n`);
    const token = readFileSync(join(home, 'token'), 'utf8').trim();
    const all = JSON.stringify([dry, fixed]) + (await kairos(home, ['doctor'])).stdout;
    expect(all).not.toContain(SECRET);
    expect(all).not.toContain(token);
    const well = await doctor(home);
    expect(well.findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(
      well.findings
        .filter(({ check }) => ['lag', 'limits', 'version', 'webhooks'].includes(check))
        .map(({ verdict }) => verdict),
    ).not.toContain('warn');
  });

  test('names and texts of the home can not control the terminal, or look like a finding', async () => {
    const home = newHome();
    mkdirSync(join(home, 'memory'), { recursive: true, mode: 0o700 });
    writeFileSync(join(home, 'memory', 'a\u001b[2Jb\nok    all          well'), 'x');
    chmodSync(join(home, 'memory', 'a\u001b[2Jb\nok    all          well'), 0o666);
    const { stdout } = await kairos(home, ['doctor']);
    expect(stdout).toContain('memory/a');
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]|^ok {4}all/m);
  });

  test('a daemon that hangs is told within seconds, and hides nothing else [DOCTOR-DAEMON]', async () => {
    const home = newHome();
    mkdirSync(home, { mode: 0o700 });
    await startDaemon(home);
    const { pid } = JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGSTOP');
    try {
      const startedMs = performance.now();
      const { findings } = await doctor(home);
      expect(performance.now() - startedMs).toBeLessThan(20_000);
      expect(findings.find(({ check }) => check === 'daemon')).toMatchObject({
        verdict: 'fail',
        why: expect.stringContaining(String(pid)) as string,
      });
      expect(findings.find(({ check }) => check === 'ledger')).toMatchObject({ verdict: 'ok' });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  test('after kill -9 it cleans up, once, and the next start is as ever [DOCTOR-FIX-SAFE]', async () => {
    const home = newHome();
    mkdirSync(home, { mode: 0o700 });
    const child = await startDaemon(home);
    const { pid } = JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as { pid: number };
    const ended = once(child, 'exit');
    process.kill(pid, 'SIGKILL');
    await ended;
    const before = snapshot(home);
    const fixed = await doctor(home, '--fix');
    expect(fixed.findings.filter((one) => one.fixed).map(({ check }) => check)).toEqual(['leftovers']);
    expect(differences(before, snapshot(home))).toEqual(['backups', 'lock.txt', 'run.json']);
    expect((await doctor(home, '--fix')).backup).toBeUndefined();
    await startDaemon(home);
    expect((await doctor(home)).findings.find(({ check }) => check === 'daemon')).toMatchObject({ verdict: 'ok' });
  });

  test('ten thousand dead letters and a million events are looked at in two seconds [DOCTOR-QUICK]', async () => {
    const home = newHome();
    mkdirSync(home, { mode: 0o700 });
    const database = openDatabase(join(home, 'ledger.db'), process.platform);
    migrate(database);
    const count = (rows: number): string =>
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) `;
    database.exec(
      `${count(1_000_000)} INSERT INTO events (source, delivery, type, trust, received_at, content_type, delivery_key, body_bytes, body)
       SELECT 'github', 'd' || i, 'push', 'outside', i, 'application/json', randomblob(16), 100, zeroblob(100) FROM n`,
    );
    database.exec(
      `${count(10_000)} INSERT INTO jobs (kind, origin, reactive, urgent, topic, text, state, lane, created_at, due_at)
       SELECT 'notify', 'ci', 0, 0, 't' || i, 'text', 'dead', 'background', i, i FROM n`,
    );
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    const before = process.cpuUsage();
    const findings = await examine(portsOf(home));
    const { user, system } = process.cpuUsage(before);
    expect(findings.find(({ check }) => check === 'dead-letters')).toMatchObject({
      verdict: 'warn',
      what: expect.stringMatching(/^10000 dead jobs/) as string,
    });
    // Of the processor: on a machine that others use, the clock on the wall says nothing.
    expect((user + system) / 1_000).toBeLessThan(2_000);
  });
});
