import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { newIn, type FileMark, type FileState, type NewFile } from './cursor.ts';

/** What lies in the home for a dream to read. */
export interface Survey {
  /** Files with something new, in the order they are read. */
  readonly files: readonly NewFile[];
  /** Sessions among them that are over. */
  readonly sessionsEnded: number;
  readonly filesSeen: number;
  /** Marks of files that are gone. */
  readonly gone: readonly string[];
  /** There were more files than are looked at. */
  readonly cut: boolean;
}

export interface SurveyLimits {
  /** Files and directories looked at. */
  readonly entriesMax: number;
  /** Files given to one dream. */
  readonly filesMax: number;
}

/** A hundred sessions a day for five years; five thousand files in a night. The rest waits for the next one. */
const SURVEY_LIMITS: SurveyLimits = { entriesMax: 200_000, filesMax: 5_000 };

/** An end line has about 100 bytes; more than a person writes into it. */
const TAIL_BYTES = 4_096;

/** Files asked for their size at a time. */
const AT_ONCE = 32;

/** Where dreams look, with the depth of directories in it and the names of files. Logs come first: they name what matters. */
const PLACES = [
  { folder: 'logs', depth: 2, file: /\.md$/ },
  { folder: 'memory/notes', depth: 0, file: /\.md$/ },
  { folder: 'sessions', depth: 2, file: /\.jsonl$/ },
] as const;

/**
 * Looks through transcripts, logs and notes for what is new since the marks. Reads directories and sizes, and the last
 * bytes of transcripts that changed; nothing else of their content. Links are not followed. In small steps: the loop goes on.
 */
export async function surveyHome(
  home: string,
  marks: ReadonlyMap<string, FileMark>,
  signal: AbortSignal,
  limits: SurveyLimits = SURVEY_LIMITS,
): Promise<Survey> {
  const left = new Set(marks.keys());
  const found: NewFile[] = [];
  const seen = { count: 0, cut: false };
  for (const place of PLACES) {
    for await (const file of filesIn(home, place, seen, limits.entriesMax)) {
      if (signal.aborted) throw signal.reason;
      left.delete(file.path);
      const fresh = newIn(file, marks.get(file.path));
      if (fresh !== undefined) found.push(fresh);
    }
  }
  const files = found.slice(0, limits.filesMax);
  const sessions = files.filter(({ path }) => path.startsWith('sessions/'));
  let sessionsEnded = 0;
  for (let at = 0; at < sessions.length; at += AT_ONCE) {
    if (signal.aborted) throw signal.reason;
    const batch = sessions.slice(at, at + AT_ONCE);
    const ended = await Promise.all(batch.map(({ path, size }) => isEnded(join(home, path), size)));
    sessionsEnded += ended.filter(Boolean).length;
  }
  return {
    files,
    sessionsEnded,
    filesSeen: seen.count,
    gone: seen.cut ? [] : [...left],
    cut: seen.cut || found.length > files.length,
  };
}

type Place = (typeof PLACES)[number];

async function* filesIn(
  home: string,
  { folder, depth, file }: Place,
  seen: { count: number; cut: boolean },
  entriesMax: number,
): AsyncGenerator<FileState> {
  const waiting: { readonly path: string; readonly depth: number }[] = [{ path: folder, depth: 0 }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const entries = await readdir(join(home, next.path), { withFileTypes: true }).catch(() => []);
    const paths: string[] = [];
    for (const entry of entries.toSorted((one, other) => inOrder(one.name, other.name))) {
      const path = `${next.path}/${entry.name}`;
      if (entry.isDirectory() && next.depth < depth) waiting.push({ path, depth: next.depth + 1 });
      if (entry.isFile() && file.test(entry.name)) paths.push(path);
    }
    const room = Math.max(0, entriesMax - seen.count);
    seen.cut ||= paths.length > room;
    seen.count += Math.min(paths.length, room);
    for (let at = 0; at < Math.min(paths.length, room); at += AT_ONCE) {
      const states = await Promise.all(
        paths.slice(at, Math.min(at + AT_ONCE, room)).map((path) => stateOf(home, path)),
      );
      for (const state of states) if (state !== undefined) yield state;
    }
  }
}

/** `s9` before `s10`: older sessions first, so that what is newer overtakes. */
function inOrder(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : 1);
}

async function stateOf(home: string, path: string): Promise<FileState | undefined> {
  try {
    const stats = await lstat(join(home, path));
    if (!stats.isFile()) return undefined;
    return { path, size: stats.size, mtimeMs: Math.floor(stats.mtimeMs), inode: String(stats.ino) };
  } catch {
    return undefined; // It went while we looked.
  }
}

/** Whether the last line of a transcript says that the session is over. */
async function isEnded(path: string, size: number): Promise<boolean> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const { bytesRead } = await file.read(tail, 0, tail.length, size - tail.length);
    const last = tail.subarray(0, bytesRead).toString('utf8').trimEnd().split('\n').at(-1) ?? '';
    const line = JSON.parse(last) as { readonly kind?: unknown; readonly endedAt?: unknown };
    return line.kind === 'meta' && typeof line.endedAt === 'string';
  } catch {
    return false;
  }
}
