import type { BudgetOptions } from '../budget/options.ts';
import { longestMs } from '../budget/window.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { reached, type Clock, type Log, type Random, type Redact } from '../core/ports.ts';
import { formatDuration, formatInstant, formatId } from '../core/units.ts';
import { attemptSend, type AttemptResult } from './attempt.ts';
import { retryDelayMs, RETRY_AFTER_MS_MAX } from './backoff.ts';
import { buttonsOf, outcomeLine, type ApprovalOf } from './buttons.ts';
import type { Channel, OutgoingMessage, SendResult } from './channel.ts';
import { pickDelivery, type ChannelPause } from './pick.ts';
import { plainText, renderMessage } from './render.ts';
import type { Asking, Attempt, AttemptEnd, OpenDelivery, OutboxStore } from './store.ts';
import type { Windows } from './windows.ts';

/** How a channel stands, for people. */
export interface ChannelStatus {
  readonly name: string;
  /** `failing`: its last attempt failed, and it waits before the next. */
  readonly state: 'ready' | 'failing';
  /** Deliveries still to be made. */
  readonly open: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly lastError: string | null;
  /** In how many milliseconds it is tried again at the latest; 0 when it need not wait. */
  readonly retryInMs: number;
}

export interface ChannelLoop extends Loop {
  readonly name: string;
  /** Look now, if one of its messages shows buttons: its question may be answered by now. */
  wakeIfAsking(): void;
  /** Whether something new may be let go to it. */
  ready(): boolean;
  status(): ChannelStatus;
}

interface ChannelLoopOptions {
  readonly store: OutboxStore;
  readonly budget: BudgetOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly redact: Redact;
  readonly channel: Channel;
  readonly windows: Windows;
  readonly limits: { readonly timeoutMs: number; readonly graceMs: number; readonly giveUpMs: number };
  readonly timeZone: string;
  readonly approval?: ApprovalOf | undefined;
  /** After every attempt. @param well Whether it brought the message there. */
  readonly onAttempt: (messageId: number, well: boolean) => void;
}

/** Deliveries looked at in one step; the rest comes when these have moved on. */
const LOOK_MAX = 100;
/** An idle loop looks again after this, in case somebody set a clock. */
const IDLE_MS_MAX = 15_000;
const ERROR_CHARS_MAX = 300;

/** One channel's deliveries, one at a time, at the channel's own pace: it holds nobody else up. */
export function startChannelLoop(options: ChannelLoopOptions): ChannelLoop {
  const { channel, store, clock, windows, budget, limits, timeZone } = options;
  const now = windows.now();
  const keepMs = longestMs([...budget.windows, ...budget.urgentWindows]);
  const received = windows.open(store.recentDeliveries(channel.name, now.wallMs - keepMs));
  const entries = (urgent: boolean, exceptId: number) => received.entries(urgent, exceptId);
  const health = createHealth(options);
  let unrecorded: AttemptEnd | undefined;
  let asking = false;

  const record = async (end: AttemptEnd): Promise<void> => {
    // Kept until it is on disk: what was received must not be sent again because the disk was full for a moment.
    unrecorded = end;
    await store.endAttempt(end);
    reached('delivery.recorded');
    unrecorded = undefined;
  };

  const step = async (stopping: AbortSignal): Promise<number> => {
    if (unrecorded !== undefined) await record(unrecorded);
    const open = store.openDeliveries(channel.name, LOOK_MAX);
    const pick = pickDelivery({ ...budget, timeZone, open, pause: health.pause(), entries }, windows.now());
    if (pick.kind === 'idle') {
      asking = await showOutcomes(options, health, stopping);
      return Math.max(1, Math.min(pick.delayMs, IDLE_MS_MAX));
    }
    const { delivery } = pick;
    const attempt = await store.beginAttempt(delivery.messageId, channel.name, clock.wallMs());
    if (attempt === undefined) return 1;
    reached('delivery.begun');
    const result = await attemptSend((signal) => deliver(options, attempt, signal), { clock, limits, stopping });
    reached('delivery.made');
    const sounds = delivery.kind === 'proactive' && attempt.edit === null;
    if (sounds && maybeReceived(result)) {
      received.note(delivery.messageId, delivery.urgent);
    }
    await record({ ...health.conclude(result, delivery, attempt.attempt), nowMs: clock.wallMs() });
    options.onAttempt(delivery.messageId, result.kind === 'sent');
    return 0;
  };

  const loop = startLoop({ name: `channel ${channel.name}`, clock, log: options.log, step });
  return {
    name: channel.name,
    wake: () => loop.wake(),
    wakeIfAsking() {
      if (asking) loop.wake();
    },
    ready: () => health.ready(() => store.countOpen(channel.name)),
    status: () => ({ ...health.status(), open: store.countOpen(channel.name) }),
    [Symbol.asyncDispose]: async () => {
      await loop[Symbol.asyncDispose]();
      if (unrecorded !== undefined) await record(unrecorded);
    },
  };
}

function maybeReceived(result: AttemptResult): boolean {
  return (
    result.kind === 'sent' || result.kind === 'stopped' || (result.kind === 'retry' && result.maybeReceived === true)
  );
}

/** Messages with buttons looked at in one step. */
const ASKING_MAX = 50;

/**
 * Questions that were answered, here or anywhere, show the answer instead of their buttons. Made again after a crash: to
 * say it twice is as good as once. @returns Whether buttons are left to look after.
 */
async function showOutcomes(options: ChannelLoopOptions, health: Health, stopping: AbortSignal): Promise<boolean> {
  const { store, channel, approval, clock, limits } = options;
  if (approval === undefined || health.waitMs() > 0) return true;
  const all = store.asking(channel.name, ASKING_MAX);
  for (const asked of all.filter(({ approvalId }) => approval(approvalId)?.state !== 'pending')) {
    const result = await attemptSend((signal) => showOutcome(options, asked, signal), { clock, limits, stopping });
    if (result.kind === 'stopped') return true;
    if (result.kind === 'retry') {
      health.failed(tidy(result.error, options.redact), result.retryAfterMs);
      return true;
    }
    await store.asked(asked.messageId, channel.name);
  }
  return store.asking(channel.name, 1).length > 0;
}

async function showOutcome(
  { channel, approval, timeZone, redact }: ChannelLoopOptions,
  { messageId, approvalId, receipt, text }: Asking,
  signal: AbortSignal,
): Promise<SendResult> {
  const unable: SendResult = { kind: 'refused', error: 'the channel cannot change a message' };
  const id = formatId('m', messageId);
  const outcome = redact(plainText(outcomeLine(approval?.(approvalId), timeZone)));
  const bare = { id, idempotencyKey: id, kind: 'proactive', urgent: false, topic: '', count: 1, attempt: 1 } as const;
  const message = { ...bare, text: `${text}\n\n${outcome}`, replyTo: null, queuedAt: '' };
  return (await channel.edit?.(receipt, message, signal)) ?? unable;
}

function deliver(options: ChannelLoopOptions, attempt: Attempt, signal: AbortSignal): Promise<SendResult> {
  const { channel, redact, approval } = options;
  const buttons = attempt.approvalId === null ? undefined : buttonsOf(approval?.(attempt.approvalId));
  const message = { ...outgoing(attempt), ...(buttons && { buttons }) };
  const { edit } = attempt;
  if (edit === null) return channel.send(message, signal, attempt);
  const unable: SendResult = { kind: 'refused', error: 'the channel cannot change a message' };
  const grown = { ...message, text: renderMessage(edit.parts, redact), count: edit.parts.count };
  return channel.edit?.(edit.receipt, grown, signal) ?? Promise.resolve(unable);
}

function outgoing(attempt: Attempt): OutgoingMessage {
  return {
    id: formatId('m', attempt.id),
    idempotencyKey: attempt.idempotencyKey,
    kind: attempt.kind,
    urgent: attempt.urgent,
    topic: attempt.topic,
    text: attempt.text,
    count: attempt.count,
    replyTo: attempt.replyTo === null ? null : formatId('e', attempt.replyTo),
    // UTC whatever is configured: every attempt is the same bytes, also after the configuration has changed.
    queuedAt: formatInstant(attempt.queuedAtMs, 'UTC'),
    attempt: attempt.attempt,
    place: attempt.place,
  };
}

interface Health {
  pause(): ChannelPause;
  /** How long nothing is to be tried. */
  waitMs(): number;
  /** Something else than a delivery went wrong. */
  failed(error: string, retryAfterMs?: number): void;
  /** A failing channel may be given something new only when nothing is left with which to try it. */
  ready(countOpen: () => number): boolean;
  status(): Omit<ChannelStatus, 'open'>;
  /** What an attempt's result means for the channel and for the delivery. */
  conclude(result: AttemptResult, delivery: OpenDelivery, attempts: number): Omit<AttemptEnd, 'nowMs'>;
}

function createHealth({ channel, clock, log, random, redact, limits }: ChannelLoopOptions): Health {
  let failures = 0;
  let lastError: string | null = null;
  let pause: ChannelPause = { untilMonoMs: 0, askedUntilMonoMs: 0 };
  const waitMs = (): number => Math.max(0, pause.untilMonoMs - clock.monoMs(), pause.askedUntilMonoMs - clock.monoMs());

  const answered = (error: string | null): void => {
    failures = 0;
    lastError = error;
    pause = { untilMonoMs: 0, askedUntilMonoMs: 0 };
  };
  const failed = (error: string, retryAfterMs = 0): void => {
    failures += 1;
    lastError = error;
    const monoMs = clock.monoMs();
    pause = {
      untilMonoMs: monoMs + retryDelayMs(failures, random),
      askedUntilMonoMs: monoMs + Math.min(retryAfterMs, RETRY_AFTER_MS_MAX),
    };
    log.warn({ channel: channel.name, failures, error }, 'channel failed');
  };

  return {
    pause: () => pause,
    waitMs,
    failed,
    ready: (countOpen) => failures === 0 || (waitMs() === 0 && countOpen() === 0),
    status: () => ({
      name: channel.name,
      state: failures === 0 ? 'ready' : 'failing',
      failures,
      lastError,
      retryInMs: Math.ceil(waitMs()),
    }),
    conclude(result, delivery, attempts) {
      const to = { messageId: delivery.messageId, channel: channel.name };
      const nowMs = clock.wallMs();
      if (result.kind === 'sent') {
        answered(null);
        const { receipt = null, note = null } = result;
        if (note !== null) log.warn({ channel: channel.name, messageId: delivery.messageId, note }, 'message sent');
        return { ...to, result: { kind: 'sent', receipt, note } };
      }
      if (result.kind === 'stopped') {
        return { ...to, result: { kind: 'again', nextAtMs: nowMs, error: 'the daemon stopped', maybeReceived: true } };
      }
      const error = tidy(result.error, redact);
      if (result.kind === 'refused') {
        answered(error);
        log.warn({ channel: channel.name, messageId: delivery.messageId, error }, 'channel refused a message');
        return { ...to, result: { kind: 'failed', error } };
      }
      failed(error, result.retryAfterMs);
      if (nowMs - delivery.releasedAtMs >= limits.giveUpMs) {
        const givenUp = `given up after ${formatDuration(limits.giveUpMs)}: ${error}`;
        return { ...to, result: { kind: 'failed', error: givenUp, maybeReceived: result.maybeReceived === true } };
      }
      const nextAtMs = nowMs + retryDelayMs(attempts, random, result.retryAfterMs);
      return { ...to, result: { kind: 'again', nextAtMs, error, maybeReceived: result.maybeReceived === true } };
    },
  };
}

function tidy(error: string, redact: Redact): string {
  return redact(error).slice(0, ERROR_CHARS_MAX).toWellFormed();
}
