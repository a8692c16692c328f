import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeHome, ROOT } from './lib/daemon.ts';
import { equal, none, tally, type CampaignOptions, type Check, type Report } from './lib/report.ts';
import { checkDigestFiles, checkDigests, checkLog } from './lib/week-digests.ts';
import { EVENTS, planWeek, type Season, type WeekPlan } from './lib/week-plan.ts';
import { readRows, type WeekRows } from './lib/week-rows.ts';
import { checkSlots } from './lib/week-slots.ts';

/** What the owner's end of the channel wrote down. */
interface Receipt {
  readonly atMs: number;
  readonly key: string;
  readonly kind: string;
  readonly urgent: boolean;
  readonly answered: number | string;
}

/** Both weeks with a change of the clocks, or in a quick run the one in autumn. */
export async function proveWeek(options: CampaignOptions): Promise<Report> {
  if (options.quick) return proveOneWeek('autumn', options);
  const reports: Report[] = [];
  for (const season of ['autumn', 'spring'] as const) reports.push(await proveOneWeek(season, options));
  return {
    checks: reports.flatMap(({ checks }) => checks),
    figures: Object.assign({}, ...reports.map(({ figures }) => figures)) as Report['figures'],
  };
}

/** 5 000 events, 20 schedules, three sleeps, a change of the clocks and two crashes, in half a minute. */
async function proveOneWeek(season: Season, { seed, keep, under, say }: CampaignOptions): Promise<Report> {
  const plan = planWeek(seed, season);
  using home = makeHome(plan.config, { keep, ...(under !== undefined && { under }) });
  const startedMs = performance.now();
  const ends: string[] = [];
  while (ends.length < 3 && (ends.at(-1) ?? 'SIGKILL') === 'SIGKILL') ends.push(await oneLife(home.path, seed, season));
  say(`${season}: lived ${ends.length} times, ${ends.join(', ')}`);
  const rows = readRows(join(home.path, 'ledger.db'));
  const receipts = lines<Receipt>(home.path, 'receipts.jsonl');
  const named = (check: Check): Check => ({ ...check, name: `${season}: ${check.name}` });
  return {
    checks: [
      equal('two crashes and a clean end', ends, ['SIGKILL', 'SIGKILL', '0']),
      ...checkEvents(rows, lines(home.path, 'answers.jsonl')),
      ...checkSlots(rows, plan),
      ...checkMessages(rows, receipts),
      ...checkWindows(rows, receipts),
      ...checkLog(home.path, rows),
      ...checkDigests(home.path, readRows(join(home.path, 'moment.db')), plan),
      ...checkDigestFiles(home.path, rows, plan),
      checkTrouble(home.path),
      equal('the ledger is whole', integrity(home.path), 'ok'),
    ].map(named),
    figures: figuresOf(season, plan, rows, receipts, performance.now() - startedMs),
  };
}

/** @returns how it ended: its exit code, or the signal. */
function oneLife(home: string, seed: number, season: Season): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'proof/week-box.ts'), home, String(seed), season], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const cut = setTimeout(() => child.kill('SIGTERM'), 120_000);
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      clearTimeout(cut);
      resolve(String(signal ?? code));
    });
  });
}

function lines<T>(home: string, name: string): T[] {
  const path = join(home, name);
  if (!existsSync(path)) return [];
  const whole = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return whole.map((line) => JSON.parse(line) as T);
}

/** Each delivery is one event, whatever was sent twice, and what was answered is true. */
function checkEvents({ events }: WeekRows, answers: readonly { n: number; status: number }[]): Check[] {
  const delivered = events.filter(({ source }) => source === 'alerts' || source === 'builds');
  const firsts = tally(answers.filter(({ status }) => status === 202).map(({ n }) => n));
  return [
    equal('each of the deliveries is an event, once', new Set(delivered.map(({ delivery }) => delivery)).size, EVENTS),
    equal('and there are no others', delivered.length, EVENTS),
    none(
      'every answer was 202 or 200',
      answers.filter(({ status }) => status !== 202 && status !== 200),
    ),
    none(
      'nothing was taken as new twice',
      Object.entries(firsts).filter(([, times]) => times > 1),
    ),
    equal('each sleep is one event', events.filter(({ type }) => type === 'woke').length, 3),
  ];
}

/** From the event to the message: each link is there, and each row says what became of it. */
function checkMessages(rows: WeekRows, receipts: readonly Receipt[]): Check[] {
  const { jobs, joined, messages, events } = rows;
  const jobOf = new Map(jobs.map((job) => [job.event_id, job]));
  const joinedTo = new Map(joined.map(({ event_id: event, job_id: job }) => [event, job]));
  const byJob = new Map(messages.map((message) => [message.job_id, message]));
  const alerts = events.filter(({ type, source }) => source !== 'schedule' && (type === 'failed' || type === 'fire'));
  const byId = new Map(messages.map((message) => [message.id, message]));
  const byKey = new Map(messages.map((message) => [message.idempotency_key, message]));
  const received = new Set(receipts.filter(isReceived).map(({ key }) => key));
  const open = jobs.filter(({ state }) => state === 'queued' || state === 'running');
  const mine = new Set(alerts.flatMap(({ id }) => jobOf.get(id)?.topic ?? []));
  return [
    none(
      'every alert leads to a message',
      alerts.filter(({ id }) => !byJob.has(jobOf.get(id)?.id ?? joinedTo.get(id) ?? 0)),
    ),
    none('no job is left over', open),
    none(
      'no job was done twice over',
      messages.filter(
        (one) => one.job_id !== null && byJob.get(one.job_id) !== one && byJob.get(one.job_id)?.topic === one.topic,
      ),
    ),
    none(
      'whatever did not arrive says why',
      messages.filter(({ state, reason }) => ['expired', 'withdrawn', 'failed'].includes(state) && reason === null),
    ),
    none(
      'nothing was given up by its channel',
      messages.filter(({ state }) => state === 'failed'),
    ),
    none(
      'what is sent was received',
      messages.filter(({ state, idempotency_key: key }) => state === 'sent' && !received.has(key)),
    ),
    none(
      'what was received is a message',
      receipts.filter(({ key }) => !byKey.has(key)),
    ),
    none(
      'what was coalesced is in a message that is there',
      messages.filter(({ state, into_id: into }) => state === 'coalesced' && !byId.has(into ?? 0)),
    ),
    equal('the messages together stand for every alert', standsFor(rows, mine), alerts.length),
    none(
      'every job stands for the events that joined it',
      jobs.filter(({ id, event_count: count }) => count !== 1 + joined.filter((one) => one.job_id === id).length),
    ),
  ];
}

/** Resolutions that follow an alert count as well, and are taken off. */
function standsFor({ jobs, messages }: WeekRows, topics: ReadonlySet<string>): number {
  const resolving = new Set(jobs.filter(({ kind }) => kind === 'resolve').map(({ id }) => id));
  const mine = messages.filter(({ kind, topic }) => kind === 'proactive' && topics.has(topic));
  const carried = mine.filter(({ state }) => state !== 'coalesced').reduce((sum, { count }) => sum + count, 0);
  return carried - mine.filter(({ job_id: job }) => resolving.has(job ?? 0)).length;
}

function isReceived({ answered }: Receipt): boolean {
  return answered !== 500 && answered !== 429;
}

/** By the receiver's clock. */
function checkWindows({ messages }: WeekRows, receipts: readonly Receipt[]): Check[] {
  const proactive = receipts.filter((one) => one.kind === 'proactive' && isReceived(one));
  const byKey = new Map(messages.map((message) => [message.idempotency_key, message]));
  const urgent = (one: Receipt): boolean => byKey.get(one.key)?.urgent === 1;
  const most = (of: readonly Receipt[], perMs: number): number =>
    Math.max(
      0,
      ...of.map(
        ({ atMs }) =>
          new Set(of.filter((one) => one.atMs >= atMs && one.atMs <= atMs + perMs).map(({ key }) => key)).size,
      ),
    );
  const ordinary = proactive.filter((one) => !urgent(one));
  const windows = [
    { name: 'no 15 s hold more than 2 proactive messages', got: most(ordinary, 15_000), max: 2 },
    { name: 'no hour holds more than 6', got: most(ordinary, 3_600_000), max: 6 },
    { name: 'no hour holds more than 4 urgent ones', got: most(proactive.filter(urgent), 3_600_000), max: 4 },
  ];
  return windows.map(({ name, got, max }) => ({ name, ok: got <= max, detail: `at most ${got}` }));
}

/** Retries of the channel and failing commands are the plan; anything else is trouble. */
function checkTrouble(home: string): Check {
  const expected = /job attempt failed|delivery|channel/;
  return none(
    'nothing else went wrong',
    lines<{ message: string }>(home, 'trouble.jsonl').filter(({ message }) => !expected.test(message)),
  );
}

function integrity(home: string): string {
  using database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true });
  const row = database.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string };
  return row.integrity_check;
}

function figuresOf(season: Season, plan: WeekPlan, rows: WeekRows, receipts: readonly Receipt[], tookMs: number) {
  const { events, journal, slots, messages } = rows;
  return {
    [`${season}, hours`]: (plan.toMs - plan.fromMs) / 3_600_000,
    [`${season}, rows`]: `${events.length} events, ${journal.length} lines, ${slots.length} slots, ${receipts.length} requests`,
    [`${season}, messages`]: JSON.stringify(tally(messages.map(({ state }) => state))),
    [`${season}, seconds`]: Math.round(tookMs / 1_000),
  };
}
