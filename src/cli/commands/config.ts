import type { Command } from 'commander';
import { configJsonSchema, loadConfig } from '../../daemon/config.ts';
import { withExamples, type Act } from '../commands.ts';

export function define(command: Command, act: Act): void {
  withExamples(command, 'kairos config check', 'kairos config schema > config.schema.json');
  const check = command
    .command('check')
    .description('Check config.yaml; says what is wrong with line and column. Exit code 5 if it is not valid.');
  withExamples(check, 'kairos config check').action(
    act(async (cli) => {
      const config = loadConfig(cli.home, cli.env);
      const { sources = null, subscriptions, notify, timezone } = config;
      const counts = { sources: sources?.length ?? null, subscriptions: subscriptions.length, channels: notify.length };
      cli.print(
        { valid: true, home: cli.home, timezone, ...counts },
        [
          `The configuration is valid (time zone ${timezone}).`,
          `  sources        ${sources === null ? 'the default: github, when it has a secret' : sources.map(({ name }) => name).join(', ') || 'none'}`,
          `  subscriptions  ${subscriptions.map(({ name }) => name).join(', ') || 'none'}`,
          `  channels       ${notify.map(({ name }) => name).join(', ') || 'none'}`,
        ].join('\n'),
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
