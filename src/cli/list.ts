import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Cli } from './cli.ts';
import { openClient } from './client.ts';
import { renderTable, type Column } from './table.ts';

/** A page of the API. */
export interface Listing<Row> {
  readonly items: readonly Row[];
  readonly next: string | null;
}

interface ListOptions {
  readonly limit: number;
  readonly since?: string;
  readonly after?: string;
  readonly state?: string;
}

/** For people; machines that want more say so. */
const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 500;

/** Adds what every list takes. */
export function listOptions(command: Command, states: readonly string[] = []): Command {
  command
    .option('--limit <count>', `how many, 1 to ${LIMIT_MAX}`, readLimit, LIMIT_DEFAULT)
    .option('--since <when>', 'only since then: 2h, 3d, or a time such as 2026-11-02T08:00')
    .option('--after <id>', 'the page after this id (older)');
  return states.length === 0 ? command : command.addOption(new Option('--state <state>', 'only those').choices(states));
}

/** Asks the API for a list and shows it, newest first. */
export async function showList<Row extends { readonly id: string }>(
  cli: Cli,
  path: string,
  options: ListOptions,
  columns: readonly Column<Row>[],
): Promise<void> {
  const query = new URLSearchParams();
  for (const name of ['limit', 'since', 'after', 'state'] as const) {
    if (options[name] !== undefined) query.set(name, String(options[name]));
  }
  const listing = await openClient(cli.home, cli.env).get<Listing<Row>>(`${path}?${query.toString()}`);
  cli.print(listing, () => (listing.items.length === 0 ? 'Nothing yet.' : renderTable(listing.items, columns, cli)));
  if (listing.next !== null) cli.note(cli.paint.dim(`Older ones: --after ${listing.next}`));
}

/** An option that is a whole number of items. */
export function readLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${LIMIT_MAX}.`);
}

/** `2026-11-22T14:03:07.123+01:00` as people read it: `2026-11-22 14:03:07`, in the daemon's time zone. */
export function shortTime(iso: string | null): string {
  return iso === null ? '–' : iso.slice(0, 19).replace('T', ' ');
}
