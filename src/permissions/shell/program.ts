import type { Field } from './field.ts';
import type { Notes } from './notes.ts';
import type { Scene } from './scene.ts';

/** What the value of a flag, or an operand, is to a program. */
export type Kind =
  /** Any text: printed, searched for, a format. */
  | 'text'
  /** Text that may also come from a file-name pattern. */
  | 'name'
  /** `[a-z]`, as `tr` takes it. */
  | 'set'
  /** Letters, digits and `. , : + % @ = _ -`. */
  | 'word'
  /** A number with an optional unit. */
  | 'count'
  /** At most three digits. */
  | 'small'
  /** A span of seconds, at most ten minutes. */
  | 'delay'
  | 'look'
  | 'read'
  | 'write';

/** One simple command with its words seen through, and the ways back to judge what it in turn would run. */
export interface Call {
  readonly name: string;
  readonly args: readonly Field[];
  readonly scene: Scene;
  /** Judges a command given as words. */
  readonly inner: (fields: readonly Field[]) => Notes;
  /** Judges a script given as text. */
  readonly script: (text: string) => Notes;
}

/**
 * A program that only reads and prints, when it is given only these flags. What is not listed is refused.
 *
 * `flags`: separated by spaces. `-abc` three flags without values; `-n:count` takes a value, attached or next;
 * `-I?word` an optional, attached one; `--long`, `--long:count`, `--long?word` (only after `=`). Long flags are
 * accepted only in full, so no abbreviation slips by.
 * `operands`: the kinds in order, the last may end in `*` (any number). Missing: none.
 */
export interface Program {
  readonly flags?: string;
  readonly operands?: string;
  /** Fewest operands; fewer is a mistake, or reads something else than it seems. */
  readonly least?: number;
  /** `head -20`. */
  readonly dashNumber?: true;
  /** `seq 3 -1 1`: a negative number is an operand. */
  readonly negatives?: true;
  /** File-name patterns may not stand where a match could be taken for a flag: there is one that writes or runs. */
  readonly sharp?: true;
  /** Values are always a word of their own (`tree`): attached ones are read as further flags. */
  readonly detached?: true;
  /** Flags must come before operands: elsewhere they are operands to some systems. */
  readonly ordered?: true;
  /** Without a path it looks at the current directory. */
  readonly here?: true;
  /** What the table cannot say. */
  readonly check?: (seen: SeenFlags, call: Call) => Notes;
}

/** What a program was given. */
export interface SeenFlags {
  /** With dashes, as written. */
  readonly flags: ReadonlySet<string>;
  readonly operands: readonly Field[];
}

/** A program with its own way of reading its words. */
export type Reader = (call: Call) => Notes;

/** Programs by name. */
export type Programs = Readonly<Record<string, Program>>;
export type Readers = Readonly<Record<string, Reader>>;
