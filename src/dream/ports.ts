import type { Clock, Log, Redact } from '../core/ports.ts';
import type { MemoryLimits } from '../memory/limits.ts';
import type { MemoryStore } from '../memory/store.ts';
import type { Sandbox } from '../tools/confinement.ts';
import type { FileMark } from './cursor.ts';
import type { DreamMemory } from './gates.ts';
import type { StaleFact } from './material.ts';
import type { DreamOptions, NightWindow } from './options.ts';
import type { DreamReport } from './report.ts';
import type { ModelPort } from './serve-model.ts';

/** What a dream needs of the ledger. */
export interface DreamStore {
  gateTimes(): DreamMemory;
  holdBack(nowMs: number): Promise<void>;
  scanned(nowMs: number): Promise<void>;
  files(): ReadonlyMap<string, FileMark>;
  forget(paths: readonly string[]): Promise<void>;
  begin(byHand: boolean, nowMs: number): Promise<number>;
  stage(id: number, files: readonly FileMark[]): Promise<void>;
  end(
    id: number,
    end: {
      readonly outcome: 'changed' | 'nothing' | 'failed' | 'cancelled';
      readonly reason: string;
      readonly report: DreamReport | null;
      readonly files: readonly FileMark[];
      readonly lines: readonly { readonly kind: string; readonly ref: string; readonly text: string }[];
    },
    nowMs: number,
  ): Promise<void>;
}

/** Everything a dream needs. Functions are asked each time: settings change while the daemon runs. */
export interface DreamPorts {
  readonly home: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: Redact;
  readonly timeZone: () => string;
  readonly options: () => DreamOptions;
  /** The window of the night; undefined: there is none. */
  readonly night: () => NightWindow | undefined;
  /** Since when no work was in the foreground; null: some is. */
  readonly idleSinceMs: () => number | null;
  readonly limits: () => MemoryLimits;
  readonly store: DreamStore;
  readonly memory: Pick<MemoryStore, 'read' | 'applyOperations' | 'look'>;
  /** Facts whose claims no longer hold. */
  readonly stale: (signal: AbortSignal) => Promise<readonly StaleFact[]>;
  /** Whether the home knows an event by this id (`e12`). */
  readonly isEvent: (id: string) => boolean;
  /** The lock of dreams, or who has it. */
  readonly lock: () => Disposable | { readonly heldBy: string };
  /** undefined: there is none, or it is switched off. */
  readonly model: () => ModelPort | undefined;
  readonly sandbox: () => Promise<Sandbox>;
  readonly nodePath: string;
  /** The worker's module. Default: the one beside this. */
  readonly module?: string | undefined;
  /** Directories of the owner's that the worker may read besides memory, sessions and logs. */
  readonly workspaces: () => readonly string[];
}
