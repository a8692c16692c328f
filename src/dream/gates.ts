import { formatDuration } from '../core/units.ts';
import type { DreamOptions } from './options.ts';

export type GateName = 'enabled' | 'time' | 'backoff' | 'idle' | 'scan' | 'sessions' | 'lock';

/** A condition of a dream, and how it stands. */
export interface Gate {
  readonly name: GateName;
  /** null: not looked at, because one before it is shut. */
  readonly open: boolean | null;
  /** In words; also when it is open. */
  readonly reason: string;
  /** When time alone opens it; null: time alone doesn't, or it is open. */
  readonly untilMs: number | null;
}

/** What is remembered of the dreams before. Times are Unix milliseconds, none of them in the future (see `notInFuture`). */
export interface DreamMemory {
  readonly lastSuccessAtMs: number | null;
  readonly lastScanAtMs: number | null;
  /** Failures since the last success. */
  readonly failures: number;
  readonly lastFailureAtMs: number | null;
}

/** How things stand at this moment. What costs something to find out is undefined until the gates before it are open. */
export interface GateFacts extends DreamMemory {
  readonly nowMs: number;
  /** Since when no work was in the foreground; null: some is. */
  readonly idleSinceMs: number | null;
  /** The window of the night holds. */
  readonly inNightWindow: boolean;
  readonly sessionsEnded?: number | undefined;
  /** `free`, or the holder's words. */
  readonly lock?: { readonly heldBy: string } | 'free' | undefined;
}

/** From one look through the files to the next. */
const SCAN_EVERY_MS = 600_000;
/** So many failures in a row, and no dream begins by itself any more: somebody has to look. */
const FAILURES_MAX = 3;

const BACKOFF_FIRST_MS = 3_600_000;
const BACKOFF_MS_MAX = 86_400_000;

/**
 * The gates of a dream, cheapest first. Those behind the first one that is shut are not looked at.
 *
 * @param byHand Asked for by the owner: the time, the sessions, the idleness, the pace of scans and what failed before do
 * not count; that it is off, and the lock, do.
 */
export function gatesOf(facts: GateFacts, options: DreamOptions, byHand: boolean): readonly Gate[] {
  const gates: Gate[] = [];
  let shut = false;
  for (const look of LOOKS) {
    const gate = look(facts, options);
    const opened = byHand && BY_HAND.has(gate.name) ? { ...gate, open: true, untilMs: null } : gate;
    gates.push(shut ? { ...opened, open: null, reason: 'not looked at', untilMs: null } : opened);
    shut ||= opened.open !== true;
  }
  return gates;
}

/** The first gate that isn't open; undefined: a dream may begin. `open: null` there: it has to be looked at. */
export function firstShut(gates: readonly Gate[]): Gate | undefined {
  return gates.find(({ open }) => open !== true);
}

/** How long after the last of so many failures in a row the next try may begin; Infinity: not by itself. */
export function backoffMs(failures: number): number {
  if (failures === 0) return 0;
  return failures >= FAILURES_MAX ? Infinity : Math.min(BACKOFF_MS_MAX, BACKOFF_FIRST_MS * 2 ** (failures - 1));
}

/**
 * After somebody has set the clock back, what lies in the future counts as now, from now on: the wait begins anew, once, and
 * can't last longer than it would have. Whoever calls writes it down (a look alone would begin it anew each time).
 */
export function notInFuture(memory: DreamMemory, nowMs: number): DreamMemory {
  const held = (ms: number | null): number | null => (ms === null ? null : Math.min(ms, nowMs));
  return {
    ...memory,
    lastSuccessAtMs: held(memory.lastSuccessAtMs),
    lastScanAtMs: held(memory.lastScanAtMs),
    lastFailureAtMs: held(memory.lastFailureAtMs),
  };
}

const BY_HAND: ReadonlySet<GateName> = new Set(['time', 'backoff', 'idle', 'scan', 'sessions']);

type Look = (facts: GateFacts, options: DreamOptions) => Gate;

const LOOKS: readonly Look[] = [enabledGate, timeGate, backoffGate, idleGate, scanGate, sessionsGate, lockGate];

function enabledGate(_facts: GateFacts, { enabled }: DreamOptions): Gate {
  const reason = enabled ? 'dreams are on' : 'dreams are off (dream.enabled)';
  return { name: 'enabled', open: enabled, reason, untilMs: null };
}

function timeGate({ nowMs, lastSuccessAtMs }: GateFacts, { minMs }: DreamOptions): Gate {
  if (lastSuccessAtMs === null) return { name: 'time', open: true, reason: 'there was no dream yet', untilMs: null };
  const sinceMs = Math.max(0, nowMs - lastSuccessAtMs);
  const open = sinceMs >= minMs;
  const reason = `the last dream was ${formatDuration(sinceMs)} ago, ${formatDuration(minMs)} are needed`;
  return { name: 'time', open, reason, untilMs: open ? null : nowMs - sinceMs + minMs };
}

function backoffGate({ nowMs, failures, lastFailureAtMs }: GateFacts): Gate {
  if (failures === 0 || lastFailureAtMs === null) {
    return { name: 'backoff', open: true, reason: 'the last dream did not fail', untilMs: null };
  }
  const waitMs = backoffMs(failures);
  if (waitMs === Infinity) {
    const reason = `${failures} dreams in a row failed: none begins by itself any more; kairos dream --now tries again`;
    return { name: 'backoff', open: false, reason, untilMs: null };
  }
  const sinceMs = Math.max(0, nowMs - lastFailureAtMs);
  const open = sinceMs >= waitMs;
  const reason = `the last dream failed ${formatDuration(sinceMs)} ago; the next try is ${formatDuration(waitMs)} after it`;
  return { name: 'backoff', open, reason, untilMs: open ? null : nowMs - sinceMs + waitMs };
}

function idleGate({ nowMs, idleSinceMs, inNightWindow }: GateFacts, { idleMs }: DreamOptions): Gate {
  if (inNightWindow) return { name: 'idle', open: true, reason: 'it is the window of the night', untilMs: null };
  if (idleSinceMs === null) return { name: 'idle', open: false, reason: 'the foreground is at work', untilMs: null };
  const sinceMs = Math.max(0, nowMs - idleSinceMs);
  const open = sinceMs >= idleMs;
  const reason = `the foreground has been idle for ${formatDuration(sinceMs)}, ${formatDuration(idleMs)} are needed`;
  return { name: 'idle', open, reason, untilMs: open ? null : nowMs - sinceMs + idleMs };
}

function scanGate({ nowMs, lastScanAtMs, sessionsEnded }: GateFacts): Gate {
  const sinceMs = lastScanAtMs === null ? Infinity : Math.max(0, nowMs - lastScanAtMs);
  // A scan that has been made for this very look is no second one.
  const open = sessionsEnded !== undefined || sinceMs >= SCAN_EVERY_MS;
  const reason = open
    ? 'the files may be looked through'
    : `the files were looked through ${formatDuration(sinceMs)} ago, at most once in ${formatDuration(SCAN_EVERY_MS)}`;
  return { name: 'scan', open, reason, untilMs: open ? null : nowMs - sinceMs + SCAN_EVERY_MS };
}

function sessionsGate({ sessionsEnded }: GateFacts, { sessionsMin }: DreamOptions): Gate {
  if (sessionsEnded === undefined) return { name: 'sessions', open: null, reason: 'not looked at', untilMs: null };
  const reason = `${sessionsEnded} sessions ended since the last dream, ${sessionsMin} are needed`;
  return { name: 'sessions', open: sessionsEnded >= sessionsMin, reason, untilMs: null };
}

function lockGate({ lock }: GateFacts): Gate {
  if (lock === undefined) return { name: 'lock', open: null, reason: 'not looked at', untilMs: null };
  if (lock === 'free') return { name: 'lock', open: true, reason: 'no other dream is under way', untilMs: null };
  return { name: 'lock', open: false, reason: `another dream is under way (${lock.heldBy})`, untilMs: null };
}
