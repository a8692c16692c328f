import { mkdtempDisposableSync } from 'node:fs';
import { join } from 'node:path';
import type { EventDraft } from '../../src/core/event.ts';
import type { JobDraft } from '../../src/core/job.ts';
import type { Log, Random } from '../../src/core/ports.ts';
import { openDatabase, type Database } from '../../src/ledger/database.ts';
import { openLedger, type Ledger } from '../../src/ledger/ledger.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { createWriter, type Writer, type WriterOptions } from '../../src/ledger/writer.ts';
import { fastDisk } from '../fast-disk.ts';
import { FakeClock } from '../fakes/clock.ts';

export const DAY_MS = 86_400_000;
export const NOON_MS = Date.UTC(2026, 10, 2, 12, 0, 0);

/** A folder that goes when the test ends. @param under Where it is made; `tmpdir()` for what a sandbox is shown. */
export function folder(under = fastDisk()): Disposable & { readonly path: string } {
  return mkdtempDisposableSync(join(under, 'kairosd-test-'));
}

/** A database with the present schema, in a folder of its own. @param under As for `folder`. */
export function freshDatabase(under = fastDisk()): Disposable & { readonly database: Database; readonly path: string } {
  const home = folder(under);
  const database = openDatabase(join(home.path, 'ledger.db'), process.platform);
  migrate(database);
  return {
    database,
    path: home.path,
    [Symbol.dispose]() {
      database.close();
      home[Symbol.dispose]();
    },
  };
}

/** A writer over it; the clock stands still, so nothing is gathered for longer than some turns of the loop. */
export function writerOf(database: Database, options: Partial<WriterOptions> = {}): Writer {
  return createWriter(database, { clock: new FakeClock(), onCommit() {}, onFailure() {}, ...options });
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function recordingLog(lines: LogLine[] = []): Log & { readonly lines: LogLine[] } {
  const at =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      void lines.push({ level, message, fields });
  return {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => recordingLog(lines),
  };
}

/** Always the same chance. */
export const steadyRandom: Random = { fraction: () => 0.5, bytes: (count) => new Uint8Array(count).fill(7) };

export interface OpenOptions {
  readonly clock?: FakeClock;
  readonly log?: Log;
  readonly events?: number;
  readonly bodies?: number;
}

export async function ledgerIn(home: string, options: OpenOptions = {}): Promise<Ledger> {
  const { clock = new FakeClock(), log = recordingLog(), events = 90 * DAY_MS, bodies = 30 * DAY_MS } = options;
  return openLedger(
    { home, platform: process.platform, retention: { events, bodies }, messageTtlMs: () => DAY_MS / 2 },
    { clock, log, random: steadyRandom },
  );
}

export function event(delivery: string, draft: Partial<EventDraft> = {}): EventDraft {
  return {
    source: 'github',
    delivery,
    type: 'push',
    action: null,
    trust: 'outside',
    receivedAtMs: NOON_MS,
    contentType: 'application/json',
    body: Buffer.from('{}'),
    jobs: [],
    ...draft,
  };
}

export function job(draft: Partial<JobDraft> = {}): JobDraft {
  return {
    kind: 'notify',
    origin: 'ci',
    reactive: false,
    topic: 'app',
    text: 'CI failed',
    urgent: false,
    mayCoalesce: false,
    ...draft,
  };
}

/** One number out of one row. */
export function scalar(database: Database, sql: string): number {
  const row = database.statement(sql).get<Record<string, number>>();
  return Number(Object.values(row ?? {})[0]);
}

/** What must be there for the test to go on. */
export function present<T>(value: T | undefined, what = 'something'): T {
  if (value === undefined) throw new Error(`${what} was expected, and nothing came`);
  return value;
}
