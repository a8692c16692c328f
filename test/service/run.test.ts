import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { beginTrial, endTrial, failedTrial, readTrial, revokeTrial, versionsOnTrial } from '../../src/service/trial.ts';

const SERVICE = resolve(import.meta.dirname, '../../bin/service');
const OLD = '1.0.0-00000000';
const NEW = '1.1.0-11111111';
/** Everything `run` calls that changes the disk. Killed before each of them, it was killed after each but the last. */
const CALLED = ['cp', 'mv', 'rm', 'mkdir'];

describe('run, which a unit executes,', () => {
  test('starts the version that `current` names, with what it was given', () => {
    const world = makeWorld();
    expect(world.run('start', '--json')).toMatchObject({ status: 0 });
    expect(world.log()).toEqual([`${OLD} start --json`]);
  });

  test('says what to do where no version was ever chosen, and where it is gone', () => {
    const world = makeWorld();
    rmSync(join(world.root, 'current'));
    expect(world.run('start')).toMatchObject({ status: 1, stderr: expect.stringContaining('kairos install') });
    writeFileSync(join(world.root, 'current'), '9.9.9-99999999\n');
    expect(world.run('start')).toMatchObject({ status: 1, stderr: expect.stringContaining('9.9.9-99999999') });
  });

  test('finds the home as systemd names it', () => {
    const world = makeWorld({ newVersion: 'dies' });
    world.upgrade();
    const env = { STATE_DIRECTORY: `${world.home}:/elsewhere` };
    world.runWith(env, 'start');
    world.runWith(env, 'start');
    expect(failedTrial(world.home)?.to).toBe(NEW);
  });

  test('puts the ledger and the version before back when the new one ends before it is ready [UPGRADE-FALLBACK]', () => {
    const world = makeWorld({ newVersion: 'dies' });
    world.upgrade();
    expect(world.run('start').status).toBe(1);
    expect(world.ledger()).not.toBe('rows');
    expect(world.run('start').status).toBe(0);
    expect(world.log()).toEqual([`${NEW} start`, `${OLD} start`]);
    expect(world.ledger()).toBe(`rows+${OLD}`);
    expect(world.logFile()).toBe('log');
    expect(failedTrial(world.home)).toMatchObject({ from: OLD, to: NEW, at: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(readFileSync(join(world.home, 'upgrade', `ledger-of-${NEW}`, 'ledger.db'), 'utf8')).toBe('rows, broken');
  });

  test('keeps starting the version before until the next install', () => {
    const world = makeWorld({ newVersion: 'dies' });
    world.upgrade();
    for (let time = 0; time < 4; time += 1) world.run('start');
    expect(world.log()).toEqual([`${NEW} start`, ...Array.from({ length: 3 }, () => `${OLD} start`)]);
    expect(world.ledger()).toBe(`rows+${OLD}+${OLD}+${OLD}`);
    world.upgrade();
    expect(failedTrial(world.home)).toBeUndefined();
    world.run('start');
    expect(world.log().at(-1)).toBe(`${NEW} start`);
  });

  test('leaves a version alone that was ready once, however it ends later [UPGRADE-ACCEPTED]', () => {
    const world = makeWorld({ newVersion: 'ready' });
    world.upgrade();
    world.run('start');
    endTrial(world.home, true, '2026-01-01T00:00:00Z');
    expect(world.run('start').status).toBe(1);
    expect(world.run('start').status).toBe(1);
    expect(world.log()).toEqual(Array.from({ length: 3 }, () => `${NEW} start`));
    expect(world.ledger()).toBe(`rows+${NEW}+${NEW}+${NEW}`);
    expect(existsSync(join(world.home, 'upgrade', 'before'))).toBe(false);
  });

  test('undoes an attempt also when `current` was set back meanwhile', () => {
    const world = makeWorld({ newVersion: 'dies' });
    world.upgrade();
    world.run('start');
    writeFileSync(join(world.root, 'current'), `${OLD}\n`);
    world.run('start');
    expect(world.log()).toEqual([`${NEW} start`, `${OLD} start`]);
    expect(world.ledger()).toBe(`rows+${OLD}`);
  });

  test('touches no ledger that another process holds, and says so with its own exit code', () => {
    const world = makeWorld({ newVersion: 'dies' });
    world.upgrade();
    const hold = `const { DatabaseSync } = require('node:sqlite');
      new DatabaseSync(process.argv[1]).exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
      process.exitCode = require('node:child_process').spawnSync('sh', process.argv.slice(2), { stdio: 'inherit' }).status;`;
    const held = spawnSync(process.execPath, ['-e', hold, join(world.home, 'lock.db'), world.script, 'start'], {
      env: world.env,
      encoding: 'utf8',
    });
    expect(held).toMatchObject({ status: 4, stderr: expect.stringContaining('held by another instance') });
    expect(world.log()).toEqual([]);
    expect(existsSync(join(world.home, 'upgrade', 'attempt'))).toBe(false);
  });

  test('goes on with the version before when the ledger cannot be copied', () => {
    const world = makeWorld({ newVersion: 'ready' });
    world.upgrade();
    world.shim('cp', 'exit 1');
    world.run('start');
    expect(world.log()).toEqual([`${OLD} start`]);
    expect(failedTrial(world.home)).toMatchObject({ to: NEW, reason: 'the ledger could not be copied' });
  });

  test('asks for no trial for other commands', () => {
    const world = makeWorld({ newVersion: 'dies' });
    world.upgrade();
    world.run('status');
    expect(existsSync(join(world.home, 'upgrade', 'attempt'))).toBe(false);
  });
});

describe('killed at any step', () => {
  test('of taking up what an install took back, run goes on to the end [UPGRADE-KILL-NINE]', () => {
    const steps = killEverywhere((world) => {
      world.upgrade();
      revokeTrial(world.home, NEW);
    });
    expect(steps).toBeGreaterThan(1);
  });

  test('before the first start of a new version, run goes on to the end [UPGRADE-KILL-NINE]', () => {
    expect(killEverywhere((world) => world.upgrade())).toBeGreaterThan(5);
  });

  test('of putting the old version back, run goes on to the end [UPGRADE-KILL-NINE]', () => {
    const steps = killEverywhere((world) => {
      world.upgrade();
      world.run('start');
    });
    expect(steps).toBeGreaterThan(9);
  });
});

describe('a trial that is taken back', () => {
  test('before its first start lets the version before go on, whatever `current` says', () => {
    const world = makeWorld({ newVersion: 'ready' });
    world.upgrade();
    expect(revokeTrial(world.home, NEW)).toBe(true);
    for (let time = 0; time < 2; time += 1) world.run('start');
    expect(world.log()).toEqual([`${OLD} start`, `${OLD} start`]);
    expect(failedTrial(world.home)).toMatchObject({ from: OLD, to: NEW, reason: 'kairos install took it back' });
  });

  test('under way can no longer be ended, and the ledger comes back [UPGRADE-ACCEPTED]', () => {
    const world = makeWorld({ newVersion: 'ready' });
    world.upgrade();
    world.run('start');
    expect(revokeTrial(world.home, NEW)).toBe(true);
    expect(() => endTrial(world.home, true, '')).toThrow(/taken the upgrade to 1\.1\.0-11111111 back/);
    world.run('start');
    expect(world.log()).toEqual([`${NEW} start`, `${OLD} start`]);
    expect(world.ledger()).toBe(`rows+${OLD}`);
    expect(revokeTrial(world.home, NEW)).toBe(true);
  });

  test('after it has ended stays, with its ledger [UPGRADE-ACCEPTED]', () => {
    const world = makeWorld({ newVersion: 'ready' });
    world.upgrade();
    world.run('start');
    endTrial(world.home, true, '');
    expect(revokeTrial(world.home, NEW)).toBe(false);
    world.run('start');
    expect(world.ledger()).toBe(`rows+${NEW}+${NEW}`);
  });

  test('is forgotten by the next one', () => {
    const world = makeWorld({ newVersion: 'ready' });
    world.upgrade();
    revokeTrial(world.home, NEW);
    world.run('start');
    world.upgrade();
    world.run('start');
    expect(world.log()).toEqual([`${OLD} start`, `${NEW} start`]);
    endTrial(world.home, true, '');
    expect(revokeTrial(world.home, NEW)).toBe(false);
  });
});

describe('a trial', () => {
  test('can be read, and names the versions that must stay', () => {
    const world = makeWorld();
    expect(readTrial(world.home)).toBeUndefined();
    beginTrial(world.home, { from: OLD, to: NEW });
    expect(readTrial(world.home)).toEqual({ from: OLD, to: NEW });
    expect(versionsOnTrial(world.home)).toEqual([OLD, NEW]);
  });

  test('does not begin while another has not ended', () => {
    const world = makeWorld({ newVersion: 'dies' });
    world.upgrade();
    world.run('start');
    expect(() => beginTrial(world.home, { from: OLD, to: '1.2.0-22222222' })).toThrow(/has not ended/);
  });

  test('that another start took over has failed, and its ledger stays', () => {
    const world = makeWorld({ newVersion: 'dies' });
    world.upgrade();
    world.run('start');
    endTrial(world.home, false, '2026-01-01T00:00:00Z');
    writeFileSync(join(world.home, 'ledger.db'), 'of the foreground');
    world.run('start');
    expect(world.log().at(-1)).toBe(`${OLD} start`);
    expect(world.ledger()).toBe(`of the foreground+${OLD}`);
  });
});

/** Kills run at its first call, then in a new world at its second, …; after each, runs until it is quiet. @returns how often it could be killed. */
function killEverywhere(prepare: (world: World) => void): number {
  for (let step = 1; ; step += 1) {
    using world = makeWorld({ newVersion: 'dies' });
    prepare(world);
    world.killAt(step);
    const { signal } = world.run('start');
    world.killAt(0);
    for (let time = 0; time < 3; time += 1) world.run('start');
    const ran = world.log().filter((line) => line === `${OLD} start`).length;
    expect({ step, ledger: world.ledger(), log: world.logFile() }).toEqual({
      step,
      ledger: `rows${`+${OLD}`.repeat(ran)}`,
      log: 'log',
    });
    expect(ran).toBeGreaterThanOrEqual(2);
    expect(failedTrial(world.home)?.to).toBe(NEW);
    if (signal === null) return step - 1;
  }
}

type World = ReturnType<typeof makeWorld>;

/** A program root with two versions that write down that they ran, and a home. Both with a space in their path. */
function makeWorld({ newVersion = 'ready' }: { newVersion?: 'ready' | 'dies' } = {}) {
  const base = mkdtempSync(join(tmpdir(), 'kairosd run-'));
  const dispose = (): void => rmSync(base, { recursive: true, force: true });
  onTestFinished(dispose);
  const [root, home, shims] = ['program root', 'the home', 'shims'].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [root, home, shims]) mkdirSync(directory);
  const script = join(root, 'run');
  cpSync(SERVICE, script);
  writeFileSync(join(root, 'current'), `${OLD}\n`);
  const log = join(base, 'log');
  const note = (name: string): string => `echo "${name} $*" >>'${log}'`;
  const append = (name: string): string => `printf '+${name}' >>"$KAIROS_LEDGER"`;
  const broken = `printf ', broken' >>"$KAIROS_LEDGER"; echo w >"$KAIROS_LEDGER-wal"; echo s >"$KAIROS_LEDGER-shm"; exit 1`;
  place(root, OLD, `${note(OLD)}; ${append(OLD)}`);
  // Ready once, it dies ever after.
  place(root, NEW, `${note(NEW)}; ${newVersion === 'dies' ? broken : `${append(NEW)}; [ "\${KAIROS_TRIAL:-}" = 1 ]`}`);
  writeFileSync(join(home, 'ledger.db'), 'rows');
  writeFileSync(join(home, 'ledger.db-wal'), 'log');
  const files = { KAIROS_LEDGER: join(home, 'ledger.db'), COUNT: join(base, 'count'), PID: join(base, 'pid') };
  const env: Record<string, string> = { PATH: `${shims}:/usr/bin:/bin`, KAIROS_HOME: home, ...files };
  const shim = (name: string, body: string): void => {
    writeFileSync(join(shims, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(shims, name), 0o755);
  };
  for (const name of CALLED) shim(name, callOf(name));
  // What it is for can't be seen here, and it would flush the whole machine.
  shim('sync', 'exit 0');
  const runWith = (given: Record<string, string>, ...args: string[]) => {
    rmSync(files.COUNT, { force: true });
    // The shell that becomes run leaves its process id, so that a step can kill it.
    const argv = ['-c', 'echo $$ >"$PID"; exec sh "$0" "$@"', script, ...args];
    const { KAIROS_HOME: _, ...rest } = env;
    return spawnSync('sh', argv, { env: { ...rest, ...given }, encoding: 'utf8', timeout: 20_000 });
  };
  const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  return {
    root,
    home,
    script,
    env,
    shim,
    runWith,
    run: (...args: string[]) => runWith({ KAIROS_HOME: home }, ...args),
    log: () => text(log).split('\n').slice(0, -1),
    ledger: () => text(join(home, 'ledger.db')),
    logFile: () => text(join(home, 'ledger.db-wal')),
    upgrade() {
      beginTrial(home, { from: OLD, to: NEW });
      writeFileSync(join(root, 'current'), `${NEW}\n`);
    },
    killAt(step: number) {
      env['KILL_AT'] = String(step);
    },
    [Symbol.dispose]: dispose,
  };
}

function place(root: string, name: string, launch: string): void {
  const bin = join(root, 'versions', name, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'launch'), `${launch}\n`);
  writeFileSync(join(bin, 'node'), `exec '${process.execPath}' "$@"\n`);
}

/** Counts the calls of one run, and kills it before the one that was named. */
function callOf(name: string): string {
  return `count=0; [ ! -f "$COUNT" ] || read -r count <"$COUNT"
count=$((count + 1)); echo "$count" >"$COUNT"
if [ "$count" = "\${KILL_AT:-0}" ]; then read -r pid <"$PID"; kill -9 "$pid"; exit 137; fi
PATH=/usr/bin:/bin exec ${name} "$@"`;
}
