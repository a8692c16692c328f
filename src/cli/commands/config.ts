import type { Command } from 'commander';
import { configJsonSchema, loadConfig, type Config } from '../../daemon/config.ts';
import type { Cli } from '../cli.ts';
import { withExamples, type Act } from '../define.ts';
import type { DryStart } from '../dry-start.ts';

export function define(command: Command, act: Act): void {
  command.description('Check config.yaml before a start or an edit needs it, or print its JSON Schema for an editor.');
  withExamples(command, 'kairos config check', 'kairos config schema > config.schema.json');
  const check = command
    .command('check')
    .description(
      'Check config.yaml, and with it the environment and the secrets that sources and channels need; says what is wrong, with line and column. Exit code 5 if it is not valid.',
    );
  withExamples(check, 'kairos config check').action(
    act(async (cli) => {
      const { dryStart } = await import('../dry-start.ts');
      const config = loadConfig(cli.home, cli.env);
      const settings = dryStart(config, cli.home, cli.env);
      const { sources = null, subscriptions, notify, timezone } = config;
      const counts = { sources: sources?.length ?? null, subscriptions: subscriptions.length, channels: notify.length };
      cli.print({ valid: true, home: cli.home, timezone, ...counts, warnings: settings.warnings }, () =>
        render(cli, config, settings),
      );
    }),
  );
  const schema = command.command('schema').description('Print the JSON Schema of config.yaml.');
  withExamples(schema, 'kairos config schema > config.schema.json').action(
    act(async (cli) => {
      const document = configJsonSchema();
      cli.print(document, () => JSON.stringify(document, null, 2));
    }),
  );
}

function render({ paint, command }: Cli, config: Config, settings: DryStart): string {
  const { server, subscriptions, timezone } = config;
  const implicit = config.sources === undefined && settings.sources.length === 0;
  const none = implicit ? `none yet: ${command} webhook add github makes its secret` : 'none';
  return [
    `The configuration is valid (time zone ${timezone}), and every secret it needs is there.`,
    `  listens at     ${server.host}, port ${server.port === 0 ? '0 (a free one)' : server.port}`,
    `  sources        ${settings.sources.join(', ') || none}`,
    `  subscriptions  ${subscriptions.map(({ name }) => name).join(', ') || 'none'}`,
    `  channels       ${settings.channels.join(', ') || 'none'}`,
    ...settings.warnings.map((warning) => paint.warn(`  note: ${warning}`)),
  ].join('\n');
}
