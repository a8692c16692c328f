import { readKept, type Manifest } from './generations.ts';
import { renderIndex } from './index-file.ts';
import { INDEX_PATH, unreadableTopics, withTexts, type Memory } from './tree.ts';

/** What taking back a generation comes to. */
export interface RollbackPlan {
  /** Files to be written; null: to be taken away. */
  readonly texts: ReadonlyMap<string, string | null>;
  /** Files that stay as they are, with why. */
  readonly held: readonly { readonly path: string; readonly why: string }[];
}

/**
 * The memory as it was before a generation: what that one and all after it replaced is put back, byte for byte. A file
 * that the owner edited after that generation stays as it is.
 *
 * @param later The generation, and all that are newer, in order.
 */
export async function planRollback(
  directory: string,
  memory: Memory,
  later: readonly Manifest[],
): Promise<RollbackPlan> {
  const texts = new Map<string, string | null>();
  const held: { path: string; why: string }[] = [];
  const [first] = later;
  const broken = new Map(memory.problems.map(({ path, problem }) => [path, problem]));
  for (const path of new Set(later.flatMap(({ files }) => Object.keys(files)))) {
    const edited = later.findLast((each) => each !== first && each.author === 'owner' && path in each.files);
    const oldest = later.find((each) => path in each.files);
    const text = oldest === undefined ? undefined : await textBefore(directory, oldest, path);
    const unreadable = memory.files.has(path) ? undefined : broken.get(path);
    if (edited !== undefined) held.push({ path, why: `you edited it since (generation ${edited.generation})` });
    else if (unreadable !== undefined) held.push({ path, why: `it ${unreadable}` });
    else if (text === undefined) held.push({ path, why: 'what it was is not kept' });
    else if ((memory.files.get(path)?.text ?? null) !== text) texts.set(path, text);
  }
  if (held.length > 0 && texts.size > 0) repoint(memory, texts);
  return { texts, held };
}

async function textBefore(directory: string, manifest: Manifest, path: string): Promise<string | null | undefined> {
  const sha256 = manifest.files[path];
  if (sha256 === null || sha256 === undefined) return null;
  return readKept(directory, manifest.generation, 'before', { path, sha256 });
}

/** When not all goes back, the old index would point to what is not there: it is made anew from what is. */
function repoint(memory: Memory, texts: Map<string, string | null>): void {
  if (memory.problems.some(({ path }) => path === INDEX_PATH)) return;
  const after = withTexts(memory, texts);
  const index = renderIndex(after.topics, {
    text: after.index,
    topics: after.topics,
    unreadable: unreadableTopics(after),
  });
  if (index === memory.index) texts.delete(INDEX_PATH);
  else texts.set(INDEX_PATH, index);
}
