import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkTranscripts } from '../../proof/lib/agent-checks.ts';
import { readTranscripts } from '../../proof/lib/agent-box.ts';
import { checkLog } from '../../proof/lib/week-digests.ts';
import type { Check } from '../../proof/lib/report.ts';
import { slowSlots } from '../scheduler/reference.ts';
import type { Box } from './box.ts';
import { DAY_USD_MAX, EXTRA, QUIET, SCHEDULES, ZONE } from './config.ts';
import { factOf, type Receipt } from './outside.ts';
import { readHome, type HomeRows } from './rows.ts';
import type { Reference } from './week.ts';

/** What must hold whatever happens to a box. */
export const INVARIANTS = {
  I1: 'Every delivery that was answered 2xx is exactly one event, under the id that was told, and a duplicate from then on.',
  I2: 'Every event has exactly the jobs that match it (of its own, or joined in a storm), and each has ended or is due.',
  I3: 'No 15 s hold more than 2 proactive messages and no hour more than 6 (4 urgent ones), by the clock of the receiver.',
  I4: 'No message has two keys and no key two texts; each is sent, coalesced, withdrawn, expired with a reason, or waits.',
  I5: 'Every due slot of every schedule is run once or shown as missed once, and nothing else is run for a schedule.',
  I6: 'In quiet hours nothing proactive arrives that is not urgent.',
  I7: 'What is charged covers what the model counted, conversations add up to it, and no day costs more than its cap and one request.',
  I8: 'No call of a tool is made twice, and each has one result that is true.',
  I9: 'Nothing that needs the owner’s word is done without it.',
  I10: 'No line of the owner’s is lost, nothing that was remembered is, the index keeps its limits, no apply is half done.',
  I11: 'Daily log and transcripts hold what the ledger holds, each line once, in order.',
  I12: 'After a restart no job runs that nobody holds, and nothing half written lies about.',
  I13: 'Row numbers grow without gaps, and nothing refers to what comes after it.',
  I14: 'Left alone, the daemon falls silent: what was asked has its one answer, nothing waits, and hardly anything is written.',
  I15: 'Nothing goes wrong in the daemon that nobody brought about.',
} as const;

export type InvariantId = keyof typeof INVARIANTS;

export interface Broken {
  readonly id: InvariantId;
  readonly what: string;
  /** The command after which it was found; the end of the week without one. */
  readonly after?: number;
}

/**
 * What holds at any time: looked at after each start.
 *
 * @param held Jobs that somebody holds.
 */
export function checkNow(box: Box, reference: Reference, held: ReadonlySet<string>): Broken[] {
  const home = readHome(box);
  return [
    ...checkDeliveries(home, reference),
    ...checkKeys(home, box.outside.receipts),
    ...checkWindows(home, box.outside.receipts),
    ...checkOrder(home),
    ...found(
      'I12',
      'runs without a holder',
      home.leases.filter(({ id, state }) => state === 'running' && !held.has(`j${id}`)),
    ),
  ];
}

/** What holds when all is over. */
export function checkWeek(box: Box, reference: Reference, idleCommits: number): Broken[] {
  const home = readHome(box);
  const { receipts } = box.outside;
  const traces = traceLines(home);
  return [
    ...checkDeliveries(home, reference),
    ...checkJobs(home, reference),
    ...checkWindows(home, receipts),
    ...checkKeys(home, receipts),
    ...checkMessages(home, receipts),
    ...checkSlots(home, reference),
    ...checkQuiet(home, receipts),
    ...checkMoney(home, box.outside.microUsd),
    ...checkCalls(home, traces),
    ...checkApprovals(home, reference, traces),
    ...checkMemory(home, reference),
    ...failed('I11', checkLog(box.home, home)),
    ...failed(
      'I11',
      checkTranscripts(home.agent, existsSync(join(box.home, 'sessions')) ? readTranscripts(box.home) : []),
    ),
    ...found(
      'I12',
      'runs without a holder',
      home.leases.filter(({ state }) => state === 'running'),
    ),
    ...found(
      'I12',
      'half written',
      [...home.files.keys()].filter((path) => isHalfWritten(path)),
    ),
    ...found('I12', 'body without an event', home.bodies === 0 ? [] : [home.bodies]),
    ...found('I12', 'the ledger', home.integrity === 'ok' ? [] : [home.integrity]),
    ...checkOrder(home),
    ...checkSilence(home, reference, idleCommits),
    ...checkTrouble(box),
  ];
}

function found(id: InvariantId, what: string, all: readonly unknown[]): Broken[] {
  if (all.length === 0) return [];
  const shown = all.slice(0, 3).map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  return [{ id, what: `${what}: ${all.length}: ${shown.join(' · ').slice(0, 600)}` }];
}

function failed(id: InvariantId, checks: readonly Check[]): Broken[] {
  return checks.filter(({ ok }) => !ok).map(({ name, detail }) => ({ id, what: `${name}: ${detail}`.slice(0, 600) }));
}

function checkDeliveries({ events }: HomeRows, { deliveries }: Reference): Broken[] {
  const rows = new Map<string, number[]>();
  for (const { source, delivery, id } of events)
    if (source === 'github') rows.set(delivery, [...(rows.get(delivery) ?? []), id]);
  const taken = deliveries.filter(({ answers }) => answers.length > 0);
  const known = new Set(deliveries.map(({ id }) => id));
  return [
    ...found(
      'I1',
      'lost or doubled',
      taken.filter(({ id }) => rows.get(id)?.length !== 1).map(({ id }) => id),
    ),
    ...found(
      'I1',
      'told another id',
      taken.filter(({ id, answers }) => answers.some((one) => one.id !== `e${rows.get(id)?.[0]}`)),
    ),
    ...found(
      'I1',
      'taken as new twice',
      taken.filter(({ answers }) => answers.slice(1).some(({ duplicate }) => !duplicate)),
    ),
    ...found(
      'I1',
      'sent by nobody',
      [...rows.keys()].filter((id) => !known.has(id)),
    ),
  ];
}

function checkJobs({ events, jobs, joined }: HomeRows, { deliveries }: Reference): Broken[] {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const origins = new Map<number, string[]>();
  const note = (event: number | null, origin: string): void =>
    void (event !== null && origins.set(event, [...(origins.get(event) ?? []), origin]));
  for (const job of jobs) note(job.event_id, job.origin);
  for (const { event_id: event, job_id: job } of joined) note(event, byId.get(job)?.origin ?? 'nobody');
  const eventOf = new Map(events.map(({ source, delivery, id }) => [`${source} ${delivery}`, id]));
  return [
    ...found(
      'I2',
      'not the jobs that match',
      deliveries.filter((sent) => {
        const event = eventOf.get(`github ${sent.id}`);
        if (event === undefined || sent.origins === undefined) return false;
        return (origins.get(event) ?? []).toSorted().join() !== sent.origins.toSorted().join();
      }),
    ),
    ...found(
      'I2',
      'counts other events than joined it',
      jobs.filter(({ id, event_count: count }) => count !== 1 + joined.filter(({ job_id: job }) => job === id).length),
    ),
    ...found(
      'I2',
      'neither ended nor due',
      jobs.filter(({ state, ended_at: ended }) => isOver(state) !== (ended !== null)),
    ),
  ];
}

function isOver(state: string): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'dead';
}

/** What the channel may have shown to the owner. */
function isShown({ mode }: Receipt): boolean {
  return mode !== 'fails' && mode !== 'asks-for-time';
}

function checkWindows({ messages }: HomeRows, receipts: readonly Receipt[]): Broken[] {
  const urgent = new Set(messages.filter((one) => one.urgent === 1).map((one) => one.idempotency_key));
  const shown = receipts.filter((one) => one.kind === 'proactive' && isShown(one));
  const ordinary = shown.filter(({ key }) => !urgent.has(key));
  return [
    ...tooMany(ordinary, 15_000, 2),
    ...tooMany(ordinary, 3_600_000, 6),
    ...tooMany(
      shown.filter(({ key }) => urgent.has(key)),
      3_600_000,
      4,
    ),
  ];
}

function tooMany(receipts: readonly Receipt[], perMs: number, max: number): Broken[] {
  for (const [index, { trueMs }] of receipts.entries()) {
    const keys = new Set<string>();
    for (let at = index; at < receipts.length && (receipts[at] as Receipt).trueMs < trueMs + perMs; at += 1)
      keys.add((receipts[at] as Receipt).key);
    if (keys.size <= max) continue;
    const ids = receipts
      .slice(index)
      .filter((one) => one.trueMs < trueMs + perMs)
      .map(({ id, trueMs: at }) => `${id}@${at}`);
    return found('I3', `more than ${max} in ${perMs} ms`, ids);
  }
  return [];
}

function checkKeys({ messages }: HomeRows, receipts: readonly Receipt[]): Broken[] {
  const known = new Map(messages.map((one) => [one.idempotency_key, `m${one.id}`]));
  const bodies = new Map<string, string>();
  const keys = new Map<string, string>();
  const wrong = receipts.filter(({ key, body, id }) => {
    const differs = (bodies.get(key) ?? body) !== body || (keys.get(id) ?? key) !== key || known.get(key) !== id;
    bodies.set(key, body);
    keys.set(id, key);
    return differs;
  });
  return found('I4', 'two keys, two texts, or unknown', wrong);
}

function checkMessages({ messages, jobs }: HomeRows, receipts: readonly Receipt[]): Broken[] {
  const arrived = new Set(receipts.filter(({ mode }) => mode === 'well').map(({ key }) => key));
  const byId = new Map(messages.map((one) => [one.id, one]));
  const ofJob = new Set(messages.map((one) => one.job_id));
  return [
    ...found(
      'I4',
      'sent and never received',
      messages.filter((one) => one.state === 'sent' && !arrived.has(one.idempotency_key)),
    ),
    ...found(
      'I4',
      'coalesced into nothing',
      messages.filter((one) => one.state === 'coalesced' && !byId.has(one.into_id ?? 0)),
    ),
    ...found(
      'I4',
      'gone without a reason',
      messages.filter((one) => ['expired', 'withdrawn', 'failed'].includes(one.state) && one.reason === null),
    ),
    ...found(
      'I4',
      'a notification without a message',
      jobs.filter(({ id, kind, state }) => kind === 'notify' && state === 'succeeded' && !ofJob.has(id)),
    ),
    ...found(
      'I4',
      'two messages of one job and topic',
      messages.filter((one) =>
        messages.some(
          (other) =>
            other.id < one.id &&
            other.job_id === one.job_id &&
            one.job_id !== null &&
            other.topic === one.topic &&
            one.topic !== '',
        ),
      ),
    ),
  ];
}

const EVERY_MS: Readonly<Record<string, number>> = { '9h': 32_400_000 };

function checkSlots({ slots, events, jobs }: HomeRows, { startedMs, wallMsMax, extra }: Reference): Broken[] {
  const untilMs = wallMsMax - 2 * 3_600_000 - 3 * 3_600_000;
  const broken = SCHEDULES.flatMap((schedule) => {
    const mine = slots.filter((slot) => slot.schedule === schedule.name);
    const due =
      'every' in schedule
        ? evenly(EVERY_MS[schedule.every] ?? 1, startedMs, untilMs)
        : slowSlots(schedule.cron, ZONE, startedMs, untilMs);
    return due.flatMap((slotMs) => {
      const times = mine.filter(({ slot_at: from, through_at: through }) => from <= slotMs && slotMs <= through).length;
      return times === 1 ? [] : [`${schedule.name} at ${new Date(slotMs).toISOString()} is decided ${times} times`];
    });
  });
  const bySlot = new Set(slots.map((slot) => slot.event_id));
  const runs = slots.filter(({ state }) => state === 'run');
  const slotKeys = runs.map((slot) => `${slot.schedule} ${slot.slot_at}`);
  const outside = runs.filter(
    (slot) =>
      slot.schedule === EXTRA.name &&
      !extra.some(
        ({ fromMs, toMs }) => slot.decided_at >= fromMs - 5 * 3_600_000 && slot.decided_at <= toMs + 5 * 3_600_000,
      ),
  );
  return [
    ...found('I5', 'not decided once', broken),
    ...found(
      'I5',
      'run twice',
      slotKeys.filter((key, index) => slotKeys.indexOf(key) !== index),
    ),
    ...found(
      'I5',
      'an event without a slot',
      events.filter(({ source, id }) => source === 'schedule' && !bySlot.has(id)),
    ),
    ...found('I5', 'run of a schedule that was not there', outside),
    ...found(
      'I5',
      'a run without its one job',
      runs.filter((slot) => jobs.filter((job) => job.event_id === slot.event_id).length !== 1),
    ),
  ];
}

function evenly(everyMs: number, fromMs: number, untilMs: number): number[] {
  const due: number[] = [];
  for (let at = (Math.floor(fromMs / everyMs) + 1) * everyMs; at <= untilMs; at += everyMs) due.push(at);
  return due;
}

function checkQuiet({ messages }: HomeRows, receipts: readonly Receipt[]): Broken[] {
  const urgent = new Set(messages.filter((one) => one.urgent === 1).map((one) => one.idempotency_key));
  const unasked = receipts.filter(({ kind, key }) => kind === 'proactive' && !urgent.has(key));
  return found(
    'I6',
    'in quiet hours',
    unasked.filter(({ wallMs }) => {
      const time = Temporal.Instant.fromEpochMilliseconds(wallMs).toZonedDateTimeISO(ZONE).toPlainTime().toString();
      return time >= QUIET.from || time < QUIET.to;
    }),
  );
}

function checkMoney({ agent }: HomeRows, counted: number): Broken[] {
  const { spend, sessions } = agent;
  const charged = spend.reduce((sum, row) => sum + (row.charged_micro_usd ?? 0), 0);
  const ofSessions = sessions.reduce((sum, row) => sum + row.spent_micro_usd, 0);
  const replies = spend
    .filter(({ outcome }) => outcome === 'ok')
    .reduce((sum, row) => sum + (row.charged_micro_usd ?? 0), 0);
  const days = new Map<string, { sum: number; most: number }>();
  for (const { day, charged_micro_usd: cost, reserved_micro_usd: reserved } of spend) {
    const { sum, most } = days.get(day) ?? { sum: 0, most: 0 };
    days.set(day, { sum: sum + (cost ?? reserved), most: Math.max(most, reserved) });
  }
  return [
    ...found(
      'I7',
      'open, or above what was reserved',
      spend.filter(({ charged_micro_usd: cost, reserved_micro_usd: reserved }) => cost === null || cost > reserved),
    ),
    ...found('I7', 'less than the model counted', charged < counted ? [`${charged} of ${counted}`] : []),
    ...found(
      'I7',
      'conversations do not add up',
      ofSessions < replies || ofSessions > charged ? [`${replies}, ${ofSessions}, ${charged}`] : [],
    ),
    ...found(
      'I7',
      'a day over its cap',
      [...days].filter(([, { sum, most }]) => sum > DAY_USD_MAX * 1e6 + most),
    ),
  ];
}

/** Shell commands leave a line, notifications a message; a result may only say that what happened has happened. */
function checkCalls({ agent, messages }: HomeRows, traces: readonly string[]): Broken[] {
  const { items, calls, givenUp } = agent;
  const results = items.filter(({ item }) => item.kind === 'tool_result');
  const key = (session: number, callId = ''): string => `s${session} ${callId}`;
  const counts = new Map<string, number>();
  for (const { session_id: session, item } of results) {
    const name = key(session, item.callId);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const happened = (callId = ''): number =>
    traces.filter((line) => line === callId).length + messages.filter(({ topic }) => topic === callId).length;
  return [
    ...found(
      'I8',
      'left begun',
      calls.filter((call) => call.ended_at === null && !givenUp.has(call.session_id)),
    ),
    ...found(
      'I8',
      'no result, or more than one',
      items.filter(
        ({ session_id: session, item }) =>
          item.kind === 'tool_use' && counts.get(key(session, item.callId)) !== 1 && !givenUp.has(session),
      ),
    ),
    ...found(
      'I8',
      'said to have happened, and did not',
      results.filter(
        ({ item }) =>
          (item.tool === 'shell' || item.tool === 'notify') && item.isError !== true && happened(item.callId) !== 1,
      ),
    ),
    ...found(
      'I8',
      'happened twice',
      results.filter(({ item }) => happened(item.callId) > 1),
    ),
  ];
}

/** What tools did outside of the ledger. */
function traceLines({ files }: HomeRows): string[] {
  return (files.get('log.txt') ?? '').split('\n').filter((line) => line !== '');
}

function checkApprovals({ agent }: HomeRows, { allowed }: Reference, traces: readonly string[]): Broken[] {
  const byCall = new Map(agent.approvals.map((one) => [one.call_id, one]));
  return [
    ...found(
      'I9',
      'done without a yes',
      traces.filter((call) => !allowed.has(`a${byCall.get(call)?.id}`)),
    ),
    ...found(
      'I9',
      'allowed by nobody',
      agent.approvals.filter(({ state, id }) => state === 'allowed' && !allowed.has(`a${id}`)),
    ),
    ...found(
      'I9',
      'done twice',
      traces.filter((line, index) => traces.indexOf(line) !== index),
    ),
  ];
}

function checkMemory({ files, generations, agent }: HomeRows, { written, said }: Reference): Broken[] {
  const topics = [...files].filter(([path]) => /^memory\/(topics|archive)\//.test(path)).map(([, text]) => text);
  const all = topics.join('\n');
  const index = files.get('memory/MEMORY.md') ?? '';
  const results = agent.items.filter(({ item }) => item.kind === 'tool_result' && item.tool === 'memory');
  const kept = said.filter(
    ({ what, number }) =>
      what === 'remember' &&
      results.some(({ item }) => item.callId === `toolu_${number}_0` && /^(kept|remembered)/i.test(item.text)),
  );
  return [
    ...found(
      'I10',
      'a line of the owner’s is lost',
      written.filter((line) => !all.includes(line)),
    ),
    ...found(
      'I10',
      'what was remembered is lost',
      kept.filter(({ number }) => !all.includes(factOf(number).slice(0, -1))),
    ),
    ...found(
      'I10',
      'the index is too large',
      index.split('\n').length > 200 || index.length > 25_600 ? [index.length] : [],
    ),
    ...found(
      'I10',
      'an apply is half done',
      generations.filter(({ state, redo }) => redo !== null || state === 'begun' || state === 'undoing'),
    ),
  ];
}

function isHalfWritten(path: string): boolean {
  return /\.(part|tmp)$/.test(path) || /generations\/\d+\/(new|undo)\//.test(path);
}

function checkOrder({ events, jobs, messages, journal, slots }: HomeRows): Broken[] {
  const lastEvent = events.at(-1)?.id ?? 0;
  const lastJob = jobs.at(-1)?.id ?? 0;
  const gaps = (
    [
      ['event', events],
      ['job', jobs],
      ['message', messages],
      ['line', journal],
    ] as const
  ).flatMap(([name, rows]) =>
    rows.flatMap(({ id }, at) => (id === at + 1 ? [] : [`${name} ${id} is number ${at + 1}`])).slice(0, 1),
  );
  return [
    ...found('I13', 'gaps', gaps),
    ...found(
      'I13',
      'a job of an event to come',
      jobs.filter((job) => (job.event_id ?? 0) > lastEvent),
    ),
    ...found(
      'I13',
      'a message of a job to come',
      messages.filter((one) => (one.job_id ?? 0) > lastJob),
    ),
    ...found(
      'I13',
      'a slot of an event to come',
      slots.filter((slot) => (slot.event_id ?? 0) > lastEvent),
    ),
  ];
}

function checkSilence({ jobs, messages, agent }: HomeRows, { said }: Reference, idleCommits: number): Broken[] {
  const repliesTo = (event: string): string[] =>
    (messages as readonly (HomeRows['messages'][number] & { reply_to: number | null; text: string })[])
      .filter((one) => `e${one.reply_to}` === event && !/^(approval|toolu|put off)/.test(one.topic))
      .map(({ topic, text }) => `[${topic}] ${text.slice(0, 80)}`);
  return [
    ...found(
      'I14',
      'work is left',
      jobs.filter(({ state }) => state === 'queued' || state === 'running'),
    ),
    ...found(
      'I14',
      'a message is left',
      messages.filter(({ state }) => state === 'queued'),
    ),
    ...found(
      'I14',
      'no answer, or more than one',
      said.map((one) => ({ ...one, replies: repliesTo(one.event) })).filter(({ replies }) => replies.length !== 1),
    ),
    ...found(
      'I14',
      'a question is left open',
      agent.approvals.filter(({ state }) => state === 'pending'),
    ),
    ...found('I14', 'commits in an idle hour', idleCommits > 30 ? [idleCommits] : []),
  ];
}

/** Faults of channel, model and disk are the plan; anything else is trouble. */
const EXPECTED =
  /channel|delivery|job attempt failed|model request|daily log not written|transcript|ledger|loop step failed|job cut off|end of an attempt|safe mode|taken up again|edited while|could not be charged|recovery of jobs|commit|dream (did|could) not|no sandbox|memory could not|refused by the ledger/;

function checkTrouble({ log }: Box): Broken[] {
  return found(
    'I15',
    'trouble',
    log
      .filter(({ message }) => !EXPECTED.test(message))
      .map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`),
  );
}
