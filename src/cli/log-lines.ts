import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Which lines of the daemon's own log somebody wants to see. */
export interface LogWanted {
  /** pino's number of the least level. */
  readonly levelMin: number;
  /** Unix milliseconds; lines before are not shown. */
  readonly sinceMs: number;
  /** Only lines of this part; undefined: of all. */
  readonly part: string | undefined;
}

/** Read at a time: what is held of a file. */
const PIECE_BYTES = 65_536;
/** A line longer than this is cut; pino's own are a few hundred bytes. */
const LINE_BYTES_MAX = 1_048_576;

/** One file of the log, read on from where the last reading ended. Only whole lines come out. */
class LogTail {
  readonly #file: FileHandle;
  readonly inode: number;
  #at = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle, inode: number) {
    this.#file = file;
    this.inode = inode;
  }

  async *lines(): AsyncGenerator<string> {
    const piece = Buffer.alloc(PIECE_BYTES);
    for (;;) {
      const { bytesRead } = await this.#file.read(piece, 0, PIECE_BYTES, this.#at);
      if (bytesRead === 0) return;
      this.#at += bytesRead;
      yield* this.#split(piece.subarray(0, bytesRead));
    }
  }

  /** It was cut to nothing by somebody: from its beginning. */
  async restartIfCut(): Promise<void> {
    const { size } = await this.#file.stat();
    if (size < this.#at) this.#at = 0;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  *#split(piece: Buffer): Generator<string> {
    let bytes = Buffer.concat([this.#rest, piece]);
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10)) {
      yield bytes.toString('utf8', 0, end);
      bytes = bytes.subarray(end + 1);
    }
    this.#rest = bytes.length > LINE_BYTES_MAX ? Buffer.alloc(0) : Buffer.from(bytes);
  }
}

async function openTail(path: string): Promise<LogTail | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return file && new LogTail(file, (await file.stat()).ino);
}

/** The files of a log, oldest first: `kairosd.log.2`, `kairosd.log.1`, `kairosd.log`. */
async function filesOf(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch(() => []);
  const numbers = names.flatMap((name) => {
    if (name === basename(path)) return [0];
    const number = name.startsWith(`${basename(path)}.`) ? name.slice(basename(path).length + 1) : '';
    return /^[1-9]\d{0,3}$/.test(number) ? [Number(number)] : [];
  });
  return numbers
    .toSorted((a, b) => b - a)
    .map((number) => join(dirname(path), number === 0 ? basename(path) : `${basename(path)}.${number}`));
}

interface Listed {
  readonly file: string;
  readonly inode: number;
  readonly changedMs: number;
}

const LISTS_MAX = 50;

/** The same as one picture: names move from file to file while the log turns, so it is looked at until two looks agree. */
async function listFiles(path: string): Promise<readonly Listed[]> {
  let before = await listOnce(path);
  for (let looks = 0; looks < LISTS_MAX; looks += 1) {
    const now = await listOnce(path);
    if (now.length === before.length && now.every(({ inode }, index) => inode === before[index]?.inode)) return now;
    before = now;
  }
  return before;
}

async function listOnce(path: string): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (const file of await filesOf(path)) {
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined) listed.push({ file, inode: found.ino, changedMs: found.mtimeMs });
  }
  return listed;
}

/** By what the file is, not by what it was called a moment ago. @returns undefined when it is gone. */
async function openListed(path: string, inode: number): Promise<LogTail | undefined> {
  for (let tries = 0; tries < LISTS_MAX; tries += 1) {
    const file = (await listFiles(path)).find((one) => one.inode === inode)?.file;
    if (file === undefined) return undefined;
    const tail = await openTail(file);
    if (tail?.inode === inode) return tail;
    await tail?.close();
  }
  return undefined;
}

/**
 * The newest lines that are wanted, oldest first, over all files of the log; no file is held whole.
 *
 * @returns With `follow`: what comes after them, to be gone on with.
 */
export async function newestLines(
  path: string,
  wanted: LogWanted,
  limit: number,
): Promise<{ readonly lines: string[]; readonly more: boolean; readonly tail: LogTail | undefined }> {
  const isWanted = filterOf(wanted);
  let lines: string[] = [];
  let more = false;
  let tail: LogTail | undefined;
  for (const [index, { inode, changedMs }] of (await listFiles(path)).toReversed().entries()) {
    if (lines.length >= limit || (index > 0 && changedMs < wanted.sinceMs)) break;
    const reader = await openListed(path, inode);
    if (reader === undefined) continue;
    const found: string[] = [];
    for await (const line of reader.lines()) {
      if (!isWanted(line)) continue;
      found.push(line);
      // Cut in bulk: a shift for each line would move them all each time.
      if (found.length >= limit * 2 + 1_000) {
        found.splice(0, found.length - limit);
        more = true;
      }
    }
    if (index === 0) tail = reader;
    else await reader.close();
    lines = [...found, ...lines];
  }
  return { lines: lines.slice(-limit), more: more || lines.length > limit, tail };
}

const LOOK_MS = 250;

/** What is written from now on, across the turning of files, until the signal aborts. */
export async function* followLines(
  path: string,
  wanted: LogWanted,
  from: LogTail | undefined,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const isWanted = filterOf(wanted);
  let tail = from;
  try {
    while (!signal.aborted) {
      const next = await nextFile(path, tail);
      // A file that has a successor is complete: it is read to its end once more before it is left.
      if (tail !== undefined) for await (const line of tail.lines()) if (isWanted(line)) yield line;
      if (next === undefined) {
        await tail?.restartIfCut();
        await pause(signal);
        continue;
      }
      await tail?.close();
      tail = await openListed(path, next);
    }
  } finally {
    await tail?.close();
  }
}

/** The inode of the file after the one being read; undefined: there is none yet. */
async function nextFile(path: string, tail: LogTail | undefined): Promise<number | undefined> {
  const inodes = (await listFiles(path)).map(({ inode }) => inode);
  // Turned out of the list while nobody looked: on with the oldest there is.
  return inodes[tail === undefined ? 0 : inodes.indexOf(tail.inode) + 1];
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LOOK_MS);
    signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
  });
}

/** A line that is no JSON is shown, unless something is asked of it. */
function filterOf({ levelMin, sinceMs, part }: LogWanted): (line: string) => boolean {
  const isAny = levelMin <= 0 && sinceMs === -Infinity && part === undefined;
  return (line) => {
    if (isAny) return true;
    try {
      const { level, time, part: of } = JSON.parse(line) as { level?: unknown; time?: unknown; part?: unknown };
      const isNew = sinceMs === -Infinity || Date.parse(String(time)) >= sinceMs;
      return Number(level) >= levelMin && isNew && (part === undefined || of === part);
    } catch {
      return false;
    }
  };
}
