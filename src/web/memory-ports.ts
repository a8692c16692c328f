/** The memory as it is shown. */
export interface MemoryState {
  readonly index: string;
  readonly topics: readonly {
    readonly name: string;
    readonly type: string;
    readonly description: string;
    /** ISO 8601, as the file says. */
    readonly modified: string;
    readonly facts: number;
    readonly lines: number;
    readonly bytes: number;
  }[];
  /** Newest first. */
  readonly generations: readonly {
    readonly generation: number;
    readonly at: string;
    readonly author: string;
    readonly reason: string;
    readonly changes: number;
  }[];
  readonly limits: { readonly linesMax: number; readonly bytesMax: number; readonly topicsMax: number };
}

/** How dreams stand. Times are Unix milliseconds. */
export interface DreamState {
  /** `open: null`: not looked at, because one before it is shut, or because it costs something. */
  readonly gates: readonly {
    readonly name: string;
    readonly open: boolean | null;
    readonly reason: string;
    readonly untilMs: number | null;
  }[];
  readonly last: {
    readonly id: number;
    readonly startedAtMs: number;
    readonly endedAtMs: number | null;
    readonly outcome: string | null;
    readonly reason: string;
    readonly generation: number | null;
    readonly byHand: boolean;
  } | null;
  readonly progress: {
    readonly phase: string;
    readonly done: number;
    readonly total: number;
    readonly sinceMs: number;
  } | null;
  /** What confines the worker besides Node: `bubblewrap`, `sandbox-exec`, `none`; null: not tried yet. */
  readonly jail: string | null;
}

/** What came of a dream. */
export interface DreamOutcome {
  readonly ran: boolean;
  readonly reason: string;
  readonly changes: readonly {
    readonly kind: string;
    readonly topic: string;
    readonly text: string;
    readonly was?: readonly string[] | undefined;
    readonly reason?: string | undefined;
    readonly src?: readonly string[] | undefined;
  }[];
  readonly generation: number | null;
  readonly failed: boolean;
  readonly rejected: readonly { readonly topic: string; readonly kind: string; readonly reason: string }[];
  readonly conflicts: readonly {
    readonly topic: string;
    readonly yours: string;
    readonly text: string;
    readonly src: readonly string[];
    readonly since?: string | undefined;
  }[];
  readonly held: readonly { readonly topic: string; readonly operations: number; readonly reason: string }[];
  /** Of a dry run. */
  readonly diff: string | null;
  readonly tokens: number;
  readonly microUsd: number;
  readonly phasesMs: Readonly<Record<string, number>>;
}

/** What the API needs of the memory and of dreams. */
export interface MemoryPort {
  state(): Promise<MemoryState>;
  /** @throws {KairosError} `NOT_FOUND`, `STATE_CONFLICT` while a person edits. */
  rollback(generation: number): Promise<{
    readonly generation: number | null;
    readonly restored: readonly string[];
    readonly held: readonly { readonly path: string; readonly why: string }[];
  }>;
  readonly dream: {
    state(): DreamState | Promise<DreamState>;
    /** Resolves when the dream is over, which may take minutes. Ends with the daemon. */
    once(request: { readonly byHand: boolean; readonly dryRun: boolean }): Promise<DreamOutcome>;
  };
}
