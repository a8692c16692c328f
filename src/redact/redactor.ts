import type { Redact } from '../core/ports.ts';
import { tooShortToFind, writingsOf } from './encodings.ts';
import { SHAPES } from './shapes.ts';

/** A secret the daemon has loaded. */
export interface Secret {
  /** Shown in its place: `[redacted:NAME]`. */
  readonly name: string;
  readonly value: string;
}

export interface Redactor {
  /**
   * The text with every secret replaced by `[redacted:NAME]`, everything else byte for byte. Never throws; time in
   * proportion to the text; redacting twice changes nothing. A text that holds nothing suspicious is returned itself.
   */
  readonly redact: Redact;
  /** Learns more secrets; from now on they are replaced too. */
  add(secrets: readonly Secret[]): void;
  /** Names of secrets shorter than 8 characters: too short to be found by value without harming ordinary text. */
  readonly tooShort: readonly string[];
}

/** The bit of a trigger that says: a loaded value may begin here. The shapes have the bits below. */
const VALUE_BIT = 2 ** 30;
const MARK = '[redacted:';
const BRACKET = 91;

/** All that is looked up per character, made anew when secrets are added. */
interface Tables {
  /** Hash of three characters → bits of what may begin there. */
  readonly triggers: Int32Array;
  /** First three characters → writings that begin so, the longest first. */
  readonly writings: ReadonlyMap<string, readonly Writing[]>;
  readonly marks: ReadonlySet<string>;
}
interface Writing {
  readonly text: string;
  readonly mark: string;
}

/**
 * Takes secrets out of texts: the loaded ones by value in every usual writing (`writingsOf`), and whatever looks like
 * the tokens, keys and passwords of `SHAPES`. Stands before every sink.
 *
 * A value shorter than 8 characters is not looked for by value (`tooShort` names it for doctor).
 */
export function createRedactor(secrets: readonly Secret[]): Redactor {
  const known: Secret[] = [];
  const tooShort: string[] = [];
  let tables = tablesOf(known);
  const add = (more: readonly Secret[]): void => {
    known.push(...more);
    tooShort.push(...more.filter(({ value }) => tooShortToFind(value)).map(({ name }) => name));
    tables = tablesOf(known);
  };
  add(secrets);
  return { redact: (text) => redactWith(tables, text), add, tooShort };
}

function redactWith(tables: Tables, text: string): string {
  const bits = bitsOf(tables.triggers, text);
  if (bits === 0) return text;
  let out = (bits & VALUE_BIT) === 0 ? text : replaceValues(tables, text);
  for (const [index, shape] of SHAPES.entries()) {
    if ((bits & (1 << index)) !== 0) out = shape.replace(out, markOf(shape.name));
  }
  return out;
}

/** One pass over the text, a few instructions a character: what may be in it at all? */
function bitsOf(triggers: Int32Array, text: string): number {
  let bits = 0;
  let first = text.charCodeAt(0);
  let second = text.charCodeAt(1);
  for (let at = 2; at < text.length; at += 1) {
    const third = text.charCodeAt(at);
    bits |= triggers[hash(first, second, third)] as number;
    first = second;
    second = third;
  }
  return bits;
}

function hash(first: number, second: number, third: number): number {
  return (first ^ (second << 5) ^ (third << 10)) & 0xffff;
}

function replaceValues(tables: Tables, text: string): string {
  let out = '';
  let from = 0;
  for (let at = 0; at + 2 < text.length; at += 1) {
    const passed = text.charCodeAt(at) === BRACKET ? ownMarkLength(tables, text, at) : 0;
    if (passed > 0) {
      at += passed - 1;
      continue;
    }
    const writing = writingAt(tables, text, at);
    if (writing === undefined) continue;
    out += text.slice(from, at) + writing.mark;
    from = at + writing.text.length;
    at = from - 1;
  }
  return from === 0 ? text : out + text.slice(from);
}

function writingAt({ triggers, writings }: Tables, text: string, at: number): Writing | undefined {
  const bits = triggers[hash(text.charCodeAt(at), text.charCodeAt(at + 1), text.charCodeAt(at + 2))] as number;
  if ((bits & VALUE_BIT) === 0) return undefined;
  return writings.get(text.slice(at, at + 3))?.find((writing) => text.startsWith(writing.text, at));
}

/** Length of a mark of ours at this place: a secret whose value is part of a mark must not eat it. */
function ownMarkLength({ marks }: Tables, text: string, at: number): number {
  if (!text.startsWith(MARK, at)) return 0;
  const end = text.indexOf(']', at);
  const mark = end < 0 || end - at > 100 ? '' : text.slice(at, end + 1);
  return marks.has(mark) ? mark.length : 0;
}

function tablesOf(secrets: readonly Secret[]): Tables {
  const triggers = new Int32Array(65_536);
  const writings = new Map<string, Writing[]>();
  const note = (text: string, bit: number): void => {
    const key = hash(text.charCodeAt(0), text.charCodeAt(1), text.charCodeAt(2));
    triggers[key] = (triggers[key] as number) | bit;
  };
  for (const [index, shape] of SHAPES.entries()) for (const trigger of shape.triggers) note(trigger, 1 << index);
  for (const { name, value } of secrets) {
    for (const text of writingsOf(value)) {
      note(text, VALUE_BIT);
      const first = text.slice(0, 3);
      writings.set(first, [...(writings.get(first) ?? []), { text, mark: markOf(name) }]);
    }
  }
  for (const list of writings.values()) list.sort((one, other) => other.text.length - one.text.length);
  return { triggers, writings, marks: new Set([...secrets, ...SHAPES].map(({ name }) => markOf(name))) };
}

function markOf(name: string): string {
  return `${MARK}${name.replace(/[^\w.-]/g, '_').slice(0, 64)}]`;
}
