import { messageOf } from '../core/errors.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import type { Clock, Log } from '../core/ports.ts';
import { formatDuration } from '../core/units.ts';
import { startGuardian } from '../service/guardian.ts';
import { EXIT_RESTART, EXIT_STOPPED, FINAL_EXIT_CODES } from '../service/kinds.ts';
import { createNotifier, type Notifier } from '../service/notify.ts';
import type { Health } from '../notify/self-check.ts';
import type { Env } from './home.ts';

/** Who started this process and starts it again; undefined: a person. */
export type Supervisor = 'systemd' | 'launchd' | undefined;

/** What a supervisor said in the environment. */
export interface Supervision {
  readonly supervisor: Supervisor;
  readonly notifySocket: string | undefined;
  /** How long it waits for a sign of life; 0: it does not. */
  readonly watchdogMs: number;
  readonly searchPath: string;
}

/** What the watch over a running daemon needs. */
export interface WatchParts {
  /** The one self-check: a write to the ledger, the loops, the lag. */
  readonly healthy: () => Promise<Health>;
  readonly log: Log;
}

/** This process towards its supervisor. Without one, nothing is done. */
export interface Supervised extends AsyncDisposable {
  /** It is ready; from now on it is looked at. */
  ready(status: string, parts: WatchParts): Promise<void>;
  stopping(): Promise<void>;
  /**
   * It can't start. Waits where the supervisor would otherwise try again at once.
   *
   * @returns The exit code to end with.
   */
  failed(message: string, exitCode: number): Promise<number>;
  /** The exit code of an orderly stop. @param asked Whether `kairos stop` asked for it; else a signal did. */
  exitCode(asked: boolean): number;
}

/** launchd has no watchdog: ours waits as long as the one of our systemd unit. */
const GUARDIAN_MS = 90_000;
/** Above all that the self-check gives its parts. */
const CHECK_MS_MAX = 15_000;
/** A beat this late is itself a bad sign; a machine that slept misses one, and the next is in time. */
const LAG_MS_MAX = 10_000;
/** After a look that failed, the next one comes sooner. */
const AGAIN_MS = 5_000;
/** `RestartSec` of our unit: systemd keeps it, but a connection that waits at the socket starts us at once. */
const HOLD_MS = 2_000;
const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'KAIROS_SUPERVISOR'] as const;

/** Reads what the supervisor said. @param forget Takes a variable out of the environment, so that no child ever sees it. */
export function takeSupervision(env: Env, pid: number, forget: (name: string) => void): Supervision {
  const { NOTIFY_SOCKET: notifySocket, WATCHDOG_USEC: usec, WATCHDOG_PID: watched, KAIROS_SUPERVISOR: named } = env;
  const isOurs = watched === undefined || watched === '' || watched === String(pid);
  const supervisor = named === 'launchd' ? 'launchd' : notifySocket || named === 'systemd' ? 'systemd' : undefined;
  const supervision: Supervision = {
    supervisor,
    notifySocket: notifySocket || undefined,
    watchdogMs: supervisor === 'launchd' ? GUARDIAN_MS : isOurs ? Math.max(0, Number(usec) / 1_000 || 0) : 0,
    searchPath: env['PATH'] ?? '/usr/bin:/bin',
  };
  for (const name of VARIABLES) forget(name);
  return supervision;
}

/** Opens the line to the supervisor. Costs nothing without one. */
export function openSupervised(supervision: Supervision, clock: Clock): Supervised {
  const { supervisor, watchdogMs } = supervision;
  let line = openNotifier(supervision);
  let watch: Loop | undefined;
  return {
    async ready(status, parts) {
      // Only now: a start may take its time over a large ledger.
      if (supervisor === 'launchd') line = startGuardian(GUARDIAN_MS);
      await line?.send(['READY=1', `STATUS=${status}`]);
      if (line !== undefined && watchdogMs > 0)
        watch = startWatch({ ...parts, line, clock, status, everyMs: watchdogMs / 3 });
    },
    async stopping() {
      await watch?.[Symbol.asyncDispose]();
      await line?.send(['STOPPING=1', 'STATUS=stopping']);
    },
    async failed(message, exitCode) {
      const again = isFinal(exitCode) ? 'not started again until you have corrected it' : 'tried again';
      await line?.send([`STATUS=could not start (${again}): ${message}`]);
      if (supervisor !== undefined && !isFinal(exitCode)) await clock.sleep(HOLD_MS, new AbortController().signal);
      // launchd starts everything again that does not end with 0.
      return supervisor === 'launchd' && isFinal(exitCode) ? 0 : exitCode;
    },
    exitCode(asked) {
      if (supervisor === 'systemd') return asked ? EXIT_STOPPED : 0;
      return supervisor === 'launchd' && !asked ? EXIT_RESTART : 0;
    },
    async [Symbol.asyncDispose]() {
      await watch?.[Symbol.asyncDispose]();
      line?.[Symbol.dispose]?.();
    },
  };
}

function openNotifier({ notifySocket: socket, searchPath }: Supervision): (Notifier & Partial<Disposable>) | undefined {
  return socket === undefined ? undefined : createNotifier({ socket, searchPath });
}

interface Watch extends WatchParts {
  readonly line: Notifier;
  readonly clock: Clock;
  readonly status: string;
  readonly everyMs: number;
}

/** Feeds the watchdog after a self-check that passed, and says in the status what keeps it from it. */
function startWatch({ line, clock, log, healthy, status, everyMs }: Watch): Loop {
  let dueMs = clock.monoMs();
  let trouble = '';
  return startLoop({
    name: 'watchdog',
    clock,
    log,
    failureDelayMs: AGAIN_MS,
    async step(signal) {
      const lagMs = clock.monoMs() - dueMs;
      const found = lagMs > LAG_MS_MAX ? lateBy(lagMs) : await within(CHECK_MS_MAX, healthy, clock);
      if (signal.aborted) return everyMs;
      const now = found.ok ? '' : found.reason;
      const feed = found.ok || !found.restartHelps;
      if (now !== trouble) tell(log, now, feed);
      const words = now === trouble ? [] : [`STATUS=${now === '' ? status : now}`];
      trouble = now;
      if (feed || words.length > 0) await line.send([...(feed ? ['WATCHDOG=1'] : []), ...words]);
      const delayMs = feed ? everyMs : Math.min(AGAIN_MS, everyMs);
      dueMs = clock.monoMs() + delayMs;
      return delayMs;
    },
  });
}

function tell(log: Log, trouble: string, feed: boolean): void {
  if (trouble === '') log.info({}, 'the self-check passes again');
  else if (feed) log.warn({ reason: trouble }, 'the self-check does not pass; a restart would not help');
  else log.error({ reason: trouble }, 'the self-check does not pass; the watchdog is not fed');
}

function isFinal(code: number): boolean {
  return FINAL_EXIT_CODES.some((one) => one === code);
}

function unwell(reason: string): Health {
  return { ok: false, reason, restartHelps: true };
}

function lateBy(lagMs: number): Health {
  return unwell(`the event loop was ${formatDuration(lagMs)} late`);
}

async function within(ms: number, check: () => Promise<Health>, clock: Clock): Promise<Health> {
  const done = new AbortController();
  const late = clock.sleep(ms, done.signal).then(() => unwell(`the self-check took longer than ${formatDuration(ms)}`));
  try {
    return await Promise.race([late, check().catch((error: unknown) => unwell(messageOf(error)))]);
  } finally {
    done.abort();
  }
}
