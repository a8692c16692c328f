import type { LatePulse } from './pulses.ts';
import type { MemoryLimits, MemoryVerdict } from './memory.ts';
import { formatDuration } from '../core/units.ts';

/** What the daemon knows of itself at a glance. */
export interface HealthFacts {
  readonly late: readonly LatePulse[];
  readonly memory: MemoryVerdict;
  readonly residentBytes: number;
  readonly limits: MemoryLimits;
  /** What only a person can put right, in words: why a restart was not made, or did not help. */
  readonly unhelped: string | null;
  /** The last check of all, if it failed. */
  readonly failed: string | null;
  readonly isDraining: boolean;
}

/** Why it is not quite well; empty when it is. The worst first. */
export function ailments(facts: HealthFacts): string[] {
  const { late, memory, residentBytes, limits, unhelped, failed, isDraining } = facts;
  const names = late.map(({ name, agoMs }) => `${name} has not turned for ${formatDuration(agoMs)}`);
  const told = failed !== null && names.every((name) => name !== failed) ? [failed] : [];
  return [
    ...(isDraining ? ['it is about to start itself anew'] : []),
    ...names,
    ...told,
    ...(memory === 'fine' ? [] : [`memory: ${mib(residentBytes)} of ${mib(limits.limitBytes)}`]),
    ...(unhelped === null ? [] : [unhelped]),
  ];
}

/** Bytes as people read memory: `266 MiB`. */
export function mib(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MiB`;
}
