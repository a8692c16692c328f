import { z } from 'zod';
import { reached } from '../core/ports.ts';
import type { GitHub } from './client.ts';
import type { Details } from './details.ts';

/** Something that happened, in the words of the webhook that would have told of it. */
export interface Happening {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** One entry of a list of GitHub's. */
export interface Item {
  /** The same whenever the entry is read again, and unlike every other happening. At most 150 characters. */
  readonly id: string;
  /** Where it stands in the list, which is newest first. */
  readonly createdAtMs: number;
  readonly happenedAtMs: number;
  /** Not yet for a run that still goes on. */
  readonly over: boolean;
  /** undefined for what nobody asked for. */
  translate(details: Details): Promise<Happening | undefined>;
}

/** A list that is asked for again and again. */
export interface Feed {
  /** Unique; under it the ledger remembers how far it was read. */
  readonly name: string;
  path(pageSize: number): string;
  readonly pagesMax: number;
  /** From when on to tell, for a list that first appears while one is watching. Left out: from the first look on. */
  readonly sinceMs?: number;
  /** What can be read of a page; what cannot is left out. */
  items(payload: unknown): Item[];
  details(github: GitHub, signal: AbortSignal): Details;
}

/** What is needed of the ledger. */
export interface PollStore {
  load(name: string): string | undefined;
  save(name: string, state: string): Promise<void>;
}

export interface FeedDeps {
  readonly github: GitHub;
  readonly store: PollStore;
  /** Resolves when all of them are recorded. @throws when one could not be. */
  readonly take: (found: readonly Found[]) => Promise<void>;
}

/** A happening on its way to the ledger. */
export interface Found extends Happening {
  readonly delivery: string;
  readonly happenedAtMs: number;
}

/** What became of one look at a feed. */
export type Look =
  | { readonly kind: 'read'; readonly found: number; readonly pollIntervalMs: number }
  | { readonly kind: 'refused' | 'later'; readonly reason: string }
  | { readonly kind: 'too-large' };

const SEEN_MAX = 1_000;
/** A run that waits for longer (for somebody's approval, say) is not looked for beyond the first page. */
const OPEN_MS_MAX = 86_400_000;

const stateShape = z.object({
  /** What happened before is not told: it is older than the wish to be told. */
  sinceMs: z.number(),
  validator: z.object({ path: z.string(), etag: z.string().optional(), lastModified: z.string().optional() }),
  seen: z.array(z.string()),
  /** Where the oldest entry stood that was not over; it may end far down the list. */
  openSinceMs: z.number().optional(),
});
type State = z.output<typeof stateShape>;

/**
 * One look at a feed: asks for what changed, hands on what is new, oldest first, and only then remembers how far it
 * read. Killed in between, the next look reads the same again, and the ledger knows the deliveries.
 *
 * The first look ever hands nothing on: it only notes where the list stands.
 *
 * @throws what `take` or the store throw: then nothing was remembered.
 */
export async function lookAt(feed: Feed, pageSize: number, deps: FeedDeps, signal: AbortSignal): Promise<Look> {
  const state = readState(deps.store.load(feed.name));
  const first = await deps.github.get(feed.path(pageSize), signal, state?.validator);
  if (first.kind === 'unchanged') return { kind: 'read', found: 0, pollIntervalMs: first.pollIntervalMs };
  if (first.kind !== 'fresh') return first;
  const items = feed.items(first.payload);
  const seen = new Set(state?.seen);
  const sinceMs = state?.sinceMs ?? feed.sinceMs;
  if (state !== undefined) {
    const stopped = await readOn(feed, { ...state, items, next: first.next, seen }, deps.github, signal);
    if (stopped !== undefined) return stopped;
  }
  const fresh = sinceMs === undefined ? [] : unseen(items, seen, sinceMs);
  const found = await translateAll(fresh, feed.details(deps.github, signal));
  if (found.length > 0) {
    await deps.take(found);
    reached('poll.taken');
  }
  const next: State = {
    sinceMs: sinceMs ?? first.serverMs,
    validator: first.validator,
    seen: [...new Set([...idsOver(items), ...seen])].slice(0, SEEN_MAX),
    openSinceMs: openSince(items, first.serverMs),
  };
  await deps.store.save(feed.name, JSON.stringify(next));
  return { kind: 'read', found: found.length, pollIntervalMs: first.pollIntervalMs };
}

async function translateAll(items: readonly Item[], details: Details): Promise<Found[]> {
  const found: Found[] = [];
  for (const item of items) {
    const happening = await item.translate(details);
    if (happening === undefined) continue;
    found.push({ ...happening, delivery: `poll:${item.id}`, happenedAtMs: item.happenedAtMs });
  }
  return found;
}

function idsOver(items: readonly Item[]): string[] {
  return items.filter(({ over }) => over).map(({ id }) => id);
}

function openSince(items: readonly Item[], nowMs: number): number | undefined {
  const open = items.filter(({ over, createdAtMs }) => !over && createdAtMs > nowMs - OPEN_MS_MAX);
  return open.length === 0 ? undefined : Math.min(...open.map(({ createdAtMs }) => createdAtMs));
}

interface Reading {
  /** Takes in what further pages hold. */
  readonly items: Item[];
  readonly next: string | undefined;
  readonly seen: ReadonlySet<string>;
  readonly sinceMs: number;
  readonly openSinceMs?: number | undefined;
}

/** Further pages, as long as there may be news on them. @returns What stopped it, if it was not the end. */
async function readOn(feed: Feed, reading: Reading, github: GitHub, signal: AbortSignal): Promise<Look | undefined> {
  let page: readonly Item[] = reading.items;
  let next = reading.next;
  for (let pages = 1; next !== undefined && pages < feed.pagesMax && leadsOn(page, reading); pages += 1) {
    const answer = await github.get(next, signal);
    if (answer.kind === 'unchanged') return undefined;
    if (answer.kind !== 'fresh') return answer;
    page = feed.items(answer.payload);
    reading.items.push(...page);
    next = answer.next;
  }
  return undefined;
}

/** Whether what lies below a page may be new: nothing on it was seen before or is too old, or something further down was still going on. */
function leadsOn(page: readonly Item[], { seen, sinceMs, openSinceMs = Infinity }: Reading): boolean {
  const oldestMs = Math.min(...page.map(({ createdAtMs }) => createdAtMs));
  return oldestMs > openSinceMs || (oldestMs >= sinceMs && !page.some(({ id }) => seen.has(id)));
}

/** New ones, each once (a list that grows between two pages shows an entry on both), oldest first. */
function unseen(items: readonly Item[], seen: ReadonlySet<string>, sinceMs: number): Item[] {
  const fresh = new Map<string, Item>();
  for (const item of items) {
    if (item.over && !seen.has(item.id) && item.happenedAtMs >= sinceMs) fresh.set(item.id, item);
  }
  return [...fresh.values()].toReversed().toSorted((a, b) => a.happenedAtMs - b.happenedAtMs);
}

/** State that cannot be read is a first look: nothing is told twice, and nothing stops. */
function readState(text: string | undefined): State | undefined {
  if (text === undefined) return undefined;
  try {
    return stateShape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
