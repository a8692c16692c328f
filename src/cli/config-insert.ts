import { isDeepStrictEqual } from 'node:util';
import { isMap, isSeq, parse, parseDocument, type Document, type YAMLMap, type YAMLSeq } from 'yaml';

/** Something to be put into a config.yaml that somebody has written. Values are YAML on one line. */
export type Addition =
  /** One more entry of a list. `identity`: an entry with these fields is the same one. `before`: what a new list begins with. */
  | {
      readonly kind: 'item';
      readonly section: string;
      readonly value: string;
      readonly identity: Readonly<Record<string, unknown>>;
      readonly before?: readonly string[];
    }
  /** A key inside a section, or with `key` left out a whole section. */
  | { readonly kind: 'key'; readonly section: string; readonly key?: string; readonly value: string };

/** What became of the additions. */
export interface Inserted {
  readonly text: string;
  /** Put in. */
  readonly added: readonly Addition[];
  /** There already, in these or other words: what the owner wrote counts. */
  readonly kept: readonly Addition[];
  /** No safe place was found; the owner puts it in. */
  readonly byHand: readonly Addition[];
}

/**
 * Puts additions into a configuration without touching anything that is there: text is only ever inserted, so comments,
 * order, quotes and line ends stay as they are. Each step is read again: unless the result means exactly the old
 * configuration and the addition, it is left out and said to be for the owner's hands.
 */
export function insertIntoConfig(text: string, additions: readonly Addition[]): Inserted {
  let now = text;
  const added: Addition[] = [];
  const kept: Addition[] = [];
  const byHand: Addition[] = [];
  for (const addition of additions) {
    const document = parseDocument(now);
    const old = rootOf(document);
    if (old === undefined) byHand.push(addition);
    else if (isThere(old, addition)) kept.push(addition);
    else {
      const next = insertOne(now, document, addition);
      const wanted = withAddition(old, addition);
      if (next !== undefined && meansExactly(next, wanted)) {
        now = next;
        added.push(addition);
      } else byHand.push(addition);
    }
  }
  return { text: now, added, kept, byHand };
}

/** An addition as the owner would write it, for showing. */
export function additionText(addition: Addition): string {
  if (addition.kind === 'item') return `${addition.section}:\n  - ${addition.value}`;
  const { section, key, value } = addition;
  return key === undefined ? `${section}: ${value}` : `${section}:\n  ${key}: ${value}`;
}

type Root = Readonly<Record<string, unknown>>;

function rootOf(document: Document): Root | undefined {
  if (document.errors.length > 0) return undefined;
  const value: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
  return isObject(value) ? value : undefined;
}

function isThere(root: Root, addition: Addition): boolean {
  const section = root[addition.section];
  if (addition.kind === 'key') {
    if (addition.key === undefined) return addition.section in root;
    return isObject(section) && addition.key in section;
  }
  if (!Array.isArray(section)) return false;
  return section.some((entry: unknown) => isObject(entry) && hasAll(entry, addition.identity));
}

function hasAll(entry: Root, identity: Root): boolean {
  return Object.entries(identity).every(([name, value]) => String(entry[name]) === String(value));
}

function withAddition(root: Root, addition: Addition): Root {
  const { section, value } = addition;
  const read = parse(value) as unknown;
  if (addition.kind === 'key') {
    if (addition.key === undefined) return { ...root, [section]: read };
    return { ...root, [section]: { ...(root[section] as Root | undefined), [addition.key]: read } };
  }
  const before = (addition.before ?? []).map((each) => parse(each) as unknown);
  const list = (root[section] as unknown[] | undefined) ?? before;
  return { ...root, [section]: [...list, read] };
}

function meansExactly(text: string, wanted: Root): boolean {
  const root = rootOf(parseDocument(text, { uniqueKeys: true }));
  return root !== undefined && isDeepStrictEqual(root, wanted);
}

/** @returns undefined when there is no place one can be sure of. */
function insertOne(text: string, document: Document, addition: Addition): string | undefined {
  const root = document.contents;
  const node = isMap(root) ? root.get(addition.section, true) : undefined;
  if (node === undefined || !(isMap(root) && root.has(addition.section))) {
    // Below a flow mapping (`{…}` as the whole file) no further key can stand.
    return root === null || (isMap(root) && root.flow !== true) ? atEnd(text, sectionLines(addition)) : undefined;
  }
  if (addition.kind === 'item') return isSeq(node) ? intoCollection(text, node, `- ${addition.value}`) : undefined;
  if (addition.key === undefined || !isMap(node)) return undefined;
  return intoCollection(text, node, `${addition.key}: ${addition.value}`);
}

function sectionLines(addition: Addition): readonly string[] {
  const { section, value } = addition;
  if (addition.kind === 'key') {
    return addition.key === undefined ? [`${section}: ${value}`] : [`${section}:`, `  ${addition.key}: ${value}`];
  }
  return [`${section}:`, ...[...(addition.before ?? []), value].map((each) => `  - ${each}`)];
}

function atEnd(text: string, lines: readonly string[]): string {
  const end = lineEndOf(text);
  const gap = text === '' || text.endsWith('\n') ? '' : end;
  return `${text}${gap}${text.trim() === '' ? '' : end}${lines.join(end)}${end}`;
}

/** After the last entry: in `[…]` and `{…}` behind a comma, else on a line of its own with the same indent. */
function intoCollection(text: string, node: YAMLSeq | YAMLMap, entry: string): string | undefined {
  const { range } = node;
  if (!range || node.items.length === 0) {
    const open = range?.[0];
    return open === undefined || node.flow !== true ? undefined : splice(text, open + 1, entry.replace(/^- /, ''));
  }
  const valueEnd = endOfEntries(text, range);
  if (node.flow === true) {
    const last = lastOffset(node);
    return last === undefined ? undefined : splice(text, last, `, ${entry.replace(/^- /, '')}`);
  }
  const lineEnd = text.indexOf('\n', valueEnd);
  const indent = ' '.repeat(range[0] - (text.lastIndexOf('\n', range[0] - 1) + 1));
  const place = lineEnd === -1 ? text.length : lineEnd + 1;
  const gap = lineEnd === -1 ? lineEndOf(text) : '';
  return splice(text, place, `${gap}${indent}${entry}${lineEndOf(text)}`);
}

/** The last character that is not blank: a block's range goes on to the next key. */
function endOfEntries(text: string, [start, valueEnd]: readonly [number, number, number]): number {
  return start + text.slice(start, valueEnd).trimEnd().length;
}

function lastOffset(node: YAMLSeq | YAMLMap): number | undefined {
  const last = node.items.at(-1) as { range?: [number, number, number]; value?: { range?: [number, number, number] } };
  return (last.range ?? last.value?.range)?.[1];
}

function splice(text: string, offset: number, more: string): string {
  return text.slice(0, offset) + more + text.slice(offset);
}

function lineEndOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function isObject(value: unknown): value is Root {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
