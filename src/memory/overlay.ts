import { readKept } from './generations.ts';
import type { MemoryLedger, UnfinishedApply } from './ports.ts';
import { readTree, withTexts, type Memory } from './tree.ts';

/** How often a reader looks again because the memory changed under it. */
const LOOKS_MAX = 5;

/**
 * The memory as a whole, also while an apply is under way or was cut off by a crash: then it is what it will be when that
 * one has been finished (or undone). What a person wrote meanwhile is shown as it is.
 *
 * @param ledger Asked before and after, so that an apply in between is noticed.
 * @param read Reads the files.
 */
export async function readMemory(
  directory: string,
  ledger: Pick<MemoryLedger, 'unfinished' | 'newest'>,
  read: () => Promise<Memory> = () => readTree(directory),
): Promise<Memory> {
  for (let look = 1; ; look += 1) {
    const [before, newest] = [ledger.unfinished(), ledger.newest()];
    const tree = await read();
    const memory = before === undefined ? tree : await overlay(directory, tree, before);
    const after = ledger.unfinished();
    const same = after?.generation === before?.generation && after?.direction === before?.direction;
    if ((same && ledger.newest() === newest) || look === LOOKS_MAX) return memory;
  }
}

async function overlay(directory: string, tree: Memory, apply: UnfinishedApply): Promise<Memory> {
  const texts = new Map<string, string | null>();
  for (const { path, before, after } of apply.steps) {
    const [wanted, other] = apply.direction === 'forward' ? [after, before] : [before, after];
    const now = tree.files.get(path)?.sha256 ?? null;
    if (now === wanted || (now !== null && now !== other)) continue;
    const kind = apply.direction === 'forward' ? 'after' : 'before';
    if (wanted === null) texts.set(path, null);
    else {
      const text = await readKept(directory, apply.generation, kind, { path, sha256: wanted });
      if (text !== undefined) texts.set(path, text);
    }
  }
  return texts.size === 0 ? tree : withTexts(tree, texts);
}
