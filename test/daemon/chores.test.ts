import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createChores, type Chores } from '../../src/daemon/chores.ts';
import { DAY_MS, folder, NOON_MS, recordingLog } from '../ledger/make.ts';

interface World {
  nowMs: number;
  quiet: boolean;
  readonly pruned: number[];
  readonly chores: Chores;
}

function world(home: string): World {
  const made = {
    nowMs: NOON_MS,
    quiet: true,
    pruned: [] as number[],
    log: recordingLog(),
  };
  const chores = createChores({
    home,
    timeZone: 'UTC',
    log: made.log,
    wallMs: () => made.nowMs,
    window: () => ({ from: '01:00', to: '06:00' }),
    keepMs: () => 90 * DAY_MS,
    isQuiet: () => made.quiet,
    pruneChanges: async (beforeMs) => made.pruned.push(beforeMs),
  });
  return Object.assign(made, { chores });
}

/** A file of so many days ago. */
function put(home: string, path: string, daysAgo: number): string {
  const whole = join(home, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, 'x');
  const at = new Date(NOON_MS - daysAgo * DAY_MS);
  utimesSync(whole, at, at);
  return whole;
}

describe('the chores', () => {
  test('remove what is over its time in each folder, and nothing else [CARE-CHORES]', async () => {
    using home = folder();
    const old = [
      put(home.path, 'artifacts/runs/nightly-j1-1.txt', 91),
      put(home.path, 'backups/ledger-schema-3.db', 901),
      put(home.path, 'backups/ledger-schema-12.db.part', 2),
      put(home.path, 'upgrade/ledger-of-1.0.0/ledger.db', 31),
    ];
    const at = new Date(NOON_MS - 31 * DAY_MS);
    utimesSync(join(home.path, 'upgrade/ledger-of-1.0.0'), at, at);
    const kept = [
      put(home.path, 'artifacts/runs/nightly-j2-1.txt', 89),
      put(home.path, 'artifacts/runs/notes-of-mine.md', 900),
      put(home.path, 'backups/mine.db', 900),
      put(home.path, 'backups/ledger-schema-12.db', 900),
      put(home.path, 'backups/ledger-schema-11.db', 900),
      put(home.path, 'backups/ledger-schema-9.1.db', 900),
      put(home.path, 'upgrade/trial', 900),
      put(home.path, 'logs/2020/01/2020-01-01.md', 2_000),
      put(home.path, 'sessions/2020/01/s1.jsonl', 2_000),
    ];
    const { chores, pruned } = world(home.path);
    expect(await chores.run()).toEqual({ outputs: 1, results: 0, changes: 0, backups: 1, upgrades: 1, halves: 1 });
    expect(old.filter((path) => existsSync(path))).toEqual([]);
    expect(kept.filter((path) => !existsSync(path))).toEqual([]);
    expect(pruned).toEqual([]);
  });

  test('ask for old records of changes only when there are any: it would load the agent', async () => {
    using home = folder();
    put(home.path, 'artifacts/changes/j1.json', 91);
    const { chores, pruned } = world(home.path);
    await chores.run();
    expect(pruned).toEqual([NOON_MS - 90 * DAY_MS]);
  });

  test('are done once in the window of the night, when nothing runs [CARE-CHORES]', async () => {
    using home = folder();
    const made = world(home.path);
    const path = put(home.path, 'artifacts/runs/nightly-j1-1.txt', 95);
    await made.chores.look();
    expect(existsSync(path)).toBe(true);
    made.nowMs += 14 * 3_600_000;
    made.quiet = false;
    await made.chores.look();
    expect(existsSync(path)).toBe(true);
    made.quiet = true;
    await made.chores.look();
    expect(existsSync(path)).toBe(false);
    put(home.path, 'artifacts/runs/nightly-j1-1.txt', 95);
    made.nowMs += 3_600_000;
    await made.chores.look();
    expect(readdirSync(join(home.path, 'artifacts/runs'))).toHaveLength(1);
  });

  test('are done at any quiet moment when the machine is never on at night', async () => {
    using home = folder();
    const made = world(home.path);
    const path = put(home.path, 'artifacts/runs/nightly-j1-1.txt', 95);
    made.nowMs += 1.5 * DAY_MS;
    await made.chores.look();
    expect(existsSync(path)).toBe(false);
  });
});
