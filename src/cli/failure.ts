import { CommanderError } from 'commander';
import { asKairosError, problemOf, type ErrorCode, type KairosError } from '../core/errors.ts';
import { asTyped } from './command-name.ts';

/** What a failed command says on stderr, and its exit code. */
export interface Failure {
  readonly text: string;
  readonly exitCode: number;
}

/** Codes that have an exit code of their own (CONTRACT.md, Command line). Every other one is 1. */
const EXIT_CODES: Partial<Record<ErrorCode, number>> = {
  INPUT_INVALID: 2,
  NOT_RUNNING: 3,
  HOME_HELD: 4,
  CONFIG_INVALID: 5,
  SECRET_MISSING: 5,
};

/**
 * An error in words for people, or as a problem document for machines.
 *
 * @param command What a person types for `kairos`.
 */
export function describeFailure(thrown: unknown, json: boolean, command: () => string): Failure {
  if (thrown instanceof CommanderError) return describeUsage(thrown, json);
  const error = asKairosError(thrown);
  const exitCode = EXIT_CODES[error.code] ?? 1;
  if (json) {
    const problem = {
      ...problemOf(error),
      detail: error.message,
      hint: adviceOf(error),
      ...publicDetail(error.detail),
    };
    return { exitCode, text: `${JSON.stringify(problem)}\n` };
  }
  return {
    exitCode,
    text: `kairos: ${sentence(error.message)}\n  What to do: ${asTyped(adviceOf(error), command())}\n`,
  };
}

/** The table's advice for a wrong input is for senders of requests; here somebody typed it. */
function adviceOf({ code, detail, hint }: KairosError): string {
  const isTabled = typeof detail['hint'] !== 'string';
  return isTabled && code === 'INPUT_INVALID' ? 'Correct it and try again; --help shows what the command takes.' : hint;
}

/** Where config.yaml is wrong is for machines too. */
function publicDetail(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return 'problems' in detail ? { problems: detail['problems'] } : {};
}

/** commander says "error: unknown option '--jsn'\n(Did you mean --json?)". */
function describeUsage(error: CommanderError, json: boolean): Failure {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /\(Did you mean (?:one of )?(.+)\?\)/.exec(rest.join(' '))?.[1];
  const hint = `${suggestion === undefined ? '' : `Did you mean ${suggestion}? `}Add --help to see what it takes.`;
  if (!json) return { exitCode: 2, text: `kairos: ${sentence(first)}\n  What to do: ${hint}\n` };
  const problem = {
    type: 'urn:kairosd:error:usage',
    title: 'usage',
    status: 400,
    code: 'INPUT_INVALID',
    detail: first,
    hint,
  };
  return { exitCode: 2, text: `${JSON.stringify(problem)}\n` };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
