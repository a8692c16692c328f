import type { DreamReport } from './report.ts';
import type { Dreamer, DreamRequest, DreamResult } from './run.ts';

/** A dream that was, as far as it is shown. */
interface PastDream {
  readonly id: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly outcome: string | null;
  readonly reason: string;
  readonly generation: number | null;
  readonly byHand: boolean;
}

export interface ShownParts {
  readonly dreamer: Dreamer;
  readonly store: { list(limit: number): readonly PastDream[] };
  /** What confines the worker besides Node; undefined: not tried yet. */
  readonly jail: () => string | undefined;
  /** Aborts with the daemon. */
  readonly signal: AbortSignal;
  /** A dream has come to its end. */
  readonly onEnd?: ((result: DreamResult) => void) | undefined;
}

/** Dreams as the API shows them and lets them be asked for. */
export function createDreamDoor({ dreamer, store, jail, signal, onEnd }: ShownParts) {
  return {
    state() {
      const [last = null] = store.list(1);
      const gates = dreamer.gates().map(({ name, open, reason, untilMs }) => ({ name, open, reason, untilMs }));
      return { gates, last, progress: dreamer.progress() ?? null, jail: jail() ?? null };
    },
    async once(request: DreamRequest) {
      const result = await dreamer.once(request, signal);
      onEnd?.(result);
      return outcomeOf(result);
    },
  };
}

/** A result without what was rejected: its words may hold what it was rejected for. */
function outcomeOf({ ran, reason, changes, generation, failed, diff, report }: DreamResult) {
  const { rejected, conflicts, held, model, phasesMs } = report ?? NOTHING;
  return {
    ran,
    reason,
    changes,
    generation,
    failed,
    rejected,
    conflicts,
    held,
    diff,
    tokens: model.tokens,
    microUsd: model.microUsd,
    phasesMs,
  };
}

const NOTHING: Pick<DreamReport, 'rejected' | 'conflicts' | 'held' | 'model' | 'phasesMs'> = {
  rejected: [],
  conflicts: [],
  held: [],
  model: { questions: 0, tokens: 0, microUsd: 0, stopped: '' },
  phasesMs: {},
};
