import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRestoring } from '../backup/pending.ts';
import { resumeRestore } from '../backup/restore.ts';
import { KairosError } from '../core/errors.ts';
import type { Redact } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { createLogger } from '../daemon/logger.ts';
import { readSecrets } from '../daemon/secrets.ts';
import { systemClock, systemRandom } from '../daemon/system.ts';
import { readGenerations } from '../ledger/generations.ts';
import { openLedger } from '../ledger/ledger.ts';
import { lockHome } from '../ledger/lock.ts';
import { openSnapshot } from '../ledger/reading.ts';
import { retentionOptions } from '../ledger/retention.ts';
import { NO_LEDGER, type ReadingLedger } from '../memory/history.ts';
import { readMemory } from '../memory/overlay.ts';
import type { Author } from '../memory/ports.ts';
import type { StaleMark } from '../memory/operations.ts';
import { openMemory, type MemoryStore } from '../memory/store.ts';
import type { Memory } from '../memory/tree.ts';
import { createRedactor } from '../redact/redactor.ts';
import type { Cli } from './cli.ts';
import { timeZoneOf } from './time-zone.ts';

/** The memory of a home, only to be read: beside a daemon or without one. */
export interface MemoryReading {
  readonly directory: string;
  readonly ledger: ReadingLedger;
  readonly stale: readonly StaleMark[];
  read(): Promise<Memory>;
}

/** Each look at the ledger is a look of its own, so that what happens meanwhile is noticed. */
export function openReading(home: string): MemoryReading {
  const directory = join(home, 'memory');
  const path = join(home, 'ledger.db');
  const look = <T>(take: (ledger: ReturnType<typeof readGenerations<Author>>) => T, without: T): T => {
    if (!existsSync(path)) return without;
    try {
      using rows = openSnapshot(path);
      return take(readGenerations<Author>(rows));
    } catch (error) {
      // A ledger that is broken is a reason to look at the memory, not one against it.
      if (error instanceof KairosError && error.code === 'LEDGER_FAILED') return without;
      throw error;
    }
  };
  const ledger: ReadingLedger = {
    unfinished: () => look((each) => each.unfinished(), NO_LEDGER.unfinished()),
    newest: () => look((each) => each.newest(), NO_LEDGER.newest()),
    isDone: (generation) => look((each) => each.isDone(generation), false),
  };
  return {
    directory,
    ledger,
    stale: look((each) => each.stale(), []),
    read: () => readMemory(directory, ledger),
  };
}

/**
 * Holds the home and works on its memory, while no daemon does.
 *
 * @throws {KairosError} `HOME_HELD`; `NOT_FOUND` when there is no memory.
 */
export async function withMemory<T>(cli: Cli, work: (memory: MemoryStore) => Promise<T>): Promise<T> {
  const { home } = cli;
  if (!existsSync(join(home, 'memory'))) throw new KairosError('NOT_FOUND', `there is no memory in ${home}`);
  const timeZone = timeZoneOf(cli);
  const redact = redactorOf(cli);
  const log = createLogger({
    level: 'warn',
    readable: true,
    redact,
    write: (line) => void cli.stderr.write(line),
  });
  const holder = `kairos memory, since ${formatInstant(cli.nowMs(), timeZone)}`;
  if (isRestoring(home)) await resumeRestore(home, holder);
  await using parts = new AsyncDisposableStack();
  parts.use(lockHome(home, holder));
  const ledger = parts.use(
    await openLedger(
      { home, platform: process.platform, retention: retentionOptions.parse(undefined), messageTtlMs: () => TTL_MS },
      { clock: systemClock, random: systemRandom, log },
    ),
  );
  const memory = await openMemory({
    home,
    ledger: ledger.generations<Author>(),
    clock: systemClock,
    log,
    redact,
    timeZone: () => timeZone,
  });
  const done = await work(memory);
  await memory.idle();
  return done;
}

/** No message is queued here; the ledger wants to know all the same. */
const TTL_MS = 43_200_000;

/** Takes out what this home knows as secret. */
export function redactorOf({ home, env }: Cli): Redact {
  return createRedactor(readSecrets(home, env).all()).redact;
}
