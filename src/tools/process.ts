import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';

export interface ProcessOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All that it sees of an environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Of what it prints, so much is kept: the first and the last half of it. */
  readonly outputBytesMax: number;
}

/** How a process ended. Whether it did what was asked, its exit code says. */
export interface ProcessResult {
  readonly ended: 'exited' | 'killed' | 'timeout' | 'aborted' | 'not-started';
  readonly exitCode: number | null;
  /** Why it did not begin, or the signal that ended it. */
  readonly error: string | null;
  /** What it printed, cut in the middle when it was too long. */
  readonly text: string;
  /** The same as it came. */
  readonly raw: Buffer;
  readonly outputBytes: number;
  readonly durationMs: number;
}

/** From SIGTERM to SIGKILL. */
const TERM_MS = 3_000;
/** Somebody who keeps the pipes open after the process ended is not waited for longer. */
const PIPES_MS = 1_000;
/** Of the processes below one, as many are asked to end. The rest is killed with them. */
const DESCENDANTS_MAX = 4_096;

/**
 * Runs a program as a process group of its own, without input. Past its time, or when the signal aborts, whatever runs
 * below it gets SIGTERM and three seconds later the group gets SIGKILL; in a sandbox with a process namespace nothing
 * outlives that, wherever it hid. Never throws: how it ended is a value.
 */
export async function runProcess(options: ProcessOptions, signal: AbortSignal, clock: Clock): Promise<ProcessResult> {
  const startedMs = clock.monoMs();
  const kept = new Ends(options.outputBytesMax);
  const done = new AbortController();
  let cut: 'timeout' | 'aborted' | undefined;
  const end = await new Promise<Pick<ProcessResult, 'exitCode' | 'error'> & { started: boolean }>((resolve) => {
    const child = start(options);
    if (child instanceof Error) {
      resolve({ exitCode: null, error: messageOf(child), started: false });
      return;
    }
    const stop = (reason: 'timeout' | 'aborted'): void => {
      if (done.signal.aborted || cut !== undefined) return;
      cut = reason;
      askToEnd(child);
      void clock.sleep(TERM_MS, done.signal).then(() => done.signal.aborted || signalGroup(child, 'SIGKILL'));
    };
    const onAbort = (): void => stop('aborted');
    signal.addEventListener('abort', onAbort, { once: true });
    void clock.sleep(options.timeoutMs, done.signal).then(() => stop('timeout'));

    child.stdout?.on('data', (chunk: Buffer) => kept.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => kept.add(chunk));
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ exitCode: null, error: messageOf(error), started: false });
    });
    child.once('exit', (exitCode, by) => {
      done.abort();
      signalGroup(child, 'SIGKILL');
      void pipesClosed(child, clock).then(() => resolve({ exitCode, error: by && `ended by ${by}`, started: true }));
    });
    done.signal.addEventListener('abort', () => signal.removeEventListener('abort', onAbort), { once: true });
    if (signal.aborted) onAbort();
  });
  done.abort();
  const { exitCode, error, started } = end;
  const ended = !started ? 'not-started' : (cut ?? (exitCode === null ? 'killed' : 'exited'));
  const durationMs = clock.monoMs() - startedMs;
  return { ended, exitCode, error, ...kept.close(), outputBytes: kept.bytes, durationMs };
}

function start({ program, args, cwd, env }: ProcessOptions): ChildProcess | Error {
  try {
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...strays()];
    return spawn(program, args, { cwd, env: { ...env }, detached: true, stdio });
  } catch (error) {
    return error as Error;
  }
}

let covered: readonly ('ignore' | number)[] | undefined;

/**
 * What stands for descriptors from 3 on that whoever started us left open for our children too: a pipe, a socket. Nothing
 * of ours is passed on, so each of them is covered by /dev/null. Looked up once; where there is no /proc, there are none.
 */
function strays(): readonly ('ignore' | number)[] {
  if (covered !== undefined) return covered;
  const open = namesIn('/proc/self/fdinfo').map(Number);
  const left = open.filter((fd) => fd > 2 && !closes(fd));
  const nothing = left.length === 0 ? 0 : openSync('/dev/null', 'r+');
  covered = Array.from({ length: Math.max(2, ...left) - 2 }, (_, index) =>
    left.includes(index + 3) ? nothing : 'ignore',
  );
  return covered;
}

/** Whether a descriptor is closed when another program begins. */
function closes(fd: number): boolean {
  const flags = /^flags:\s+(\d+)$/m.exec(readProc(`/proc/self/fdinfo/${fd}`))?.[1] ?? '0';
  return (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) !== 0;
}

/** `O_CLOEXEC` of Linux. */
const CLOSE_ON_EXEC = 0o2_000_000;

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/**
 * SIGTERM to all that runs below a process, but not to the sandbox around it: a bubblewrap that ends takes its content
 * with it at once, and nobody in there would have had the time to tidy up.
 */
function askToEnd(child: ChildProcess): void {
  const inner = descendantsOf(child.pid ?? 0).filter((pid) => nameOf(pid) !== 'bwrap');
  for (const pid of inner) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {}
  }
  if (inner.length === 0 || nameOf(child.pid ?? 0) !== 'bwrap') signalGroup(child, 'SIGTERM');
}

function descendantsOf(root: number): number[] {
  const found: number[] = [];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined && found.length < DESCENDANTS_MAX; pid = open.pop()) {
    const children = readProc(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
    found.push(...children);
    open.push(...children);
  }
  return found;
}

function nameOf(pid: number): string {
  return readProc(`/proc/${pid}/comm`).trim();
}

/** Empty where there is no /proc, or no such process any more. */
function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Its group bears its process id. When nobody of the group is left, there is nothing to do. */
function signalGroup(child: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {}
}

async function pipesClosed(child: ChildProcess, clock: Clock): Promise<void> {
  const closed = new AbortController();
  child.once('close', () => closed.abort());
  await clock.sleep(PIPES_MS, closed.signal);
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** The first and the last bytes of a stream, in bounded memory. */
class Ends {
  readonly #halfBytes: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  bytes = 0;

  constructor(bytesMax: number) {
    this.#halfBytes = Math.max(1, Math.floor(bytesMax / 2));
  }

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    const room = this.#halfBytes - this.#headBytes;
    if (room > 0) {
      this.#head.push(Buffer.from(chunk.subarray(0, room)));
      this.#headBytes += Math.min(room, chunk.length);
    }
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    this.#tail.push(Buffer.from(rest));
    this.#tailBytes += rest.length;
    if (this.#tailBytes > 4 * this.#halfBytes) this.#trim();
  }

  close(): { text: string; raw: Buffer } {
    this.#trim();
    const leftOut = this.bytes - this.#headBytes - this.#tailBytes;
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    const raw = Buffer.concat([head, tail]);
    if (leftOut === 0) return { raw, text: readable(raw) };
    return { raw, text: `${readable(head)}\n[${leftOut} bytes left out here]\n${readable(tail)}` };
  }

  #trim(): void {
    const tail = Buffer.concat(this.#tail);
    const last = tail.subarray(Math.max(0, tail.length - this.#halfBytes));
    this.#tail = [last];
    this.#tailBytes = last.length;
  }
}

/** Without colours and cursor movements; a byte that is no text shows as one that could not be read. */
function readable(bytes: Buffer): string {
  return stripVTControlCharacters(bytes.toString('utf8')).replaceAll('\0', '\u{FFFD}');
}
