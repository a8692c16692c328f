import { quietEndMs } from '../budget/quiet.ts';
import { firstShut, gatesOf, notInFuture, type DreamMemory, type GateFacts } from './gates.ts';
import type { DreamPorts } from './ports.ts';

/** What it takes to look at the gates that cost nothing. */
export type LookPorts = Pick<DreamPorts, 'clock' | 'night' | 'timeZone' | 'options' | 'idleSinceMs'> & {
  readonly store: Pick<DreamPorts['store'], 'gateTimes'>;
};

/** How things stand, as far as that can be told without looking through the files. */
export function factsNow(ports: Omit<LookPorts, 'options'>): GateFacts {
  const nowMs = ports.clock.wallMs();
  const night = ports.night();
  return {
    ...notInFuture(ports.store.gateTimes(), nowMs),
    nowMs,
    idleSinceMs: ports.idleSinceMs(),
    inNightWindow: night !== undefined && quietEndMs(night, ports.timeZone(), nowMs) !== undefined,
  };
}

/** Somebody has set the clock back: that has to be written down (see `notInFuture`). */
export function isSetBack(times: DreamMemory, nowMs: number): boolean {
  return JSON.stringify(notInFuture(times, nowMs)) !== JSON.stringify(times);
}

/** Whether a dream may begin by itself, as far as that can be told without looking through the files; or has something to write down. */
export function isWorthATry(ports: LookPorts): boolean {
  if (isSetBack(ports.store.gateTimes(), ports.clock.wallMs())) return true;
  return firstShut(gatesOf(factsNow(ports), ports.options(), false))?.open !== false;
}
