import { spawn } from 'node:child_process';

/** How a program of the system ended. */
export interface Ran {
  /** The exit code; -1 when it could not be started, took too long or was ended by a signal. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `systemctl`, `launchctl` or `loginctl`. Never rejects. */
export type Run = (argv: readonly string[], deadlineMs?: number) => Promise<Ran>;

const OUTPUT_CHARS_MAX = 262_144;
const DEADLINE_MS = 30_000;

/**
 * The real thing: no shell, nothing on standard input, SIGKILL at the deadline (default 30 s).
 *
 * @param as Whom it runs as, for root only; default this process.
 */
export function runProgram(
  env: Readonly<Record<string, string | undefined>>,
  as: { readonly uid?: number; readonly gid?: number } = {},
): Run {
  return (argv, deadlineMs = DEADLINE_MS) =>
    new Promise((resolve) => {
      const [program = '', ...args] = argv;
      const child = spawn(program, args, {
        env: { ...env, LC_ALL: 'C', SYSTEMD_PAGER: '', SYSTEMD_COLORS: '0' },
        stdio: ['ignore', 'pipe', 'pipe'],
        ...as,
      });
      const said = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => {
          said[name] = (said[name] + text).slice(0, OUTPUT_CHARS_MAX);
        });
      }
      const late = setTimeout(() => {
        said.stderr += `\n${program} did not end within ${deadlineMs / 1_000} s`;
        child.kill('SIGKILL');
      }, deadlineMs);
      child.once('error', (error) => {
        clearTimeout(late);
        resolve({ status: -1, stdout: '', stderr: error.message });
      });
      child.once('close', (code) => {
        clearTimeout(late);
        resolve({ status: code ?? -1, ...said });
      });
    });
}
