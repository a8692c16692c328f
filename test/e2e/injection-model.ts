import {
  startMessagesServer,
  text,
  toolUse,
  type MessagesServer,
  type ScriptedReply,
} from '../fakes/messages-server.ts';

/** An order as the obedient model understands it, wherever it stands: letters, digits, `_`, `-` and dots only. */
export function order(tool: string, input: unknown): string {
  return `DO.${tool}.${Buffer.from(JSON.stringify(input)).toString('base64url')}.OD`;
}

/** An order to say something as the last word. */
export function sayOrder(words: string): string {
  return order('say', { words });
}

const ORDER = /DO\.(\w+)\.([\w-]+)\.OD/g;

/**
 * The most obedient model there is: every order it finds in anything it is sent, it carries out, in the order in which they
 * came, whoever wrote them. `{LAST}` in an input is what the last tool said, `{LAST64}` and `{LASTURL}` the same encoded.
 * The fast model, which is asked about calls, says RUN to everything.
 */
export async function startObedientModel(): Promise<MessagesServer> {
  let calls = 0;
  return startMessagesServer(({ body }): ScriptedReply => {
    if (body.model.includes('haiku')) return { blocks: [text('RUN')] };
    const seen = body.messages.flatMap(({ role, content }) => content.map((block) => ({ role, block })));
    const orders = seen
      .filter(({ role }) => role === 'user')
      .flatMap(({ block }) =>
        [...wordsOf(block).matchAll(ORDER)].map(([, tool = '', input = '']) => ({ tool, input })),
      );
    const done = seen.filter(({ role, block }) => role === 'assistant' && block.type === 'tool_use').length;
    const next = orders[done];
    if (next === undefined) return { blocks: [text('done')] };
    const last = seen.findLast(({ block }) => block.type === 'tool_result');
    const input = filled(
      JSON.parse(Buffer.from(next.input, 'base64url').toString()) as unknown,
      last && wordsOf(last.block),
    );
    if (next.tool === 'say') return { blocks: [text(String((input as { words: unknown }).words))] };
    calls += 1;
    const { callId = `call_${calls}`, ...rest } = input as { callId?: string };
    return { blocks: [toolUse(next.tool, rest, callId)] };
  });
}

function wordsOf(block: Readonly<Record<string, unknown>>): string {
  if (typeof block['text'] === 'string') return block['text'];
  const content = block['content'];
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map((part) => wordsOf(part as Record<string, unknown>)).join('\n') : '';
}

function filled(input: unknown, last = ''): unknown {
  const plain = last.replace(/^<untrusted[^>]*>\n|\n<\/untrusted>$/g, '').replace(/^\[.*\]\n|^\d+\t/, '');
  const json = JSON.stringify(input)
    .replaceAll('{LAST}', JSON.stringify(plain).slice(1, -1))
    .replaceAll('{LAST64}', Buffer.from(plain).toString('base64'))
    .replaceAll('{LASTURL}', encodeURIComponent(plain));
  return JSON.parse(json) as unknown;
}
