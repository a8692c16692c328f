/**
 * `bin/node scripts/man.ts` writes man/kairos.1 from the commands themselves: what `--help` says and what man(1) shows
 * can't differ. `test/cli/man.test.ts` compares the page with what this prints.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Argument, Command, Option } from 'commander';
import { COMMANDS } from '../src/cli/commands.ts';
import { buildProgram } from '../src/cli/program.ts';
import { SEE_ALSO } from '../src/cli/see-also.ts';

/** The page, as roff with the man macros. */
export async function renderMan(): Promise<string> {
  const world = { env: {}, stdout: process.stdout, stderr: process.stderr, nowMs: () => 0 };
  const program = await buildProgram(new Set(COMMANDS.map(({ name }) => name)), () => async () => undefined, world);
  const commands = program.commands.filter((command) => command.name() !== 'help');
  return `${[
    `.\\" Made by scripts/man.ts from the commands themselves; do not edit.`,
    `.TH KAIROS 1 2026-11-22 "kairosd ${program.version() ?? ''}" "User Commands"`,
    '.SH NAME',
    'kairos \\- run, ask and look after kairosd',
    '.SH SYNOPSIS',
    '.B kairos',
    '.RI [ options ] " command " [ arguments ]',
    '.SH DESCRIPTION',
    roff(program.description()),
    'Every command takes',
    '.BR \\-\\-help .',
    'Results go to standard output, errors to standard error, with what to do about them.',
    '.SH OPTIONS',
    ...program.options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap((command) => commandLines(command, 'kairos')),
    '.SH EXIT STATUS',
    ...EXITS.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, roff(meaning)]),
    '.SH ENVIRONMENT',
    ...VARIABLES.flatMap(([name, meaning]) => ['.TP', `.B ${name}`, roff(meaning)]),
    '.SH FILES',
    ...FILES.flatMap(([name, meaning]) => ['.TP', `.I ${roff(name)}`, roff(meaning)]),
    '.SH SEE ALSO',
    'The pages under docs/ of the package: quick-start.md, configuration.md, operations.md, troubleshooting.md.',
  ].join('\n')}\n`;
}

const EXITS = [
  ['0', 'Done.'],
  ['1', 'Failed. For doctor: something is wrong.'],
  ['2', 'Wrong usage.'],
  ['3', 'The daemon is not running.'],
  ['4', 'Another instance holds the home.'],
  ['5', 'The configuration is invalid, or a secret is missing.'],
  ['6', 'Stopped at once by a second signal.'],
] as const;

const VARIABLES = [
  ['KAIROS_HOME', 'The home. Default: ~/.kairos.'],
  ['KAIROS_PORT', 'The port instead of server.port; 0 picks a free one.'],
  ['KAIROS_HOST', 'The address instead of server.host.'],
  ['KAIROS_LOG_LEVEL', 'trace, debug, info, warn, error or fatal.'],
  ['KAIROS_API_TOKEN', 'The API token instead of the one in the home.'],
  ['NO_COLOR', 'No colour, whatever its value.'],
] as const;

const FILES = [
  ['~/.kairos/config.yaml', 'Settings; docs/configuration.md lists every key.'],
  ['~/.kairos/secrets.env', 'Secrets, one NAME=value a line, readable by the owner alone.'],
  ['~/.kairos/KAIROS.md', 'Standing instructions to the agent.'],
] as const;

function commandLines(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  const operands = command.registeredArguments.map(operandText).join(' ');
  const isTop = parent === 'kairos';
  return [
    isTop ? `.SS ${roff(`${name} ${operands}`.trim())}` : '.TP',
    ...(isTop ? [] : [`.B ${roff(`${name} ${operands}`.trim())}`]),
    roff(command.description()),
    ...(visible(command).length === 0 ? [] : ['.RS', ...visible(command).flatMap(optionLines), '.RE']),
    ...command.commands.flatMap((each) => commandLines(each, name)),
    ...(isTop ? seeAlso(command.name()) : []),
  ];
}

function seeAlso(name: string): string[] {
  const places = SEE_ALSO[name] ?? [];
  return places.length === 0 ? [] : ['.PP', roff(`See also: ${places.join(', ')}.`)];
}

function operandText(operand: Argument): string {
  const name = `${operand.name()}${operand.variadic ? '...' : ''}`;
  return operand.required ? `<${name}>` : `[${name}]`;
}

function visible(command: Command): Option[] {
  return command.options.filter(({ hidden }) => !hidden);
}

function optionLines({ flags, description, argChoices, defaultValue }: Option): string[] {
  const choices = argChoices === undefined ? '' : `: ${argChoices.join(', ')}`;
  const byDefault = ['string', 'number'].includes(typeof defaultValue) ? ` (default: ${String(defaultValue)})` : '';
  return ['.TP', `.B ${roff(flags)}`, roff(`${description}${choices}${byDefault}`)];
}

/** A text as roff: nothing in it is a request, hyphens are real, and no line is too long to read. */
function roff(text: string): string {
  const plain = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('…', '...').replaceAll('’', "'");
  return plain.replace(/^(?=[.'])/, '\\&');
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, '..', 'man');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'kairos.1'), await renderMan());
}
