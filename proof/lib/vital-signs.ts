import { readdirSync, readFileSync } from 'node:fs';
import type { DaemonProcess } from './daemon.ts';

/** How a daemon is at a moment. */
export interface VitalSigns {
  /** Since the campaign began. */
  readonly atMs: number;
  readonly residentMib: number;
  /** Open descriptors; NaN where the system does not show them. */
  readonly descriptors: number;
  /** Of the event loop since the start. */
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
  readonly cpuSeconds: number;
}

interface StatusFacts {
  readonly health: {
    readonly memory: { readonly residentBytes: number };
    readonly loopLag: { readonly p99Ms: number; readonly maxMs: number };
    readonly lastRestart: { readonly why: string } | null;
  };
}

/** Asks the daemon and the system. */
export async function takeSigns(daemon: DaemonProcess, startedMs: number): Promise<VitalSigns> {
  const { health } = (await daemon.get('/api/status')) as StatusFacts;
  return {
    atMs: performance.now() - startedMs,
    residentMib: health.memory.residentBytes / 1_048_576,
    descriptors: descriptorsOf(daemon.pid),
    lagP99Ms: health.loopLag.p99Ms,
    lagMaxMs: health.loopLag.maxMs,
    cpuSeconds: cpuSecondsOf(daemon.pid),
  };
}

/** Whether it has started itself anew since its home was made. */
export async function hasRestarted(daemon: DaemonProcess): Promise<string | undefined> {
  return ((await daemon.get('/api/status')) as StatusFacts).health.lastRestart?.why;
}

/** One line of the table. */
export function signsLine(what: string, signs: VitalSigns): string {
  const { atMs, residentMib, descriptors, lagP99Ms, lagMaxMs, cpuSeconds } = signs;
  return [
    `${(atMs / 1_000).toFixed(0)} s`.padStart(7),
    what.padEnd(28),
    `${residentMib.toFixed(1)} MiB`.padStart(10),
    `${descriptors} fds`.padStart(8),
    `lag p99 ${lagP99Ms.toFixed(1)} max ${lagMaxMs.toFixed(0)} ms`.padStart(26),
    `cpu ${cpuSeconds.toFixed(1)} s`.padStart(12),
  ].join('  ');
}

function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return Number.NaN;
  }
}

/** Ticks of a hundredth of a second, user and system. */
function cpuSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}
