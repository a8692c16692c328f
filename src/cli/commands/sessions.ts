import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { listOptions, shortTime, showList } from '../list.ts';
import { plainBlock } from '../plain-block.ts';
import type { Column } from '../table.ts';

interface SessionRow {
  readonly id: string;
  readonly key: string;
  readonly origin: string;
  readonly startedAt: string;
  readonly lastAt: string;
  readonly endedAt: string | null;
  readonly items: number;
  readonly tainted: boolean;
  readonly usd: number;
  readonly path: string;
  readonly transcript?: readonly TranscriptRow[];
}

interface TranscriptRow {
  readonly at: string;
  readonly kind: string;
  readonly text: string;
  readonly tool: string | null;
  /** JSON of what a tool was called with. */
  readonly input: string | null;
  readonly trust: string;
}

const TEXT_CHARS_MAX = 2_000;

export function define(command: Command, act: Act): void {
  command.description('The conversations of the agent. Each is also a file under sessions/ in the home.');
  const list = act<Parameters<typeof showList>[2]>((cli, _operands, options) =>
    showList<SessionRow>(cli, '/api/sessions', options, columns()),
  );
  withExamples(listOptions(command), 'kairos sessions', 'kairos sessions show s4').action(list);
  const show = command.command('show').description('Print one conversation.').argument('<id>', 'such as s4');
  withExamples(show, 'kairos sessions show s4').action(
    act(async (cli, [id = '']) => {
      const row = await openClient(cli.home, cli.env).get<SessionRow>(`/api/sessions/${encodeURIComponent(id)}`);
      cli.print(row, () => render(cli, row));
    }),
  );
}

function columns(): readonly Column<SessionRow>[] {
  return [
    { title: 'ID', text: (row) => row.id },
    { title: 'STARTED', text: (row) => shortTime(row.startedAt) },
    { title: 'ENDED', text: (row) => shortTime(row.endedAt) },
    { title: 'FROM', text: (row) => row.origin },
    { title: 'ITEMS', text: (row) => String(row.items) },
    { title: 'USD', text: (row) => row.usd.toFixed(4) },
    { title: 'OUTSIDE', text: (row) => (row.tainted ? 'read' : '–') },
    { title: 'FILE', text: (row) => row.path },
  ];
}

function render({ paint }: Cli, row: SessionRow): string {
  const lines = (row.transcript ?? []).map(({ at, kind, text: said, tool, input, trust }) => {
    const text = input ?? said;
    const head = `${shortTime(at)} ${kind}${tool === null ? '' : ` ${tool}`}${trust === 'outside' ? ' (outside)' : ''}`;
    const more =
      text.length > TEXT_CHARS_MAX ? `\n… ${text.length - TEXT_CHARS_MAX} more characters in ${row.path}` : '';
    return `${paint.dim(head)}\n${plainBlock(text.slice(0, TEXT_CHARS_MAX))}${more}`;
  });
  return [`${row.id} (${row.origin}), $${row.usd.toFixed(4)}, ${row.path}`, ...lines].join('\n\n');
}
