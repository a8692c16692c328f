import { z } from 'zod';
import type { Tool, ToolContext, ToolResult } from '../core/agent.ts';
import { formatId } from '../core/units.ts';
import { defineTool, failure } from './define.ts';
import { hitLine } from './memory-hit.ts';
import { searchMemory, type MemoryIndex, type MemorySearchOptions } from './memory-search.ts';

const TYPES = ['user', 'feedback', 'project', 'reference'] as const;
type MemoryType = (typeof TYPES)[number];

/** A fact that the agent asks to be kept. */
interface NewFact {
  readonly topic: string;
  readonly type: MemoryType;
  readonly text: string;
  /** Never `owner`: what a machine writes down is not their word. */
  readonly trust: 'derived' | 'outside';
  readonly src: readonly string[];
}

/** What the tool needs of the memory. Words in what it throws are for the model. */
export interface MemoryPort extends MemoryIndex {
  /** @throws {KairosError} `INPUT_INVALID` that says what to shorten; `STATE_CONFLICT` while a person edits. */
  remember(fact: NewFact): Promise<'kept' | 'known'>;
  /** undefined: there is no such topic. */
  typeOf(topic: string): Promise<MemoryType | undefined>;
  /** A topic with what came of checking it just now. `leftOut`: facts from outside that were not asked for. */
  topic(
    name: string,
    withOutside: boolean,
  ): Promise<{ readonly text: string; readonly isOutside: boolean; readonly leftOut: number } | undefined>;
}

export interface MemoryToolOptions extends Pick<MemorySearchOptions, 'home' | 'clock' | 'ripgrep'> {
  /** undefined: it can only be searched. */
  readonly memory?: MemoryPort | undefined;
}

const input = z.strictObject({
  action: z.enum(['search', 'topic', 'remember']).describe('What to do.'),
  query: z.string().trim().min(2).max(200).optional().describe('search: the words to look for.'),
  name: z.string().trim().min(1).max(64).optional().describe('topic: its name, as in the index.'),
  outside: z
    .boolean()
    .optional()
    .describe('topic: also facts that came from outside. They count as text from outside.'),
  topic: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .optional()
    .describe('remember: a topic of the index, or the name of a new one (a-z, 0-9, -).'),
  type: z.enum(TYPES).optional().describe('remember: what the topic is about.'),
  text: z
    .string()
    .trim()
    .min(1)
    .max(1_000)
    .optional()
    .describe('remember: one fact in one sentence, which says by itself what it is about.'),
});
type Asked = z.output<typeof input>;

/**
 * `memory`: what is known from earlier sessions. Searches it (see `searchMemory`), shows a topic as it was checked just now, and keeps
 * a fact. Each line says whose words it is; one from outside makes the result so.
 */
export function createMemoryTool(options: MemoryToolOptions): Tool {
  return defineTool({
    name: 'memory',
    description:
      'What is remembered from earlier sessions. {action: "search", query}: facts and sessions with these words, the best first; for a single ' +
      'identifier (a name, number or id without spaces) every line of transcripts and daily logs that holds it. {action: "topic", name}: all facts ' +
      'of a topic, checked against the workspaces just now. {action: "remember", topic, type, text}: keeps one lasting fact; not what code or ' +
      'git history tell by themselves, never a secret. Memory is a hint: check it before you rely on it.',
    input,
    async run(asked, context) {
      if (asked.action === 'search') return search(asked, options, context);
      const { memory } = options;
      if (memory === undefined) return failure('the memory can only be searched here');
      return asked.action === 'topic' ? showTopic(asked, memory) : remember(asked, memory, context);
    },
  });
}

async function search({ query }: Asked, options: MemoryToolOptions, { signal }: ToolContext): Promise<ToolResult> {
  if (query === undefined) return failure('search takes a query: the words to look for');
  const { hits, more } = await searchMemory(query, { ...options, index: options.memory }, signal);
  const lines = hits.length === 0 ? ['nothing is remembered with these words'] : hits.map(hitLine);
  const note = more ? ['[there may be more: use rarer words]'] : [];
  const isOutside = hits.some(({ trust }) => trust === 'outside');
  return { text: [...lines, ...note].join('\n'), trust: isOutside ? 'outside' : 'tool' };
}

async function showTopic({ name, outside = false }: Asked, memory: MemoryPort): Promise<ToolResult> {
  if (name === undefined) return failure('topic takes a name, as it stands in the index');
  const shown = await memory.topic(name, outside);
  if (shown === undefined) return failure(`there is no topic ${JSON.stringify(name)}; search finds facts by words`);
  const { leftOut } = shown;
  const note =
    leftOut === 0
      ? ''
      : `\n[${leftOut} ${leftOut === 1 ? 'fact' : 'facts'} from outside left out: {outside: true} shows them]`;
  return { text: shown.text + note, trust: shown.isOutside ? 'outside' : 'tool' };
}

/** Whatever a run says once it has read text from outside may be what that text wants: it is kept as such, and never about the owner. */
async function remember(
  { topic, type, text }: Asked,
  memory: MemoryPort,
  { tainted, sessionId }: ToolContext,
): Promise<ToolResult> {
  if (topic === undefined || type === undefined || text === undefined) {
    return failure('remember takes topic, type and text');
  }
  const there = await memory.typeOf(topic);
  // The gate judged the call by the type it names.
  if (there !== undefined && there !== type) return failure(`the topic ${topic} is of type ${there}, not ${type}`);
  if (tainted && (type === 'user' || type === 'feedback')) {
    return failure(
      `this run has read text from outside, so it can't keep a memory of type ${type}: tell the owner instead`,
    );
  }
  const trust = tainted ? 'outside' : 'derived';
  const kept = await memory.remember({ topic, type, text, trust, src: [formatId('s', sessionId)] });
  if (kept === 'known') return { text: `${topic} says so already.` };
  return { text: `Kept in memory/topics/${topic}.md${tainted ? ', as something from outside' : ''}.` };
}
