import { createPulses, type Pulses } from '../care/pulses.ts';
import type { Clock } from '../core/ports.ts';

/** The signs of life of the daemon, and whether it is about to end so that no work may begin. */
export interface Vitals {
  readonly pulses: Pulses;
  /** Begin nothing more: it will start itself anew. */
  drain(): void;
  isDraining(): boolean;
  /** The same port; one of its methods, called in every step of a loop, is the sign of life of that loop. */
  beating<Port extends object>(name: string, port: Port, method: keyof Port): Port;
  /** The same for a question that a loop asks in every step. */
  asked<Answer>(name: string, ask: () => Answer): () => Answer;
}

/** Idle loops look every 15 or 30 s; nothing they do in one step takes minutes, a very large ledger's first look included. */
const SILENT_MS_MAX = 300_000;

export function createVitals(clock: Pick<Clock, 'monoMs'>): Vitals {
  const pulses = createPulses(clock);
  let draining = false;
  return {
    pulses,
    drain() {
      draining = true;
    },
    isDraining: () => draining,
    beating(name, port, method) {
      const act = port[method];
      if (typeof act !== 'function') return port;
      const beat = pulses.through(name, SILENT_MS_MAX, () => undefined);
      return {
        ...port,
        [method]: (...given: unknown[]): unknown => {
          beat();
          return (act as (...given: unknown[]) => unknown).apply(port, given);
        },
      };
    },
    asked: (name, ask) => pulses.through(name, SILENT_MS_MAX, ask),
  };
}
