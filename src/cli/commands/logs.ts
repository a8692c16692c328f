import { InvalidArgumentError, Option, type Command } from 'commander';
import { logPathOf } from '../../daemon/log-file.ts';
import { readableLine } from '../../daemon/logger.ts';
import type { Cli } from '../cli.ts';
import { withExamples, type Act } from '../define.ts';
import { followLines, newestLines, type LogWanted } from '../log-lines.ts';
import { plainBlock } from '../plain-block.ts';
import { sinceMsOf, sinceOption } from '../since.ts';

const LEVELS: Readonly<Record<string, number>> = { debug: 20, info: 30, warn: 40, error: 50 };
const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 100_000;

interface LogsOptions {
  readonly follow?: true;
  readonly level: string;
  readonly since?: number;
  readonly part?: string;
  readonly limit: number;
}

/** `kairos logs`: the daemon's own log, for whoever looks after it. The daily log of what it did is `kairos log`. */
export function define(command: Command, act: Act): void {
  sinceOption(command, 'lines')
    .description(
      "Print the daemon's own log, oldest line first; what it did for you is in kairos log. Works without a running daemon.",
    )
    .option('-f, --follow', 'go on with what is written, until Ctrl-C')
    .addOption(new Option('--level <level>', 'at least this level').choices(Object.keys(LEVELS)).default('debug'))
    .option('--part <part>', 'only lines of one part, such as http, worker, ledger, notify')
    .option('--limit <count>', `only the newest lines, 1 to ${LIMIT_MAX}`, readLimit, LIMIT_DEFAULT);
  withExamples(
    command,
    'kairos logs -f',
    'kairos logs --level warn --since 24h',
    'kairos logs --part http --json | tail -1',
  ).action(act<LogsOptions>((cli, _operands, options) => showLogs(cli, options)));
}

async function showLogs(cli: Cli, { follow, level, since, part, limit }: LogsOptions): Promise<void> {
  const path = logPathOf(cli.home);
  const nowMs = cli.nowMs();
  const sinceMs = sinceMsOf(since, nowMs);
  const wanted: LogWanted = { levelMin: level === 'debug' ? 0 : (LEVELS[level] ?? 0), sinceMs, part };
  const { lines, more, tail } = await newestLines(path, wanted, limit);
  if (more) cli.note(cli.paint.dim(`Older lines: --limit, or in ${path}`));
  for (const line of lines) say(cli, line);
  if (tail === undefined) {
    const next = follow === true ? '; waiting for it' : `. Next: ${cli.command} start, or ${cli.command} status`;
    cli.note(`There is no log at ${path} yet: the daemon writes it (log: in config.yaml)${next}.`);
  }
  if (follow !== true) return tail?.close();
  for await (const line of followLines(path, wanted, tail, untilInterrupted())) say(cli, line);
}

/** With `--json` each line as it is: it is JSON already. */
function say({ json, stdout, paint }: Cli, line: string): void {
  if (json) stdout.write(`${line}\n`);
  else {
    const text = plainBlock(readableLine(line).trimEnd());
    const level = /^\S+ (\w+)/.exec(text)?.[1];
    stdout.write(`${level === 'error' ? paint.bad(text) : level === 'warn' ? paint.warn(text) : text}\n`);
  }
}

function untilInterrupted(): AbortSignal {
  const over = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => over.abort());
  return over.signal;
}

function readLimit(text: string): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${LIMIT_MAX}.`);
}
