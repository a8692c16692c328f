import type { NewFile, FileMark } from './cursor.ts';
import type { MaterialItem } from './material.ts';
import { readNewLines } from './new-lines.ts';

export interface GatherLimits {
  readonly lineBytesMax: number;
  /** Of one dream; what is over waits for the next. */
  readonly bytesMax: number;
}

/** 64 MiB are a year of one person's sessions, and two seconds of work. */
export const GATHER_LIMITS: GatherLimits = { lineBytesMax: 1_048_576, bytesMax: 67_108_864 };

/** What was read, once the items have been taken to their end. */
export interface Gathered {
  readonly marks: FileMark[];
  /** Whose words each source holds. */
  readonly sources: Map<string, Set<MaterialItem['trust']>>;
  files: number;
  bytes: number;
  items: number;
  /** Lines that were too long or no JSON. */
  skipped: number;
  /** Files, or their ends, that wait for the next dream. */
  left: number;
}

export interface GatherInput {
  readonly home: string;
  readonly timeZone: string;
  readonly files: readonly NewFile[];
  readonly limits: GatherLimits;
  readonly onFile?: ((done: number) => void) | undefined;
}

/**
 * Everything new, an item at a time, in the order of the files; `gathered` fills while they are taken. Only what is new is
 * read. Blocks: for a process of its own.
 */
export function* gather(input: GatherInput, gathered: Gathered): Generator<MaterialItem> {
  const dateOf = localDates(input.timeZone);
  for (const [index, file] of input.files.entries()) {
    const bytesLeft = input.limits.bytesMax - gathered.bytes;
    if (bytesLeft <= 0) {
      gathered.left += input.files.length - index;
      return;
    }
    yield* itemsOf(input, file, { bytesMax: bytesLeft, dateOf }, gathered);
    input.onFile?.(index + 1);
  }
}

export function nothingGathered(): Gathered {
  return { marks: [], sources: new Map(), files: 0, bytes: 0, items: 0, skipped: 0, left: 0 };
}

type DateOf = (at: string) => string | undefined;

function* itemsOf(
  { home, limits }: GatherInput,
  file: NewFile,
  { bytesMax, dateOf }: { readonly bytesMax: number; readonly dateOf: DateOf },
  gathered: Gathered,
): Generator<MaterialItem> {
  const read = readerOf(file, dateOf);
  const lines = readNewLines(home, file, { lineBytesMax: limits.lineBytesMax, bytesMax });
  for (let next = lines.next(); ; next = lines.next()) {
    if (next.done === true) {
      const { mark, bytes, skipped, cut } = next.value;
      if (mark !== undefined) gathered.marks.push(mark);
      gathered.files += 1;
      gathered.bytes += bytes;
      gathered.skipped += skipped;
      if (cut) gathered.left += 1;
      return;
    }
    const item = read(next.value);
    if (item === 'unreadable') gathered.skipped += 1;
    if (item === undefined || item === 'unreadable') continue;
    gathered.items += 1;
    const trusts = gathered.sources.get(item.source) ?? new Set();
    gathered.sources.set(item.source, trusts.add(item.trust));
    yield item;
  }
}

type ReadLine = (line: string) => MaterialItem | 'unreadable' | undefined;

/** The source of what a file says is its name: the id of a session, `log-` or `note-` and the day. */
function readerOf({ path, mtimeMs }: NewFile, dateOf: DateOf): ReadLine {
  const name = /([^/]+)\.(?:jsonl|md)$/.exec(path)?.[1] ?? path;
  const source = name.replaceAll(/[^\w.-]/g, '-').slice(0, 80);
  const fileAt = Temporal.Instant.fromEpochMilliseconds(mtimeMs).toString();
  if (path.startsWith('sessions/')) return sessionReader(source, fileAt, dateOf);
  const day = /^\d{4}-\d\d-\d\d/.exec(name)?.[0] ?? fileAt.slice(0, 10);
  return path.startsWith('logs/') ? logReader(day) : noteReader(day);
}

const ITEM_KINDS = ['user', 'assistant', 'tool_use', 'tool_result', 'event', 'note'] as const;
const TRUSTS = ['owner', 'agent', 'tool', 'outside'] as const;
/** Whose words a line is that does not say it. */
const TRUST_OF: Readonly<Record<(typeof ITEM_KINDS)[number], MaterialItem['trust']>> = {
  user: 'owner',
  assistant: 'agent',
  tool_use: 'agent',
  tool_result: 'outside',
  event: 'outside',
  note: 'agent',
};

function sessionReader(source: string, fileAt: string, dateOf: DateOf): ReadLine {
  let lastAt = fileAt;
  return (line) => {
    if (line.trim() === '') return undefined;
    const value = parseObject(line);
    if (value === undefined) return 'unreadable';
    const { at, kind, text, trust, eventId } = value;
    if (typeof at === 'string' && dateOf(at) !== undefined) lastAt = at;
    const known = ITEM_KINDS.find((each) => each === kind);
    if (known === undefined || typeof text !== 'string' || text === '') return undefined;
    const given = TRUSTS.find((each) => each === trust);
    const isEvent = known === 'event' && typeof eventId === 'string' && /^[\w.-]{1,80}$/.test(eventId);
    return {
      source: isEvent ? eventId : source,
      at: lastAt,
      date: dateOf(lastAt) ?? lastAt.slice(0, 10),
      kind: known,
      text,
      // A word that is not among ours vouches for nothing.
      trust: given ?? (trust === undefined ? TRUST_OF[known] : 'outside'),
    };
  };
}

const LOG_LINE = /^- (\d\d:\d\d:\d\d) (\S+) (?:\[([\w.-]{1,80})\] )?(.*)$/;

/** Much of a log was said by anybody: all of it is taken for that. */
function logReader(day: string): ReadLine {
  return (line) => {
    const [, time = '', kind = '', id, text = ''] = LOG_LINE.exec(line) ?? [];
    if (text === '') return undefined;
    const source = id ?? `log-${day}`;
    return { source, at: `${day}T${time}`, date: day, kind: 'log', text: `${kind} ${text}`, trust: 'outside' };
  };
}

function noteReader(day: string): ReadLine {
  return (line) => {
    const text = line.replace(/^\s*[-*]\s+/, '').trim();
    if (text === '' || text.startsWith('#')) return undefined;
    return { source: `note-${day}`, at: `${day}T23:59:59`, date: day, kind: 'note', text, trust: 'agent' };
  };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** The owner's date of an instant. A time without an offset is the owner's own already. undefined: it is no time. */
function localDates(timeZone: string): DateOf {
  return (at) => {
    if (!/^\d{4}-\d\d-\d\d([T ]|$)/.test(at)) return undefined;
    if (!/(?:Z|[+-]\d\d(?::?\d\d)?)$/i.test(at.slice(10))) return at.slice(0, 10);
    try {
      return Temporal.Instant.from(at).toZonedDateTimeISO(timeZone).toPlainDate().toString();
    } catch {
      return undefined;
    }
  };
}
