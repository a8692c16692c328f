import { judgeRestart, type PastRestart, type RestartCause } from '../care/restart.ts';
import { messageOf } from '../core/errors.ts';
import type { EventDraft } from '../core/event.ts';
import type { JobDraft } from '../core/job.ts';
import type { Log } from '../core/ports.ts';
import type { CareParts } from './care-parts.ts';

/** The daemon starts itself anew, seldom, and says why. */
export interface Restarts {
  /** Restarts if it may; tells the owner if it would not help. Resolves when that is under way. */
  consider(cause: RestartCause, why: string): Promise<void>;
  /** What was wrong is well again. */
  helped(cause: RestartCause): void;
  /** What the owner was told, while it lasts. */
  unhelped(): string | null;
  /** The last restart of its own. */
  last(): PastRestart | null;
}

const DAY_MS = 86_400_000;
/** Work under way may end for this long while the doors stay open; then it goes back to the queue, as at every stop. */
const DRAIN_MS: Readonly<Record<RestartCause, number>> = {
  memory: 30_000,
  critical: 5_000,
  stuck: 5_000,
  wedged: 5_000,
};
const LOOK_MS = 250;
/** What is to be recorded before the end; a ledger that is wedged does not hold it up. */
const RECORD_MS_MAX = 5_000;

export function createRestarts(parts: CareParts, log: Log): Restarts {
  const { options, ports, ledger, live, vitals, hands } = parts;
  const unhelped = new Map<RestartCause, string>();
  let asked = false;
  const past = (): readonly PastRestart[] => ledger.boots.restarts(ports.clock.wallMs() - DAY_MS);
  return {
    async consider(cause, why) {
      if (asked) return;
      const verdict = judgeRestart({
        cause,
        nowMs: ports.clock.wallMs(),
        past: past(),
        isForegroundBusy: hands.idleSinceMs() === null,
        everyMs: live.settings.config.care.restartEvery,
        isPossible: options.onRestartAsked !== undefined,
      });
      if (verdict.kind === 'go') {
        asked = true;
        vitals.drain();
        await restart(parts, log, { cause, why });
      } else if (verdict.kind === 'told' && !unhelped.has(cause)) {
        const text = `kairosd needs care: ${why}; ${verdict.why}. Look with: kairos status`;
        unhelped.set(cause, `${why}; ${verdict.why}`);
        log.error({ cause, why, held: verdict.why }, 'not started anew');
        await record(parts, log, { type: 'care', key: `${cause}:${dayOf(parts)}`, kind: 'notify', text });
      }
    },
    helped(cause) {
      unhelped.delete(cause);
      if (cause === 'memory') unhelped.delete('critical');
    },
    unhelped: () => [...unhelped.values()][0] ?? null,
    last: () => ledger.boots.restarts(0)[0] ?? null,
  };
}

/** Begins nothing more, lets work end with the doors open, records why, and asks to be started anew. */
async function restart(
  parts: CareParts,
  log: Log,
  { cause, why }: { readonly cause: RestartCause; readonly why: string },
): Promise<void> {
  const { options, ports, boot } = parts;
  log.warn({ cause, why }, 'starting anew');
  await drained(parts, DRAIN_MS[cause]);
  const text = `kairosd starts itself anew: ${why}`;
  await record(parts, log, { type: 'restart', key: String(ports.clock.wallMs()), kind: 'digest', text });
  await bounded(parts, boot.restarting(`${cause}: ${why}`)).catch((error: unknown) =>
    log.error({ error: messageOf(error) }, 'the reason of the restart could not be recorded'),
  );
  options.onRestartAsked?.(why);
}

async function drained({ ports, hands }: CareParts, msMax: number): Promise<void> {
  const untilMs = ports.clock.monoMs() + msMax;
  const isBusy = (): boolean => {
    const { foreground, background } = hands.lanes();
    return foreground !== null || background.length > 0;
  };
  while (isBusy() && ports.clock.monoMs() < untilMs) await ports.clock.sleep(LOOK_MS, new AbortController().signal);
}

interface Note {
  readonly type: 'care' | 'restart';
  /** The same key is recorded once. */
  readonly key: string;
  readonly kind: 'digest' | 'notify';
  readonly text: string;
}

/** Everything the daemon says goes the same road: an event, a job, a line or a message. */
async function record(parts: CareParts, log: Log, { type, key, kind, text: raw }: Note): Promise<void> {
  const { ports, append } = parts;
  const text = ports.redactor.redact(raw);
  const job: JobDraft = {
    kind,
    origin: 'kairosd',
    reactive: false,
    topic: type,
    text,
    urgent: false,
    mayCoalesce: false,
  };
  const event: EventDraft = {
    source: 'kairosd',
    delivery: `${type}:${key}`,
    type,
    action: null,
    trust: 'owner',
    receivedAtMs: ports.clock.wallMs(),
    contentType: 'text/plain',
    body: Buffer.from(text),
    jobs: [job],
  };
  await bounded(parts, append(event)).catch((error: unknown) =>
    log.error({ error: messageOf(error) }, 'the owner could not be told'),
  );
}

/** A day of UTC is exact enough for "once a day". */
function dayOf({ ports }: CareParts): number {
  return Math.floor(ports.clock.wallMs() / DAY_MS);
}

async function bounded({ ports }: CareParts, write: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([write, ports.clock.sleep(RECORD_MS_MAX, done.signal)]);
  } finally {
    done.abort();
  }
}
