/** What a run has used and come to. Kept in the ledger as JSON; written whole with every step. */
export interface Progress {
  readonly startedAtMs: number;
  /** Replies of the model. */
  readonly turns: number;
  /** All input, cached or not. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly microUsd: number;
  /** Time at work: neither laid aside nor between two processes. */
  readonly activeMs: number;
  /** Calls that were made, by tool. */
  readonly calls: Readonly<Record<string, number>>;
  readonly denials: number;
  readonly denialsInARow: number;
  /** What it has asked the owner. */
  readonly questions: number;
  /** How often a reply that was cut off was continued. */
  readonly continuations: number;
  /** Laid aside until then by the agent itself. */
  readonly sleepUntilMs: number | null;
  readonly ending: Ending | null;
}

/** How a run came to its end; a run that is taken up again after it comes to the same. */
export interface Ending {
  /**
   * `done`: the text is the agent's own. For all others it is said by kairosd: `limit` one of the limits; `refused` the
   * model would not; `handed-back` too many denials; `failed` it could not go on.
   */
  readonly kind: 'done' | 'limit' | 'refused' | 'handed-back' | 'failed';
  readonly text: string;
  /** The code behind `failed`. */
  readonly code?: string | undefined;
}

export function freshProgress(startedAtMs: number): Progress {
  return {
    startedAtMs,
    turns: 0,
    inputTokens: 0,
    outputTokens: 0,
    microUsd: 0,
    activeMs: 0,
    calls: {},
    denials: 0,
    denialsInARow: 0,
    questions: 0,
    continuations: 0,
    sleepUntilMs: null,
    ending: null,
  };
}
