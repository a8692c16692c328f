import { spawn } from 'node:child_process';
import type { Notifier } from './notify.ts';

/**
 * A watchdog where the supervisor has none (launchd): a shell of 2 MiB that is told every so often that all is well, and ends
 * this process with SIGKILL when it was not told for `silentMsMax`. It is outside of what it watches, so it works however
 * the process is stuck; it ends by itself when the process does. Time during which the machine sleeps hardly counts.
 */
export function startGuardian(silentMsMax: number, shell = '/bin/bash'): Notifier & Disposable {
  const pieces = Math.max(1, Math.ceil(silentMsMax / (PIECE_SECONDS * 1_000)));
  const piece = String(Math.max(1, Math.round(silentMsMax / 1_000 / pieces)));
  const child = spawn(shell, ['-c', GUARD, 'kairosd-guardian', piece, String(pieces)], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  let gone = false;
  child.once('error', () => (gone = true));
  child.once('exit', () => (gone = true));
  child.stdin.on('error', () => (gone = true));
  return {
    async send(lines) {
      if (gone) return false;
      // A stop is watched as well: it has twenty seconds, and launchd gives a process that ends itself no limit.
      if (lines.some((line) => BEATS.has(line))) child.stdin.write('.\n');
      return true;
    },
    [Symbol.dispose]() {
      if (!gone) child.stdin.end('bye\n');
    },
  };
}

const BEATS = new Set(['READY=1', 'WATCHDOG=1', 'STOPPING=1']);
/** A piece that ended while the machine slept counts once, not for the whole night. */
const PIECE_SECONDS = 15;

/**
 * macOS has bash 3.2, where a read that took too long and the end of the input look alike. The end comes sooner: then the parent
 * is ending by itself, and has as long for it as it may be silent. Whoever hangs at its end is killed all the same.
 */
const GUARD = `
is_there() { [ "$(ps -o ppid= -p $$ | tr -d ' ')" = "$PPID" ]; }
missed=0
while [ "$missed" -lt "$2" ]; do
  began=$SECONDS
  if IFS= read -r -t "$1" line; then
    [ "$line" = bye ] && exit 0
    missed=0
  else
    if [ $((SECONDS - began)) -lt "$1" ]; then
      naps=0
      while [ "$naps" -lt $(($1 * 5)) ] && is_there; do sleep 0.2; naps=$((naps + 1)); done
    fi
    is_there || exit 0
    missed=$((missed + 1))
  fi
done
kill -KILL "$PPID"
`;
