import { spawn, type ChildProcess } from 'node:child_process';
import { messageOf } from '../core/errors.ts';
import type { Clock, Redact } from '../core/ports.ts';
import { openOutput, type Output } from './output.ts';

export interface CommandOptions {
  /** The program and its arguments. There is no shell. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** All that the command sees of an environment: no secret belongs here. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Where its output goes, if it prints anything. */
  readonly outputPath: string;
}

/** How the process ended: says nothing about whether the task succeeded. */
export type CommandEnded = 'exited' | 'killed' | 'timeout' | 'aborted' | 'not-started';

export interface CommandResult extends Output {
  readonly ended: CommandEnded;
  /** null unless it exited by itself. */
  readonly exitCode: number | null;
  /** Why it did not begin, or the signal that ended it. */
  readonly error: string | null;
}

/** From SIGTERM to SIGKILL. */
const TERM_MS = 5_000;
/** A grandchild that keeps the pipes open after the command ended is not waited for longer. */
const PIPES_MS = 1_000;

/**
 * Runs a command as a process group of its own, with its output in a file. Past its time, or when the signal aborts, the
 * group gets SIGTERM and five seconds later SIGKILL; the first reason is the one that is reported. Whatever it left
 * running in its group goes with it. Never throws: how it ended is a value.
 */
export async function runCommand(
  options: CommandOptions,
  signal: AbortSignal,
  { clock, redact }: { readonly clock: Clock; readonly redact: Redact },
): Promise<CommandResult> {
  const output = openOutput(options.outputPath, redact);
  const done = new AbortController();
  let cut: 'timeout' | 'aborted' | undefined;
  const end = await new Promise<Pick<CommandResult, 'exitCode' | 'error'> & { started: boolean }>((resolve) => {
    const child = start(options);
    if (child instanceof Error) {
      resolve({ exitCode: null, error: messageOf(child), started: false });
      return;
    }
    const stop = (reason: 'timeout' | 'aborted'): void => {
      if (done.signal.aborted || cut !== undefined) return;
      cut = reason;
      signalGroup(child, 'SIGTERM');
      void clock.sleep(TERM_MS, done.signal).then(() => done.signal.aborted || signalGroup(child, 'SIGKILL'));
    };
    const onAbort = (): void => stop('aborted');
    signal.addEventListener('abort', onAbort, { once: true });
    void clock.sleep(options.timeoutMs, done.signal).then(() => stop('timeout'));
    if (signal.aborted) onAbort();

    child.stdout?.on('data', (chunk: Buffer) => output.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => output.write(chunk));
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ exitCode: null, error: messageOf(error), started: false });
    });
    child.once('exit', (exitCode, by) => {
      done.abort();
      signal.removeEventListener('abort', onAbort);
      signalGroup(child, 'SIGKILL');
      void pipesClosed(child, clock).then(() => resolve({ exitCode, error: by && `ended by ${by}`, started: true }));
    });
  });
  done.abort();
  const printed = await output.close();
  const { exitCode, error, started } = end;
  const ended = !started ? 'not-started' : (cut ?? (exitCode === null ? 'killed' : 'exited'));
  return { ...printed, ended, exitCode, error };
}

function start({ argv: [program = '', ...args], cwd, env }: CommandOptions): ChildProcess | Error {
  try {
    return spawn(program, args, {
      cwd,
      env: { ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
    });
  } catch (error) {
    return error as Error;
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
