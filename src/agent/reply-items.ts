import type { Item } from '../core/agent.ts';
import type { Block, ModelReply } from './model.ts';

/**
 * A reply as items. Ids of calls become unique in the session: some servers count anew in each reply. A reply that was cut
 * off at its length makes no calls: the last one is a torn one.
 */
export function replyItems(reply: ModelReply, nowMs: number, taken: (id: string) => boolean): Item[] {
  const own = new Set<string>();
  const idOf = (id: string): string => {
    const plain = /^[\w-]{1,64}$/.test(id) ? id : 'call';
    let unique = plain;
    for (let count = 2; taken(unique) || own.has(unique); count += 1) unique = `${plain.slice(0, 56)}-${count}`;
    own.add(unique);
    return unique;
  };
  const base = { atMs: nowMs, trust: 'agent' } as const;
  return reply.blocks.flatMap((block): Item[] => {
    switch (block.kind) {
      case 'text':
        return block.text.trim() === '' ? [] : [{ ...base, kind: 'assistant', text: block.text }];
      case 'opaque':
        return [{ ...base, kind: 'assistant', text: '', opaque: { model: block.model, block: block.block } }];
      case 'tool-use':
        if (reply.stop === 'length') return [];
        return [{ ...base, kind: 'tool_use', text: '', tool: block.name, input: block.input, callId: idOf(block.id) }];
      case 'tool-result':
        break;
    }
    return [];
  });
}

/** All it says in words. */
export function textOf(blocks: readonly Block[]): string {
  const texts = blocks.flatMap((block) => (block.kind === 'text' ? [block.text.trim()] : []));
  return texts.filter((text) => text !== '').join('\n\n');
}
