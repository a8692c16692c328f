export interface Table {
  readonly [key: string]: unknown;
}

type Growing = Record<string, unknown>;

/** Reads as much of TOML as settings and manifests hold: tables, strings, numbers, lists, inline tables. Dates are text. What it doesn't know it passes over. */
export function readToml(text: string): Table {
  const root: Growing = Object.create(null) as Growing;
  let table = root;
  let rest = '';
  for (const line of text.split(/\r?\n/)) {
    const whole = rest === '' ? line : `${rest}\n${line}`;
    const bare = uncommented(whole).trim();
    rest = '';
    if (bare === '') continue;
    const heading = /^\[\[?\s*([^\]]+?)\s*\]\]?$/.exec(bare);
    if (heading !== null && !bare.includes('=')) {
      table = reach(root, keysOf(heading[1] ?? ''), bare.startsWith('[['));
      continue;
    }
    const found = /^((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=\s*([\s\S]*)$/.exec(bare);
    if (found === null) continue;
    if (isOpen(found[2] ?? '') && whole.length < 200_000) {
      rest = whole;
      continue;
    }
    const keys = keysOf(found[1] ?? '');
    const last = keys.pop();
    if (last !== undefined) reach(table, keys, false)[last] = valueOf((found[2] ?? '').trim());
  }
  return root;
}

function keysOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|([\w-]+)/g)].map((found) => found[1] ?? found[2] ?? found[3] ?? '');
}

function reach(from: Growing, keys: readonly string[], another: boolean): Growing {
  let at = from;
  for (const [index, key] of keys.entries()) {
    const next = at[key];
    const fresh = Object.create(null) as Growing;
    if (another && index === keys.length - 1) {
      const list = Array.isArray(next) ? (next as unknown[]) : [];
      list.push(fresh);
      at[key] = list;
      return fresh;
    }
    if (Array.isArray(next)) at = (next.at(-1) as Growing | undefined) ?? fresh;
    else if (typeof next === 'object' && next !== null) at = next as Growing;
    else {
      at[key] = fresh;
      at = fresh;
    }
  }
  return at;
}

/** A list, a table or a long text that goes on in the next line. */
function isOpen(value: string): boolean {
  if (/^("""|''')/.test(value)) return value.indexOf(value.slice(0, 3), 3) === -1;
  const bare = value.replaceAll(/"(?:\\.|[^"\\])*"|'[^']*'/g, '');
  const count = (sign: string): number => bare.split(sign).length;
  return count('[') > count(']') || count('{') > count('}');
}

function uncommented(text: string): string {
  return text.replaceAll(/"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*/g, (found) => (found.startsWith('#') ? '' : found));
}

function valueOf(text: string): unknown {
  if (/^("""|''')/.test(text)) return text.slice(3, -3).replace(/^\n/, '');
  if (/^["']/.test(text)) return text.slice(1, -1);
  if (text.startsWith('[')) return parts(text.slice(1, -1)).map(valueOf);
  if (text.startsWith('{')) {
    const table = Object.create(null) as Growing;
    for (const part of parts(text.slice(1, -1))) {
      const at = part.indexOf('=');
      const keys = keysOf(part.slice(0, at));
      const last = keys.pop();
      if (at > 0 && last !== undefined) reach(table, keys, false)[last] = valueOf(part.slice(at + 1).trim());
    }
    return table;
  }
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text.replaceAll('_', ''));
  return Number.isNaN(number) ? text : number;
}

/** Splits at commas that are in no string, list or table. */
function parts(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let at = 0;
  for (const token of text.matchAll(/"(?:\\.|[^"\\])*"|'[^']*'|[[\]{},]/g)) {
    if (token[0] === '[' || token[0] === '{') depth += 1;
    else if (token[0] === ']' || token[0] === '}') depth -= 1;
    else if (token[0] === ',' && depth === 0) {
      found.push(text.slice(at, token.index));
      at = token.index + 1;
    }
  }
  return [...found, text.slice(at)].map((part) => part.trim()).filter((part) => part !== '');
}
