import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { listOptions, shortTime, showList } from '../list.ts';
import { plainBlock } from '../plain-block.ts';
import type { EventRow } from '../rows.ts';
import { renderFacts, type Column } from '../table.ts';

const COLUMNS: readonly Column<EventRow>[] = [
  { title: 'ID', text: (row) => row.id },
  { title: 'RECEIVED', text: (row) => shortTime(row.receivedAt) },
  { title: 'SOURCE', text: (row) => row.source },
  { title: 'EVENT', text: (row) => nameOf(row) },
  { title: 'JOBS', text: (row) => row.jobs.join(' ') || '–' },
];

export function define(command: Command, act: Act): void {
  const list = act<Parameters<typeof showList>[2]>((cli, _operands, options) =>
    showList<EventRow>(cli, '/api/events', options, COLUMNS),
  );
  command.description(
    'List what happened, newest first: webhooks, polled news, chats, schedules, and what you said. Each event names the jobs it led to.',
  );
  withExamples(listOptions(command), 'kairos events --since 2h', 'kairos events show e12').action(list);
  const show = command.command('show').description('Show one event with its body.').argument('<id>', 'such as e12');
  withExamples(show, 'kairos events show e12').action(
    act(async (cli, [id = '']) => {
      const event = await openClient(cli.home, cli.env).get<EventRow>(`/api/events/${encodeURIComponent(id)}`);
      cli.print(event, () => render(cli, event));
    }),
  );
}

function render({ paint }: Cli, event: EventRow): string {
  const facts = renderFacts(
    [
      ['Event', `${event.id}  ${plainBlock(nameOf(event))}`],
      ['Source', `${event.source}, delivery ${plainBlock(event.delivery)}`],
      ['Received', shortTime(event.receivedAt)],
      ['Jobs', event.jobs.join(' ') || 'none'],
      ['Body', `${event.bodyBytes} bytes, ${plainBlock(event.contentType)}`],
    ],
    paint,
  );
  const cut = event.bodyTruncated === true ? `\n${paint.dim('… cut')}` : '';
  return `${facts}\n\n${plainBlock(event.body ?? 'The body is no longer kept.')}${cut}`;
}

function nameOf(event: EventRow): string {
  return event.action === null ? event.type : `${event.type} ${event.action}`;
}
