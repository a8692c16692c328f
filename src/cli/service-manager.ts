import { closeSync, existsSync, openSync, readSync, fstatSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Env } from '../daemon/home.ts';
import { logPathOf } from '../daemon/log-file.ts';
import { isSystemd, LAUNCHD_LABEL, unitDirectory, type ServiceKind } from '../service/kinds.ts';
import { createLaunchd } from '../service/launchd.ts';
import type { Manager } from '../service/manager.ts';
import { runProgram } from '../service/command.ts';
import { createSystemd } from '../service/systemd.ts';

/** The supervisor of a kind of service. */
export function openManager(
  kind: ServiceKind,
  place: { env: Env; userId: number; userHome: string; home: string },
): Manager {
  const { env, userId, userHome, home } = place;
  const run = runProgram(managerEnv(env, userId));
  if (isSystemd(kind)) return createSystemd(run, { user: kind === 'user' });
  return createLaunchd(run, {
    domain: kind === 'launch-daemon' ? 'system' : `gui/${userId}`,
    plistPath: join(unitDirectory(kind, userHome), `${LAUNCHD_LABEL}.plist`),
    tail: () => [...lastLines(join(home, 'launchd.log')), ...lastLines(logPathOf(home))],
    sleep: (delayMs) => pause(delayMs),
  });
}

/** After `su` or in a bare ssh session the address of the user's manager is missing, though it is there. */
export function managerEnv(env: Env, userId: number): Env {
  const usual = `/run/user/${userId}`;
  return env['XDG_RUNTIME_DIR'] || !existsSync(usual) ? env : { ...env, XDG_RUNTIME_DIR: usual };
}

const LINES = 8;
const TAIL_BYTES = 8_192;

function lastLines(path: string): string[] {
  if (!existsSync(path)) return [];
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-LINES);
  } finally {
    closeSync(file);
  }
}
