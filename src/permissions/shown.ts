import { createHash } from 'node:crypto';
import type { Json } from '../core/agent.ts';
import { visible } from './visible.ts';

/** A call and the directory it would run in: all that an approval binds. */
export interface BoundCall {
  readonly tool: string;
  readonly input: Json;
  readonly cwd: string | null;
}

/** The longest text an approval shows, in UTF-16 units. */
export const SHOWN_LENGTH_MAX = 2_000;

/** sha256, in hex, of the canonical JSON of a call. An approval holds for calls with this hash only. */
export function hashOf(call: BoundCall): string {
  return createHash('sha256')
    .update(canonicalJson({ tool: call.tool, input: call.input, cwd: call.cwd }))
    .digest('hex');
}

/** JSON with sorted keys and no spaces: equal data, equal bytes. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

/**
 * A call for a person to judge. It cannot lie: what would not be seen is written out, a value cannot look like another
 * field, short fields come first so that a long one hides none, and what is left out is counted. At most 2 000 characters,
 * the hash of the whole at the end.
 */
export function showCall(call: BoundCall): string {
  const foot = `\nsha256 ${hashOf(call)}`;
  const head = `${oneLine(call.tool)} in ${call.cwd === null ? 'no workspace' : oneLine(call.cwd)}`;
  const fields = fieldsOf(call.input)
    .map(([key, value]) => `\n${oneLine(key)}: ${inset(value)}`)
    .toSorted((a, b) => a.length - b.length);
  const body = `${head}${fields.join('')}`;
  return `${shorten(body, SHOWN_LENGTH_MAX - foot.length)}${foot}`;
}

const KEY_LENGTH_MAX = 300;

function fieldsOf(input: Json): readonly (readonly [string, string])[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return [['input', canonicalJson(input)]];
  return Object.entries(input).map(([key, value]) => [key, typeof value === 'string' ? value : canonicalJson(value)]);
}

function oneLine(text: string): string {
  return shorten(visible(text, { newlines: false }), KEY_LENGTH_MAX);
}

/** Further lines stand behind a bar: none of them begins like a field. */
function inset(text: string): string {
  return visible(text, { newlines: true }).replaceAll('\n', '\n  │ ');
}

/** Head and tail, with what is missing between them counted. */
function shorten(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const room = lengthMax - note(text.length).length;
  const head = whole(text.slice(0, Math.ceil(room * 0.6)), 'end');
  const tail = whole(text.slice(text.length - Math.floor(room * 0.4)), 'start');
  return `${head}${note(text.length - head.length - tail.length)}${tail}`;
}

function note(left: number): string {
  return ` ⟨… ${left} characters are not shown …⟩ `;
}

/** Without half of a character at the cut. */
function whole(text: string, cut: 'start' | 'end'): string {
  return cut === 'end' ? text.replace(/[\ud800-\udbff]$/, '') : text.replace(/^[\udc00-\udfff]/, '');
}
