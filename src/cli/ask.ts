import { KairosError } from '../core/errors.ts';
import type { Env } from '../daemon/home.ts';

/** A question that is answered by a line. */
export interface TextQuestion {
  readonly message: string;
  /** What an empty line means. Left out: an answer is needed. */
  readonly otherwise?: string;
  /** What is expected, when the answer is none. */
  readonly check: (answer: string) => string | undefined;
}

export interface ChoiceQuestion<Value extends string> {
  readonly message: string;
  /** The first is the default. */
  readonly options: readonly { readonly value: Value; readonly label: string }[];
}

/** Somebody at a terminal. Every question throws `INPUT_INVALID` when they leave (Ctrl-C, Ctrl-D). */
export interface Asker {
  text(question: TextQuestion): Promise<string>;
  /** Not shown while it is typed. */
  secret(question: TextQuestion): Promise<string>;
  choose<Value extends string>(question: ChoiceQuestion<Value>): Promise<Value>;
  confirm(message: string, otherwise: boolean): Promise<boolean>;
  say(text: string): void;
  close(): void;
}

const COLUMNS_MIN = 40;

/** Menus where the terminal can show them; plain lines, ASCII and without colour, where it can't or shall not. */
export async function openAsker(env: Env): Promise<Asker> {
  // A serial line or a fresh pty may have no width: a menu would break after every letter.
  const isNarrow = process.stdout.columns < COLUMNS_MIN;
  if (isNarrow || env['TERM'] === 'dumb' || env['NO_COLOR'] !== undefined)
    return (await import('./ask-plain.ts')).openPlainAsker();
  return (await import('./ask-menu.ts')).openMenuAsker();
}

/** They left before the end. */
export function left(): KairosError {
  return new KairosError('INPUT_INVALID', 'left before the end; nothing was written', { left: true });
}
