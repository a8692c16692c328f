import type { Command } from 'commander';
import { formatDuration } from '../../core/units.ts';
import type { Cli } from '../cli.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { shortTime } from '../list.ts';
import { plainBlock } from '../plain-block.ts';
import type { ChannelRow } from '../rows.ts';
import { renderFacts, renderTable, type Column } from '../table.ts';
import { tookOf } from '../took.ts';

interface Use {
  readonly perMs: number;
  readonly max: number;
  readonly used: number;
  readonly freeAt: string | null;
}

interface HeldRow {
  readonly id: string;
  readonly topic: string;
  readonly text: string;
  readonly reason: string;
  readonly until: string | null;
}

interface Budget {
  readonly windows: readonly Use[];
  readonly urgentWindows: readonly Use[];
  readonly quietHours: { readonly from: string; readonly to: string; readonly until: string | null } | null;
  readonly mutes: readonly { readonly topic: string; readonly until: string | null }[];
  readonly held: readonly HeldRow[];
  readonly nextSlotAt: string | null;
  readonly channels: readonly ChannelRow[];
  readonly blockingMs: number;
  readonly foreground: { readonly jobId: string; readonly reactive: boolean; readonly heldMs: number } | null;
  readonly background: readonly string[];
  readonly work: readonly WorkRow[];
}

interface WorkRow {
  readonly origin: string;
  readonly kind: string;
  readonly runs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly background: number;
}

const WORK: readonly Column<WorkRow>[] = [
  { title: 'WORK', text: (row) => row.origin },
  { title: 'KIND', text: (row) => row.kind },
  { title: 'RUNS', text: (row) => String(row.runs) },
  { title: 'MEDIAN', text: (row) => tookOf(row.medianMs) },
  { title: 'P95', text: (row) => tookOf(row.p95Ms) },
  { title: 'IN THE BACKGROUND', text: (row) => String(row.background) },
];

const HELD: readonly Column<HeldRow>[] = [
  { title: 'ID', text: (row) => row.id },
  { title: 'TOPIC', text: (row) => row.topic || '–' },
  { title: 'WHY', text: (row) => row.reason },
  { title: 'UNTIL', text: (row) => shortTime(row.until) },
  { title: 'TEXT', text: (row) => row.text },
];

export function define(command: Command, act: Act): void {
  withExamples(command, 'kairos budget', 'kairos budget --json').action(
    act(async (cli) => {
      const budget = await openClient(cli.home, cli.env).get<Budget>('/api/budget');
      cli.print(budget, () => render(cli, budget));
    }),
  );
}

function render(cli: Cli, budget: Budget): string {
  const quiet = budget.quietHours;
  const mutes = budget.mutes.map(
    ({ topic, until }) => `${plainBlock(topic) || 'everything'} until ${shortTime(until)}`,
  );
  const facts = renderFacts(
    [
      ['Foreground', foregroundOf(budget)],
      ['Background', budget.background.join(', ') || 'nothing'],
      ['Windows', budget.windows.map(useOf).join(' · ')],
      ['Urgent', budget.urgentWindows.map(useOf).join(' · ')],
      ['Quiet hours', quiet === null ? 'off' : `${quiet.from} to ${quiet.to}${quiet.until === null ? '' : ' (now)'}`],
      ['Muted', mutes.join(', ') || 'nothing'],
      ['Next slot', budget.nextSlotAt === null ? 'free now' : shortTime(budget.nextSlotAt)],
      ['Channels', budget.channels.map(channelOf).join(', ') || 'none: messages wait'],
    ],
    cli.paint,
  );
  const held = budget.held.length === 0 ? 'Nothing is held back.' : renderTable(budget.held, HELD, cli);
  const work = budget.work.length === 0 ? '' : `\n\n${renderTable(budget.work, WORK, cli)}`;
  return `${facts}\n\n${held}${work}`;
}

function foregroundOf({ foreground, blockingMs }: Budget): string {
  const most = `proactive work may hold it for ${formatDuration(blockingMs)}`;
  if (foreground === null) return `free (${most})`;
  const { jobId, reactive, heldMs } = foreground;
  return `${jobId} for ${tookOf(heldMs)}${reactive ? ', you asked for it' : `, goes on in the background after ${formatDuration(blockingMs)}`}`;
}

function channelOf({ name, state, open }: ChannelRow): string {
  return `${name}${state === 'failing' ? ' (failing)' : ''}${open === 0 ? '' : `, ${open} under way`}`;
}

function useOf({ used, max, perMs }: Use): string {
  return `${used} of ${max} in ${formatDuration(perMs)}`;
}
