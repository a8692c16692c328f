import type { Command } from 'commander';
import { readLog, type LogLine } from '../../journal/read.ts';
import type { Cli } from '../cli.ts';
import { timeZoneOf } from '../time-zone.ts';
import { withExamples, type Act } from '../define.ts';
import { readLimit } from '../list.ts';
import { plainBlock } from '../plain-block.ts';
import { sinceMsOf, sinceOption } from '../since.ts';

export function define(command: Command, act: Act): void {
  command
    .description('Print the log of a day, oldest line first. Works without a running daemon.')
    .argument('[date]', 'such as 2026-11-22, today or yesterday', 'today')
    .option('--limit <count>', 'only the newest lines, 1 to 500', readLimit);
  sinceOption(command, 'lines');
  withExamples(
    command,
    'kairos log',
    'kairos log yesterday',
    'kairos log --since 2h',
    'kairos log 2026-11-22 --limit 20',
  ).action(
    act<{ limit?: number; since?: number }>(async (cli, [word = 'today'], { limit, since }) => {
      const date = dateOf(cli, word);
      const day = await readLog(cli.home, date, limit ?? 100_000);
      const first = since === undefined ? '' : localTimeOf(cli, sinceMsOf(since, cli.nowMs()));
      // A line without a time is a person's own; it belongs to the one above it, and is shown.
      const log = { ...day, lines: day.lines.filter(({ time }) => time === null || `${date}T${time}` >= first) };
      cli.print(log, () => log.lines.map((line) => render(cli, line)).join('\n') || `Nothing was logged on ${date}.`);
      if (log.more) cli.note(cli.paint.dim('Earlier lines are in the file.'));
    }),
  );
}

function dateOf(cli: Cli, word: string): string {
  const back = { today: 0, yesterday: 1 }[word];
  if (back === undefined) return word;
  return localOf(cli, cli.nowMs()).toPlainDate().subtract({ days: back }).toString();
}

/** Such as 2026-11-22T14:03:07: as the lines of a day sort. */
function localTimeOf(cli: Cli, atMs: number): string {
  return localOf(cli, atMs).toPlainDateTime().toString({ smallestUnit: 'second' });
}

function localOf(cli: Cli, atMs: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZoneOf(cli));
}

function render({ paint }: Cli, { time, kind, ref, text }: LogLine): string {
  if (time === null) return plainBlock(text);
  return [paint.dim(time), plainBlock(kind ?? ''), paint.dim(`[${plainBlock(ref ?? '')}]`), plainBlock(text)].join(' ');
}
