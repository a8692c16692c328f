import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { listOptions, shortTime, showList } from '../list.ts';
import { paintState } from '../paint.ts';
import { plainBlock } from '../plain-block.ts';
import type { DeliveryRow, MessageRow } from '../rows.ts';
import { renderFacts, renderTable, type Column } from '../table.ts';

const STATES = ['queued', 'sent', 'coalesced', 'withdrawn', 'expired', 'failed'];

export function define(command: Command, act: Act): void {
  const list = act<Parameters<typeof showList>[2]>((cli, _operands, options) =>
    showList<MessageRow>(cli, '/api/messages', options, columns(cli)),
  );
  command.description(
    'List what was or will be told, newest first. What does not fit the windows is queued, put together by topic (coalesced), taken back (withdrawn) or expires.',
  );
  withExamples(listOptions(command, STATES), 'kairos messages --state queued', 'kairos messages show m7').action(list);
  const show = command
    .command('show')
    .description('Show one message and what became of it on each channel.')
    .argument('<id>', 'such as m7');
  withExamples(show, 'kairos messages show m7').action(
    act(async (cli, [id = '']) => {
      const message = await openClient(cli.home, cli.env).get<MessageRow>(`/api/messages/${encodeURIComponent(id)}`);
      cli.print(message, () => render(cli, message));
    }),
  );
}

function columns({ paint }: Cli): readonly Column<MessageRow>[] {
  return [
    { title: 'ID', text: (row) => row.id },
    { title: 'QUEUED', text: (row) => shortTime(row.queuedAt) },
    { title: 'KIND', text: (row) => row.kind },
    { title: 'STATE', text: (row) => row.state, paint: (row) => paintState(paint, row.state) },
    { title: 'WHY', text: (row) => whyOf(row) || '–' },
    { title: 'TEXT', text: (row) => row.text },
  ];
}

function render(cli: Cli, message: MessageRow): string {
  const { paint } = cli;
  const facts = renderFacts(
    [
      ['Message', `${message.id}  ${message.kind}, ${paintState(paint, message.state)(message.state)}`],
      ['Topic', plainBlock(message.topic) || '–'],
      ['Why', plainBlock(whyOf(message)) || '–'],
      ['Answers', message.replyTo ?? '–'],
      ['Queued', `${shortTime(message.queuedAt)}, expires ${shortTime(message.expiresAt)}`],
      ['Sent', shortTime(message.sentAt)],
    ],
    paint,
  );
  const deliveries = message.deliveries ?? [];
  const table =
    deliveries.length === 0 ? 'Not yet let go to a channel.' : renderTable(deliveries, deliveryColumns(cli), cli);
  return `${facts}\n\n${plainBlock(message.text)}\n\n${table}`;
}

function deliveryColumns({ paint }: Cli): readonly Column<DeliveryRow>[] {
  return [
    { title: 'CHANNEL', text: (row) => row.channel },
    { title: 'STATE', text: (row) => row.state, paint: (row) => paintState(paint, row.state) },
    { title: 'TRIES', text: (row) => String(row.attempts) },
    { title: 'ENDED', text: (row) => shortTime(row.endedAt) },
    { title: 'ERROR', text: (row) => row.error ?? '–' },
  ];
}

function whyOf(message: MessageRow): string {
  return message.reason ?? (message.into === null ? '' : `went into ${message.into}`);
}
