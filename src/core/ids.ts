import { KairosError } from './errors.ts';

/**
 * Ids are the row number behind a letter: `e12` an event, `j12` a job, `m12` a message. Short enough to read over a
 * phone, unique in a home, never used twice.
 */
const ID = /^([a-z])([1-9]\d{0,14})$/;

export type IdLetter = 'e' | 'j' | 'm';

export function formatId(letter: IdLetter, row: number): string {
  return `${letter}${row}`;
}

/** The row behind an id. @throws {KairosError} `INPUT_INVALID` when it is not an id of that letter. */
export function parseId(letter: IdLetter, text: string): number {
  const found = ID.exec(text);
  if (found?.[1] !== letter) {
    throw new KairosError(
      'INPUT_INVALID',
      `expected an id such as ${letter}12, got ${JSON.stringify(text.slice(0, 40))}`,
    );
  }
  return Number(found[2]);
}
