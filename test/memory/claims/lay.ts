import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { realDisk, type Disk } from '../../../src/memory/claims/disk.ts';
import { createSkeptic, type Skeptic, type SkepticCache } from '../../../src/memory/claims/skeptic.ts';

export const realClock = { wallMs: () => Date.now() };
/** Everything that was written before now is old for it: nothing is too young to be trusted. */
export const laterClock = { wallMs: () => Date.now() + 60_000 };

/** A directory that goes away with the test. */
export function temporary(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'kairos-claims-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A repository's own files, as far as branches go. */
export function putBranches(root: string, branches: readonly string[]): void {
  const hash = `${'0'.repeat(40)}\n`;
  put(root, {
    '.git/HEAD': 'ref: refs/heads/main\n',
    ...Object.fromEntries(branches.map((name) => [`.git/refs/heads/${name}`, hash])),
  });
}

export function skepticOf(
  path: string,
  given: { clock?: { wallMs(): number }; disk?: Disk; saved?: SkepticCache; programs?: readonly string[] } = {},
): Skeptic {
  const { clock = laterClock, disk = realDisk, saved, programs = [] } = given;
  return createSkeptic({ places: [{ name: 'repo', path }], disk, clock, programs }, saved);
}

/** What the claims of one text come to: one that is stale makes it stale. */
export function verdictOf(judged: readonly { readonly verdict: string }[]): 'stale' | 'true' | 'unverifiable' {
  if (judged.some(({ verdict }) => verdict === 'stale')) return 'stale';
  return judged.some(({ verdict }) => verdict === 'verified') ? 'true' : 'unverifiable';
}

interface Outcome {
  readonly stale: boolean | undefined;
  readonly got: string;
  readonly text: string;
}

/** The three figures that count, and what went wrong, for the message of a failing test. `stale` undefined: no claim at all. */
export function figures(outcomes: readonly Outcome[]) {
  const share = (part: readonly Outcome[], whole: readonly Outcome[]): number =>
    whole.length === 0 ? 0 : part.length / whole.length;
  const gone = outcomes.filter(({ stale }) => stale === true);
  const rest = outcomes.filter(({ stale }) => stale !== true);
  const claims = outcomes.filter(({ stale }) => stale !== undefined);
  const missed = gone.filter(({ got }) => got !== 'stale');
  const alarms = rest.filter(({ got }) => got === 'stale');
  return {
    recall: 1 - share(missed, gone),
    falseAlarms: share(alarms, rest),
    unverifiable: share(
      claims.filter(({ got }) => got === 'unverifiable'),
      claims,
    ),
    missed: missed.map(({ text }) => text),
    alarms: alarms.map(({ text }) => text),
  };
}
