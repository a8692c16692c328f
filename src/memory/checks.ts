import type { Redact } from '../core/ports.ts';
import { parseBullet, type FactTrust } from './bullet.ts';
import type { MemoryLimits } from './limits.ts';
import type { Operation } from './operations.ts';
import { isTopicName, type TopicType } from './topic.ts';

/** A source: the id of a session or an event, or a path with a place in it. Nothing that could pass for a mark. */
const SOURCE = /^[A-Za-z0-9][\w.:#/@-]{0,79}$/;
const SINCE = /^\d{4}-\d{2}(-\d{2}(T[\d:.]{4,16}(Z|[+-]\d{2}:?\d{2})?)?)?$/;
const SOURCES_MAX = 8;
const DESCRIPTION_CHARS_MAX = 200;
/** Control characters, and marks that turn or hide the text around them. */
const UNSEEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

/** What is wrong with an operation by itself, whatever the memory holds; undefined: nothing. */
export function problemOf(operation: Operation, limits: MemoryLimits, redact: Redact): string | undefined {
  const name = operation.kind === 'new-topic' ? operation.name : operation.topic;
  if (!isTopicName(name)) {
    return `a topic has a name of small letters, digits and hyphens, at most 64; got ${JSON.stringify(name.slice(0, 80))}`;
  }
  if (stringsOf(operation).some((text) => redact(text) !== text)) {
    return 'it holds a secret, and secrets are not kept in the memory: leave it out';
  }
  return problemOfFact(operation, limits) ?? problemOfWords(operation);
}

/** Outside text never says what the owner is like or wants. */
export function problemOfTrust(type: TopicType, trust: FactTrust): string | undefined {
  if (trust !== 'outside' || type === 'project' || type === 'reference') return undefined;
  return `text from outside can't become a memory of type ${type}: only project and reference take it`;
}

/** The sources of a fact that comes of others, the newest first, as many as a line bears. */
export function joinSources(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].slice(0, SOURCES_MAX);
}

function problemOfFact(operation: Operation, { factCharsMax }: MemoryLimits): string | undefined {
  if (operation.kind !== 'add' && operation.kind !== 'merge' && operation.kind !== 'supersede') return undefined;
  const { text, src, since } = operation;
  if (text.trim() === '') return 'a fact has words; got none';
  if (text.length > factCharsMax) {
    return `a fact has at most ${factCharsMax} characters, got ${text.length}: shorten it by ${text.length - factCharsMax}, or make several facts of it`;
  }
  if (UNSEEN.test(text) || !text.isWellFormed()) return 'a fact is one line without control characters';
  if (parseBullet(`- ${text}`).text !== text.trim()) {
    return "a fact can't begin like a bullet or end in marks such as {since: …}: give these as fields";
  }
  if (src.length === 0) return 'a fact needs a source: the id of a session or an event';
  if (src.length > SOURCES_MAX) return `a fact has at most ${SOURCES_MAX} sources, got ${src.length}`;
  const bad = src.find((id) => !SOURCE.test(id));
  if (bad !== undefined) return `a source is an id such as s12 or e34, got ${JSON.stringify(bad.slice(0, 80))}`;
  if (since !== undefined && !SINCE.test(since))
    return `since is a date such as 2026-11-02, got ${JSON.stringify(since)}`;
  return undefined;
}

function problemOfWords(operation: Operation): string | undefined {
  for (const key of ['description', 'reason', 'moved'] as const) {
    const text = key in operation ? (operation as Partial<Record<typeof key, string>>)[key] : undefined;
    if (text === undefined) continue;
    if (text.length > DESCRIPTION_CHARS_MAX) {
      return `${key} has at most ${DESCRIPTION_CHARS_MAX} characters, got ${text.length}: shorten it`;
    }
    if (UNSEEN.test(text) || !text.isWellFormed()) return `${key} is one line without control characters`;
  }
  return undefined;
}

function stringsOf(operation: Operation): string[] {
  return Object.values(operation).flatMap((value: unknown) => {
    if (typeof value === 'string') return [value];
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  });
}
