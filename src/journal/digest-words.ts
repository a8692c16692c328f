import { conflictLines, dreamLines } from './digest-dreams.ts';
import type { DigestFacts } from './digest-facts.ts';

/** One thing that needs the owner's eye, or a figure, as a plain line. */
export interface DigestWords {
  /** What failed, one line each, the worst first. */
  readonly failed: readonly string[];
  /** What waits for something. */
  readonly waits: readonly string[];
  /** What is or was held back, and why. */
  readonly held: readonly string[];
  /** What was marked for the digest, a line for each group. */
  readonly marked: readonly string[];
  /** What the memory learned, and what of it contradicts the owner's own words. */
  readonly dreamed: readonly string[];
  /** The figures of events, jobs, messages, schedules and the daemon. */
  readonly counts: readonly string[];
}

/** The facts of a day in plain lines: the one wording behind the file, the terminal and the phone. */
export function digestWords(facts: DigestFacts): DigestWords {
  return {
    failed: failedLines(facts),
    waits: waitLines(facts),
    held: heldLines(facts),
    marked: markedLines(facts),
    dreamed: dreamLines(facts.dreams),
    counts: [
      ...eventLines(facts),
      ...jobLines(facts),
      ...agentLines(facts),
      ...messageLines(facts),
      ...scheduleLines(facts),
      ...daemonLines(facts),
    ],
  };
}

/** `1 204`: digits in threes. */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}

/** "1 job", "2 jobs". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** "once", "3 times". */
export function times(count: number): string {
  return count === 1 ? 'once' : `${formatCount(count)} times`;
}

function failedLines({ givenUp, lost, schedules, boots }: DigestFacts): string[] {
  const jobs = givenUp.items.map(
    ({ id, kind, origin, attempts, error }) =>
      `job ${id} (${kind}, ${origin}) was given up after ${plural(attempts, 'attempt')}: ${error}`,
  );
  const messages = lost.items.map(
    ({ id, state, topic, text, reason }) =>
      `message ${id} ${state === 'expired' ? 'expired' : 'reached no channel'} (${reason}): ${topic === '' ? '' : `[${topic}] `}${text}`,
  );
  const missed = (schedules?.missed ?? []).map(
    ({ schedule, count, reason }) =>
      `schedule ${schedule} missed ${count === null ? 'many runs' : plural(count, 'run')}: ${reason}`,
  );
  return [
    ...more(jobs, givenUp.total, 'more jobs were given up'),
    ...more(messages, lost.total, 'more messages did not arrive'),
    ...more(missed, schedules?.missedTotal ?? 0, 'more times a schedule missed'),
    ...(boots.afterCrash > 0 ? [`the daemon came up after a crash ${times(boots.afterCrash)}`] : []),
  ];
}

function more(lines: readonly string[], total: number, what: string): string[] {
  return total > lines.length ? [...lines, `${formatCount(total - lines.length)} ${what}`] : [...lines];
}

function waitLines({ waiting: { jobs, messages, approvals }, agent, dreams }: DigestFacts): string[] {
  const by = jobs.parkedBy.map(({ origin, count }) => `${origin} ${formatCount(count)}`).join(', ');
  const why = jobs.parkedBy[0]?.reason ?? '';
  return [
    ...(approvals > 0 ? [`${plural(approvals, 'approval')} asked for`] : []),
    ...agent.pending.map(
      ({ id, tool, text, expiresAt }) => `approval ${id}, until ${shortInstant(expiresAt)}: ${tool}: ${text}`,
    ),
    ...conflictLines(dreams).map((line) => `for you to settle: ${line}`),
    ...(jobs.parked > 0 ? [`${plural(jobs.parked, 'job')} parked${why === '' ? '' : `, ${why}`} (${by})`] : []),
    ...(jobs.queued > 0 ? [`${plural(jobs.queued, 'job')} in the queue`] : []),
    ...(messages.underWay > 0 ? [`${plural(messages.underWay, 'message')} let go that no channel has yet`] : []),
  ];
}

function heldLines({ waiting: { messages }, mutes, happened }: DigestFacts): string[] {
  const why = messages.reasons
    .map(({ reason, count }) => `${formatCount(count)} ${reason || 'about to leave'}`)
    .join('; ');
  const since = messages.oldestQueuedAt === null ? '' : `, the oldest since ${shortInstant(messages.oldestQueuedAt)}`;
  return [
    ...(messages.held > 0 ? [`${plural(messages.held, 'message')} held back now${since}: ${why}`] : []),
    ...mutes.map(({ topic, until }) => `muted until ${shortInstant(until)}: ${topic === '' ? 'everything' : topic}`),
    ...(happened.held > 0 ? [`${plural(happened.held, 'message')} had to wait that day`] : []),
  ];
}

/** `2026-11-22 14:03` of an ISO instant in its own zone. */
function shortInstant(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ');
}

function markedLines({ marked, flagged }: DigestFacts): string[] {
  const calls = flagged.newest.map(({ ref, text }) => `the agent, ${ref}: ${text}`);
  return [...groupLines({ marked }), ...more(calls, flagged.total, 'more calls of the agent to be told of')];
}

function groupLines({ marked }: Pick<DigestFacts, 'marked'>): string[] {
  const lines = marked.groups.map(({ origin, topic, count, texts }) => {
    const about = topic === '' || topic === origin ? origin : `${origin}, ${topic}`;
    const hidden = count - texts.length;
    const said = texts.join(' · ');
    return `${about}: ${said}${hidden > 0 ? ` (+${formatCount(hidden)} more)` : ''}`;
  });
  return marked.rest > 0 ? [...lines, `${formatCount(marked.rest)} more events in other groups`] : lines;
}

function eventLines({ events }: DigestFacts): string[] {
  if (events.total === 0) return ['Events: none'];
  const top = events.top.map(({ source, type, count }) => `${source} ${type} ${formatCount(count)}`);
  const rest = events.rest > 0 ? [`${formatCount(events.rest)} of other kinds`] : [];
  return [`Events: ${formatCount(events.total)} (${[...top, ...rest].join(', ')})`];
}

const JOB_WORDS = {
  succeeded: 'done',
  running: 'running',
  queued: 'in the queue',
  parked: 'parked',
  failed: 'failed',
  dead: 'given up',
} as const;

function jobLines({ jobs }: DigestFacts): string[] {
  return jobs.total === 0 ? ['Jobs: none'] : [`Jobs: ${formatCount(jobs.total)} (${states(jobs.byState, JOB_WORDS)})`];
}

const MESSAGE_WORDS = {
  sent: 'sent',
  queued: 'waiting',
  coalesced: 'put into another',
  withdrawn: 'withdrawn',
  expired: 'expired',
  failed: 'failed',
} as const;

function messageLines({ messages, happened }: DigestFacts): string[] {
  if (messages.total === 0 && happened.sent === 0) return ['Messages: none'];
  const by = messages.total === 0 ? '' : ` (${states(messages.byState, MESSAGE_WORDS)})`;
  const reasons = messages.reasons
    .filter(({ state }) => state === 'withdrawn')
    .map(({ reason, count }) => `${formatCount(count)} withdrawn: ${reason}`);
  return [
    `Messages: ${formatCount(messages.total)} asked for${by}; ${formatCount(happened.sent)} sent that day`,
    ...reasons,
  ];
}

function states<State extends string>(
  byState: Partial<Record<State, number>>,
  words: Readonly<Record<State, string>>,
): string {
  return (Object.keys(words) as State[])
    .flatMap((state) => ((byState[state] ?? 0) > 0 ? [`${formatCount(byState[state] ?? 0)} ${words[state]}`] : []))
    .join(', ');
}

function scheduleLines({ schedules }: DigestFacts): string[] {
  if (schedules === null) return [];
  const failed = schedules.failed > 0 ? `, ${formatCount(schedules.failed)} of them failed` : '';
  return [`Scheduled runs: ${formatCount(schedules.ran)}${failed}`];
}

const ASKED_WORDS = {
  allowed: 'allowed',
  denied: 'denied',
  expired: 'expired, which is a no',
  pending: 'waiting',
} as const;

function agentLines({ agent: { runs, asked }, spend, dreams }: DigestFacts): string[] {
  return [
    ...(runs.total > 0 ? [`Runs of the agent: ${formatCount(runs.total)} (${states(runs.byState, JOB_WORDS)})`] : []),
    ...(asked.total > 0
      ? [`Approvals: ${formatCount(asked.total)} asked for (${states(asked.byState, ASKED_WORDS)})`]
      : []),
    spentLine(spend),
    ...dreamCost(dreams),
  ];
}

function daemonLines({ boots }: DigestFacts): string[] {
  const starts = boots.starts === 0 ? 'ran on' : `started ${times(boots.starts)}`;
  const stops = boots.stops === 0 ? '' : `, stopped ${times(boots.stops)}`;
  const safe = boots.safeMode === 0 ? '' : `, ${times(boots.safeMode)} in safe mode`;
  return [`Daemon: ${starts}${stops}${safe}`];
}

function spentLine({ model, requests, tokens, usd }: DigestFacts['spend']): string {
  if (model === null) return 'Spent: $0.00 (no model was asked)';
  return `Spent: $${usd.toFixed(2)} for ${plural(requests, 'request')}, ${formatCount(tokens)} tokens (${model})`;
}

function dreamCost(dreams: DigestFacts['dreams']): string[] {
  if (dreams === null || dreams.requests === 0) return [];
  const { requests, tokens, usd } = dreams;
  return [`Of it for dreams: $${usd.toFixed(2)} for ${plural(requests, 'request')}, ${formatCount(tokens)} tokens`];
}
