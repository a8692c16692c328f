import { messageOf } from '../core/errors.ts';
import { formatInstant } from '../core/units.ts';
import { reached, type Clock, type Log } from '../core/ports.ts';
import { RESTART_MARK } from '../ledger/boots.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { SAFE_MODE, wantsSafeMode } from './safe-mode.ts';

/** This start in the record of starts. Disposing marks it as cleanly stopped; a crash leaves it unmarked. */
export interface Boot extends AsyncDisposable {
  /** Only webhooks and telling the owner, until it has stayed up for ten minutes. */
  readonly safeMode: boolean;
  ready(): Promise<void>;
  /** A clean stop has begun: says so in the daily log, while that is still being written. */
  stopping(): Promise<void>;
  /** It will start itself anew: recorded now as a clean end with its reason, whatever the stop meets. */
  restarting(why: string): Promise<void>;
}

export interface BootOptions {
  readonly pid: number;
  readonly version: string;
  readonly timeZone: string;
}

export async function beginBoot(ledger: Ledger, clock: Clock, log: Log, options: BootOptions): Promise<Boot> {
  const startedAtMs = clock.wallMs();
  const startedMonoMs = clock.monoMs();
  const unclean = ledger.boots.unclean(startedAtMs - SAFE_MODE.withinMs);
  const safeMode = wantsSafeMode(unclean);
  const before = ledger.boots.last();
  if (safeMode) {
    log.warn({ unclean }, 'safe mode: the last starts did not end cleanly');
    // Before this start is recorded: should it end here too, the next one says it, under the same delivery id.
    if (before?.safeMode !== true)
      await tellOwner(
        ledger,
        { unclean, afterBoot: before?.id ?? 0, nowMs: startedAtMs, timeZone: options.timeZone },
        log,
      );
  }
  const id = await ledger.boots.begin({ startedAtMs, pid: options.pid, version: options.version, safeMode });
  reached('boot.begun');
  let reason = 'stopped';
  return {
    get safeMode() {
      return safeMode && clock.monoMs() - startedMonoMs < SAFE_MODE.withinMs;
    },
    async ready() {
      const [restarted] = before === undefined ? [] : ledger.boots.restarts(startedAtMs - RECENT_MS);
      await ledger.boots.ready(id, clock.wallMs());
      reached('boot.ready');
      const mode = safeMode ? ', in safe mode' : '';
      await ledger.journal.append(
        {
          kind: 'start',
          ref: `b${id}`,
          text: `kairosd ${options.version} is ready${mode}${restarted ? ` again (${restarted.why})` : ''}`,
        },
        clock.wallMs(),
      );
    },
    stopping: () => ledger.journal.append({ kind: 'stop', ref: `b${id}`, text: 'kairosd stops' }, clock.wallMs()),
    async restarting(why) {
      reason = `${RESTART_MARK}${why}`;
      await ledger.boots.stopped(id, clock.wallMs(), reason);
    },
    [Symbol.asyncDispose]: () => ledger.boots.stopped(id, clock.wallMs(), reason),
  };
}

/** A restart of itself takes seconds; one of an hour ago did not bring this start. */
const RECENT_MS = 60_000;

interface Telling {
  readonly unclean: number;
  /** The start before this one: makes it the same event however often it is tried. */
  readonly afterBoot: number;
  readonly nowMs: number;
  readonly timeZone: string;
}

/** Everything the daemon says goes the same road: an event, a job, a message. A full disk is no reason not to start. */
async function tellOwner(ledger: Ledger, { unclean, afterBoot, nowMs, timeZone }: Telling, log: Log): Promise<void> {
  const text =
    `kairosd went down ${unclean} times within ten minutes. It is in safe mode since ${formatInstant(nowMs, timeZone).slice(11, 16)}: ` +
    'webhooks are taken and you are told, all other work waits until it has stayed up for ten minutes. Look with: kairos doctor';
  const job = {
    kind: 'notify',
    origin: 'kairosd',
    reactive: false,
    topic: 'safe-mode',
    text,
    urgent: false,
    mayCoalesce: false,
  } as const;
  await ledger.events
    .append({
      source: 'kairosd',
      delivery: `safe-mode:after-b${afterBoot}`,
      type: 'safe-mode',
      action: null,
      trust: 'owner',
      receivedAtMs: nowMs,
      contentType: 'text/plain',
      body: Buffer.from(text),
      jobs: [job],
    })
    .catch((error: unknown) => log.error({ error: messageOf(error) }, 'the owner could not be told of safe mode'));
}
