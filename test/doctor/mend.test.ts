import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { treat } from '../../src/doctor/doctor.ts';
import { applyRepairs } from '../../src/doctor/mend.ts';
import type { Repair, Step } from '../../src/doctor/repair.ts';
import { lockHome } from '../../src/ledger/lock.ts';
import { differences, makeHome, NOW, portsOf, snapshot } from './world.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function elsewhere(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-elsewhere-'));
  folders.push(folder);
  return folder;
}

const userId = process.getuid?.() ?? -1;

function mend(
  home: string,
  steps: readonly Step[],
  more: { userId?: number; platform?: string } = {},
): string | undefined {
  const repair: Repair = { what: 'try', steps };
  return applyRepairs([repair], { home, userId, nowMs: NOW, platform: process.platform, ...more }).errors.get(repair);
}

describe('a repair', () => {
  test.each(['linux', 'other'])(
    'is written down before it is done: path, mode and bytes (%s) [DOCTOR-FIX-BACKUP]',
    async (kind) => {
      const platform = kind === 'linux' ? process.platform : 'other';
      using home = await makeHome();
      home.write('run.json', '{"pid": 999999}');
      chmodSync(join(home.path, 'token'), 0o644);
      const { ino: inode, size: bytes, mtimeMs: modifiedMs } = statSync(join(home.path, 'run.json'));
      const repair: Repair = {
        what: 'two things',
        steps: [
          { kind: 'mode', path: 'token', from: 0o644, to: 0o600 },
          { kind: 'set aside', path: 'run.json', seen: { inode, bytes, modifiedMs } },
        ],
      };
      const { errors, backup = '' } = applyRepairs([repair], { home: home.path, userId, nowMs: NOW, platform });
      expect([...errors.values()]).toEqual([]);
      expect(backup).toBe(join(home.path, 'backups', 'doctor-2026-11-22T120000Z'));
      const { changes } = JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8')) as { changes: unknown[] };
      expect(changes).toMatchObject([
        { kind: 'mode', path: 'token', mode: '644', toMode: '600' },
        { kind: 'set aside', path: 'run.json', mode: '600', bytes: 15, keptAs: '0001-run.json' },
      ]);
      expect(readFileSync(join(backup, '0001-run.json'), 'utf8')).toBe('{"pid": 999999}');
      expect(existsSync(join(home.path, 'run.json'))).toBe(false);
      const second = applyRepairs([{ what: '', steps: [{ kind: 'make', path: 'x' }] }], {
        home: home.path,
        userId,
        nowMs: NOW,
        platform,
      });
      expect(second.backup).toBe(`${backup}-2`);
    },
  );

  test('is not done where it can not be written down [DOCTOR-FIX-BACKUP]', async () => {
    using home = await makeHome();
    const out = elsewhere();
    rmSync(join(home.path, 'backups'), { recursive: true });
    symlinkSync(out, join(home.path, 'backups'));
    chmodSync(join(home.path, 'token'), 0o644);
    expect(mend(home.path, [{ kind: 'mode', path: 'token', from: 0o644, to: 0o600 }])).toMatch(
      /backups is no directory/,
    );
    expect(statSync(join(home.path, 'token')).mode & 0o777).toBe(0o644);
    expect(readdirSync(out)).toEqual([]);
  });

  test.each(['linux', 'other'])('follows no link, at the end or on the way (%s) [DOCTOR-FIX-BOUNDS]', async (kind) => {
    const platform = kind === 'linux' ? process.platform : 'other';
    using home = await makeHome();
    const out = elsewhere();
    writeFileSync(join(out, 'victim'), 'x');
    chmodSync(join(out, 'victim'), 0o644);
    symlinkSync(join(out, 'victim'), join(home.path, 'token2'));
    symlinkSync(out, join(home.path, 'links'));
    const mode = (path: string): Step => ({ kind: 'mode', path, from: 0o644, to: 0o600 });
    expect(mend(home.path, [mode('token2')], { platform })).toBeDefined();
    expect(mend(home.path, [mode('links/victim')], { platform })).toBeDefined();
    expect(mend(home.path, [mode('../victim')], { platform })).toMatch(/expected a path in the home/);
    expect(mend(home.path, [{ kind: 'make', path: 'links/new' }], { platform })).toBeDefined();
    expect(statSync(join(out, 'victim')).mode & 0o777).toBe(0o644);
    expect(readdirSync(out)).toEqual(['victim']);
  });

  test('leaves alone what has a second name, was changed meanwhile, or is of another user [DOCTOR-FIX-BOUNDS]', async () => {
    using home = await makeHome();
    const out = elsewhere();
    writeFileSync(join(out, 'victim'), 'x');
    chmodSync(join(out, 'victim'), 0o644);
    linkSync(join(out, 'victim'), join(home.path, 'linked'));
    expect(mend(home.path, [{ kind: 'mode', path: 'linked', from: 0o644, to: 0o600 }])).toMatch(/second name/);
    expect(statSync(join(out, 'victim')).mode & 0o777).toBe(0o644);
    expect(mend(home.path, [{ kind: 'mode', path: 'token', from: 0o644, to: 0o660 }])).toMatch(/changed meanwhile/);
    expect(statSync(join(home.path, 'token')).mode & 0o777).toBe(0o600);
    const seen = { inode: 1, bytes: 1, modifiedMs: 1 };
    expect(mend(home.path, [{ kind: 'set aside', path: 'token', seen }])).toMatch(/changed meanwhile/);
    const before = snapshot(home.path);
    expect(mend(home.path, [{ kind: 'make', path: 'new' }], { userId: userId + 1 })).toMatch(
      /belongs to user \d+, this is user/,
    );
    expect(differences(before, snapshot(home.path))).toEqual([]);
  });

  test('takes no file from under a running daemon, but mends modes [DOCTOR-FIX-BOUNDS]', async () => {
    using home = await makeHome();
    home.write('secrets.env.part', 'half');
    utimesSync(join(home.path, 'secrets.env.part'), 1, 1);
    chmodSync(join(home.path, 'lock.db'), 0o644);
    chmodSync(join(home.path, 'token'), 0o644);
    using _lock = lockHome(home.path, `pid ${process.pid}, since now`);
    const { findings } = await treat(portsOf(home.path), { dryRun: false });
    expect(findings.find(({ check }) => check === 'leftovers')).toMatchObject({
      verdict: 'warn',
      fixed: false,
      fixError: expect.stringMatching(/a daemon runs \(pid \d+/) as string,
    });
    expect(existsSync(join(home.path, 'secrets.env.part'))).toBe(true);
    expect(findings.filter(({ check, fixed }) => check === 'files' && fixed === true)).toHaveLength(2);
  });

  test('a home of another user is reported and not touched [DOCTOR-FIX-BOUNDS]', async () => {
    using home = await makeHome();
    chmodSync(join(home.path, 'token'), 0o644);
    rmSync(join(home.path, 'memory/notes'), { recursive: true });
    const before = snapshot(home.path);
    const { findings } = await treat(portsOf(home.path, { userId: userId + 7 }), { dryRun: false });
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'home',
        verdict: 'fail',
        fix: expect.stringContaining('sudo chown -R') as string,
      }),
    );
    expect(findings.find(({ check }) => check === 'folders')).toMatchObject({
      fixed: false,
      fixError: expect.stringContaining('run it as that user') as string,
    });
    expect(differences(before, snapshot(home.path))).toEqual([]);
  });

  test('a dry run says what would be done, and does nothing [DOCTOR-FIX-DRY]', async () => {
    using home = await makeHome();
    chmodSync(home.path, 0o755);
    const before = snapshot(home.path);
    const { findings, backup } = await treat(portsOf(home.path), { dryRun: true });
    expect(findings.find(({ check }) => check === 'home')).toMatchObject({
      verdict: 'fail',
      fixable: true,
      repair: `chmod 700 ${home.path}`,
    });
    expect(findings.every(({ fixed }) => fixed === undefined)).toBe(true);
    expect(backup).toBeUndefined();
    expect(differences(before, snapshot(home.path))).toEqual([]);
  });

  test('a link in the home is named for what it shows, and not changed [DOCTOR-FIX-BOUNDS]', async () => {
    using home = await makeHome();
    const out = elsewhere();
    mkdirSync(join(out, 'd'));
    writeFileSync(join(out, 'secrets'), 'A_TOKEN=x\n');
    chmodSync(join(out, 'secrets'), 0o644);
    rmSync(join(home.path, 'secrets.env'));
    symlinkSync(join(out, 'secrets'), join(home.path, 'secrets.env'));
    const { findings } = await treat(portsOf(home.path), { dryRun: false });
    const found = findings.find(({ check, what }) => check === 'files' && what.startsWith('secrets.env'));
    expect(found).toMatchObject({ verdict: 'fail', what: 'secrets.env has mode 644, not 600' });
    expect(found?.fixable).toBeUndefined();
    expect(statSync(join(out, 'secrets')).mode & 0o777).toBe(0o644);
  });
});
