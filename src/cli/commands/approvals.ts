import { Option, type Command } from 'commander';
import type { Cli } from '../cli.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { listOptions, shortTime, showList } from '../list.ts';
import { paintState } from '../paint.ts';
import { plainBlock } from '../plain-block.ts';
import { renderFacts, type Column } from '../table.ts';

interface ApprovalRow {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly jobId: string;
  readonly session: string;
  readonly tool: string;
  readonly shown: string;
  readonly hash: string;
  readonly risk: string;
  readonly reason: string;
  readonly askedAt: string;
  readonly expiresAt: string;
  readonly decidedAt: string | null;
  readonly decidedBy: string | null;
  readonly answer: string | null;
}

const STATES = ['pending', 'allowed', 'denied', 'expired'];

export function define(command: Command, act: Act): void {
  command.description(
    'What the agent may not do without you: each waits for your answer, and silence is a no. An answer holds for exactly the call that is shown.',
  );
  const list = act<Parameters<typeof showList>[2]>((cli, _operands, options) =>
    showList<ApprovalRow>(cli, '/api/approvals', options, columns(cli)),
  );
  withExamples(
    listOptions(command, STATES),
    'kairos approvals --state pending',
    'kairos approvals show a3',
    'kairos approvals allow a3',
    'kairos approvals deny a3',
  ).action(list);
  const show = command.command('show').description('Show one whole.').argument('<id>', 'such as a3');
  withExamples(show, 'kairos approvals show a3').action(
    act(async (cli, [id = '']) => {
      const row = await openClient(cli.home, cli.env).get<ApprovalRow>(`/api/approvals/${encodeURIComponent(id)}`);
      cli.print(row, () => render(cli, row));
    }),
  );
  verdictCommand(command, act, 'allow', 'Allow exactly this call, once. For a question, the words are the answer.');
  verdictCommand(command, act, 'deny', 'Refuse it. The run goes on without.');
}

function verdictCommand(command: Command, act: Act, name: 'allow' | 'deny', description: string): void {
  const verdict = command
    .command(name)
    .description(description)
    .argument('<id>', 'such as a3')
    .argument('[answer...]', 'words for the agent')
    .addOption(new Option('--hash <start>', 'only if the hash of the call begins so: what you saw is what is done'));
  withExamples(verdict, `kairos approvals ${name} a3`).action(
    act<{ hash?: string }>(async (cli, [id = '', ...answer], { hash }) => {
      const row = await openClient(cli.home, cli.env).post<ApprovalRow>(`/api/approvals/${encodeURIComponent(id)}`, {
        decision: name,
        ...(hash === undefined ? {} : { hash }),
        ...(answer.length === 0 ? {} : { answer: answer.join(' ') }),
      });
      cli.print(row, `${row.id} is ${row.state}: ${row.tool} of ${row.jobId}, which goes on now.`);
    }),
  );
}

function columns({ paint }: Cli): readonly Column<ApprovalRow>[] {
  return [
    { title: 'ID', text: (row) => row.id },
    { title: 'ASKED', text: (row) => shortTime(row.askedAt) },
    { title: 'STATE', text: (row) => row.state, paint: (row) => paintState(paint, row.state) },
    { title: 'RISK', text: (row) => row.risk },
    { title: 'JOB', text: (row) => row.jobId },
    { title: 'UNTIL', text: (row) => (row.state === 'pending' ? shortTime(row.expiresAt) : '–') },
    { title: 'WHAT', text: (row) => row.shown },
    { title: 'WHY', text: (row) => row.reason },
  ];
}

function render({ paint }: Cli, row: ApprovalRow): string {
  const facts = renderFacts(
    [
      ['Approval', `${row.id}  ${row.kind}, ${paintState(paint, row.state)(row.state)}`],
      ['Risk', `${row.risk}: ${plainBlock(row.reason)}`],
      ['Asked', `${shortTime(row.askedAt)} by ${row.jobId} in ${row.session}, until ${shortTime(row.expiresAt)}`],
      ['Decided', row.decidedAt === null ? '–' : `${shortTime(row.decidedAt)} by ${row.decidedBy ?? 'nobody'}`],
      ['Hash', row.hash],
    ],
    paint,
  );
  return `${facts}\n\n${plainBlock(row.shown)}`;
}
