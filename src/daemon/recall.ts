import { delimiter } from 'node:path';
import type { MemoryWords } from '../agent/instructions.ts';
import type { Item } from '../core/agent.ts';
import { messageOf } from '../core/errors.ts';
import type { Clock, Log } from '../core/ports.ts';
import { recallBefore, recallIndex, recallTopic, type Check } from '../memory/recall.ts';
import { createSkepticThread } from '../memory/skeptic-thread.ts';
import { isTopicName, type Topic } from '../memory/topic.ts';
import type { MemoryStore } from '../memory/store.ts';
import type { Workspace } from '../core/agent.ts';
import type { ToolCall } from '../permissions/call.ts';
import type { MemoryPort } from '../tools/memory.ts';
import type { MemoryIndex } from '../tools/memory-search.ts';

/** What a run has of the memory, for one state of the settings. */
export interface Recall extends AsyncDisposable {
  /** For the tool. */
  readonly tool: MemoryPort;
  /** For a new conversation. Never rejects. */
  words(): Promise<MemoryWords>;
  /** For a call that is about to be made. Never rejects. */
  beforeActing(call: ToolCall, items: readonly Item[]): Promise<string | undefined>;
}

export interface RecallParts {
  readonly store: MemoryStore;
  readonly index: MemoryIndex;
  /** Claims are checked against those of the owner: what somebody else's says could be meant to mislead. */
  readonly workspaces: readonly Workspace[];
  /** A `PATH`. */
  readonly searchPath: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tools that act on files of a workspace. */
const ACTING: ReadonlySet<string> = new Set(['read', 'write', 'edit', 'glob', 'grep', 'shell', 'git']);

/** Recalls skeptically: what the memory claims is looked at again before it is told, and before it is acted on. */
export function createRecall({ store, index, workspaces, searchPath, clock, log }: RecallParts): Recall {
  const places = workspaces.filter(({ trust }) => trust === 'owner').map(({ name, path }) => ({ name, path }));
  const programs = searchPath.split(delimiter).filter((directory) => directory !== '');
  const skeptic = createSkepticThread({ places, programs, clock });
  const check: Check = (texts) => skeptic.check(texts);
  const find = async (name: string): Promise<Topic | undefined> =>
    isTopicName(name) ? (await store.read()).topics.find((topic) => topic.name === name) : undefined;
  const quietly = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'memory could not be read for a run');
      return otherwise;
    }
  };
  return {
    tool: {
      find: (words, limit) => withDoubts(index, check, { words, limit }),
      typeOf: async (name) => (await find(name))?.type,
      async topic(name, withOutside) {
        const topic = await find(name);
        return topic && recallTopic(topic, { check, nowMs: clock.wallMs(), withOutside });
      },
      remember: async (fact) => ((await store.remember(fact)) === null ? 'known' : 'kept'),
    },
    words: () => quietly(async () => recallIndex(await store.context(), await store.stale()), { text: '', note: '' }),
    beforeActing: (call, items) =>
      quietly(async () => {
        const names = ACTING.has(call.tool) ? recalled(items) : new Set<string>();
        if (names.size === 0) return undefined;
        const topics = (await store.read()).topics.filter(({ name }) => names.has(name));
        const warning = await recallBefore(call, topics, check);
        return warning === undefined ? undefined : unsaid(warning, items);
      }, undefined),
    [Symbol.asyncDispose]: () => skeptic[Symbol.asyncDispose](),
  };
}

/** Facts that were found, marked where they no longer hold. */
async function withDoubts(
  index: MemoryIndex,
  check: Check,
  { words, limit }: { readonly words: readonly string[]; readonly limit: number },
): ReturnType<MemoryIndex['find']> {
  const found = await index.find(words, limit);
  const texts = found.hits.map(({ kind, text, title }) => ({ text: isFact(kind) ? text : '', about: title }));
  const judged = found.hits.some(({ kind }) => isFact(kind)) ? await check(texts) : undefined;
  const hits = found.hits.map((hit, at) => {
    const stale = (judged?.[at] ?? []).filter(({ verdict }) => verdict === 'stale');
    return stale.length === 0
      ? hit
      : { ...hit, text: `${hit.text} [! stale: ${stale.map(({ reason }) => reason).join('; ')}]` };
  });
  return { ...found, hits };
}

function isFact(kind: string): boolean {
  return kind === 'topic';
}

/** Topics of which something was shown in this conversation. */
function recalled(items: readonly Item[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { kind, tool, text } of items) {
    if (kind !== 'tool_result' || tool !== 'memory') continue;
    for (const [, name = ''] of text.matchAll(/\bmemory\/topics\/([a-z0-9-]{1,64})\.md\b/g)) names.add(name);
  }
  return names;
}

/** What was told once is known. */
function unsaid(warning: string, items: readonly Item[]): string | undefined {
  const results = items.filter(({ kind }) => kind === 'tool_result');
  const lines = warning.split('\n').filter((line) => !results.some(({ text }) => text.includes(line)));
  return lines.length === 0 ? undefined : lines.join('\n');
}
