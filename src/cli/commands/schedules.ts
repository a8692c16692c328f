import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { readLimit, shortTime, type Listing } from '../list.ts';
import { plainBlock } from '../plain-block.ts';
import type { ScheduleRow } from '../rows.ts';
import { runInWords } from '../run-words.ts';
import { sinceMsOf, sinceOption } from '../since.ts';
import { renderFacts, renderTable, type Column } from '../table.ts';

interface Options {
  readonly limit: number;
  readonly after?: string;
  readonly since?: number;
}

export function define(command: Command, act: Act): void {
  command
    .description('List what happens by the clock; with a name, everything about one schedule.')
    .argument('[name]', 'of a schedule')
    .option('--limit <count>', 'how many, 1 to 500', readLimit, 100)
    .option('--after <name>', 'the page after this schedule');
  sinceOption(command, 'what ran or was missed');
  withExamples(command, 'kairos schedules', 'kairos schedules morning-digest', 'kairos schedules --json').action(
    act<Options>(async (cli, [name], options) => {
      if (name === undefined) await showAll(cli, options);
      else await showOne(cli, name);
    }),
  );
}

async function showAll(cli: Cli, { limit, after, since }: Options): Promise<void> {
  const query = new URLSearchParams({ limit: String(limit), ...(after === undefined ? {} : { after }) });
  const path = `/api/schedules?${query.toString()}`;
  const page = await openClient(cli.home, cli.env).get<Listing<ScheduleRow>>(path);
  const sinceMs = sinceMsOf(since, cli.nowMs());
  const listing = { ...page, items: page.items.filter((row) => newestMs(row) >= sinceMs) };
  const none =
    page.items.length === 0 ? 'None: add some under schedules: in config.yaml.' : 'None ran or was missed since then.';
  cli.print(listing, () => (listing.items.length === 0 ? none : renderTable(listing.items, columns(cli), cli)));
  if (listing.next !== null) cli.note(cli.paint.dim(`More: --after ${listing.next}`));
}

/** When it last ran or was missed. */
function newestMs({ lastRun, missed }: ScheduleRow): number {
  return Math.max(
    -Infinity,
    ...[lastRun?.startedAt, missed[0]?.through].filter((at) => at !== undefined).map(Date.parse),
  );
}

async function showOne(cli: Cli, name: string): Promise<void> {
  const client = openClient(cli.home, cli.env);
  const schedule = await client.get<ScheduleRow>(`/api/schedules/${encodeURIComponent(name)}`);
  cli.print(schedule, () => render(cli, schedule));
}

function columns({ paint }: Cli): readonly Column<ScheduleRow>[] {
  return [
    { title: 'NAME', text: (row) => row.name },
    { title: 'DO', text: (row) => row.do },
    { title: 'WHEN', text: (row) => row.words },
    { title: 'NEXT', text: (row) => nextOf(row).slice(0, 16) },
    {
      title: 'LAST',
      text: lastOf,
      paint: ({ lastRun }) => (lastRun?.succeeded === false || lastRun?.ended === 'lost' ? paint.bad : (text) => text),
    },
    {
      title: 'MISSED',
      text: (row) => missedOf(row.missed[0]),
      paint: (row) => (row.missed.length > 0 ? paint.warn : paint.dim),
    },
  ];
}

function render({ paint, command }: Cli, schedule: ScheduleRow): string {
  const { name, lastRun, missed, unfinished } = schedule;
  const facts = renderFacts(
    [
      ['Schedule', `${name}  ${schedule.do}`],
      ['When', schedule.words],
      ['Next', schedule.next.map(shortTime).join(', ') || 'never again'],
      ['Catches up', CATCH_UP[schedule.catchUp] ?? schedule.catchUp],
      ['Under way', unfinished === null ? 'no' : `a run is ${unfinished}`],
      ['Last run', lastRun === null ? 'none yet' : `${shortTime(lastRun.startedAt)}, ${runInWords(lastRun)}`],
      ...(lastRun === null ? [] : [['Its job', `${lastRun.jobId}, for ${shortTime(lastRun.scheduledFor)}`] as const]),
      ...(lastRun?.output ? [['Its output', lastRun.output] as const] : []),
      ['By hand', `${command} run ${name}`],
    ],
    paint,
  );
  if (missed.length === 0) return `${facts}\n\nNothing was missed.`;
  const lines = missed.map((one) => `  ${missedOf(one)}: ${plainBlock(one.reason ?? 'no reason is known')}`);
  return `${facts}\n\nMissed, newest first:\n${lines.join('\n')}`;
}

const CATCH_UP: Readonly<Record<string, string>> = {
  skip: 'skip: what was missed is left out',
  once: 'once: of what was missed the newest is made up for',
  all: 'all: what was missed is made up for',
};

function nextOf({ next }: ScheduleRow): string {
  return next[0] === undefined ? 'never again' : shortTime(next[0]);
}

function lastOf({ lastRun, unfinished }: ScheduleRow): string {
  if (lastRun === null) return unfinished ?? '–';
  return `${shortTime(lastRun.startedAt).slice(0, 16)} ${shortOutcome(lastRun)}`;
}

function shortOutcome({ ended, succeeded, exitCode }: NonNullable<ScheduleRow['lastRun']>): string {
  if (ended === null) return 'runs';
  if (succeeded === true) return 'ok';
  if (ended === 'exited') return `exit ${exitCode}`;
  return succeeded === false && ended === 'returned' ? 'failed' : ended;
}

/** "3 from 2026-11-02 08:00 to 2026-11-04 08:00". */
function missedOf(missed: ScheduleRow['missed'][number] | undefined): string {
  if (missed === undefined) return '–';
  const from = shortTime(missed.from).slice(0, 16);
  if (missed.count === 1) return from;
  return `${missed.count ?? 'many'} from ${from} to ${shortTime(missed.through).slice(0, 16)}`;
}
