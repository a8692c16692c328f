import { isMap, parseDocument, type Document } from 'yaml';
import { parseBullet, type Bullet } from './bullet.ts';

export const TOPIC_TYPES = ['user', 'feedback', 'project', 'reference'] as const;
export type TopicType = (typeof TOPIC_TYPES)[number];

/** What stands between bullets: headings, blank lines, prose of a person. Kept as it is. */
interface Prose {
  readonly kind: 'prose';
  readonly raw: string;
}

type TopicPart = ({ readonly kind: 'bullet' } & Bullet) | Prose;

/** The form of a file, apart from its words. */
interface TopicForm {
  /** The lines of dashes, with what stands before the first one: a byte order mark, or nothing. */
  readonly open: string;
  readonly close: string;
  readonly lineEnd: '\n' | '\r\n';
  /** The last line has no end. */
  readonly endsOpen: boolean;
}

/** One file of `memory/topics/`. */
export interface Topic {
  /** The file's name without `.md`. */
  readonly name: string;
  readonly type: TopicType;
  readonly description: string;
  /** ISO 8601; empty when it isn't given. */
  readonly modified: string;
  readonly trust?: 'owner' | 'derived' | 'outside' | undefined;
  /** The front matter as it was read, between its lines of dashes; undefined: there was none. */
  readonly front: string | undefined;
  /** How its lines end, and what else an editor left that is no word: it stays when the file is written. */
  readonly form: TopicForm;
  readonly parts: readonly TopicPart[];
  /** What is wrong with it, in words. Such a file is read, and never written by a machine. */
  readonly problems: readonly string[];
}

const FRONT = /^(\uFEFF?---\r?\n)(?:([\s\S]*?)\r?\n)?(---[ \t]*(?:\r?\n|$))/;
const PLAIN_FORM: TopicForm = { open: '---\n', close: '---\n', lineEnd: '\n', endsOpen: false };
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Whether a topic of kairosd may bear this name: it becomes the name of a file. */
export function isTopicName(name: string): boolean {
  return NAME.test(name);
}

/** The facts of a topic, in order. */
export function bulletsOf(topic: Pick<Topic, 'parts'>): readonly Bullet[] {
  return topic.parts.filter((part) => part.kind === 'bullet');
}

/** Reads a file. Never throws: what it can't read is a problem, and the lines are kept. */
export function parseTopic(name: string, text: string): Topic {
  const found = FRONT.exec(text);
  const body = found === null ? text : text.slice(found[0].length);
  const { values, problems } = readFront(found?.[2]);
  const open = found?.[1] ?? PLAIN_FORM.open;
  const form: TopicForm = {
    open,
    close: found?.[3] ?? PLAIN_FORM.close,
    lineEnd: open.endsWith('\r\n') ? '\r\n' : '\n',
    endsOpen: body !== '' && !body.endsWith('\n'),
  };
  return { name, ...values, front: found?.[2], form, parts: readParts(body), problems };
}

/** What stands below the front matter, if there is any. */
export function bodyOf(text: string): string {
  return text.slice(FRONT.exec(text)?.[0].length ?? 0);
}

/** A topic that does not exist yet. */
export function newTopic(given: Pick<Topic, 'name' | 'type' | 'description' | 'modified'>): Topic {
  return { ...given, front: undefined, form: PLAIN_FORM, parts: [], problems: [] };
}

/** A line of kairosd's as it stands in this file. */
export function lineOf({ form }: Pick<Topic, 'form'>, line: string): string {
  return form.lineEnd === '\r\n' ? `${line}\r` : line;
}

/** The file of a topic. Of the front matter only what changed is written anew; comments and other keys stay. */
export function renderTopic(topic: Topic): string {
  const { form } = topic;
  const lines = topic.parts.map(({ raw }) => `${raw}\n`).join('');
  const body = form.endsOpen ? lines.slice(0, -1) : lines;
  const close = body === '' || form.close.endsWith('\n') ? form.close : `${form.close}${form.lineEnd}`;
  return `${form.open}${renderFront(topic)}${close}${body}`;
}

function readFront(front: string | undefined) {
  const values = { type: 'project' as TopicType, description: '', modified: '' };
  if (front === undefined) return { values, problems: ['there is no front matter'] };
  const document = parseDocument(front, { logLevel: 'silent' });
  if (document.errors.length > 0 || !isMap(document.contents)) {
    return { values, problems: ['the front matter is not YAML that can be read'] };
  }
  const type = textOf(document, 'type');
  const known = TOPIC_TYPES.find((each) => each === type);
  const trust = (['owner', 'derived', 'outside'] as const).find((each) => each === textOf(document, 'trust'));
  return {
    values: {
      type: known ?? 'project',
      description: textOf(document, 'description'),
      modified: textOf(document, 'modified'),
      ...(trust === undefined ? {} : { trust }),
    },
    problems: known === undefined ? [`type must be one of ${TOPIC_TYPES.join(', ')}, got ${JSON.stringify(type)}`] : [],
  };
}

function textOf(document: Document, key: string): string {
  const value: unknown = document.get(key);
  // YAML reads a bare date as text or, by an older schema, as a date.
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function renderFront(topic: Topic): string {
  const { name, type, description, modified, trust } = topic;
  const wanted = { name, type, description, modified, ...(trust === undefined ? {} : { trust }) };
  if (topic.front === undefined) return blockOf(wanted);
  const asRead = `${topic.front}${topic.form.lineEnd}`;
  if (topic.problems.length > 0) return asRead;
  const document = parseDocument(topic.front, { logLevel: 'silent' });
  const changed = Object.entries(wanted).filter(([key, value]) => textOf(document, key) !== value);
  if (changed.length === 0) return asRead;
  for (const [key, value] of changed) document.set(key, value);
  return document.toString({ lineWidth: 0 }).replaceAll(/\r?\n/g, topic.form.lineEnd);
}

function blockOf(values: Readonly<Record<string, string>>): string {
  const document = parseDocument('');
  document.contents = document.createNode(values) as never;
  return document.toString({ lineWidth: 0 });
}

function readParts(body: string): TopicPart[] {
  const parts: TopicPart[] = [];
  let fenced = false;
  for (const line of body.split('\n')) {
    const last = parts.at(-1);
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    if (!fenced && /^[-*] \s*\S/.test(line)) parts.push({ kind: 'bullet', ...parseBullet(line) });
    else if (last?.kind === 'bullet' && /^[ \t]+\S/.test(line)) {
      parts[parts.length - 1] = { kind: 'bullet', ...parseBullet(`${last.raw}\n${line}`) };
    } else parts.push({ kind: 'prose', raw: line });
  }
  // The end of the last line is no line of its own.
  if (parts.at(-1)?.raw === '') parts.pop();
  return parts;
}
