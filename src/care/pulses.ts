import type { Clock } from '../core/ports.ts';

/** The last sign of life of something that works in steps. */
export interface Pulse {
  beat(): void;
  /** Since the last beat, or since the start. */
  agoMs(): number;
}

export function createPulse(clock: Pick<Clock, 'monoMs'>): Pulse {
  let lastMs = clock.monoMs();
  return {
    beat() {
      lastMs = clock.monoMs();
    },
    agoMs: () => clock.monoMs() - lastMs,
  };
}

/** A loop that has not turned for longer than it may. */
export interface LatePulse {
  readonly name: string;
  readonly agoMs: number;
}

/** The signs of life of all that must turn. */
export interface Pulses {
  /** From now on this must beat at least so often. */
  add(name: string, pulse: Pulse, silentMsMax: number): void;
  /** A function that beats whenever it is called. */
  through<Given extends unknown[], Result>(
    name: string,
    silentMsMax: number,
    act: (...given: Given) => Result,
  ): (...given: Given) => Result;
  /** The machine slept, or the whole process stood still: nobody is late because of that. */
  forgive(): void;
  late(): readonly LatePulse[];
}

export function createPulses(clock: Pick<Clock, 'monoMs'>): Pulses {
  const all = new Map<string, { readonly pulse: Pulse; readonly silentMsMax: number }>();
  return {
    add(name, pulse, silentMsMax) {
      all.set(name, { pulse, silentMsMax });
    },
    through(name, silentMsMax, act) {
      const pulse = createPulse(clock);
      all.set(name, { pulse, silentMsMax });
      return (...given) => {
        pulse.beat();
        return act(...given);
      };
    },
    forgive() {
      for (const { pulse } of all.values()) pulse.beat();
    },
    late: () =>
      [...all].flatMap(([name, { pulse, silentMsMax }]) => {
        const agoMs = pulse.agoMs();
        return agoMs > silentMsMax ? [{ name, agoMs }] : [];
      }),
  };
}
