import { TOPIC_TYPES, type Topic, type TopicType } from './topic.ts';
import { MEMORY_LIMITS, sizeOf, type MemoryLimits } from './limits.ts';

/** One pointer of `memory/MEMORY.md`. */
export interface IndexEntry {
  readonly title: string;
  /** The file's name under `topics/`, without `.md`. */
  readonly name: string;
  readonly hook: string;
  readonly raw: string;
}

const ENTRY = /^- \[([^\]]*)\]\(topics\/([a-z0-9][a-z0-9-]*)\.md\)(?::\s*(.*))?$/;
const TITLE_CHARS_MAX = 60;
const HEADING = /^## (user|feedback|project|reference)\s*$/;

/** The pointers in an index; other lines are a person's. */
export function parseIndex(text: string): readonly IndexEntry[] {
  return text.split('\n').flatMap((line) => {
    const found = ENTRY.exec(line.trimEnd());
    return found === null ? [] : [{ title: found[1] ?? '', name: found[2] ?? '', hook: found[3] ?? '', raw: line }];
  });
}

/** What an index is made anew from, besides the topics. */
export interface IndexBasis {
  /** The index as it stands. */
  readonly text: string;
  /** The topics as they were when it was written: a hook that does not come from their description is a person's, and stays. */
  readonly topics?: readonly Topic[] | undefined;
  /** Names of topics that are there and cannot be read: their pointers stay as they are. */
  readonly unreadable?: ReadonlySet<string> | undefined;
}

/**
 * The index of these topics: a pointer each, grouped by type. Lines of a person stay where they were: under their heading, or
 * above all of them. A pointer keeps the title and the hook that a person gave it.
 */
export function renderIndex(
  topics: readonly Topic[],
  before: IndexBasis,
  limits: MemoryLimits = MEMORY_LIMITS,
): string {
  const known = new Map(parseIndex(before.text).map((entry) => [entry.name, entry]));
  const was = new Map(before.topics?.map((topic) => [topic.name, topic]));
  const own = ownLines(before);
  const sections = TOPIC_TYPES.map((type) => {
    const pointers = topics
      .filter((topic) => topic.type === type)
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
      .map((topic) => pointerOf(topic, known.get(topic.name), was.get(topic.name), limits));
    return [`## ${type}`, ...own[type], ...pointers].join('\n');
  });
  const head = own.head.length === 0 ? ['# Memory', ''] : own.head;
  return `${[...head, sections.join('\n\n')].join('\n')}\n`;
}

/** The part of an index that goes into the context: whole lines, as many as fit. */
export function loadable(
  text: string,
  limits: MemoryLimits = MEMORY_LIMITS,
): { readonly text: string; readonly cut: boolean } {
  const { lines, bytes } = sizeOf(text);
  if (lines <= limits.linesMax && bytes <= limits.bytesMax) return { text, cut: false };
  const kept: string[] = [];
  let size = 0;
  for (const line of text.split('\n').slice(0, limits.linesMax)) {
    size += Buffer.byteLength(line) + 1;
    if (size > limits.bytesMax) break;
    kept.push(line);
  }
  return { text: kept.map((line) => `${line}\n`).join(''), cut: true };
}

function pointerOf(
  topic: Topic,
  entry: IndexEntry | undefined,
  was: Topic | undefined,
  { entryCharsMax }: MemoryLimits,
): string {
  const title = (entry?.title ?? titleOf(topic.name)).slice(0, TITLE_CHARS_MAX);
  const start = `- [${title}](topics/${topic.name}.md): `;
  const room = entryCharsMax - 1 - start.length;
  const asWritten = entry !== undefined && was !== undefined && entry.hook !== hookOf(was, title, room);
  return asWritten && entry.hook !== '' && entry.hook.length <= room
    ? start + entry.hook
    : start + hookOf(topic, title, room);
}

function hookOf({ description }: Topic, title: string, room: number): string {
  const hook = (description || title).replaceAll(/\s+/g, ' ').trim();
  return hook.length <= room ? hook : `${hook.slice(0, Math.max(0, room - 1)).trimEnd()}…`;
}

function titleOf(name: string): string {
  const words = name.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

type Own = Readonly<Record<TopicType | 'head', string[]>>;

/** What is neither a heading nor a pointer, by where it stands; blank lines between sections are ours. */
function ownLines({ text, unreadable }: IndexBasis): Own {
  const own: Own = { head: [], user: [], feedback: [], project: [], reference: [] };
  let at: keyof Own = 'head';
  for (const line of text.split('\n')) {
    const heading = HEADING.exec(line)?.[1] as TopicType | undefined;
    if (heading !== undefined) at = heading;
    else if (!isOurs(line, unreadable) && (at === 'head' || line.trim() !== '')) own[at].push(line);
  }
  while (own.head.at(-1) === '') own.head.pop();
  if (own.head.length > 0) own.head.push('');
  return own;
}

function isOurs(line: string, unreadable: ReadonlySet<string> | undefined): boolean {
  const name = ENTRY.exec(line.trimEnd())?.[2];
  return name !== undefined && unreadable?.has(name) !== true;
}
