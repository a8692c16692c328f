import type { Clock } from '../core/ports.ts';
import { formatDuration } from '../core/units.ts';
import type { SelfCheck } from './heartbeat.ts';

/** The last sign of life of something that works in steps. */
export interface Pulse {
  beat(): void;
  /** Since the last beat, or since the start. */
  agoMs(): number;
}

export function createPulse(clock: Pick<Clock, 'monoMs'>): Pulse {
  let lastMs = clock.monoMs();
  return {
    beat() {
      lastMs = clock.monoMs();
    },
    agoMs: () => clock.monoMs() - lastMs,
  };
}

export interface SelfCheckPorts {
  readonly clock: Clock;
  /** Whether the ledger takes new events, and if not, why. */
  readonly ledger: () => { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** Beats whenever the worker looks for jobs. */
  readonly worker: Pulse;
}

/** The worker looks every 30 s when idle, and an attempt takes at most a minute. */
const WORKER_SILENT_MS_MAX = 180_000;
const LAG_MS_MAX = 5_000;
const PROBE_MS = 50;

/** Is everything there that an accepted event needs: a ledger that writes, a worker that looks, a loop that turns? */
export async function checkSelf({ clock, ledger, worker }: SelfCheckPorts): Promise<SelfCheck> {
  const health = ledger();
  if (!health.ok) return { ok: false, reason: `the ledger does not take events: ${health.reason}` };
  if (worker.agoMs() > WORKER_SILENT_MS_MAX) {
    return { ok: false, reason: `the worker has not looked for jobs for ${formatDuration(worker.agoMs())}` };
  }
  const startMs = clock.monoMs();
  await clock.sleep(PROBE_MS, new AbortController().signal);
  const lagMs = clock.monoMs() - startMs - PROBE_MS;
  return lagMs > LAG_MS_MAX ? { ok: false, reason: `the event loop lags by ${formatDuration(lagMs)}` } : { ok: true };
}
