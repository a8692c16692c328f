import type Anthropic from '@anthropic-ai/sdk';
import type { Block, ModelRequest, Turn } from './model.ts';
import type { CacheTtl } from './prices.ts';

type Body = Anthropic.MessageCreateParamsStreaming;
type Content = Anthropic.ContentBlockParam;
type CacheMark = Anthropic.CacheControlEphemeral;

/** The API takes four marks: one is for the tools, one for the system text. */
const MARKED_TURNS_MAX = 2;

/**
 * A request in the words of the Messages API. The same request is always the same bytes.
 *
 * Left out is what the API refuses: blank texts, empty turns, and blocks that another model made. No `tool_choice` (forced
 * tools are an error with models that always think), no sampling parameters, no `thinking` (each model's own default).
 */
export function toBody(request: ModelRequest, cacheTtl: CacheTtl): Body {
  const mark: CacheMark = { type: 'ephemeral', ttl: cacheTtl };
  const messages = toMessages(request, mark);
  return {
    model: request.model,
    max_tokens: request.outputTokensMax,
    stream: true,
    ...(request.system === '' ? {} : { system: [{ type: 'text', text: request.system, cache_control: mark }] }),
    ...(request.tools.length === 0 ? {} : { tools: toTools(request.tools, mark) }),
    messages,
  };
}

function toTools(tools: ModelRequest['tools'], mark: CacheMark): Anthropic.Tool[] {
  return tools.map(({ name, description, inputSchema }, index) => ({
    name,
    description,
    input_schema: inputSchema as unknown as Anthropic.Tool.InputSchema,
    ...(index === tools.length - 1 ? { cache_control: mark } : {}),
  }));
}

/** Turns of one side that follow each other become one: some servers insist on it, and to the API it is the same. */
function toMessages({ turns, model }: ModelRequest, mark: CacheMark): Anthropic.MessageParam[] {
  const marked = new Set(turns.filter(({ cached }) => cached === true).slice(-MARKED_TURNS_MAX));
  const messages: { role: Turn['role']; content: Content[] }[] = [];
  for (const turn of turns) {
    const content = toContent(turn, model);
    if (content.length === 0) continue;
    if (marked.has(turn)) markLast(content, mark);
    const before = messages.at(-1);
    if (before?.role === turn.role) before.content.push(...content);
    else messages.push({ role: turn.role, content });
  }
  return messages;
}

/** Results go first, as the API wants them right after their calls. */
function toContent({ blocks, role }: Turn, model: string): Content[] {
  const content = blocks.flatMap((block) => toBlock(block, model));
  if (role === 'assistant') return content;
  const isResult = ({ type }: Content): boolean => type === 'tool_result';
  return [...content.filter(isResult), ...content.filter((block) => !isResult(block))];
}

function toBlock(block: Block, model: string): Content[] {
  switch (block.kind) {
    case 'text':
      return block.text.trim() === '' ? [] : [{ type: 'text', text: block.text }];
    case 'tool-use':
      return [{ type: 'tool_use', id: block.id, name: block.name, input: block.input }];
    case 'tool-result': {
      const { id, text, isError } = block;
      return [{ type: 'tool_result', tool_use_id: id, content: text, ...(isError ? { is_error: true } : {}) }];
    }
    default:
      // Bound to the model that made it: another one would refuse the whole request.
      return block.model === model ? [block.block as unknown as Content] : [];
  }
}

/** Thinking can't bear a mark; what stands before it can. */
function markLast(content: Content[], mark: CacheMark): void {
  const index = content.findLastIndex(({ type }) => type === 'text' || type === 'tool_use' || type === 'tool_result');
  const last = content[index];
  if (last !== undefined) content[index] = { ...last, cache_control: mark } as Content;
}
