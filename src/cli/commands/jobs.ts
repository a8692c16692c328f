import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { listOptions, shortTime, showList } from '../list.ts';
import { paintState } from '../paint.ts';
import { plainBlock } from '../plain-block.ts';
import type { JobRow } from '../rows.ts';
import { renderFacts, type Column } from '../table.ts';

const STATES = ['queued', 'running', 'succeeded', 'failed', 'dead', 'parked'];

export function define(command: Command, act: Act): void {
  const list = act<Parameters<typeof showList>[2]>((cli, _operands, options) =>
    showList<JobRow>(cli, '/api/jobs', options, columns(cli)),
  );
  command.description(
    'List what is done about events, newest first. A job that keeps failing is dead, one that waits for something else is parked; both can be requeued.',
  );
  withExamples(
    listOptions(command, STATES),
    'kairos jobs --state dead',
    'kairos jobs show j12',
    'kairos jobs requeue j12',
    'kairos jobs undo j12',
  ).action(list);
  const show = command.command('show').description('Show one job.').argument('<id>', 'such as j12');
  withExamples(show, 'kairos jobs show j12').action(
    act(async (cli, [id = '']) => {
      const job = await openClient(cli.home, cli.env).get<JobRow>(`/api/jobs/${encodeURIComponent(id)}`);
      cli.print(job, () => render(cli, job));
    }),
  );
  const requeue = command
    .command('requeue')
    .description('Put a failed, dead or parked job back into the queue.')
    .argument('<id>', 'such as j12');
  withExamples(requeue, 'kairos jobs requeue j12').action(
    act(async (cli, [id = '']) => {
      const job = await openClient(cli.home, cli.env).post<JobRow>(`/api/jobs/${encodeURIComponent(id)}/requeue`);
      cli.print(job, `${job.id} is ${job.state} again.`);
    }),
  );
  defineChanges(command, act);
}

function defineChanges(command: Command, act: Act): void {
  const changes = command
    .command('changes')
    .description('Print what a run of the agent changed in its workspace, as a patch.')
    .argument('<id>', 'such as j12');
  withExamples(changes, 'kairos jobs changes j12').action(
    act(async (cli, [id = '']) => {
      const path = `/api/jobs/${encodeURIComponent(id)}/changes`;
      const found = await openClient(cli.home, cli.env).get<{ patch: string }>(path);
      cli.print(found, () => plainBlock(found.patch));
    }),
  );
  const undo = command
    .command('undo')
    .description('Take back what a run changed in its workspace, if the files have not changed since.')
    .argument('<id>', 'such as j12');
  withExamples(undo, 'kairos jobs undo j12').action(
    act(async (cli, [id = '']) => {
      const path = `/api/jobs/${encodeURIComponent(id)}/undo`;
      const undone = await openClient(cli.home, cli.env).post<{ id: string; files: string[] }>(path);
      const files = undone.files.map((file) => `  ${plainBlock(file)}`).join('\n');
      cli.print(undone, `What ${undone.id} changed is taken back:\n${files}`);
    }),
  );
}

function columns({ paint }: Cli): readonly Column<JobRow>[] {
  return [
    { title: 'ID', text: (row) => row.id },
    { title: 'CREATED', text: (row) => shortTime(row.createdAt) },
    { title: 'KIND', text: (row) => row.kind },
    { title: 'STATE', text: (row) => row.state, paint: (row) => paintState(paint, row.state) },
    { title: 'TRIES', text: (row) => String(row.attempts) },
    { title: 'FOR', text: (row) => forWhat(row) },
    { title: 'WHAT', text: (row) => [row.origin, row.error ?? row.text].filter(Boolean).join(': ') },
  ];
}

function render({ paint }: Cli, job: JobRow): string {
  return renderFacts(
    [
      ['Job', `${job.id}  ${job.kind}, ${paintState(paint, job.state)(job.state)}`],
      ['From', `${job.origin}, for ${forWhat(job)}`],
      ['Topic', plainBlock(job.topic) || '–'],
      ['Attempts', `${job.attempts}, lane ${job.lane}`],
      ['Created', shortTime(job.createdAt)],
      ['Due', shortTime(job.dueAt)],
      ['Ended', shortTime(job.endedAt)],
      ['Error', plainBlock(job.error ?? '–')],
      ['Text', plainBlock(job.text)],
    ],
    paint,
  );
}

function forWhat(job: JobRow): string {
  const more = job.eventCount > 1 ? ` +${job.eventCount - 1}` : '';
  return `${job.eventId ?? '–'}${more}`;
}
