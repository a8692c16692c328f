import type { FactTrust } from '../bullet.ts';

/** A piece of a file that is found as one. */
export interface Piece {
  readonly line: number;
  readonly kind: 'topic' | 'archive' | 'note' | 'session';
  /** Whose words it holds: `outside` as soon as some of them are. */
  readonly trust: FactTrust;
  /** ISO 8601; empty when nobody knows. */
  readonly at: string;
  readonly title: string;
  readonly text: string;
}

/** A file with its pieces, as the index takes it. */
export interface IndexedFile {
  /** Relative to the home. */
  readonly path: string;
  readonly state: string;
  readonly pieces: readonly Piece[];
}

/** The index, as far as filling it needs. A call is one short transaction. */
export interface IndexPort {
  states(): ReadonlyMap<string, string>;
  replace(files: readonly IndexedFile[]): void;
  drop(paths: readonly string[]): void;
}
