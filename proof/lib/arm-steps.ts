/**
 * Loaded into a daemon with `--import`: kills it when it passes a step, and writes down which steps it passed. The clock of
 * the process goes faster than the real one, so that what waits for minutes comes about.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import type { Clock, StepName } from '../../src/core/ports.ts';
import { systemClock } from '../../src/daemon/system.ts';

/** One wait of the real clock, at most. */
const WAIT_MS_MAX = 30_000;

/** What is to happen in the daemon; given as JSON in `KAIROS_PROOF_STEPS`. */
export interface Arming {
  /** So many milliseconds pass for one real one… */
  readonly rate: number;
  /** …since this moment, the same for all processes of one home. */
  readonly sinceMs: number;
  /** SIGKILL, the so many'th time that this step is passed. */
  readonly kill?: { readonly step: StepName; readonly hit: number } | undefined;
  /** The owner adds a line to a file, once, when this step is passed and another line is in it already. */
  readonly edit?: {
    readonly step: StepName;
    readonly path: string;
    readonly after: string;
    readonly text: string;
    /** Made when it was added. */
    readonly marker?: string | undefined;
  };
  /** Where to write how often each step was passed, when the daemon ends. */
  readonly hits?: string | undefined;
}

const given = process.env['KAIROS_PROOF_STEPS'];
if (given !== undefined && isMainThread) arm(JSON.parse(given) as Arming);

function arm({ rate, sinceMs, kill, edit, hits }: Arming): void {
  const counts = new Map<string, number>();
  subscribe('kairosd:step', (message) => {
    const name = message as StepName;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    if (edit?.step === name) addLine(edit);
    if (kill?.step === name && kill.hit === count) process.kill(process.pid, 'SIGKILL');
  });
  if (hits !== undefined) process.on('exit', () => writeFileSync(hits, JSON.stringify(Object.fromEntries(counts))));
  Object.assign(systemClock, faster(rate, sinceMs));
}

function addLine({ path, after, text, marker }: NonNullable<Arming['edit']>): void {
  const there = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (!there.includes(after) || (marker !== undefined && existsSync(marker))) return;
  if (marker !== undefined) writeFileSync(marker, '');
  appendFileSync(path, text);
}

/** A clock that goes so many times faster since a moment, the same in all processes that are given both. */
export function faster(rate: number, sinceMs: number): Clock {
  const monoMs = (): number => performance.now() * rate;
  return {
    wallMs: () => Math.floor(sinceMs + (performance.timeOrigin + performance.now() - sinceMs) * rate),
    monoMs,
    async sleep(delayMs, signal) {
      const untilMs = monoMs() + delayMs;
      while (!signal.aborted && monoMs() < untilMs) {
        const waitMs = Math.ceil(Math.min((untilMs - monoMs()) / rate, WAIT_MS_MAX));
        // Cut short by the signal, as it should be.
        await pause(waitMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
