import type { Command } from 'commander';
import { plainLine } from '../../subscriptions/plain.ts';
import type { Cli } from '../cli.ts';
import { openClient, type Client } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { shortTime } from '../list.ts';
import { plainBlock } from '../plain-block.ts';
import { renderTable, type Column } from '../table.ts';

interface GateRow {
  readonly name: string;
  readonly open: boolean | null;
  readonly reason: string;
  readonly until: string | null;
}

interface DreamView {
  readonly gates: readonly GateRow[];
  readonly due: boolean;
  readonly progress: { readonly phase: string; readonly done: number; readonly total: number } | null;
  readonly last: {
    readonly startedAt: string | null;
    readonly endedAt: string | null;
    readonly outcome: string | null;
    readonly reason: string;
  } | null;
  readonly jail: string | null;
}

interface Outcome {
  readonly ran: boolean;
  readonly reason: string;
  readonly changes: readonly ChangeRow[];
  readonly generation: number | null;
  readonly failed: boolean;
  readonly rejected: readonly { readonly topic: string; readonly reason: string }[];
  readonly conflicts: readonly { readonly topic: string; readonly yours: string; readonly text: string }[];
  readonly held: readonly { readonly reason: string }[];
  readonly diff: string | null;
}

interface ChangeRow {
  readonly kind: string;
  readonly topic: string;
  readonly text: string;
  readonly was?: readonly string[];
}

/** A dream has a deadline of its own, an hour at most. */
const WAIT_MS = 3_700_000;
const LOOK_MS = 1_000;
const LINE_CHARS_MAX = 200;

const GATES: readonly Column<GateRow>[] = [
  { title: 'GATE', text: (row) => row.name },
  { title: 'STATE', text: (row) => (row.open === null ? '·' : row.open ? 'open' : 'shut') },
  { title: 'OPENS', text: (row) => shortTime(row.until) },
  { title: 'WHY', text: (row) => row.reason },
];

export function define(command: Command, act: Act): void {
  command
    .description(
      'Tend the memory: read what is new, merge, settle what contradicts, archive what is overtaken. Without options: how the gates stand, and the last dream.',
    )
    .option('--now', 'dream now, whenever the last one was and however few sessions ended')
    .option('--dry-run', 'show what a dream would change, as a diff, and write nothing');
  withExamples(
    command,
    'kairos dream',
    'kairos dream --now',
    'kairos dream --dry-run',
    'kairos dream --now --json',
  ).action(
    act<{ now?: boolean; dryRun?: boolean }>(async (cli, _operands, { now = false, dryRun = false }) => {
      const client = openClient(cli.home, cli.env);
      if (!now && !dryRun) {
        const view = await client.get<DreamView>('/api/dream');
        return cli.print(view, () => renderView(cli, view));
      }
      const outcome = await untilOver(cli, client, { now, dryRun });
      if (outcome.failed) cli.exitCode = 1;
      cli.print(outcome, () => renderOutcome(cli, outcome));
    }),
  );
}

/** Says how far it is while it lasts. */
async function untilOver(
  cli: Cli,
  client: Client,
  asked: { readonly now: boolean; readonly dryRun: boolean },
): Promise<Outcome> {
  let said = '';
  const look = setInterval(() => {
    void client.get<DreamView>('/api/dream').then(
      ({ progress }) => {
        const now =
          progress === null
            ? ''
            : `${progress.phase}${progress.total > 0 ? ` ${progress.done} of ${progress.total}` : ''} …`;
        if (now !== '' && now !== said) cli.note(cli.paint.dim(now));
        said = now;
      },
      () => {},
    );
  }, LOOK_MS);
  try {
    return await client.post<Outcome>('/api/dream', asked, WAIT_MS);
  } finally {
    clearInterval(look);
  }
}

function renderView({ paint, width, command }: Cli, { gates, due, progress, last, jail }: DreamView): string {
  const now =
    progress === null
      ? due
        ? 'A dream begins at the next look.'
        : 'No dream is due.'
      : `A dream is under way: ${progress.phase} ${progress.done} of ${progress.total}.`;
  const before =
    last === null
      ? 'There was none yet.'
      : `Last: ${shortTime(last.endedAt ?? last.startedAt)}, ${last.outcome ?? 'not over'}: ${plainLine(last.reason, LINE_CHARS_MAX)}`;
  const walls =
    jail === null ? [] : [paint.dim(`Jail: Node's permission model${jail === 'none' ? ' alone' : ` and ${jail}`}.`)];
  const hint = paint.dim(`Now: ${command} dream --now; to see what it would do: ${command} dream --dry-run`);
  return [now, before, '', renderTable(gates, GATES, { paint, width }), '', ...walls, hint].join('\n');
}

function renderOutcome({ paint }: Cli, outcome: Outcome): string {
  const { ran, reason, changes, conflicts, held, rejected, diff, failed } = outcome;
  if (!ran || failed)
    return (failed ? paint.bad : paint.warn)(`${failed ? 'The dream failed' : 'No dream'}: ${line(reason)}`);
  if (diff !== null)
    return [diff === '' ? 'Nothing would change.' : plainBlock(diff.trimEnd()), '', line(reason)].join('\n');
  return [
    paint.good(line(reason)),
    ...changes.map(({ kind, topic, text, was = [] }) =>
      line(`  ${kind} ${topic}: ${text}${was.length > 0 ? ` (was: ${was.join(' · ')})` : ''}`),
    ),
    ...conflicts.map(({ topic, yours, text }) =>
      paint.warn(line(`  for you: ${topic}: you wrote "${yours}", since then "${text}"`)),
    ),
    ...held.map(({ reason: why }) => paint.warn(line(`  held back: ${why}`))),
    ...rejected.map(({ topic, reason: why }) => paint.dim(line(`  rejected ${topic}: ${why}`))),
  ].join('\n');
}

function line(text: string): string {
  return plainLine(text, LINE_CHARS_MAX);
}
