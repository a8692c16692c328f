import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { isTopicName, parseTopic, type Topic } from './topic.ts';

/** A file of the memory, named by its path under `memory/`, with `/`. */
export interface MemoryFile {
  readonly path: string;
  readonly text: string;
  /** Of its bytes, hexadecimal. */
  readonly sha256: string;
}

/** What could not be read, or not as what it should be, in words. */
export interface MemoryProblem {
  readonly path: string;
  readonly problem: string;
}

/** The whole memory at one moment. */
export interface Memory {
  readonly files: ReadonlyMap<string, MemoryFile>;
  /** The text of `MEMORY.md`; empty when there is none. */
  readonly index: string;
  readonly topics: readonly Topic[];
  readonly archive: readonly Topic[];
  readonly problems: readonly MemoryProblem[];
}

export interface TreeLimits {
  /** A larger file is a problem, and not read. */
  readonly fileBytesMax: number;
  /** Entries looked at in a directory. */
  readonly entriesMax: number;
}

export const INDEX_PATH = 'MEMORY.md';
const DIRECTORIES = ['topics', 'archive'] as const;
const LIMITS: TreeLimits = { fileBytesMax: 1_048_576, entriesMax: 1_000 };
/** A pipe must not hold the reader, and a link is not followed. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The path of a topic or of its archive. */
export function pathOf(directory: (typeof DIRECTORIES)[number], name: string): string {
  return `${directory}/${name}.md`;
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Reads index, topics and archive. Never rejects for what lies there: what can't be read is a problem.
 *
 * @param given.before What was read earlier: files that are the same are not understood anew.
 */
export async function readTree(
  directory: string,
  { before, limits = LIMITS }: { readonly before?: Memory | undefined; readonly limits?: TreeLimits } = {},
): Promise<Memory> {
  const files: MemoryFile[] = [];
  const problems: MemoryProblem[] = [];
  const add = async (path: string): Promise<void> => {
    const read = await readFileOf(directory, path, limits.fileBytesMax);
    if (read?.kind === 'file') {
      const known = before?.files.get(path);
      const file = known?.sha256 === read.file.sha256 ? known : read.file;
      files.push(file);
      // Here, and not for all of them at once: the event loop breathes between files.
      topicOf(file);
    }
    if (read?.kind === 'problem') problems.push({ path, problem: read.problem });
  };
  if ((await kindOf(directory)) === 'link') {
    return assemble([], [{ path: '.', problem: 'memory is a link: it must be a directory of the home' }]);
  }
  await add(INDEX_PATH);
  for (const name of DIRECTORIES) {
    const listed = await listFiles(directory, name, limits.entriesMax);
    problems.push(...listed.problems);
    for (const path of listed.paths) await add(path);
  }
  return assemble(files, problems);
}

/** A memory from its files. A file that can't be read as a topic adds its problems. */
export function assemble(files: readonly MemoryFile[], problems: readonly MemoryProblem[]): Memory {
  const named = (directory: string): Topic[] =>
    files.filter(({ path }) => path.startsWith(`${directory}/`)).flatMap((file) => topicOf(file) ?? []);
  const topics = named('topics');
  const archive = named('archive');
  const unread = files.flatMap((file) =>
    (topicOf(file)?.problems ?? []).map((problem) => ({ path: file.path, problem })),
  );
  return {
    files: new Map(files.map((file) => [file.path, file])),
    index: files.find(({ path }) => path === INDEX_PATH)?.text ?? '',
    topics,
    archive,
    problems: [...problems, ...unread],
  };
}

/** What a file says is found out once. */
const understood = new WeakMap<MemoryFile, Topic>();

function topicOf(file: MemoryFile): Topic | undefined {
  const name = /^(?:topics|archive)\/([^/]+)\.md$/.exec(file.path)?.[1];
  if (name === undefined) return undefined;
  const topic = understood.get(file) ?? parseTopic(name, file.text);
  understood.set(file, topic);
  return topic;
}

/** Names of topics whose file is there and can't be read. */
export function unreadableTopics(memory: Memory): ReadonlySet<string> {
  const names = memory.problems.flatMap(({ path }) => /^topics\/(.+)\.md$/.exec(path)?.[1] ?? []);
  return new Set(names.filter((name) => !memory.files.has(pathOf('topics', name))));
}

/** The same memory with other texts; null takes a file away. */
export function withTexts(memory: Memory, texts: ReadonlyMap<string, string | null>): Memory {
  const files = new Map(memory.files);
  for (const [path, text] of texts) {
    if (text === null) files.delete(path);
    else files.set(path, fileOf(path, text));
  }
  const own = memory.problems.filter(({ path }) => !memory.files.has(path));
  return assemble(
    [...files.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1)),
    own,
  );
}

export function fileOf(path: string, text: string): MemoryFile {
  return { path, text, sha256: sha256Of(text) };
}

/** What a name leads to. `other`: a directory, a pipe and the like. */
export async function kindOf(path: string): Promise<'none' | 'file' | 'link' | 'other'> {
  try {
    const stats = await lstat(path);
    if (stats.isSymbolicLink()) return 'link';
    return stats.isFile() ? 'file' : 'other';
  } catch (error) {
    if (isMissing(error)) return 'none';
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

type Read =
  | { readonly kind: 'file'; readonly file: MemoryFile }
  | { readonly kind: 'problem'; readonly problem: string }
  | undefined;

/** undefined: there is none. */
export async function readFileOf(directory: string, path: string, bytesMax = LIMITS.fileBytesMax): Promise<Read> {
  const bytes = await readBytes(join(directory, path), bytesMax);
  if (bytes === undefined) return undefined;
  if (typeof bytes === 'string') return { kind: 'problem', problem: bytes };
  try {
    // A byte order mark is part of the text: what is written back must be the same bytes.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (text.includes('\0')) return { kind: 'problem', problem: 'holds NUL characters: it is no text' };
    return { kind: 'file', file: { path, text, sha256: sha256Of(bytes) } };
  } catch {
    return { kind: 'problem', problem: 'is not text in UTF-8' };
  }
}

/** A text says why it was not read. */
async function readBytes(path: string, bytesMax: number): Promise<Buffer | string | undefined> {
  try {
    await using file = await open(path, READ_FLAGS);
    const stats = await file.stat();
    if (!stats.isFile()) return 'is not a file';
    if (stats.size > bytesMax) return `has ${stats.size} bytes, at most ${bytesMax} are read: shorten it`;
    const buffer = Buffer.alloc(stats.size + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      // It grows while it is read: the next look has it whole.
      if (length > stats.size) return 'is being written';
      if (bytesRead === 0) return buffer.subarray(0, length);
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    const isLink = (error as NodeJS.ErrnoException).code === 'ELOOP';
    return isLink ? 'is a link, and links are not followed' : `can't be read: ${messageOf(error)}`;
  }
}

async function listFiles(directory: string, name: string, entriesMax: number) {
  const problems: MemoryProblem[] = [];
  const paths: string[] = [];
  if ((await kindOf(join(directory, name))) === 'link') {
    return { paths, problems: [{ path: name, problem: 'is a link, and links are not followed' }] };
  }
  const entries = await readdir(join(directory, name)).catch((error: unknown) => {
    if (!isMissing(error)) problems.push({ path: name, problem: `can't be read: ${messageOf(error)}` });
    return [];
  });
  for (const entry of entries.toSorted(byName)) {
    // Editors keep their own files beside it: `.a.md.swp`, `a.md~`.
    if (entry.startsWith('.') || !entry.endsWith('.md')) continue;
    const path = `${name}/${entry}`;
    if (!isTopicName(entry.slice(0, -3))) {
      problems.push({ path, problem: 'is not read: a name has small letters, digits and hyphens, at most 64' });
    } else if (paths.length >= entriesMax) {
      problems.push({ path: name, problem: `has more than ${entriesMax} files: the rest is not read` });
      break;
    } else paths.push(path);
  }
  return { paths, problems };
}

function byName(one: string, other: string): number {
  return one < other ? -1 : 1;
}
