import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ok, warn, type Check, type Found } from './check.ts';

const MIB = 1_048_576;
/** The log of the ledger is copied back at 32 MiB (ledger/checkpoint.ts). */
const WAL_BYTES_MAX = 256 * MIB;
const LOG_BYTES_MAX = 1_024 * MIB;
/** Where launchd and people send the daemon's log. */
const LOG = /\.(log|out|err)(\.\d+)?(\.gz)?$/;

/** What grows by itself is kept short by somebody. */
export const growth: Check = {
  name: 'growth',
  about:
    'The write-ahead log of the ledger is copied back (under 256 MB), and log files are put aside (under 1 GB in all).',
  async look({ home }) {
    const found = [...writeAhead(home), ...logs(home)];
    return found.length > 0 ? found : [ok('within bounds')];
  },
};

function writeAhead(home: string): Found[] {
  const bytes = sizeOf(join(home, 'ledger.db-wal'));
  if (bytes <= WAL_BYTES_MAX) return [];
  const what = `ledger.db-wal has ${Math.round(bytes / MIB)} MiB`;
  const why = 'Somebody keeps the ledger open for reading, so its log can not start over; every start takes longer.';
  return [warn(what, why, `fuser -v ${join(home, 'ledger.db')} shows who; end it. Then kairos stop and kairos start.`)];
}

function logs(home: string): Found[] {
  const files = ['', 'log', 'logs'].flatMap((folder) =>
    namesIn(join(home, folder))
      .filter((name) => LOG.test(name))
      .map((name) => join(home, folder, name)),
  );
  const sizes = files.map((path) => ({ path, bytes: sizeOf(path) })).toSorted((a, b) => b.bytes - a.bytes);
  const bytes = sizes.reduce((sum, one) => sum + one.bytes, 0);
  if (bytes <= LOG_BYTES_MAX) return [];
  const largest = sizes[0]?.path ?? '';
  const what = `log files of ${Math.round(bytes / MIB)} MiB, the largest ${largest}`;
  return [warn(what, 'Nobody puts them aside; they fill the disk.', `Empty it: truncate -s 0 ${largest}`)];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
