import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { runCli } from '../../src/cli/program.ts';
import { lockHome } from '../../src/ledger/lock.ts';
import { makeHome, temporary } from '../backup/home.ts';

test('backup and restore say what they did, for machines too', async () => {
  const home = await makeHome();
  const folder = temporary();
  const made = await run(['backup', folder, '--keep', '1', '--json'], home);
  expect(made.code).toBe(0);
  const document = JSON.parse(made.out) as Record<string, unknown>;
  expect(document).toMatchObject({
    verified: true,
    backupPoint: { eventId: 20, at: '2026-11-02T00:00:00.020+00:00' },
    rows: { events: 20, jobs: 20 },
    redacted: [],
    leftOut: [],
    removed: [],
  });
  const [name = ''] = readdirSync(folder);
  expect(document['file']).toBe(join(folder, name));
  const other = join(folder, 'other');
  const done = await run(['restore', join(folder, name), '--into', other, '--yes', '--json'], home);
  expect(JSON.parse(done.out)).toMatchObject({
    home: other,
    goesOn: { jobsQueued: 20, jobsInterrupted: 0, messagesWaiting: 0 },
    safetyCopy: null,
    secretsMissing: ['GITHUB_WEBHOOK_SECRET'],
  });
  const again = await run(['restore', join(folder, name), '--yes'], home);
  expect(again.out).toMatch(/before-restore-/);
  expect((await run(['restore', '--resume'], home)).out).toContain('No restore was cut off');
});

test('a restore on a held home exits with 4, one that can ask nobody with 2 [BACKUP-RESTORE-HELD]', async () => {
  const home = await makeHome();
  const folder = temporary();
  await run(['backup', join(folder, 'a.tar.gz')], home);
  const unasked = await run(['restore', join(folder, 'a.tar.gz')], home);
  expect([unasked.code, unasked.err]).toEqual([2, expect.stringContaining('--yes')]);
  using _held = lockHome(home, 'pid 1, a daemon');
  const held = await run(['restore', join(folder, 'a.tar.gz'), '--yes'], home);
  expect([held.code, held.err]).toEqual([4, expect.stringContaining('a daemon')]);
});

test('a backup to stdout is the archive and nothing else', async () => {
  const home = await makeHome();
  const { code, raw, err } = await run(['backup', '-'], home);
  expect(code).toBe(0);
  expect(raw.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  expect(err).toContain('opened again');
  expect(readdirSync(join(home, 'backups'))).toEqual([]);
  expect((await run(['backup', '-', '--json'], home)).code).toBe(2);
});

test('a backup of a home without a ledger is refused', async () => {
  const folder = temporary();
  const { code, err } = await run(['backup', join(folder, 'a.tar.gz')], join(folder, 'none'));
  expect([code, err]).toEqual([2, expect.stringContaining('a home with a ledger')]);
  expect(existsSync(join(folder, 'none'))).toBe(false);
});

async function run(argv: readonly string[], home: string) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const pieces: Buffer[] = [];
  const words: Buffer[] = [];
  stdout.on('data', (piece: Buffer) => pieces.push(Buffer.from(piece)));
  stderr.on('data', (piece: Buffer) => words.push(Buffer.from(piece)));
  const code = await runCli(['--home', home, ...argv], {
    env: {},
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    nowMs: () => Date.UTC(2026, 10, 2),
  });
  const raw = Buffer.concat(pieces);
  return { code, raw, out: raw.toString('utf8'), err: Buffer.concat(words).toString('utf8') };
}
