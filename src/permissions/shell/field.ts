/** One word a program would be given, after quotes are gone. */
export interface Field {
  readonly text: string;
  /** Where in `text` the first character lies that the shell matches against file names; -1: there is none. */
  readonly patternAt: number;
  /** Why what the program gets cannot be told from the text. undefined: it can. */
  readonly opaque?: string | undefined;
  /** It is opaque, but prints nothing that matters: `$?`, `$USER`. */
  readonly harmless?: boolean | undefined;
  /** It stands for the output of a command that was judged by itself, and may be read. */
  readonly stream?: boolean | undefined;
  /** Written without quotes, backslashes and expansions: the only way a program may be named. */
  readonly plain: boolean;
}

/** A word that is exactly this text. */
export function literal(text: string): Field {
  return { text, patternAt: -1, plain: true };
}

/** A word that could be anything. */
export function opaque(text: string, reason: string): Field {
  return { text, patternAt: -1, opaque: reason, plain: false };
}

/** Whether a file name that it matches could begin with `-`, and so be taken for a flag. */
export function mayBecomeFlag(field: Field): boolean {
  return field.patternAt === 0 || (field.patternAt > 0 && field.text.startsWith('-'));
}
