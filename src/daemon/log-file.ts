import {
  chmodSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  write,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the daemon's own log is in a home; beside it `.1`, the file before, and so on. */
export function logPathOf(home: string): string {
  return join(home, 'log', 'kairosd.log');
}

export interface LogFileOptions {
  readonly path: string;
  /** A file is put aside when it has grown to this. */
  readonly maxBytes: number;
  /** How many there may be, this one included; at least 1. */
  readonly files: number;
}

/** The daemon's own log on the disk. Nothing it does throws or waits: a log is never a reason to stop. */
export interface LogFile extends AsyncDisposable {
  /** One line, with its line feed. Lines are written whole, in order, in the background. */
  readonly write: (line: string) => void;
  /** Writes what waits, now: right before the process ends. */
  flush(): void;
  /** Resolves when nothing waits any more, or nothing can be written. */
  drained(): Promise<void>;
}

/** What waits while the disk is full or slow; beyond it lines are lost, and counted. */
const WAITING_BYTES_MAX = 1_048_576;
/** Written at a time. */
const PIECE_BYTES = 65_536;
/** After a write that failed; and how often it is looked whether somebody took the file away. */
const RETRY_MS = 1_000;
const LOOK_MS = 10_000;

/**
 * Appends to a file that turns by size. pino's own destination (SonicBoom) opens in the background, so what is said right
 * before an early end would be lost, and its reopening is not one step with the renaming; this is smaller than working around it.
 *
 * On a full disk up to 1 MiB waits for room; what is lost beyond that is said in a line as soon as one can be written again.
 *
 * @returns undefined when the file can't be had at all.
 */
export function openLogFile(options: LogFileOptions): LogFile | undefined {
  try {
    mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
    return new TurningFile(options);
  } catch {
    return undefined;
  }
}

class TurningFile implements LogFile {
  readonly #options: LogFileOptions;
  #fd: number;
  #bytes = 0;
  #lines: string[] = [];
  #waitingBytes = 0;
  /** What is being written, or was left over by a write that failed. Always whole lines but for its beginning. */
  #piece: Buffer = Buffer.alloc(0);
  #isWriting = false;
  #lost = 0;
  #failedMs = -Infinity;
  #lookedMs = performance.now();
  #idle: (() => void)[] = [];

  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#fd = this.#open();
  }

  readonly write = (line: string): void => {
    const bytes = Buffer.byteLength(line);
    if (this.#waitingBytes + bytes > WAITING_BYTES_MAX) this.#lost += 1;
    else {
      this.#lines.push(line);
      this.#waitingBytes += bytes;
    }
    if (!this.#isWriting && performance.now() - this.#failedMs >= RETRY_MS) this.#next();
  };

  flush(): void {
    try {
      // What is on its way ends by itself: the process waits for it.
      if (!this.#isWriting && this.#piece.length > 0) writeSync(this.#fd, this.#piece);
      if (this.#lines.length > 0) writeSync(this.#fd, this.#lines.join(''));
    } catch {
      // No room, and nobody left to tell.
    }
    this.#lines = [];
    this.#waitingBytes = 0;
    if (!this.#isWriting) this.#piece = Buffer.alloc(0);
  }

  drained(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => void this.#idle.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drained();
    this.flush();
    closeSync(this.#fd);
  }

  #next(): void {
    if (this.#piece.length === 0) this.#take();
    if (this.#piece.length === 0) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#isWriting = true;
    write(this.#fd, this.#piece, (error, written) => {
      this.#isWriting = false;
      if (error !== null) {
        this.#failedMs = performance.now();
        for (const resolve of this.#idle.splice(0)) resolve();
        return;
      }
      this.#bytes += written;
      this.#piece = this.#piece.subarray(written);
      this.#next();
    });
  }

  /** Between two pieces: whole lines before, whole lines after. */
  #take(): void {
    if (this.#lines.length === 0) return;
    if (this.#lost > 0 && this.#waitingBytes < WAITING_BYTES_MAX / 2) {
      this.#lines.unshift(lostLine(this.#lost));
      this.#lost = 0;
    }
    this.#turn();
    let bytes = 0;
    const end = this.#lines.findIndex((line) => (bytes += Buffer.byteLength(line)) >= PIECE_BYTES);
    const taken = this.#lines.splice(0, end === -1 ? this.#lines.length : end + 1);
    this.#piece = Buffer.from(taken.join(''));
    this.#waitingBytes = Math.max(0, this.#waitingBytes - this.#piece.length);
  }

  #turn(): void {
    const { path, maxBytes, files } = this.#options;
    const isFull = this.#bytes >= maxBytes;
    if (!isFull && !this.#isGone()) return;
    try {
      if (isFull) putAside(path, files);
      const before = this.#fd;
      this.#fd = this.#open();
      closeSync(before);
    } catch {
      // On with the file there is; tried again after as much once more.
      this.#bytes = 0;
    }
  }

  /** Somebody has moved or removed it. */
  #isGone(): boolean {
    if (performance.now() - this.#lookedMs < LOOK_MS) return false;
    this.#lookedMs = performance.now();
    const found = statSync(this.#options.path, { throwIfNoEntry: false });
    return found === undefined || found.ino !== fstatSync(this.#fd).ino;
  }

  #open(): number {
    const { path } = this.#options;
    const fd = openSync(path, 'a', 0o600);
    const { size } = fstatSync(fd);
    this.#bytes = size;
    if (statSync(path).isFile()) chmodSync(path, 0o600);
    return fd;
  }
}

function lostLine(lost: number): string {
  return `${JSON.stringify({ level: 40, time: new Date().toISOString(), lost, msg: 'log lines were lost' })}\n`;
}

/** `kairosd.log` becomes `.1`, `.1` becomes `.2`; the oldest goes. A few renames every ten megabytes. */
function putAside(path: string, files: number): void {
  if (files <= 1) rmSync(path, { force: true });
  for (let number = files - 1; number >= 1; number -= 1) {
    const from = number === 1 ? path : `${path}.${number - 1}`;
    if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, `${path}.${number}`);
  }
}
