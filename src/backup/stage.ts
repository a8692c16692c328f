import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { blankSecrets, compactCopy } from '../ledger/blank.ts';
import { memoryMark, pinLedger, readCopy, type LedgerFacts, type LedgerPin } from '../ledger/copy.ts';
import { listContents, type Contents, type LeftOut } from './contents.ts';
import { FORMAT, MANIFEST_PATH, type Manifest } from './manifest.ts';
import { createNeedles, type NamedSecret, type Needles } from './needles.ts';
import { hashFile, takeFile, type Taken } from './take.ts';

export interface StageOptions {
  readonly home: string;
  /** An empty directory on a local disk. */
  readonly stage: string;
  readonly secrets: readonly NamedSecret[];
  readonly version: string;
  readonly timeZone: string;
  /** Whether one works in the home. */
  readonly daemon: 'running' | 'none';
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For tests: called between two steps. */
  readonly step?: ((name: string) => void | Promise<void>) | undefined;
}

export interface Staged {
  readonly manifest: Manifest;
  readonly leftOut: readonly LeftOut[];
}

const TOKEN = 'KAIROS_API_TOKEN';
/** An apply of the memory takes a fraction of a second; nobody makes so many in a row. */
const ATTEMPTS_MAX = 120;
const PAUSE_MS = 50;
const SCAN_BYTES = 1_048_576;
/** From then on a half-done change that stands still is what a crash or a failing disk left: a start ends it, here or there. */
const STANDING_ATTEMPTS = { running: 100, none: 5 } as const;

/**
 * Puts a copy of the home into the staging directory, all of it of one moment:
 *
 * 1. The ledger is held still by a reading connection, while no change of the memory is half done in it, and the lengths
 *    of the other files are noted. Logs and transcripts follow the ledger: at this moment they hold all that it counts as written.
 * 2. The memory is copied, and the ledger asked again: if a change was begun or ended meanwhile, all is done anew. An edit
 *    of the owner is in no ledger before the next look, so whichever of two texts is caught fits.
 * 3. The ledger is copied in one step from that very state; then the files that only grow, up to the length they had.
 */
export async function stageHome(options: StageOptions): Promise<Staged> {
  const { home, stage, clock, signal } = options;
  const needles = createNeedles(options.secrets);
  const ledger = join(home, 'ledger.db');
  let standing = '';
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    signal.throwIfAborted();
    using pin = pinLedger(ledger);
    if (attempt === 1) standing = pin.memory.text;
    const crashed = attempt > STANDING_ATTEMPTS[options.daemon] && pin.memory.text === standing;
    if (!pin.memory.unfinished || crashed) {
      const contents = namedInnocently(await listContents(home), needles);
      await options.step?.('pinned');
      const memory = await takeAll(options, contents, needles, isMemory);
      await options.step?.('memory');
      if (memoryMark(ledger).text === pin.memory.text) {
        return await finish(options, { pin, contents, needles, memory });
      }
    }
    await rm(join(stage, 'memory'), { recursive: true, force: true });
    await clock.sleep(PAUSE_MS, signal);
  }
  throw new KairosError('STATE_CONFLICT', 'the memory did not stand still long enough for a backup: try again later');
}

/** A name can't be marked and put back: a file that has a secret in its own is not taken. */
function namedInnocently({ files, leftOut }: Contents, needles: Needles): Contents {
  const secretIn = (path: string): string | undefined => needles.find(Buffer.from(path))[0]?.name;
  const telling = [...leftOut, ...files].filter(({ path }) => secretIn(path) !== undefined);
  return {
    files: files.filter(({ path }) => secretIn(path) === undefined),
    leftOut: [
      ...leftOut.filter(({ path }) => secretIn(path) === undefined),
      ...telling.map(({ path }) => ({
        path: `a file in ${path.split('/')[0]}`,
        why: `has the value of ${secretIn(path)} in its name`,
      })),
    ],
  };
}

interface Caught {
  readonly pin: LedgerPin;
  readonly contents: Contents;
  readonly needles: Needles;
  readonly memory: readonly Taken[];
}

async function finish(options: StageOptions, { pin, contents, needles, memory }: Caught): Promise<Staged> {
  const { stage, signal } = options;
  const copy = join(stage, 'ledger.db');
  await pin.copyTo(copy);
  // The daemon's log may start over again.
  pin[Symbol.dispose]();
  signal.throwIfAborted();
  await options.step?.('ledger');
  const others = await takeAll(options, contents, needles, (path) => !isMemory(path));
  const names = await cleanLedger(copy, needles);
  signal.throwIfAborted();
  const facts = readCopy(copy);
  const texts = [...memory, ...others].toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const redacted = [{ path: 'ledger.db', names: [...names] }, ...texts].filter((each) => each.names.length > 0);
  const manifest: Manifest = {
    ...headOf(options, facts),
    redacted: redacted.map(({ path, names: found }) => ({ path, names: [...found] })),
    files: [
      { path: 'ledger.db', ...(await hashFile(copy)) },
      ...texts.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    ],
  };
  await writeFile(join(stage, MANIFEST_PATH), `${JSON.stringify(manifest, null, 1)}\n`, { mode: 0o600 });
  return { manifest, leftOut: contents.leftOut };
}

function headOf(options: StageOptions, facts: LedgerFacts): Omit<Manifest, 'redacted' | 'files'> {
  const iso = (ms: number): string => formatInstant(ms, options.timeZone);
  const { schema, rows, lastEventId, lastEventAtMs, jobsQueued, jobsRunning, messagesWaiting } = facts;
  const lastEventAt = lastEventAtMs === null ? null : iso(lastEventAtMs);
  return {
    kairosd: 'backup',
    format: FORMAT,
    version: options.version,
    createdAt: iso(options.clock.wallMs()),
    homeId: facts.homeId,
    ledger: { schema, rows, lastEventId, lastEventAt, jobsQueued, jobsRunning, messagesWaiting },
    // The token is no part of what a restore needs: a start makes one.
    secretNames: [...new Set(options.secrets.map(({ name }) => name))].filter((name) => name !== TOKEN).toSorted(),
  };
}

async function takeAll(
  options: StageOptions,
  { files }: Contents,
  needles: Needles,
  which: (path: string) => boolean,
): Promise<Taken[]> {
  const taken: Taken[] = [];
  for (const content of files) {
    if (!which(content.path)) continue;
    options.signal.throwIfAborted();
    const one = await takeFile(options, content, needles);
    if (one !== undefined) taken.push(one);
  }
  return taken;
}

function isMemory(path: string): boolean {
  return path.startsWith('memory/');
}

/** Rows first; then the file as it lies there, because deleted rows leave their bytes behind. */
async function cleanLedger(copy: string, needles: Needles): Promise<ReadonlySet<string>> {
  if (needles.longest === 0) return new Set();
  const spare = `${copy}.spare`;
  const names = await blankSecrets(copy, needles, spare);
  if (names.size === 0) {
    if (!(await holdsAny(copy, needles))) return names;
    compactCopy(copy, spare);
  }
  await rename(spare, copy);
  return names;
}

async function holdsAny(path: string, needles: Needles): Promise<boolean> {
  // One buffer for all of it: a new one for each piece is a collection of garbage for every few.
  const buffer = Buffer.allocUnsafe(SCAN_BYTES + needles.longest);
  await using file = await open(path, 'r');
  for (let kept = 0, at = 0; ;) {
    const { bytesRead } = await file.read(buffer, kept, SCAN_BYTES, at);
    if (bytesRead === 0) return false;
    at += bytesRead;
    const end = kept + bytesRead;
    if (needles.find(buffer.subarray(0, end)).length > 0) return true;
    kept = Math.min(end, needles.longest);
    buffer.copy(buffer, 0, end - kept, end);
  }
}
