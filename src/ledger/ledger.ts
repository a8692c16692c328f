import { join } from 'node:path';
import { KairosError, messageOf } from '../core/errors.ts';
import { startLoop } from '../core/loop.ts';
import { reached, type Clock, type Log, type Random, type Redact } from '../core/ports.ts';
import { openApprovals, type Approvals } from './approvals.ts';
import { dropBody, orphanedBodies } from './bodies.ts';
import { openBoots, type Boots } from './boots.ts';
import { checkpoint, shrinkLog } from './checkpoint.ts';
import { openDatabase, type Database } from './database.ts';
import { openDeliveryKeys, type DeliveryKeys } from './delivery-keys.ts';
import type { EffectContext } from './effects.ts';
import { openEvents, type Events } from './events.ts';
import { openDreams, type Dreams } from './dreams.ts';
import { openGenerations, type Generations } from './generations.ts';
import { watchHealth, type HealthWatch, type LedgerHealth } from './health.ts';
import { openJobs, type Jobs } from './jobs.ts';
import { openJournalRows, type JournalRows } from './journal-rows.ts';
import { openLatches, type Latches } from './latches.ts';
import { openMessages, type Messages } from './messages.ts';
import { readMeta, writeMeta } from './meta.ts';
import { migrate } from './migrate.ts';
import { openFollows, type Follows } from './follows.ts';
import { openPolls, type Polls } from './polls.ts';
import { prune, type Retention } from './retention.ts';
import { openRemote, type Remote } from './remote.ts';
import { openRunStore, type RunStore } from './run-store.ts';
import { openRuns, type Runs } from './runs.ts';
import { openSessions, type Sessions } from './sessions.ts';
import { openSlots, type Slots } from './slots.ts';
import { chargeWithin, type SpendCharge } from './spend.ts';
import { watchSpace } from './space.ts';
import { openSpend, type Spend } from './spend.ts';
import { openWork, type Work } from './work.ts';
import { createWriter, type Writer } from './writer.ts';

/** The single truth of a home: every store over one connection and one group commit. */
export interface Ledger extends AsyncDisposable {
  readonly events: Events;
  readonly jobs: Jobs;
  readonly work: Work;
  readonly remote: Remote;
  readonly messages: Messages;
  readonly journal: JournalRows;
  readonly boots: Boots;
  readonly polls: Polls;
  readonly follows: Follows;
  readonly slots: Slots;
  readonly runs: Runs;
  readonly sessions: Sessions;
  readonly approvals: Approvals;
  /** The runs of the agent; their progress is its own. */
  agentRuns<Progress>(): RunStore<Progress, SpendCharge>;
  readonly spend: Spend;
  readonly latches: Latches;
  /** The generations of the memory; who may make one is its own. */
  generations<Author extends string>(): Generations<Author>;
  /** Dreams; what their reports hold is the dreamer's own. */
  dreams<Report>(): Dreams<Report>;
  /** Eight hexadecimal digits, made once: tells the ids of this home from those of another. */
  readonly homeId: string;
  health(): LedgerHealth;
  /** A real write through the group commit, to see that one ends. @throws {KairosError} as every write does. */
  probe(): Promise<void>;
  /** Gives memory back that can be had again: SQLite's page cache. */
  relieve(): void;
  stats(): LedgerStats;
}

export interface LedgerStats {
  readonly writesWaiting: number;
  readonly commits: number;
  readonly commitMsMax: number;
  readonly freeBytes: number;
}

export interface LedgerOptions {
  readonly home: string;
  /** `process.platform`. */
  readonly platform: string;
  readonly retention: Retention;
  /** How long a message may wait; asked for each one. */
  readonly messageTtlMs: () => number;
  /** Whether there is a model: without one, jobs of the agent are parked. Default: there is none. */
  readonly modelIsOn?: (() => boolean) | undefined;
}

export interface LedgerPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  /** Stands before every row of words. Default: nothing is taken out. */
  readonly redact?: Redact | undefined;
}

const LOOK_MS = 5_000;
/** While the disk is full or failing. */
const TROUBLE_MS = 1_000;
const PRUNE_MS = 600_000;
/** Between slices of a millisecond: a sixth of a core, for a few seconds after the start of a large ledger. */
const LEARN_PAUSE_MS = 5;
/** Keys held in memory before they go to the table even under load: about 4 MiB. */
const KEYS_WAITING_MAX = 32_768;

/**
 * Opens the ledger of a home this process has locked: migrates, recovers, and starts its housekeeping.
 *
 * @throws {KairosError} `LEDGER_TOO_NEW`, `LEDGER_FAILED`, `DISK_FULL`.
 */
export async function openLedger(options: LedgerOptions, ports: LedgerPorts): Promise<Ledger> {
  await using opened = new AsyncDisposableStack();
  const database = openDatabase(join(options.home, 'ledger.db'), options.platform, ports.redact);
  opened.defer(() => closeDatabase(database, ports.log));
  const backup = migrate(database);
  if (backup !== undefined) ports.log.info({ backup }, 'ledger migrated, the old one is kept');
  const homeId = identify(database, ports.random);
  const space = await watchSpace(options.home);
  const keys = openDeliveryKeys(database);
  const health = watchHealth(database, space, ports.log, () => keys.reload());
  const counters = { commits: 0, commitMsMax: 0 };
  const writer = createWriter(database, {
    clock: ports.clock,
    onCommit(_count, ms) {
      counters.commits += 1;
      counters.commitMsMax = Math.max(counters.commitMsMax, ms);
      keys.committed();
    },
    onFailure(error) {
      keys.rolledBack();
      health.failed(error);
    },
  });
  opened.defer(() => writer.close());
  await dropOrphans(database, writer, ports.log);
  opened.use(startHousekeeping({ database, writer, keys, health, options, ports }));
  const messageContext = (nowMs: number) => ({ nowMs, ttlMs: options.messageTtlMs(), homeId });
  const events = openEvents(database, writer, keys, options.modelIsOn);
  const effectContext = (nowMs: number): EffectContext => ({
    ...messageContext(nowMs),
    recordEvent: (target, draft, jobs) => events.appendWithin(target, draft, jobs),
  });
  const append: Events['append'] = (draft, alongside) =>
    health.health.ok ? events.append(draft, alongside) : Promise.reject(refusal(health));
  const slots = openSlots(database, writer, append);
  const open = opened.move();

  return {
    events: {
      ...events,
      append,
    },
    work: openWork(database, writer),
    remote: openRemote(database, writer, effectContext, (eventId) => slots.scheduledFor(eventId)),
    jobs: openJobs(database, writer, effectContext, options.modelIsOn),
    messages: openMessages(database, writer, messageContext),
    journal: openJournalRows(database, writer),
    boots: openBoots(database, writer),
    polls: openPolls(database, writer),
    follows: openFollows(database, writer),
    slots,
    runs: openRuns(database, writer),
    sessions: openSessions(database, writer),
    approvals: openApprovals(database, writer),
    agentRuns: <Progress>() =>
      openRunStore<Progress, SpendCharge>(database, writer, { context: effectContext, charge: chargeWithin }),
    spend: openSpend(database, writer),
    latches: openLatches(database, writer),
    generations: <Author extends string>() => openGenerations<Author>(database, writer),
    dreams: <Report>() => openDreams<Report>(database, writer),
    homeId,
    health: () => health.health,
    probe: () => writer.write((target) => writeMeta(target, 'probe', String(ports.clock.wallMs()))),
    relieve: () => database.exec('PRAGMA shrink_memory'),
    stats: () => ({ writesWaiting: writer.depth, freeBytes: space.freeBytes, ...counters }),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Takes back large bodies that a crash left without an event. On a full disk that can wait for the next start. */
async function dropOrphans(database: Database, writer: Writer, log: Log): Promise<void> {
  try {
    for (const ref of orphanedBodies(database)) await dropBody(writer, ref);
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'bodies without an event could not be removed');
  }
}

function identify(database: Database, random: Random): string {
  const known = readMeta(database, 'home_id');
  if (known !== undefined) return known;
  const fresh = Buffer.from(random.bytes(4)).toString('hex');
  database.transaction(() => writeMeta(database, 'home_id', fresh));
  return fresh;
}

function refusal(watch: HealthWatch): KairosError {
  const health = watch.health;
  return health.ok ? new KairosError('INTERNAL', 'the ledger is well') : new KairosError(health.code, health.reason);
}

interface Housekeeping {
  readonly database: Database;
  readonly writer: Writer;
  readonly keys: DeliveryKeys;
  readonly health: HealthWatch;
  readonly options: LedgerOptions;
  readonly ports: LedgerPorts;
}

function startHousekeeping({ database, writer, keys, health, options, ports }: Housekeeping): AsyncDisposable {
  let pruneAtMs = ports.clock.monoMs() + PRUNE_MS / 10;
  let waitingBefore = -1;
  return startLoop({
    name: 'ledger',
    clock: ports.clock,
    log: ports.log,
    async step(signal) {
      await health.look();
      if (!health.health.ok) {
        if (health.health.code === 'DISK_FULL') await shrinkLog(database, options.platform);
        return TROUBLE_MS;
      }
      const quiet = writer.depth === 0 && keys.waiting === waitingBefore;
      waitingBefore = keys.waiting;
      if (keys.waiting > KEYS_WAITING_MAX || (quiet && keys.waiting > 0)) await keys.settle(writer);
      await keys.learn(async () => {
        await ports.clock.sleep(LEARN_PAUSE_MS, signal);
        return !signal.aborted;
      });
      await checkpoint(database, options.platform);
      if (ports.clock.monoMs() < pruneAtMs) return LOOK_MS;
      const more = await prune(database, writer, options.retention, ports.clock.wallMs());
      pruneAtMs = ports.clock.monoMs() + (more ? 0 : PRUNE_MS);
      return more ? 50 : LOOK_MS;
    },
  });
}

/** The checkpoint makes the next start quick; failing to is no loss, the log holds everything. */
function closeDatabase(database: Database, log: Log): void {
  try {
    reached('ledger.closing');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    log.warn({ error: String(error) }, 'ledger could not be checkpointed at its end');
  }
  database.close();
}
