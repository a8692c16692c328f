import { z } from 'zod';
import type { Channel } from '../channel.ts';
import { plainText } from '../render.ts';

/** `{ kind: terminal }`: one line a message where the daemon was started. */
export const terminalOptions = z.strictObject({
  kind: z.literal('terminal'),
  name: z.string().optional(),
});

/**
 * Prints each message as one line. Text from outside cannot control the terminal.
 *
 * @param print Takes a line without its line break; what it throws (a closed pipe) is tried again.
 */
export function terminalChannel(name: string, print: (line: string) => void): Channel {
  return {
    name,
    async send({ id, urgent, kind, text, replyTo }) {
      const mark = kind === 'reactive' ? `${id}, reply to ${replyTo ?? '?'}` : urgent ? `${id}, urgent` : id;
      print(`[kairos ${mark}] ${plainText(text).replaceAll(/\s*\n\s*/g, ' · ')}`);
      return { kind: 'sent' };
    },
  };
}
