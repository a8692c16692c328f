import type { Command } from 'commander';
import { configJsonSchema, loadConfig } from '../../daemon/config.ts';
import { withExamples, type Act } from '../commands.ts';

export function define(command: Command, act: Act): void {
  withExamples(command, 'kairos config check', 'kairos config schema > config.schema.json');
  const check = command.command('check').description('Check config.yaml; says what is wrong with line and column. Exit code 5 if it is not valid.');
  withExamples(check, 'kairos config check').action(
    act(async (cli) => {
      const config = loadConfig(cli.home, cli.env);
      const counts = { sources: config.sources?.length ?? null, subscriptions: config.subscriptions.length, channels: config.notify.length };
      const sources = counts.sources === null ? 'the default source' : `${counts.sources} sources`;
      cli.print(
        { valid: true, home: cli.home, ...counts },
        `The configuration is valid: ${sources}, ${counts.subscriptions} subscriptions, ${counts.channels} channels, time zone ${config.timezone}.`,
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
