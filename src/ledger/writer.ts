import { KairosError } from '../core/errors.ts';
import { reached, type Clock } from '../core/ports.ts';
import { asLedgerError, type Database } from './database.ts';

/** What a caller wants done inside a transaction. Runs on the event loop: short, synchronous, no I/O of its own. */
type Apply<T> = (database: Database) => T;

/**
 * Group commit: everything that wants to be written in the same moment shares one transaction and one fsync.
 * A promise it returns resolves only after the commit is on disk.
 */
export interface Writer {
  /**
   * @param options.bytes Rough size of what is written, default 256; bounds the length of a transaction and the queue.
   * @param options.bare Spares the savepoint: for an `apply` that hardly ever throws. When it does, the whole batch is
   * undone and done again with savepoints, so `apply` may run twice.
   * @throws {KairosError} what `apply` threw (its own changes are undone, the others' are not), `OVERLOADED` when the
   * queue is full, `DISK_FULL` or `LEDGER_FAILED` when the commit failed, `STOPPING` after `close`.
   */
  write<T>(apply: Apply<T>, options?: { readonly bytes?: number; readonly bare?: boolean }): Promise<T>;
  /** Waiting writes; 0 when idle. */
  readonly depth: number;
  /** Commits what is queued, then refuses more. */
  close(): Promise<void>;
}

export interface WriterOptions {
  readonly clock: Clock;
  /** Called after a transaction was undone, with its error, before its writers learn of it. Must not throw. */
  readonly onFailure: (error: KairosError) => void;
  /** Called after each commit, before its writers learn of it, with how many they are and how long it held the loop. Must not throw. */
  readonly onCommit: (count: number, ms: number) => void;
  readonly limits?: Partial<WriterLimits>;
}

interface WriterLimits {
  /** Writes waiting; one more is `OVERLOADED`. */
  readonly queueMax: number;
  readonly queueBytesMax: number;
  /** Writes and bytes in one transaction: keeps it near 10 ms. */
  readonly batchMax: number;
  readonly batchBytesMax: number;
  /** How long a first write may wait for the others that came with the last batch. 0.15 ms is below one fsync. */
  readonly gatherMs: number;
}

/** A clock that has not moved after so many turns of the event loop stands still: waiting by it would never end. */
const STANDING_TURNS = 8;

const LIMITS: WriterLimits = {
  queueMax: 20_000,
  queueBytesMax: 64 * 1_048_576,
  batchMax: 512,
  batchBytesMax: 524_288,
  gatherMs: 0.15,
};

interface Item {
  readonly apply: Apply<unknown>;
  readonly bytes: number;
  readonly bare: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: KairosError) => void;
}

export function createWriter(database: Database, options: WriterOptions): Writer {
  const limits = { ...LIMITS, ...options.limits };
  let queue: Item[] = [];
  let queuedBytes = 0;
  let scheduled = false;
  let closed = false;
  let lastBatch = 0;
  let sinceMs = 0;
  let turns = 0;

  const schedule = (): void => {
    scheduled = true;
    turns = 0;
    sinceMs = options.clock.monoMs();
    setImmediate(gather);
  };
  // Clients that were answered together come back together: waiting a moment for them saves a whole fsync.
  const gather = (): void => {
    turns += 1;
    const waitedMs = options.clock.monoMs() - sinceMs;
    const standing = waitedMs === 0 && turns >= STANDING_TURNS;
    if (queue.length < lastBatch && !closed && !standing && waitedMs < limits.gatherMs) setImmediate(gather);
    else flush();
  };
  const flush = (): void => {
    scheduled = false;
    const batch = takeBatch(queue, limits);
    // Closing has flushed already what this turn was scheduled for.
    if (batch.length === 0) return;
    queue = queue.slice(batch.length);
    lastBatch = batch.length;
    for (const item of batch) queuedBytes -= item.bytes;
    commit(database, batch, options);
    if (queue.length > 0) schedule();
  };

  return {
    get depth() {
      return queue.length;
    },
    write<T>(apply: Apply<T>, { bytes = 256, bare = false } = {}): Promise<T> {
      if (closed) return Promise.reject(new KairosError('STOPPING', 'the ledger is closing'));
      if (queue.length >= limits.queueMax || queuedBytes + bytes > limits.queueBytesMax) {
        return Promise.reject(new KairosError('OVERLOADED', `${queue.length} writes are waiting already`));
      }
      return new Promise<T>((resolve, reject) => {
        queue.push({ apply, bytes, bare, resolve: resolve as Item['resolve'], reject });
        queuedBytes += bytes;
        if (!scheduled) schedule();
      });
    },
    async close() {
      closed = true;
      while (queue.length > 0) {
        flush();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

function takeBatch(queue: readonly Item[], limits: WriterLimits): Item[] {
  let bytes = 0;
  let count = 0;
  for (const item of queue) {
    bytes += item.bytes;
    if (count > 0 && (count >= limits.batchMax || bytes > limits.batchBytesMax)) break;
    count += 1;
  }
  return queue.slice(0, count);
}

/** One transaction for the batch; afterwards everybody in it learns the outcome. */
function commit(database: Database, batch: readonly Item[], options: WriterOptions, careful = false): void {
  const settled: (() => void)[] = [];
  const startedMs = options.clock.monoMs();
  try {
    database.transaction(() => {
      for (const item of batch) settled.push(applyOne(database, item, careful));
      reached('ledger.committing');
    });
  } catch (thrown) {
    const error = asLedgerError(thrown);
    options.onFailure(error);
    // The disk is well, so one of the batch is at fault: with savepoints it alone fails.
    if (error.code === 'INTERNAL' && !careful) return commit(database, batch, options, true);
    for (const item of batch) item.reject(error);
    return;
  }
  reached('ledger.committed');
  options.onCommit(batch.length, options.clock.monoMs() - startedMs);
  for (const settle of settled) settle();
}

/** A savepoint each, so that one that throws undoes only itself. */
function applyOne(database: Database, item: Item, careful: boolean): () => void {
  if (item.bare && !careful) {
    const value = item.apply(database);
    return () => item.resolve(value);
  }
  database.statement('SAVEPOINT item').run();
  try {
    const value = item.apply(database);
    database.statement('RELEASE item').run();
    return () => item.resolve(value);
  } catch (thrown) {
    // A full or failing disk has ended the whole transaction: everybody in it is told so.
    if (!database.inTransaction) throw thrown;
    database.statement('ROLLBACK TO item').run();
    database.statement('RELEASE item').run();
    const error = asLedgerError(thrown);
    if (error.code === 'DISK_FULL' || error.code === 'LEDGER_FAILED') throw error;
    return () => item.reject(error);
  }
}
