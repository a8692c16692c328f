import type { LatePulse, Pulse } from '../care/pulses.ts';
import { KairosError, messageOf } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { formatDuration } from '../core/units.ts';

/** Whether the daemon does its work. `restartHelps` is false for what a new process would meet as well: a full disk. */
export type Health =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly restartHelps: boolean };

export interface SelfCheckPorts {
  readonly clock: Clock;
  /** Whether the ledger takes new events, and if not, why. */
  readonly ledger: () => { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** Beats whenever the worker looks for jobs. */
  readonly worker: Pulse;
  /** Loops that have not turned in their time. */
  readonly late?: (() => readonly LatePulse[]) | undefined;
  /** A real write. Without it only the ledger's own word counts. */
  readonly probe?: (() => Promise<void>) | undefined;
}

/** The worker looks every 30 s when idle, and an attempt takes at most a minute. */
export const WORKER_SILENT_MS_MAX = 180_000;
const LAG_MS_MAX = 5_000;
const PROBE_MS = 50;
/** A commit takes milliseconds; one that takes this long holds up everybody. */
const WRITE_MS_MAX = 10_000;

/**
 * Is everything there that an accepted event needs: a ledger that writes, a worker that looks, a loop that turns? The one
 * answer that the heartbeat, the watchdog and `kairos status` give.
 */
export async function checkSelf({ clock, ledger, worker, late, probe }: SelfCheckPorts): Promise<Health> {
  const health = ledger();
  if (!health.ok) return unwell(`the ledger does not take events: ${health.reason}`, false);
  if (worker.agoMs() > WORKER_SILENT_MS_MAX) {
    return unwell(`the worker has not looked for jobs for ${formatDuration(worker.agoMs())}`, true);
  }
  const [loop] = late?.() ?? [];
  if (loop !== undefined) return unwell(`${loop.name} has not turned for ${formatDuration(loop.agoMs)}`, true);
  const startMs = clock.monoMs();
  await clock.sleep(PROBE_MS, new AbortController().signal);
  const lagMs = clock.monoMs() - startMs - PROBE_MS;
  if (lagMs > LAG_MS_MAX) return unwell(`the event loop lags by ${formatDuration(lagMs)}`, true);
  return probe === undefined ? { ok: true } : written(probe, clock);
}

function unwell(reason: string, restartHelps: boolean): Health {
  return { ok: false, reason, restartHelps };
}

async function written(probe: () => Promise<void>, clock: Clock): Promise<Health> {
  const done = new AbortController();
  const wrote = probe().then(
    (): Health => ({ ok: true }),
    (error: unknown) => unwell(`the ledger does not write: ${messageOf(error)}`, !isDisk(error)),
  );
  const waited = clock
    .sleep(WRITE_MS_MAX, done.signal)
    .then(() => unwell(`the ledger has not written for ${formatDuration(WRITE_MS_MAX)}`, true));
  try {
    return await Promise.race([wrote, waited]);
  } finally {
    done.abort();
  }
}

/** A new process has the same disk. */
function isDisk(error: unknown): boolean {
  return error instanceof KairosError && ['DISK_FULL', 'LEDGER_FAILED', 'OVERLOADED'].includes(error.code);
}
