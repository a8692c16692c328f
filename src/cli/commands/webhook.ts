import { Option, type Command } from 'commander';
import type { Cli } from '../cli.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import type { EventRow } from '../rows.ts';
import { addWebhook, KINDS, type Added } from '../webhook-add.ts';
import { testWebhook } from '../webhook-test.ts';

export function define(command: Command, act: Act): void {
  command.description('Add a source of webhooks, try it with signed samples, or take in an event once more.');
  withExamples(command, 'kairos webhook add github', 'kairos webhook test github', 'kairos webhook replay e12');
  const add = command
    .command('add')
    .description('Make a secret for a source and say what to do on the other side. The secret is shown once.')
    .argument('<source>', 'its name, such as github')
    .addOption(
      new Option('--kind <kind>', 'what kind of sender; default: the kind the source is named after').choices(KINDS),
    )
    .option('--rotate', 'replace the secret; the old one goes on counting as …_PREVIOUS');
  withExamples(add, 'kairos webhook add github', 'kairos webhook add alerts --kind standard').action(
    act<{ kind?: string; rotate?: boolean }>(async (cli, [name = ''], options) => {
      const added = addWebhook(cli, name, options);
      cli.print(added, () => render(cli, added));
    }),
  );
  const test = command
    .command('test')
    .description('Send signed samples to the running daemon as the sender would, and say what became of them.')
    .argument('<source>', 'its name, such as github');
  withExamples(test, 'kairos webhook test github').action(
    act(async (cli, [name = '']) => {
      const deliveries = await testWebhook(cli, name);
      cli.print({ source: name, deliveries }, () =>
        deliveries
          .map(({ type, status, id, jobs }) => {
            const became =
              id === null
                ? ''
                : ` → ${id}${jobs.length === 0 ? ', no subscription matches' : `, jobs ${jobs.join(' ')}`}`;
            return `${cli.paint.good('ok')}  ${type}: answered ${status}${became}`;
          })
          .join('\n'),
      );
    }),
  );
  const replay = command
    .command('replay')
    .description('Record the body of an event once more, as a new event, matched by the present subscriptions.')
    .argument('<id>', 'such as e12');
  withExamples(replay, 'kairos webhook replay e12').action(
    act(async (cli, [id = '']) => {
      const client = openClient(cli.home, cli.env);
      const replayed = await client.post<{ event: EventRow }>(`/api/events/${encodeURIComponent(id)}/replay`);
      const { event } = replayed;
      cli.print(replayed, `${id} was recorded again as ${event.id}; jobs: ${event.jobs.join(' ') || 'none'}.`);
    }),
  );
}

function render({ paint, command }: Cli, added: Added): string {
  const line = added.configLine;
  return [
    `${paint.bold('URL here')}   ${added.url ?? `${added.path} at the address that ${command} status shows once the daemon runs (port 0 picks a free one)`}`,
    `${paint.bold('Secret')}     ${added.secret}`,
    paint.dim(`           in secrets.env as ${added.variable}; it is not shown again`),
    ...(line === null ? [] : ['', 'Add this to config.yaml:', '', 'sources:', line]),
    '',
    ...added.steps.map((step, index) =>
      step.startsWith(' ') ? `   ${step}` : `${String(index + 1).padStart(2)}. ${step}`,
    ),
    ...(added.remarks.length > 0 ? ['', ...added.remarks.map((remark) => paint.warn(remark))] : []),
    '',
    `Then try it: ${command} webhook test ${added.source}`,
  ].join('\n');
}
