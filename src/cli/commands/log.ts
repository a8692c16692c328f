import type { Command } from 'commander';
import { readLog, type LogLine } from '../../journal/read.ts';
import type { Cli } from '../cli.ts';
import { timeZoneOf } from '../time-zone.ts';
import { withExamples, type Act } from '../define.ts';
import { readLimit } from '../list.ts';
import { plainBlock } from '../plain-block.ts';

export function define(command: Command, act: Act): void {
  command
    .description('Print the log of a day, oldest line first. Works without a running daemon.')
    .argument('[date]', 'such as 2026-11-22, today or yesterday', 'today')
    .option('--limit <count>', 'only the newest lines, 1 to 500', readLimit);
  withExamples(command, 'kairos log', 'kairos log yesterday', 'kairos log 2026-11-22 --limit 20').action(
    act<{ limit?: number }>(async (cli, [word = 'today'], { limit }) => {
      const date = dateOf(cli, word);
      const log = await readLog(cli.home, date, limit ?? 100_000);
      cli.print(log, () => log.lines.map((line) => render(cli, line)).join('\n') || `Nothing was logged on ${date}.`);
      if (log.more) cli.note(cli.paint.dim('Earlier lines are in the file.'));
    }),
  );
}

function dateOf(cli: Cli, word: string): string {
  const back = { today: 0, yesterday: 1 }[word];
  if (back === undefined) return word;
  const now = Temporal.Instant.fromEpochMilliseconds(cli.nowMs()).toZonedDateTimeISO(timeZoneOf(cli));
  return now.toPlainDate().subtract({ days: back }).toString();
}

function render({ paint }: Cli, { time, kind, ref, text }: LogLine): string {
  if (time === null) return plainBlock(text);
  return [paint.dim(time), plainBlock(kind ?? ''), paint.dim(`[${plainBlock(ref ?? '')}]`), plainBlock(text)].join(' ');
}
