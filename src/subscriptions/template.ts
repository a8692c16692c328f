import { parsePath, someAt, type Path } from './path.ts';
import { cut, plainLine } from './plain.ts';

/** What a template may name besides fields of the payload. */
export interface TemplateEvent {
  readonly source: string;
  readonly type: string;
  readonly action: string | null;
}

type Filter = (text: string) => string;
type Part = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'field'; readonly field: Field };
interface Field {
  readonly name: string;
  readonly path: Path;
  readonly filter: Filter | undefined;
}

export type Template = readonly Part[];

const FILTERS: ReadonlyMap<string, Filter> = new Map([
  ['short', (text: string) => text.slice(0, 7)],
  ['first-line', (text: string) => /^[^\r\n]*/.exec(text.trimStart())?.[0] ?? ''],
  ['branch', (text: string) => text.replace(/^refs\/(?:heads|tags)\//, '')],
]);
const TOKEN = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;
const EVENT_FIELDS = new Set(['source', 'type', 'action']);
const VALUE_CHARS_MAX = 500;
const VALUES_MAX = 10;
/** Longest rendered text in UTF-16 units. */
const TEXT_CHARS_MAX = 4_000;
/** Stands for a field that is not there, is null, or is an object: seen by whoever reads it, and never an error. */
const MISSING = '?';

/**
 * Reads a template: `{path}` is a field of the payload; `{source}`, `{type}` and `{action}` are the event's own.
 * Filters: `{path|short}` the first 7 characters, `{path|first-line}`, `{path|branch}` without `refs/heads/`.
 * `{{` and `}}` stand for braces.
 *
 * @returns The template, or a sentence that says what is wrong with it.
 */
export function parseTemplate(text: string): Template | string {
  const parts: Part[] = [];
  let end = 0;
  for (const token of text.matchAll(TOKEN)) {
    if (token.index > end) parts.push({ kind: 'text', text: text.slice(end, token.index) });
    end = token.index + token[0].length;
    if (token[0] === '{{' || token[0] === '}}') parts.push({ kind: 'text', text: token[0].slice(1) });
    else if (token[1] === undefined)
      return `has a single ${token[0]} at character ${end}; write ${token[0]}${token[0]} for a brace`;
    else {
      const field = parseField(token[1]);
      if (typeof field === 'string') return field;
      parts.push({ kind: 'field', field });
    }
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

function parseField(text: string): Field | string {
  const [name = '', filterName, ...rest] = text.split('|').map((piece) => piece.trim());
  const path = parsePath(name);
  if (path === undefined)
    return `{${text}} is not a field: expected a path such as {repository.full_name} or {commits[0].id|short}`;
  if (filterName === undefined) return { name, path, filter: undefined };
  const filter = FILTERS.get(filterName);
  if (filter === undefined || rest.length > 0)
    return `{${text}} has an unknown filter: expected one of ${[...FILTERS.keys()].join(', ')}`;
  return { name, path, filter };
}

/**
 * Fills a template in. A value is text from outside: it becomes one plain line of at most 500 characters; several
 * values (`{labels[].name}`) are joined, at most 10; a missing one renders as "?". A value is never read as a template.
 * Line ends of the template itself stay. Does not escape Markdown or HTML: channels do. Never throws on JSON.
 *
 * @param charsMax Longest result in UTF-16 units; default 4 000.
 */
export function renderTemplate(
  template: Template,
  event: TemplateEvent,
  payload: unknown,
  charsMax: number = TEXT_CHARS_MAX,
): string {
  let text = '';
  for (const part of template) {
    text += part.kind === 'text' ? part.text : renderField(part.field, event, payload);
    if (text.length > charsMax) break;
  }
  return cut(text, charsMax);
}

function renderField(field: Field, event: TemplateEvent, payload: unknown): string {
  if (EVENT_FIELDS.has(field.name)) return renderValue(event[field.name as keyof TemplateEvent], field.filter);
  const values: string[] = [];
  someAt(payload, field.path, (value) => {
    if (Array.isArray(value)) values.push(...value.slice(0, VALUES_MAX).map((one) => renderValue(one, field.filter)));
    else values.push(renderValue(value, field.filter));
    return values.length >= VALUES_MAX;
  });
  return values.length === 0 ? MISSING : cut(values.join(', '), VALUE_CHARS_MAX);
}

function renderValue(value: unknown, filter: Filter | undefined): string {
  const text = scalarText(value);
  if (text === undefined) return MISSING;
  return plainLine(filter === undefined ? text : filter(text), VALUE_CHARS_MAX);
}

/** A string, number or boolean as text; undefined for everything else. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
