import type { Env } from '../daemon/home.ts';

/**
 * Who starts the daemon again when it ends; undefined: nobody. A socket that was passed on counts as well: it can't be kept
 * through an exec (Node marks inherited descriptors close-on-exec), but whoever holds it passes it on again.
 */
export function supervisorOf(env: Env, pid: number): string | undefined {
  if (env['KAIROS_SUPERVISOR']) return env['KAIROS_SUPERVISOR'];
  return env['NOTIFY_SOCKET'] || env['LISTEN_PID'] === String(pid) ? 'systemd' : undefined;
}

/** Meant for the process that was first: the other one has neither these descriptors nor this pid's word. */
const FIRST_ONLY = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'KAIROS_LAUNCHER_FD'];

/** Becomes a new daemon, in place: same pid, same terminal, same arguments. Does not return, but for a failure. */
export function execAgain(env: Env): void {
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !FIRST_ONLY.includes(name));
  const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(process.execPath, args, Object.fromEntries(kept));
}
