import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { reached } from '../core/ports.ts';
import { complete, directoryOf, readKept } from './generations.ts';
import { flushDirectory, modeOf, moveAway, moveIfFree, writeFlushed } from './place.ts';
import type { FileStep, MemoryLedger, UnfinishedApply } from './ports.ts';
import { isMissing, readFileOf } from './tree.ts';

export interface ApplyDeps {
  /** `memory/` of the home. */
  readonly directory: string;
  readonly ledger: MemoryLedger;
  /** Called after each step with its name: where a test kills the process. */
  readonly step?: ((name: string) => void | Promise<void>) | undefined;
}

/** `undone`: a person changed these files meanwhile; theirs are there, and all else is as it was. */
export type Applied = { readonly kind: 'done' } | { readonly kind: 'undone'; readonly paths: readonly string[] };

/**
 * Puts the texts of a staged generation in the place of those they replace, all of them or none: the ledger says that it
 * was begun, and whoever opens the memory after a crash finishes it (`recover`). A file is replaced by moving the old one
 * aside, looking whether it is what was expected, and giving the new one a name that must be free: whatever a person
 * wrote in between is found, and then all is put back.
 *
 * @throws what the ledger or the file system threw; then it stays begun, and `recover` goes on with it.
 */
export async function applyStaged(deps: ApplyDeps, apply: Omit<UnfinishedApply, 'direction'>): Promise<Applied> {
  await deps.step?.('staged');
  reached('memory.staged');
  await deps.ledger.begin(apply);
  await deps.step?.('begun');
  reached('memory.begun');
  return goForward(deps, { ...apply, direction: 'forward' });
}

/** Finishes, or undoes, what a process that is gone had begun. undefined: nothing was. */
export async function recover(deps: ApplyDeps): Promise<(Applied & { readonly apply: UnfinishedApply }) | undefined> {
  const apply = deps.ledger.unfinished();
  if (apply === undefined) return undefined;
  const applied = apply.direction === 'forward' ? await goForward(deps, apply) : await goBack(deps, apply, []);
  return { ...applied, apply };
}

async function goForward(deps: ApplyDeps, apply: UnfinishedApply): Promise<Applied> {
  const { directory, ledger, step } = deps;
  for (const each of apply.steps) {
    if (await placeOne(deps, apply.generation, each)) continue;
    await ledger.turnBack(apply.generation);
    await step?.('turned');
    reached('memory.turned');
    return goBack(deps, apply, [each.path]);
  }
  await flushAll(directory, apply);
  await step?.('flushed');
  reached('memory.placed');
  await ledger.done(apply);
  await step?.('done');
  reached('memory.done');
  await complete(directory, apply.generation);
  await step?.('complete');
  return { kind: 'done' };
}

/** @returns false: it is not what was expected, and it is left as it is. */
async function placeOne({ directory, step }: ApplyDeps, generation: number, given: FileStep): Promise<boolean> {
  const { path, before, after } = given;
  const own = directoryOf(directory, generation);
  const target = join(directory, path);
  const moved = join(own, 'moved', path);
  const now = await look(directory, path);
  if (now !== null && now === after) return true;
  if (now === null && before !== null) {
    // It was moved aside before a crash, or a person took it away.
    const aside = await look(join(own, 'moved'), path);
    if (aside === null) return false;
    if (aside !== before) return putBack(moved, target);
  } else {
    if (now !== before) return false;
    if (before !== null && !(await moveAside(given, { directory, own, step }))) return false;
  }
  if (after === null) return true;
  const text = await readKept(directory, generation, 'after', { path, sha256: after });
  if (text === undefined) return false;
  const fresh = join(own, 'new', path);
  await writeFlushed(fresh, text, await modeOf(moved));
  await step?.(`written ${path}`);
  reached('memory.written');
  const placed = await moveIfFree(fresh, target);
  await step?.(`placed ${path}`);
  return placed;
}

async function moveAside(
  { path, before }: FileStep,
  { directory, own, step }: { directory: string; own: string; step: ApplyDeps['step'] },
): Promise<boolean> {
  const target = join(directory, path);
  const moved = join(own, 'moved', path);
  if (!(await moveAway(target, moved))) return false;
  await step?.(`moved ${path}`);
  reached('memory.moved');
  return (await look(join(own, 'moved'), path)) === before || putBack(moved, target);
}

/** An edit that was moved aside goes back; if a newer one has its place, it stays aside, where it is found. */
async function putBack(moved: string, target: string): Promise<false> {
  await moveIfFree(moved, target);
  return false;
}

async function goBack(deps: ApplyDeps, apply: UnfinishedApply, paths: readonly string[]): Promise<Applied> {
  const { directory, ledger, step } = deps;
  const own = directoryOf(directory, apply.generation);
  const met = new Set(paths);
  for (const each of apply.steps.toReversed()) {
    if (!(await restoreOne(deps, apply.generation, each))) met.add(each.path);
    await step?.(`restored ${each.path}`);
  }
  await flushAll(directory, apply);
  reached('memory.restored');
  await ledger.undone(apply.generation);
  await step?.('undone');
  // What could not go back has words of a person in it.
  if (!(await holdsFiles(join(own, 'moved')))) await rm(own, { recursive: true, force: true });
  return { kind: 'undone', paths: [...met] };
}

/** @returns false: a person's text is there, and stays. */
async function restoreOne({ directory }: ApplyDeps, generation: number, given: FileStep): Promise<boolean> {
  const { path, before, after } = given;
  const own = directoryOf(directory, generation);
  const target = join(directory, path);
  const moved = join(own, 'moved', path);
  const now = await look(directory, path);
  if (now !== null && now === before) return true;
  if (now !== null && now !== after) return false;
  if (now !== null) {
    const aside = join(own, 'undo', path);
    if ((await moveAway(target, aside)) && (await look(join(own, 'undo'), path)) !== after) {
      return putBack(aside, target);
    }
  }
  if (before === null) return true;
  if ((await look(join(own, 'moved'), path)) !== null) return moveIfFree(moved, target);
  // Neither there nor aside: a person took it away, unless it was ours that was there.
  const wasOurs = now !== null || (await look(join(own, 'undo'), path)) !== null;
  const text = wasOurs ? await readKept(directory, generation, 'before', { path, sha256: before }) : undefined;
  if (text === undefined) return false;
  const fresh = join(own, 'new', path);
  await writeFlushed(fresh, text);
  return moveIfFree(fresh, target);
}

/** The hash of what is there; null: nothing. Anything that is no readable text is never what was expected. */
async function look(directory: string, path: string): Promise<string | null> {
  const read = await readFileOf(directory, path);
  if (read === undefined) return null;
  return read.kind === 'file' ? read.file.sha256 : 'unreadable';
}

async function flushAll(directory: string, apply: UnfinishedApply): Promise<void> {
  const own = directoryOf(directory, apply.generation);
  const directories = new Set([directory, own]);
  for (const { path } of apply.steps) {
    directories.add(dirname(join(directory, path))).add(dirname(join(own, 'moved', path)));
  }
  for (const path of directories) await flushDirectory(path);
}

async function holdsFiles(directory: string): Promise<boolean> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries.some((entry) => !entry.isDirectory());
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
