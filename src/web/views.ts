import type { Event } from '../core/event.ts';
import type { Job } from '../core/job.ts';
import type { Message } from '../core/message.ts';
import type { Redact } from '../core/ports.ts';
import { formatInstant, formatId } from '../core/units.ts';
import type {
  BudgetUse,
  ChannelState,
  DeliveryRecord,
  HealthStatus,
  ScheduleState,
  Status,
  WindowUse,
} from './ports.ts';
import { listenerView, pollingView, reconcileView, runningView, scheduleView, type Shown } from './work-views.ts';

/** How rows look outside: ids with their letter, ISO 8601 times in the configured zone, no secret in any text. */
export interface Views {
  readonly event: (event: Event) => Record<string, unknown>;
  readonly job: (job: Job) => Record<string, unknown>;
  readonly message: (message: Message) => Record<string, unknown>;
  readonly delivery: (delivery: DeliveryRecord) => Record<string, unknown>;
  readonly status: (status: Status) => Record<string, unknown>;
  readonly budget: (budget: BudgetUse, find: (id: number) => Message | undefined) => Record<string, unknown>;
  readonly schedule: (state: ScheduleState) => Record<string, unknown>;
  readonly instant: (ms: number) => string;
}

export function createViews(timeZone: () => string, redact: Redact): Views {
  const instant = (ms: number): string => formatInstant(ms, timeZone());
  const instantOrNull = (ms: number | null): string | null => (ms !== null && Number.isFinite(ms) ? instant(ms) : null);
  const textOrNull = (text: string | null): string | null => (text === null ? null : redact(text));
  const shown = { instant, instantOrNull, textOrNull };
  return {
    instant,
    event: (event) => ({
      id: formatId('e', event.id),
      source: event.source,
      delivery: redact(event.delivery),
      type: redact(event.type),
      action: textOrNull(event.action),
      receivedAt: instant(event.receivedAtMs),
      jobs: event.jobs.map((id) => formatId('j', id)),
      trust: event.trust,
      contentType: redact(event.contentType),
      bodyBytes: event.bodyBytes,
    }),
    job: (job) => jobView(job, redact, instant, instantOrNull),
    message: (message) => messageView(message, redact, instant, instantOrNull),
    delivery: (delivery) => ({
      channel: delivery.channel,
      state: delivery.state,
      attempts: delivery.attempts,
      nextAt: instantOrNull(delivery.nextAtMs),
      attemptedAt: instantOrNull(delivery.attemptedAtMs),
      endedAt: instantOrNull(delivery.endedAtMs),
      error: textOrNull(delivery.error),
    }),
    schedule: (state) => scheduleView(state, shown),
    status: (status) => ({ ...statusView(status, shown), timezone: timeZone() }),
    budget: (budget, find) => budgetView(budget, find, redact, shown),
  };
}

function statusView(
  { startedAtMs, notReady, messagesQueued, ...status }: Status,
  shown: Shown,
): Record<string, unknown> {
  const { channels, running, nextSchedule, polling, reconcile, listening, dream, health, lastBackup } = status;
  return {
    ready: notReady.length === 0,
    ...status,
    notReady,
    channels: channels.map((state) => channelView(state, shown.textOrNull)),
    messages: { queued: messagesQueued },
    running: running.map((job) => runningView(job, shown)),
    nextSchedule: nextSchedule && { name: nextSchedule.name, at: shown.instant(nextSchedule.atMs) },
    polling: polling && pollingView(polling, shown),
    reconcile: reconcile && reconcileView(reconcile, shown),
    listening: listening.map((one) => listenerView(one, shown)),
    dream: {
      progress: dream.progress,
      last: dream.last && {
        at: shown.instant(dream.last.atMs),
        outcome: dream.last.outcome,
        reason: shown.textOrNull(dream.last.reason) ?? '',
      },
      dueAt: shown.instantOrNull(dream.dueAtMs),
    },
    health: health && healthView(health, shown),
    lastBackup: lastBackup && { at: shown.instant(lastBackup.atMs), ok: lastBackup.ok },
    startedAt: shown.instant(startedAtMs),
  };
}

function healthView({ ailments, lastRestart, ...health }: HealthStatus, shown: Shown): Record<string, unknown> {
  return {
    ...health,
    ailments: ailments.map((words) => shown.textOrNull(words) ?? ''),
    lastRestart: lastRestart && {
      at: shown.instant(lastRestart.atMs),
      why: shown.textOrNull(lastRestart.why) ?? '',
    },
  };
}

function budgetView(
  budget: BudgetUse,
  find: (id: number) => Message | undefined,
  redact: Redact,
  { instantOrNull, textOrNull }: Shown,
): Record<string, unknown> {
  const window = ({ perMs, max, used, freeAtMs }: WindowUse) => ({ perMs, max, used, freeAt: instantOrNull(freeAtMs) });
  return {
    blockingMs: budget.blockingMs,
    windows: budget.windows.map(window),
    urgentWindows: budget.urgentWindows.map(window),
    quietHours: budget.quietHours && {
      from: budget.quietHours.from,
      to: budget.quietHours.to,
      until: instantOrNull(budget.quietHours.untilMs),
    },
    mutes: budget.mutes.map(({ topic, untilMs }) => ({ topic: redact(topic), until: instantOrNull(untilMs) })),
    held: budget.held.map(({ id, reason, untilMs }) => {
      const message = find(id);
      return {
        id: formatId('m', id),
        topic: redact(message?.topic ?? ''),
        text: redact(message?.text ?? ''),
        reason: redact(reason),
        until: instantOrNull(untilMs),
      };
    }),
    nextSlotAt: instantOrNull(budget.nextSlotAtMs),
    channels: budget.channels.map((channel) => channelView(channel, textOrNull)),
  };
}

function channelView(
  { name, state, open, failures, lastError, retryInMs }: ChannelState,
  textOrNull: (text: string | null) => string | null,
): Record<string, unknown> {
  return { name, state, open, failures, lastError: textOrNull(lastError), retryInMs };
}

type Instant = (ms: number) => string;
type InstantOrNull = (ms: number | null) => string | null;

function jobView(job: Job, redact: Redact, instant: Instant, instantOrNull: InstantOrNull): Record<string, unknown> {
  return {
    id: formatId('j', job.id),
    kind: job.kind,
    state: job.state,
    attempts: job.attempts,
    lane: job.lane,
    eventId: job.eventId === null ? null : formatId('e', job.eventId),
    error: job.error === null ? null : redact(job.error),
    origin: job.origin,
    topic: redact(job.topic),
    text: redact(job.text),
    reactive: job.reactive,
    urgent: job.urgent,
    eventCount: job.eventCount,
    createdAt: instant(job.createdAtMs),
    dueAt: instant(job.dueAtMs),
    startedAt: instantOrNull(job.startedAtMs),
    endedAt: instantOrNull(job.endedAtMs),
  };
}

function messageView(
  message: Message,
  redact: Redact,
  instant: Instant,
  instantOrNull: InstantOrNull,
): Record<string, unknown> {
  return {
    id: formatId('m', message.id),
    kind: message.kind,
    state: message.state,
    topic: redact(message.topic),
    text: redact(message.text),
    queuedAt: instant(message.queuedAtMs),
    sentAt: instantOrNull(message.sentAtMs),
    attempts: message.attempts,
    replyTo: message.replyTo === null ? null : formatId('e', message.replyTo),
    urgent: message.urgent,
    count: message.count,
    reason: message.reason === null ? null : redact(message.reason),
    into: message.intoId === null ? null : formatId('m', message.intoId),
    jobId: message.jobId === null ? null : formatId('j', message.jobId),
    releasedAt: instantOrNull(message.releasedAtMs),
    expiresAt: instant(message.expiresAtMs),
    idempotencyKey: message.idempotencyKey,
  };
}
