import { ailments } from '../care/health.ts';
import { MEMORY_CALM, memoryLimits, type MemoryLimits } from '../care/memory.ts';
import { messageOf } from '../core/errors.ts';
import { startLoop } from '../core/loop.ts';
import type { Log } from '../core/ports.ts';
import { checkSelf, WORKER_SILENT_MS_MAX, type Health } from '../notify/self-check.ts';
import type { HealthStatus } from '../web/ports.ts';
import { checkJobs, checkLoops, checkMemory, type Looker } from './care-looks.ts';
import { createRestarts } from './care-restart.ts';
import type { CareParts } from './care-parts.ts';
import { createChores, type Chores } from './chores.ts';

/** The daemon's care of itself: memory, loops that stopped, attempts that never end. */
export interface Care extends AsyncDisposable {
  /** The one self-check: a real write, the loops, the lag. For the heartbeat, the watchdog and whoever asks. */
  readonly healthy: () => Promise<Health>;
  /** At a glance, without waiting for anything. */
  status(): HealthStatus;
}

/** Idle work shares the rhythm of the scheduler's ticker. */
const LOOK_MS = 15_000;
/** Looks further apart than this: the machine slept, or the process stood still, and nobody is late because of it. */
const STOOD_STILL_MS = 60_000;
const GIVEN: MachineFacts = { memoryBytes: Infinity, constrainedBytes: 0, heapBytes: Infinity };

/** What memory there is, besides what is configured. */
interface MachineFacts {
  readonly memoryBytes: number;
  readonly constrainedBytes: number;
  readonly heapBytes: number;
}

/** Looks every 15 s, and acts: first gently, then by starting anew, and where that is no cure by telling the owner. */
export function startCare(parts: CareParts): Care {
  const { ports, live, vitals, hands } = parts;
  const { clock } = ports;
  const log = ports.log.child({ part: 'care' });
  vitals.pulses.add('worker', hands.pulse, WORKER_SILENT_MS_MAX);
  const restarts = createRestarts(parts, log);
  const looker: Looker = { parts, log, restarts, memory: MEMORY_CALM, verdict: 'fine', limits: () => limitsOf(parts) };
  const check = createCheck(parts);
  const chores = choresOf(parts, log);
  let lookedMs = clock.monoMs();
  const loop = startLoop({
    name: 'care',
    clock,
    log,
    async step() {
      const passedMs = clock.monoMs() - lookedMs;
      lookedMs = clock.monoMs();
      if (passedMs > STOOD_STILL_MS) vitals.pulses.forgive();
      await checkMemory(looker);
      await checkJobs(looker);
      await checkLoops(looker);
      // Nobody waits for them: they may take minutes, and stop anywhere.
      void chores.look();
      return Math.min(LOOK_MS, live.settings.config.care.sustained / 4);
    },
  });
  return {
    healthy: () => check.healthy(),
    status: () => statusOf(looker, check.failed()),
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}

function choresOf({ options, ports, live, hands, agent }: CareParts, log: Log): Chores {
  return createChores({
    home: options.home,
    timeZone: options.config.timezone,
    log,
    wallMs: () => ports.clock.wallMs(),
    window: () => live.settings.config.nightshift,
    keepMs: () => live.settings.config.care.artifacts,
    isQuiet: () => hands.idleSinceMs() !== null && hands.lanes().background.length === 0,
    pruneChanges: (beforeMs) => agent.pruneChanges(beforeMs),
  });
}

function limitsOf({ ports, live }: CareParts): MemoryLimits {
  const machine = ports.machine ?? GIVEN;
  return memoryLimits({
    configuredBytes: live.settings.config.care.memory,
    constrainedBytes: machine.constrainedBytes,
    machineBytes: machine.memoryBytes,
    heapBytes: machine.heapBytes,
  });
}

/** Writes only when nobody else has written since the last time: then a real write has just ended anyway. */
function createCheck({ ports, ledger, vitals, hands }: CareParts) {
  let failed: string | null = null;
  let commits = -1;
  return {
    failed: () => failed,
    async healthy(): Promise<Health> {
      const before = commits;
      commits = ledger.stats().commits;
      const probe = async (): Promise<void> => {
        if (commits !== before && before !== -1) return;
        await ledger.probe();
        commits = ledger.stats().commits;
      };
      const found = await checkSelf({
        clock: ports.clock,
        ledger: () => ledger.health(),
        worker: hands.pulse,
        late: () => vitals.pulses.late(),
        probe,
      }).catch((error: unknown): Health => ({ ok: false, reason: messageOf(error), restartHelps: true }));
      failed = found.ok ? null : found.reason;
      return found;
    },
  };
}

function statusOf({ parts, verdict, restarts, limits }: Looker, failed: string | null): HealthStatus {
  const { options, ports, vitals, loopLag } = parts;
  const { residentBytes } = ports.usage();
  const facts = { late: vitals.pulses.late(), memory: verdict, residentBytes, limits: limits(), failed };
  const { softBytes, limitBytes, from } = facts.limits;
  return {
    ailments: ailments({ ...facts, unhelped: restarts.unhelped(), isDraining: vitals.isDraining() }),
    memory: { residentBytes, softBytes, limitBytes, from },
    loopLag: { p99Ms: loopLag.p99Ms, maxMs: loopLag.maxMs },
    lastRestart: restarts.last(),
    supervisor: options.supervisor ?? null,
    logPath: options.logPath ?? null,
  };
}
