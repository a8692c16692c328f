import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { realDisk, type Disk } from '../../../src/memory/claims/disk.ts';
import { placesMeant } from '../../../src/memory/claims/skeptic.ts';
import { laterClock, put, putBranches, realClock, skepticOf, temporary } from './lay.ts';
import { TUNED } from './prose-tuned.ts';
import { BRANCHES, WORLD } from './world.ts';

const TEXTS = TUNED.filter(([world]) => world === 'shop').map(([, , text]) => ({ text }));
const FILES = [
  'src/server.ts',
  'src/lib/money.ts',
  'src/billing/tax.ts',
  'package.json',
  'config/default.yaml',
  'Makefile',
  'src/utils/money.ts',
  '.env.example',
  '.git/HEAD',
  '.git/refs/heads/develop',
  '.gitignore',
];
const BODIES = [
  'export function startServer() {}\nexport const DEFAULT_PORT = 3000;\n',
  'export const formatMoney = 1;\n',
  '{"scripts":{"smoke":"x"},"dependencies":{"zod":"^3.22.0","joi":"17.1.0"}}',
  'server:\n  port: 3000\n',
  'publish:\n\techo\n',
  'MAILGUN_DOMAIN=1\n',
  'ref: refs/heads/develop\n',
  'src/\n',
];

function counting(): { disk: Disk; reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    disk: {
      ...realDisk,
      read(path, bytesMax) {
        reads.push(path);
        return realDisk.read(path, bytesMax);
      },
    },
  };
}

function shop(): string {
  const path = temporary();
  put(path, WORLD.shop);
  putBranches(path, ['main', ...BRANCHES.shop]);
  return path;
}

describe('the cache', () => {
  test('after any change of any file a kept judgement is the one a fresh look gives [SKEPTIC-CACHE]', () => {
    const step = fc.oneof(
      fc.record({
        act: fc.constant('write' as const),
        file: fc.constantFrom(...FILES),
        body: fc.constantFrom(...BODIES),
      }),
      fc.record({ act: fc.constant('remove' as const), file: fc.constantFrom(...FILES) }),
      fc.record({ act: fc.constant('move' as const), file: fc.constantFrom(...FILES), to: fc.constantFrom(...FILES) }),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        const path = shop();
        const kept = skepticOf(path, { clock: realClock });
        kept.check(TEXTS);
        for (const each of steps) {
          if (each.act === 'write') put(path, { [each.file]: each.body });
          else if (each.act === 'remove') rmSync(join(path, each.file), { force: true });
          else moveQuietly(join(path, each.file), join(path, each.to));
          const fresh = skepticOf(path, { clock: realClock }).check(TEXTS);
          expect(kept.check(TEXTS).map((all) => all.map(({ claim, verdict }) => [claim.words, verdict]))).toEqual(
            fresh.map((all) => all.map(({ claim, verdict }) => [claim.words, verdict])),
          );
        }
      }),
      { numRuns: 25 },
    );
  });

  test('a second look at 200 claims reads no file [SKEPTIC-FAST]', () => {
    const { disk, reads } = counting();
    const skeptic = skepticOf(shop(), { disk });
    const texts = [...TEXTS, ...TEXTS, ...TEXTS, ...TEXTS];
    const first = skeptic.check(texts);
    expect(first.flat().length).toBeGreaterThanOrEqual(200);
    expect(reads.length).toBeGreaterThan(0);
    reads.length = 0;
    expect(skeptic.check(texts)).toEqual(first);
    expect(reads).toEqual([]);
  });

  test('it can be written down and taken up by another process [SKEPTIC-CACHE]', () => {
    const path = shop();
    const before = skepticOf(path);
    const first = before.check(TEXTS);
    const { disk, reads } = counting();
    const saved = JSON.parse(JSON.stringify(before.save())) as ReturnType<typeof before.save>;
    expect(skepticOf(path, { disk, saved }).check(TEXTS)).toEqual(first);
    expect(reads.filter((each) => !each.endsWith('.gitignore'))).toEqual([]);
    writeFileSync(join(path, 'Makefile'), 'nothing:\n');
    expect(skepticOf(path, { saved }).check([{ text: 'Run `make deploy`.' }])[0]?.[0]?.verdict).toBe('stale');
  });
});

describe('what moved', () => {
  test('is named with its new place [SKEPTIC-MOVED]', () => {
    const path = shop();
    const skeptic = skepticOf(path);
    const moved = (text: string) => skeptic.check([{ text }])[0]?.find(({ verdict }) => verdict === 'stale')?.moved;
    expect(moved('See src/utils/money.ts.')).toBe('src/lib/money.ts');
    expect(moved('`vatRate` is in src/lib/money.ts.')).toBe('src/billing/tax.ts');
    expect(moved('The default branch is release/2.3.')).toBe('main');
  });
});

describe('places', () => {
  test('one that bears a claim out is enough, unless the text names another', () => {
    const places = [
      { name: 'shop', path: '/a' },
      { name: 'quill', path: '/b' },
    ];
    expect(placesMeant({ text: 'the entry is src/main.rs' }, places)).toEqual(places);
    expect(placesMeant({ text: 'in the quill repo the entry is src/main.rs' }, places)).toEqual([places[1]]);
    expect(placesMeant({ text: 'the entry is src/main.rs', about: 'quill-build how it is built' }, places)).toEqual([
      places[1],
    ]);
  });

  test('a name counts as it is written, also where the file system folds case', () => {
    const path = shop();
    const folding: Disk = {
      ...realDisk,
      state: (each) => realDisk.state(each) ?? realDisk.state(join(path, each.slice(path.length).toLowerCase())),
    };
    const skeptic = skepticOf(path, { disk: folding, clock: laterClock });
    expect(skeptic.check([{ text: 'See src/Server.ts.' }])[0]?.[0]?.verdict).toBe('stale');
    expect(skeptic.check([{ text: 'See src/server.ts.' }])[0]?.[0]?.verdict).toBe('verified');
  });

  test('a command is looked for in the directories of PATH, and not run', () => {
    const bin = temporary();
    put(bin, { rg: '#!/bin/sh\nexit 1\n' });
    const skeptic = skepticOf(shop(), { programs: [bin] });
    const verdicts = skeptic
      .check([{ text: '`rg` is on the PATH.' }, { text: 'Needs `fd` for the search.' }])
      .map((each) => each[0]?.verdict);
    expect(verdicts).toEqual(['verified', 'stale']);
  });
});

function moveQuietly(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // It wasn't there, or there is no such directory: nothing moved.
  }
}
