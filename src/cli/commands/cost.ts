import type { Command } from 'commander';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { readLimit } from '../list.ts';
import { sinceMsOf, sinceOption } from '../since.ts';
import { renderFacts, renderTable, type Column } from '../table.ts';
import { timeZoneOf } from '../time-zone.ts';
import { usd } from '../usd.ts';

interface CostRow {
  readonly day: string;
  readonly model: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly usd: number;
}

interface Cost {
  readonly todayUsd: number;
  readonly dayUsdMax: number;
  readonly runUsdMax: number;
  readonly reservedUsd: number;
  readonly items: readonly CostRow[];
}

const DAYS = 7;

export function define(command: Command, act: Act): void {
  command
    .description('What the model has cost, by day and model, and how much of the caps is left. Silent turns count too.')
    .option('--limit <days>', 'how many days, newest first', readLimit, DAYS);
  sinceOption(command, 'days');
  withExamples(command, 'kairos cost', 'kairos cost --limit 30 --json').action(
    act<{ limit: number; since?: number }>(async (cli, _operands, { limit, since }) => {
      const found = await openClient(cli.home, cli.env).get<Cost>(`/api/cost?limit=${limit}`);
      const first = since === undefined ? '' : dayOf(sinceMsOf(since, cli.nowMs()), timeZoneOf(cli));
      const cost = { ...found, items: found.items.filter(({ day }) => day >= first) };
      cli.print(cost, () => {
        const facts = renderFacts(
          [
            ['Today', `${usd(cost.todayUsd)} of ${usd(cost.dayUsdMax)}`],
            ['A run', `${usd(cost.runUsdMax)} at most`],
            ['Reserved', usd(cost.reservedUsd)],
          ],
          cli.paint,
        );
        return cost.items.length === 0
          ? `${facts}\n\nNothing was spent.`
          : `${facts}\n\n${renderTable(cost.items, COLUMNS, cli)}`;
      });
    }),
  );
}

function dayOf(atMs: number, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate().toString();
}

const COLUMNS: readonly Column<CostRow>[] = [
  { title: 'DAY', text: (row) => row.day },
  { title: 'MODEL', text: (row) => row.model },
  { title: 'REQUESTS', text: (row) => String(row.requests) },
  { title: 'INPUT', text: (row) => String(row.inputTokens) },
  { title: 'CACHED', text: (row) => String(row.cacheReadTokens) },
  { title: 'WRITTEN', text: (row) => String(row.cacheWriteTokens) },
  { title: 'OUTPUT', text: (row) => String(row.outputTokens) },
  { title: 'USD', text: (row) => usd(row.usd) },
];
