import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/ledger/database.ts';
import { openGenerations, readGenerations } from '../../src/ledger/generations.ts';
import { openSnapshot } from '../../src/ledger/reading.ts';
import { createWriter } from '../../src/ledger/writer.ts';
import { readMemory } from '../../src/memory/overlay.ts';
import type { Author } from '../../src/memory/ports.ts';
import { openMemory } from '../../src/memory/store.ts';
import { fastDisk } from '../fast-disk.ts';
import { FakeClock } from '../fakes/clock.ts';
import { recordingLog } from '../ledger/make.ts';
import { ROOT } from '../repository.ts';
import { EDITED, FILES, OPERATIONS } from './apply-world.ts';
import { openTest, snapshot } from './make.ts';

const folders: string[] = [];
/** A home before the apply, and one after it. */
const worlds = { before: '', after: '' };

function makeFolder(): string {
  const folder = mkdtempSync(join(fastDisk(), 'kairosd-memory-'));
  folders.push(folder);
  return folder;
}

beforeAll(async () => {
  const opened = await openTest(FILES);
  worlds.before = makeFolder();
  await opened.memory.idle();
  cpSync(opened.home, worlds.before, { recursive: true });
  await opened.memory.applyOperations(OPERATIONS, { author: 'dream', reason: 'test' });
  worlds.after = makeFolder();
  cpSync(opened.home, worlds.after, { recursive: true });
  await opened[Symbol.asyncDispose]();
});

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Runs the apply in a process of its own. @returns The steps it made, or undefined when it was killed. */
function run(home: string, killAt: number, what: string): Promise<number | undefined> {
  const child = join(ROOT, 'test/memory/apply-child.ts');
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [child, home, String(killAt), what], { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(Number(stdout));
      else if (error.signal === 'SIGKILL') resolve(undefined);
      else reject(new Error(stderr, { cause: error }));
    });
  });
}

/** What the command line reads while nothing runs. */
async function readOffline(home: string): Promise<Record<string, string>> {
  using rows = openSnapshot(join(home, 'ledger.db'));
  const ledger = readGenerations<Author>(rows);
  const memory = await readMemory(join(home, 'memory'), ledger);
  return Object.fromEntries(
    [...memory.files.values()].map(({ path, text }) => [path, Buffer.from(text).toString('latin1')]),
  );
}

async function reopen(home: string): Promise<void> {
  const clock = new FakeClock();
  const database = openDatabase(join(home, 'ledger.db'), process.platform);
  const writer = createWriter(database, { clock, onCommit() {}, onFailure() {} });
  const ledger = openGenerations<Author>(database, writer);
  const log = recordingLog();
  const redact = (text: string): string => text;
  const memory = await openMemory({ home, ledger, clock, log, redact, timeZone: () => 'Europe/Berlin' });
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  expect(ledger.unfinished()).toBeUndefined();
  await memory.idle();
  await writer.close();
  database.close();
}

interface Killed {
  /** As the command line reads it before the next start. */
  readonly offline: Record<string, string>;
  /** The files after the next start. */
  readonly online: Record<string, string>;
  /** Whether the owner had saved their edit by then. */
  readonly edited: boolean;
}

/** Kills at every step, each time on a copy of the home; the last one comes through. */
async function killEverywhere(from: string, what: string): Promise<Killed[]> {
  const killed: Killed[] = [];
  for (let killAt = 0; killAt < STEPS_MAX; killAt += 1) {
    const home = makeFolder();
    cpSync(from, home, { recursive: true });
    const steps = await run(home, killAt, what);
    const offline = await readOffline(home);
    await reopen(home);
    killed.push({
      offline: sortKeys(offline),
      online: sortKeys(snapshot(home)),
      edited: existsSync(join(home, 'edited')),
    });
    rmSync(home, { recursive: true });
    if (steps !== undefined) return killed;
  }
  throw new Error(`it took more than ${STEPS_MAX} steps`);
}

const STEPS_MAX = 80;

/** Each memory once, in the order in which they were first left. */
function distinct(all: readonly Record<string, string>[]): Record<string, string>[] {
  return [...new Map(all.map((files) => [JSON.stringify(files), files])).values()];
}

function sortKeys(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

describe('an apply that is killed with -9', () => {
  test('leaves the old memory or the new one, whole, at every step, also for who reads before the next start [MEM-APPLY-WHOLE]', async () => {
    const killed = await killEverywhere(worlds.before, 'apply');
    const left = distinct(killed.map(({ online }) => online));
    expect(killed.length).toBeGreaterThan(8);
    expect(killed.map(({ offline }) => offline)).toEqual(killed.map(({ online }) => online));
    const wanted = [sortKeys(snapshot(worlds.before)), sortKeys(snapshot(worlds.after))];
    expect(wanted[0]).not.toEqual(wanted[1]);
    expect(left).toEqual(wanted);
  }, 120_000);

  test('in a rollback leaves the one or the other as well [MEM-APPLY-WHOLE, MEM-ROLLBACK-EXACT]', async () => {
    const killed = await killEverywhere(worlds.after, 'rollback');
    expect(killed.map(({ offline }) => offline)).toEqual(killed.map(({ online }) => online));
    expect(distinct(killed.map(({ online }) => online))).toEqual([
      sortKeys(snapshot(worlds.after)),
      sortKeys(snapshot(worlds.before)),
    ]);
  }, 120_000);

  test('while it meets an edit of the owner never loses the edit [MEM-APPLY-WHOLE, MEM-CONCURRENT-EDIT]', async () => {
    const killed = await killEverywhere(worlds.before, 'edited');
    const saved = killed.filter((each) => each.edited).map(({ online }) => online['topics/likes.md'] ?? '');
    expect(saved.length).toBeGreaterThan(8);
    expect(saved.filter((text) => !text.includes('- Added by hand'))).toEqual([]);
    const left = distinct(killed.map(({ online }) => online));
    const old = sortKeys(snapshot(worlds.before));
    const edited = Buffer.from(EDITED).toString('latin1');
    const added = '- Likes short answers {src: s1, trust: derived}';
    const fresh = sortKeys(snapshot(worlds.after));
    const likes = (fresh['topics/likes.md'] ?? '').replace(added, `- Added by hand\n${added}\n`);
    expect(left).toEqual([old, fresh, { ...old, 'topics/likes.md': edited }, { ...fresh, 'topics/likes.md': likes }]);
  }, 120_000);
});
