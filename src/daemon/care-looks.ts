import { mib } from '../care/health.ts';
import { judgeMemory, type MemoryLimits, type MemoryState, type MemoryVerdict } from '../care/memory.ts';
import { formatDuration, formatId } from '../core/units.ts';
import type { Log } from '../core/ports.ts';
import type { CareParts } from './care-parts.ts';
import type { Restarts } from './care-restart.ts';

/** Whoever looks, and what is remembered from look to look. */
export interface Looker {
  readonly parts: CareParts;
  readonly log: Log;
  readonly restarts: Restarts;
  readonly limits: () => MemoryLimits;
  memory: MemoryState;
  verdict: MemoryVerdict;
}

/** One look at the memory; gives back what can be had again before anything harder is thought of. */
export async function checkMemory(looker: Looker): Promise<void> {
  const { parts, log, restarts } = looker;
  const { ports, ledger, live } = parts;
  const limits = looker.limits();
  const { residentBytes } = ports.usage();
  const look = { atMs: ports.clock.monoMs(), residentBytes };
  const before = looker.verdict;
  const { state, verdict } = judgeMemory(looker.memory, look, limits, live.settings.config.care.sustained);
  looker.memory = state;
  looker.verdict = verdict;
  const facts = { residentBytes, softBytes: limits.softBytes, limitBytes: limits.limitBytes, from: limits.from };
  if (verdict !== 'fine' && before === 'fine') log.warn(facts, 'memory is high');
  if (verdict === 'fine' && before !== 'fine') log.info(facts, 'memory is well again');
  if (verdict === 'fine') restarts.helped('memory');
  if (verdict === 'relieve') {
    ledger.relieve();
    await ports.relieve?.();
    log.warn({ ...facts, afterBytes: ports.usage().residentBytes }, 'memory given back');
  }
  if (verdict !== 'restart' && verdict !== 'critical') return;
  const cause = verdict === 'critical' ? 'critical' : 'memory';
  await restarts.consider(cause, `it uses ${mib(residentBytes)} of ${mib(limits.limitBytes)} memory and grows`);
}

/** Attempts that go on too long are cut off; one that survives that holds its place until the process ends. */
export async function checkJobs({ parts, restarts }: Looker): Promise<void> {
  const [stuck] = parts.hands.overdue.look();
  if (stuck !== undefined) await restarts.consider('stuck', `job ${formatId('j', stuck.jobId)}: ${stuck.why}`);
}

/** A loop that has stopped turning can't be started again from outside. */
export async function checkLoops({ parts, log, restarts }: Looker): Promise<void> {
  const [late] = parts.vitals.pulses.late();
  if (late === undefined) return restarts.helped('wedged');
  const facts = { loop: late.name, silentMs: Math.round(late.agoMs) };
  if (!(await canWrite(parts))) return log.error(facts, 'a loop gets no further: the ledger cannot be written');
  log.error(facts, 'a loop has stopped');
  await restarts.consider('wedged', `its ${late.name} has not turned for ${formatDuration(late.agoMs)}`);
}

const PROBE_MS = 10_000;

/** A disk or a lock that refuses writes is not mended by a new start. One that never answers may be. */
function canWrite({ ledger, ports }: CareParts): Promise<boolean> {
  const answered = new AbortController();
  const probed = ledger.probe().then(
    () => true,
    () => false,
  );
  const waited = ports.clock.sleep(PROBE_MS, answered.signal).then(() => true);
  return Promise.race([probed, waited]).finally(() => answered.abort());
}
