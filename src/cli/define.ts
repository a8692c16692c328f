import type { Command } from 'commander';
import type { Cli } from './cli.ts';

/** Turns a command's work into what commander calls. Operands come flat, those left out are missing. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- each command knows the options it declared; commander does not
export type Act = <Options>(
  work: (cli: Cli, operands: readonly string[], options: Options) => Promise<void>,
) => (...given: unknown[]) => Promise<void>;

/** A file under `commands/`: says what the command takes and what it does. */
export interface CommandFile {
  define(command: Command, act: Act): void;
}

/** `--help` ends with examples. */
export function withExamples(command: Command, ...examples: readonly string[]): Command {
  const title = examples.length === 1 ? 'Example' : 'Examples';
  return command.addHelpText('after', `\n${title}:\n${examples.map((line) => `  $ ${line}`).join('\n')}`);
}

/** `--help` ends with where to go on: other commands, and pages of the documentation. */
export function withSeeAlso(command: Command, ...places: readonly string[]): Command {
  return places.length === 0 ? command : command.addHelpText('after', `\nSee also: ${places.join(', ')}`);
}
