import type { JobState } from '../core/job.ts';
import type { MessageState } from '../core/message.ts';
import type { Redact } from '../core/ports.ts';
import { formatInstant, formatId } from '../core/units.ts';
import { cut, plainLine } from '../subscriptions/plain.ts';
import { dreamFacts, type DreamRows } from './digest-dreams.ts';
import type { LocalDay } from './local-day.ts';

type Counted<Fields> = Fields & { readonly count: number };

/** What happened on a day and what waits, as the ledger has it. Ids are row numbers, times Unix milliseconds, texts raw. */
export interface DigestRows {
  readonly events: {
    readonly total: number;
    /** The most frequent; `rest` is how many more there were, in `restKinds` kinds. */
    readonly top: readonly Counted<{ readonly source: string; readonly type: string }>[];
    readonly rest: number;
    readonly restKinds: number;
  };
  /** Jobs that were recorded that day, by how they stand now. */
  readonly jobs: { readonly total: number; readonly byState: Partial<Record<JobState, number>> };
  /** Jobs that came to a bad end that day. The newest of `total`. */
  readonly givenUp: {
    readonly total: number;
    readonly items: readonly {
      readonly id: number;
      readonly kind: string;
      readonly origin: string;
      readonly attempts: number;
      readonly error: string | null;
    }[];
  };
  /** What was marked for the digest. `total` and `count` are events; `rest` those of groups that are not shown. */
  readonly marked: {
    readonly total: number;
    readonly groups: readonly Counted<{
      readonly origin: string;
      readonly topic: string;
      readonly texts: readonly string[];
    }>[];
    readonly rest: number;
  };
  /** Messages that were queued that day, by how they stand now, and why those did not arrive. */
  readonly messages: {
    readonly total: number;
    readonly byState: Partial<Record<MessageState, number>>;
    readonly reasons: readonly Counted<{ readonly state: MessageState; readonly reason: string }>[];
  };
  /** What became of messages that day, whenever they were queued. `held`: had to wait for the first time. */
  readonly happened: {
    readonly sent: number;
    readonly held: number;
    readonly withdrawn: number;
    readonly expired: number;
    readonly failed: number;
    /** The newest of those that expired or failed. */
    readonly lost: readonly {
      readonly id: number;
      readonly state: string;
      readonly topic: string;
      readonly text: string;
      readonly reason: string | null;
    }[];
  };
  readonly waiting: {
    readonly jobs: {
      readonly queued: number;
      readonly running: number;
      readonly parked: number;
      readonly parkedBy: readonly Counted<{ readonly origin: string; readonly reason: string }>[];
    };
    readonly messages: {
      readonly held: number;
      readonly underWay: number;
      readonly oldestQueuedAtMs: number | null;
      readonly reasons: readonly Counted<{ readonly reason: string }>[];
    };
  };
  readonly mutes: readonly { readonly topic: string; readonly untilMs: number }[];
  readonly boots: {
    readonly starts: number;
    readonly afterCrash: number;
    readonly safeMode: number;
    readonly stops: number;
  };
  /** Null in a ledger without schedules. `missed` are the newest of `missedTotal`; a `count` of null is too many to count. */
  readonly slots: {
    readonly ran: number;
    readonly failed: number;
    readonly missed: readonly { readonly schedule: string; readonly count: number | null; readonly reason: string }[];
    readonly missedTotal: number;
  } | null;
  /** Null in a ledger without an agent. `models` the dearest first; `newest` of the `total` calls to be told of; `approvals` wait now. */
  readonly agent: {
    readonly models: readonly {
      readonly model: string;
      readonly requests: number;
      readonly tokens: number;
      readonly microUsd: number;
    }[];
    /** Its jobs of the day, and what the owner was asked that day, by how they stand now. */
    readonly runs: { readonly total: number; readonly byState: Readonly<Record<string, number>> };
    readonly asked: { readonly total: number; readonly byState: Readonly<Record<string, number>> };
    /** The oldest of those that wait. */
    readonly pending: readonly {
      readonly id: number;
      readonly tool: string;
      readonly shown: string;
      readonly expiresAtMs: number;
    }[];
    readonly flagged: {
      readonly total: number;
      readonly newest: readonly { readonly ref: string; readonly text: string }[];
    };
    readonly approvals: number;
  } | null;
  /** Dreams that ended that day: the newest of `total`, with what their questions cost. Null in a ledger without. */
  readonly dreams: DreamRows | null;
}

/** The facts of a digest as they are shown, also by `--json`: ids with their letter, ISO 8601 times, texts plain and redacted. */
export type DigestFacts = ReturnType<typeof digestFacts>;

const TEXT_CHARS_MAX = 300;
const NAME_CHARS_MAX = 80;
const RAW_CHARS_MAX = 20_000;

/**
 * The facts of a day, fit to be shown.
 *
 * @param asOfMs When they were read; a day that was not over then is not complete.
 */
export function digestFacts(rows: DigestRows, day: LocalDay, asOfMs: number, redact: Redact) {
  const show = showing(day.timeZone, redact);
  const { events, marked, messages, happened, slots } = rows;
  const { lost: _, ...became } = happened;
  return {
    date: day.date,
    timezone: day.timeZone,
    from: show.instant(day.fromMs),
    to: show.instant(Math.min(day.toMs, Math.max(day.fromMs, asOfMs))),
    complete: asOfMs >= day.toMs,
    events: {
      ...events,
      top: events.top.map((each) => ({ ...each, source: show.name(each.source), type: show.name(each.type) })),
    },
    jobs: rows.jobs,
    ...troubleOf(rows, show),
    waiting: waitingOf(rows, show),
    schedules: slots && {
      ...slots,
      missed: slots.missed.map((each) => ({
        ...each,
        schedule: show.name(each.schedule),
        reason: show.text(each.reason),
      })),
    },
    marked: {
      ...marked,
      groups: marked.groups.map(({ origin, topic, count, texts }) => {
        return { origin: show.name(origin), topic: show.name(topic), count, texts: texts.map(show.text) };
      }),
    },
    messages: { ...messages, reasons: messages.reasons.map((each) => ({ ...each, reason: show.text(each.reason) })) },
    happened: became,
    mutes: rows.mutes.map(({ topic, untilMs }) => ({ topic: show.name(topic), until: show.instant(untilMs) })),
    boots: rows.boots,
    spend: spendOf(rows, show),
    agent: {
      runs: rows.agent?.runs ?? NONE,
      asked: rows.agent?.asked ?? NONE,
      pending: (rows.agent?.pending ?? []).map(({ id, tool, shown, expiresAtMs }) => ({
        id: formatId('a', id),
        tool: show.name(tool),
        text: show.text(shown),
        expiresAt: show.instant(expiresAtMs),
      })),
    },
    dreams: dreamFacts(rows.dreams, show),
    flagged: {
      total: rows.agent?.flagged.total ?? 0,
      newest: (rows.agent?.flagged.newest ?? []).map(({ ref, text }) => ({
        ref: show.name(ref),
        text: show.text(text),
      })),
    },
  };
}

const NONE = { total: 0, byState: {} as Readonly<Record<string, number>> };

interface Showing {
  readonly text: (raw: string) => string;
  readonly name: (raw: string) => string;
  readonly instant: (ms: number) => string;
}

function showing(timeZone: string, redact: Redact): Showing {
  // Made plain first: a control character in the middle of a secret must not hide it from the redactor.
  const clean = (raw: string, charsMax: number): string => cut(redact(plainLine(raw, RAW_CHARS_MAX)), charsMax);
  return {
    text: (raw) => clean(raw, TEXT_CHARS_MAX),
    name: (raw) => clean(raw, NAME_CHARS_MAX),
    instant: (ms) => formatInstant(ms, timeZone),
  };
}

function troubleOf({ givenUp, happened }: DigestRows, { text, name }: Showing) {
  return {
    givenUp: {
      total: givenUp.total,
      items: givenUp.items.map((job) => ({
        ...job,
        id: formatId('j', job.id),
        origin: name(job.origin),
        error: text(job.error ?? ''),
      })),
    },
    lost: {
      total: happened.expired + happened.failed,
      items: happened.lost.map((message) => ({
        id: formatId('m', message.id),
        state: message.state,
        topic: name(message.topic),
        text: text(message.text),
        reason: text(message.reason ?? ''),
      })),
    },
  };
}

/** `model`: their names, the dearest first; null when none was asked. */
function spendOf({ agent }: DigestRows, { name }: Showing) {
  const models = agent?.models ?? [];
  const sum = (pick: (row: (typeof models)[number]) => number): number =>
    models.reduce((total, row) => total + pick(row), 0);
  return {
    model: models.length === 0 ? null : models.map(({ model }) => name(model)).join(', '),
    requests: sum(({ requests }) => requests),
    tokens: sum(({ tokens }) => tokens),
    usd: sum(({ microUsd }) => microUsd) / 1_000_000,
  };
}

function waitingOf({ waiting: { jobs, messages }, agent }: DigestRows, { text, name, instant }: Showing) {
  const { oldestQueuedAtMs, ...rest } = messages;
  return {
    jobs: {
      ...jobs,
      parkedBy: jobs.parkedBy.map((each) => ({ ...each, origin: name(each.origin), reason: text(each.reason) })),
    },
    messages: {
      ...rest,
      oldestQueuedAt: oldestQueuedAtMs === null ? null : instant(oldestQueuedAtMs),
      reasons: messages.reasons.map((each) => ({ ...each, reason: text(each.reason) })),
    },
    approvals: agent?.approvals ?? 0,
  };
}
