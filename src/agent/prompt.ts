import type { Item, Tool } from '../core/agent.ts';
import { formatId } from '../core/units.ts';
import type { Block, ModelRequest, ToolSchema, Turn } from './model.ts';
import { SYSTEM } from './system-text.ts';
import { untrustedBlock } from './untrusted.ts';

/** What a request is made of. The same items give the same bytes. */
export interface PromptParts {
  readonly model: string;
  readonly tools: readonly ToolSchema[];
  readonly items: readonly Item[];
  readonly outputTokensMax: number;
}

/** The request that asks for the next reply of a conversation. Pure. */
export function requestOf({ model, tools, items, outputTokensMax }: PromptParts): ModelRequest {
  return { model, system: SYSTEM, tools, turns: turnsOf(items, model), outputTokensMax };
}

/** Made once: descriptions and order never change while the daemon runs, they are part of the cached prefix. */
export function schemasOf(tools: readonly Tool[]): readonly ToolSchema[] {
  return tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
}

/**
 * The items as turns: neighbours of one side are one turn; the last turn of the user and the one before bear a mark.
 * Opaque blocks of other models are left out: they would be refused.
 */
export function turnsOf(items: readonly Item[], model: string): Turn[] {
  const turns: { role: Turn['role']; blocks: Block[]; cached?: boolean }[] = [];
  for (const item of items) {
    if (item.opaque !== undefined && item.opaque.model !== model) continue;
    const block = blockOf(item);
    if (block === undefined) continue;
    const role = item.kind === 'assistant' || item.kind === 'tool_use' ? 'assistant' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.blocks.push(block);
    else turns.push({ role, blocks: [block] });
  }
  let marks = 2;
  for (let at = turns.length - 1; at >= 0 && marks > 0; at -= 1) {
    const turn = turns[at];
    if (turn?.role !== 'user') continue;
    turn.cached = true;
    marks -= 1;
  }
  return turns;
}

/** Items never change, so neither does what becomes of them: a long text is gone through once. */
const known = new WeakMap<Item, Block>();

function blockOf(item: Item): Block | undefined {
  const before = known.get(item);
  if (before !== undefined) return before;
  const block = makeBlock(item);
  if (block !== undefined) known.set(item, block);
  return block;
}

function makeBlock(item: Item): Block | undefined {
  switch (item.kind) {
    case 'user':
      return textBlock(item.text);
    case 'event':
      return textBlock(shownEvent(item));
    case 'assistant':
      return item.opaque === undefined ? textBlock(item.text) : { kind: 'opaque', ...item.opaque };
    case 'tool_use':
      return { kind: 'tool-use', id: item.callId ?? '', name: item.tool ?? '', input: item.input ?? {} };
    case 'tool_result':
      return { kind: 'tool-result', id: item.callId ?? '', text: shownResult(item), isError: item.isError === true };
    case 'meta':
    case 'note':
      break;
  }
  return undefined;
}

/** The API refuses empty texts. */
function textBlock(text: string): Block | undefined {
  return text.trim() === '' ? undefined : { kind: 'text', text };
}

function shownEvent(item: Item): string {
  if (item.trust !== 'outside') return item.text;
  return untrustedBlock(item.eventId === undefined ? 'outside' : `event ${formatId('e', item.eventId)}`, item.text);
}

function shownResult(item: Item): string {
  if (item.trust === 'outside') return untrustedBlock(`tool ${item.tool ?? ''}`, item.text);
  return item.text === '' ? '(no output)' : item.text;
}
