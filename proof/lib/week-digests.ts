import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { equal, none, tally, type Check } from './report.ts';
import { ZONE, type WeekPlan } from './week-plan.ts';
import type { WeekRows } from './week-rows.ts';

/** Every row of the daily log is in the file of its day, once, in order, and nothing else is. */
export function checkLog(home: string, rows: WeekRows): Check[] {
  const { journal, jobs, messages, boots } = rows;
  const expected = new Map<string, string[]>();
  for (const { at, kind, ref, text } of journal) {
    const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(ZONE);
    const date = local.toPlainDate().toString();
    const time = local.toPlainTime().toString({ smallestUnit: 'second' });
    const line = `- ${time} ${kind} [${ref}] ${text.replaceAll(/\s+/g, ' ').trim()}`.trimEnd();
    expected.set(date, [...(expected.get(date) ?? []), line]);
  }
  const files = readdirSync(join(home, 'logs'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const written = new Map(
    files.map(({ name, parentPath }) => [
      name.slice(0, 10),
      readFileSync(join(parentPath, name), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('- ')),
    ]),
  );
  const differs = [...new Set([...expected.keys(), ...written.keys()])].flatMap((date) =>
    difference(date, expected.get(date) ?? [], written.get(date) ?? []),
  );
  const ofKind = (kind: string, ref: RegExp): number =>
    journal.filter((line) => line.kind === kind && ref.test(line.ref)).length;
  const done = (kind: string): number => jobs.filter((job) => job.kind === kind && job.state === 'succeeded').length;
  const inState = (state: string): number => messages.filter((message) => message.state === state).length;
  return [
    equal('the log has a file for each day', written.size, expected.size),
    none(
      'the log agrees with the ledger to the last line',
      differs,
      `${journal.length} lines in ${written.size} files`,
    ),
    equal('every line that subscriptions asked for is there', ofKind('log', /^e/), done('log')),
    equal('every digest and mark is there', ofKind('digest', /./), done('digest') + done('digest-report')),
    equal('every command that was done is there', ofKind('command', /^j/), done('command')),
    equal('every message that was sent is there', ofKind('sent', /^m/), inState('sent')),
    equal(
      'every message that expired or was taken back is there',
      ofKind('expired', /^m/) + ofKind('withdrawn', /^m/),
      inState('expired') + inState('withdrawn'),
    ),
    equal('every start is there', ofKind('start', /^b/), boots.filter((boot) => boot.ready_at !== null).length),
  ];
}

function difference(date: string, expected: readonly string[], written: readonly string[]): string[] {
  if (expected.join('\n') === written.join('\n')) return [];
  const at = expected.findIndex((line, index) => line !== written[index]);
  return [
    `${date}: ${written.length} lines of ${expected.length}, line ${at}: ${written[at] ?? 'none'} instead of ${expected[at] ?? 'none'}`,
  ];
}

interface Shown {
  readonly date: string;
  readonly events: { readonly total: number };
  readonly jobs: { readonly total: number; readonly byState: object };
  readonly givenUp: { readonly total: number };
  readonly marked: { readonly total: number };
  readonly messages: { readonly total: number; readonly byState: object };
  readonly happened: object;
  readonly boots: object;
  readonly schedules: { readonly ran: number; readonly failed: number; readonly missedTotal: number };
  readonly waiting: {
    readonly jobs: { queued: number; running: number; parked: number };
    readonly messages: { held: number; underWay: number };
  };
}

/** Every figure of every digest, as the daemon shows it at the end, is what counting the rows one by one gives. */
export function checkDigests(home: string, rows: WeekRows, plan: WeekPlan): Check[] {
  const { atMs, digests } = JSON.parse(readFileSync(join(home, 'digests.json'), 'utf8')) as {
    atMs: number;
    digests: Shown[];
  };
  const found = digests.flatMap((shown) => {
    const figures = {
      events: shown.events.total,
      jobs: [shown.jobs.total, sorted(shown.jobs.byState)],
      givenUp: shown.givenUp.total,
      marked: shown.marked.total,
      messages: [shown.messages.total, sorted(shown.messages.byState)],
      happened: sorted(shown.happened),
      boots: sorted(shown.boots),
      schedules: [shown.schedules.ran, shown.schedules.failed, shown.schedules.missedTotal],
      waiting: [
        shown.waiting.jobs.queued,
        shown.waiting.jobs.running,
        shown.waiting.jobs.parked,
        shown.waiting.messages.held,
        shown.waiting.messages.underWay,
      ],
    };
    const counted: Record<string, unknown> = recount(rows, shown.date, atMs);
    return Object.entries(figures).flatMap(([name, got]) =>
      JSON.stringify(got) === JSON.stringify(counted[name])
        ? []
        : [`${shown.date} ${name}: ${JSON.stringify(got)} instead of ${JSON.stringify(counted[name])}`],
    );
  });
  return [
    equal('there is a digest of every day', digests.length, plan.dates.length + 1),
    none('every figure of every digest is a recount of the ledger', found),
  ];
}

function spanOf(date: string, asOfMs: number): { fromMs: number; toMs: number } {
  const day = Temporal.PlainDate.from(date);
  const start = (of: Temporal.PlainDate): number => of.toZonedDateTime({ timeZone: ZONE }).epochMilliseconds;
  return { fromMs: start(day), toMs: Math.min(asOfMs, start(day.add({ days: 1 }))) };
}

function recount(rows: WeekRows, date: string, asOfMs: number) {
  const { fromMs, toMs } = spanOf(date, asOfMs);
  const within = (ms: number | null): boolean => ms !== null && ms >= fromMs && ms < toMs;
  const jobs = rows.jobs.filter((job) => within(job.created_at));
  const messages = rows.messages.filter((message) => within(message.queued_at));
  const lines = rows.journal.filter(({ at, ref }) => within(at) && /^m[1-9]/.test(ref));
  const runs = rows.runs.filter((run) => within(run.started_at));
  const starts = rows.boots
    .map((boot, index) => ({ ...boot, before: rows.boots[index - 1] }))
    .filter((boot) => within(boot.started_at));
  const inState = (state: string): number => rows.jobs.filter((job) => job.state === state).length;
  const queued = rows.messages.filter(({ state }) => state === 'queued');
  return {
    events: rows.events.filter((event) => within(event.received_at)).length,
    jobs: [jobs.length, sorted(tally(jobs.map(({ state }) => state)))],
    givenUp: rows.jobs.filter(({ state, ended_at: ended }) => (state === 'failed' || state === 'dead') && within(ended))
      .length,
    marked: jobs.filter(({ kind }) => kind === 'digest').reduce((sum, job) => sum + job.event_count, 0),
    messages: [messages.length, sorted(tally(messages.map(({ state }) => state)))],
    happened: sorted(
      Object.fromEntries(
        ['sent', 'held', 'withdrawn', 'expired', 'failed'].map((kind) => [
          kind,
          lines.filter((line) => line.kind === kind).length,
        ]),
      ),
    ),
    boots: sorted({
      starts: starts.length,
      afterCrash: starts.filter(({ before }) => before !== undefined && before.stopped_at === null).length,
      safeMode: starts.filter((boot) => boot.safe_mode === 1).length,
      stops: rows.boots.filter((boot) => within(boot.stopped_at)).length,
    }),
    schedules: [
      runs.length,
      runs.filter(({ succeeded, ended }) => succeeded === 0 || ended === 'lost').length,
      rows.slots.filter(({ state, decided_at: at }) => state === 'missed' && within(at)).length,
    ],
    waiting: [
      inState('queued'),
      inState('running'),
      inState('parked'),
      queued.filter((one) => one.released_at === null).length,
      queued.filter((one) => one.released_at !== null).length,
    ],
  };
}

function sorted(counts: object): unknown {
  return Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** The files that were written day by day say the same of what can't change afterwards. */
export function checkDigestFiles(home: string, rows: WeekRows, plan: WeekPlan): Check[] {
  const found = plan.dates.flatMap((date) => {
    const text = readFileSync(join(home, 'digests', `${date}.md`), 'utf8').replaceAll(/(\d) (?=\d{3}\b)/g, '$1');
    const { events, jobs, messages, happened, schedules } = recount(rows, date, Infinity);
    const sent = (happened as [string, number][]).find(([kind]) => kind === 'sent')?.[1];
    const wanted = [
      `- Events: ${events} (`,
      `- Jobs: ${String(jobs[0])} (`,
      `- Messages: ${String(messages[0])} asked for`,
      `; ${sent} sent that day`,
      `- Scheduled runs: ${schedules[0]}`,
    ];
    return [
      ...wanted.filter((line) => !text.includes(line)).map((line) => `${date}: no "${line}"`),
      ...(text.includes('so far') ? [`${date}: is not complete`] : []),
    ];
  });
  const reports = rows.jobs.filter(({ kind }) => kind === 'digest-report');
  const told = rows.messages.filter(({ topic, kind }) => topic === 'digest' && kind === 'proactive');
  return [
    none('the file of every day says what the ledger says', found),
    equal('each digest was sent once', told.length, reports.length),
  ];
}
