import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { foldersOf, readText, readTree, ROOT } from './repository.ts';
import {
  checkCycles,
  checkEscapes,
  checkLayers,
  checkMachinePaths,
  checkSizes,
  checkSpecifiers,
  checkTestHabits,
  checkWorld,
  roomOf,
} from './tidy-checks.ts';
import type { LayerTable, SourceFile } from './tidy-checks.ts';

const CORE = ['core'];
const POLICY = ['budget', 'permissions', 'cache', 'compaction', 'mood', 'subscriptions', 'redact', 'care'];
const DOORS = ['http', 'webhooks', 'scheduler', 'dispatch', 'notify', 'journal', 'web', 'service', 'github', 'chat'];
const ADAPTERS = [...DOORS, 'agent', 'ledger', 'memory', 'tools'];
const USE_CASES = ['dream', 'nightshift', 'verify', 'coordinator', 'doctor', 'backup'];
const WIRING = ['daemon', 'cli'];

/** Who may import whom. A room that is not here may not exist; docs/architecture.md shows the same as a picture. */
const LAYERS: LayerTable = {
  core: [],
  ...rooms(POLICY, CORE),
  ...rooms(ADAPTERS, [...CORE, ...POLICY]),
  ...rooms(USE_CASES, [...CORE, ...POLICY, ...ADAPTERS]),
  daemon: [...CORE, ...POLICY, ...ADAPTERS, ...USE_CASES],
  cli: [...CORE, ...POLICY, ...ADAPTERS, ...USE_CASES, 'daemon'],
};

/** A reader that reads nothing finds nothing wrong: the fewest files that can be the whole of src and test. */
const SOURCES_MIN = 30;
const TESTS_MIN = 20;
const CORE_FILES_MAX = 8;

const sources = readTree('src', /\.ts$/);
const tests = readTree('test', /\.ts$/);
const programs = [...sources, ...tests, ...existing(['scripts', 'proof', 'bench'])];

describe('the house is tidy', () => {
  test('every source and test file is read', () => {
    expect(sources.length).toBeGreaterThanOrEqual(SOURCES_MIN);
    expect(tests.length).toBeGreaterThanOrEqual(TESTS_MIN);
  });

  test('rooms import only the rooms below them [HOUSE-LAYERS]', () => {
    expect(sources.flatMap((file) => checkLayers(file, LAYERS))).toEqual([]);
  });

  test('no file imports itself in a circle [HOUSE-LAYERS]', () => {
    expect(checkCycles(sources)).toEqual([]);
  });

  test('imports are relative with .ts, or node: modules, or packages', () => {
    expect(programs.flatMap(checkSpecifiers)).toEqual([]);
  });

  test('only the daemon and the command line touch the clock, chance, the environment and the console', () => {
    const others = sources.filter((file) => !WIRING.includes(roomOf(file.path)));
    expect(others.flatMap(checkWorld)).toEqual([]);
  });

  test('files and functions fit a head', () => {
    expect(sources.flatMap((file) => checkSizes(file))).toEqual([]);
  });

  test('the core stays small', () => {
    expect(sources.filter((file) => roomOf(file.path) === 'core').length).toBeLessThanOrEqual(CORE_FILES_MAX);
  });

  test('whoever switches a check off says why', () => {
    expect(programs.flatMap(checkEscapes)).toEqual([]);
  });

  test('tests patch nothing, hide nothing, and skip nothing without a reason', () => {
    expect(tests.flatMap(checkTestHabits)).toEqual([]);
  });

  test('no file knows the machine it was written on', () => {
    expect(readTree('.').flatMap((file) => checkMachinePaths(file, ROOT))).toEqual([]);
  });
});

describe('every room', () => {
  test.each(foldersOf('src'))('%s is in docs/architecture.md and has tests', (room) => {
    expect(readText('docs/architecture.md')).toContain(`\`${room}/\``);
    expect(tests.filter(({ path }) => path.startsWith(`test/${room}/`) && path.endsWith('.test.ts'))).not.toEqual([]);
  });

  test('has files only inside a room', () => {
    expect(sources.filter((file) => file.path.split('/').length < 3).map((file) => file.path)).toEqual([]);
  });
});

function rooms(names: readonly string[], allowed: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(names.map((name) => [name, allowed]));
}

function existing(folders: readonly string[]): SourceFile[] {
  return folders.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) => readTree(folder, /\.ts$/));
}
