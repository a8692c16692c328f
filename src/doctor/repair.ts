/**
 * One thing that is done to the home. Data, so that it can be shown before it is done, written into the backup, and done by
 * one careful hand (mend.ts). Paths are relative to the home; empty is the home itself.
 */
export type Step =
  /** Another mode, if it still has the one that was seen. */
  | { readonly kind: 'mode'; readonly path: string; readonly from: number; readonly to: number }
  /** A directory that is missing, 0700. */
  | { readonly kind: 'make'; readonly path: string }
  /** A file nobody needs goes into the backup, if it is still the one that was seen and no daemon runs. */
  | { readonly kind: 'set aside'; readonly path: string; readonly seen: SeenFile }
  /** The note of a lock that nobody holds: taking the lock and letting it go removes it. */
  | { readonly kind: 'free lock'; readonly path: string };

/** What tells a file from another one of the same name. */
export interface SeenFile {
  readonly inode: number;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** How a finding is mended: said first, then done. */
export interface Repair {
  /** What is done, in words. */
  readonly what: string;
  readonly steps: readonly Step[];
}
