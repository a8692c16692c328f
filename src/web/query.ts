import { KairosError } from '../core/errors.ts';
import { parseDurationMs, formatId, parseId, type IdLetter } from '../core/units.ts';
import type { Page } from './ports.ts';

/** Items on a page when nothing is said, and at most. */
const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 500;

/**
 * Reads `?limit=&after=&since=` of a list.
 *
 * @throws {KairosError} `INPUT_INVALID` naming the parameter.
 */
export function readPage(query: unknown, letter: IdLetter, nowMs: number): Page {
  const after = textOf(query, 'after');
  const since = textOf(query, 'since');
  return {
    limit: readLimit(textOf(query, 'limit')),
    after: after === undefined ? undefined : parseId(letter, after),
    sinceMs: since === undefined ? undefined : readSince(since, nowMs),
  };
}

/** Reads `?state=`. @throws {KairosError} `INPUT_INVALID` with the states there are. */
export function readState<State extends string>(query: unknown, states: readonly State[]): State | undefined {
  const text = textOf(query, 'state');
  if (text === undefined) return undefined;
  const state = states.find((each) => each === text);
  if (state === undefined) throw invalid('state', `one of ${states.join(', ')}`, text);
  return state;
}

/** `{items, next}`: `next` is what `after` must be for the following page, null at the end. Expects one row more than the limit. */
export function toPage<Row extends { readonly id: number }, View extends { readonly id?: unknown }>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => View,
): { readonly items: View[]; readonly next: unknown } {
  const items = rows.slice(0, limit).map(view);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** The row number in the path. @throws {KairosError} `INPUT_INVALID`. */
export function idOf(params: unknown, letter: IdLetter): number {
  return parseId(letter, (params as { id: string }).id);
}

/** @throws {KairosError} `NOT_FOUND`. */
export function found<Row>(row: Row | undefined, noun: string, letter: IdLetter, id: number): Row {
  if (row === undefined) throw new KairosError('NOT_FOUND', `there is no ${noun} ${formatId(letter, id)}`);
  return row;
}

/** How many items. @throws {KairosError} `INPUT_INVALID`. */
export function readLimit(text: string | undefined): number {
  if (text === undefined) return LIMIT_DEFAULT;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > LIMIT_MAX) throw invalid('limit', `a whole number from 1 to ${LIMIT_MAX}`, text);
  return limit;
}

/** A duration back from now ("2h"), a day, or an instant with its offset. A bare number would be neither. */
function readSince(text: string, nowMs: number): number {
  const agoMs = /[a-z]$/.test(text) ? parseDurationMs(text) : undefined;
  if (agoMs !== undefined) return Math.max(0, nowMs - agoMs);
  const ms = /^\d{4}-\d\d-\d\d([T ]|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw invalid('since', 'a duration such as 2h, or a time such as 2026-11-02T08:00:00+01:00', text);
  }
  return ms;
}

/** A parameter; undefined when it is missing or empty. @throws {KairosError} `INPUT_INVALID` when it is given twice. */
export function textOf(query: unknown, name: string): string | undefined {
  const value = (query as Readonly<Record<string, unknown>> | null)?.[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw invalid(name, 'one value', 'several');
  return value;
}

function invalid(name: string, expected: string, got: string): KairosError {
  return new KairosError('INPUT_INVALID', `${name}: expected ${expected}, got ${JSON.stringify(got.slice(0, 60))}`);
}
