import type { Command } from 'commander';
import { setTimeout as pause } from 'node:timers/promises';
import { openClient, type Client } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import type { EventRow, JobRow, MessageRow } from '../rows.ts';

export function define(command: Command, act: Act): void {
  command
    .description(
      'Tell or ask the daemon something. It is recorded, and answered at once over the channels, past every window.',
    )
    .argument('<text...>', 'what to say');
  withExamples(command, 'kairos say status', 'kairos say mute 2h').action(
    act(async (cli, words) => {
      const client = openClient(cli.home, cli.env);
      const said = await client.post<{ event: EventRow; job: JobRow | null }>('/api/say', { text: words.join(' ') });
      const reply = await awaitReply(client, said.event.id);
      const recorded = `Recorded as ${said.event.id}; the answer comes over your channels. See also: ${cli.command} messages`;
      cli.print({ ...said, reply: reply ?? null }, reply?.text ?? recorded);
    }),
  );
}

const REPLY_MS_MAX = 5_000;
const LOOK_MS = 50;

/** The reply goes to the channels whether or not anybody waits here; who asked at a terminal wants to read it there. */
async function awaitReply(client: Client, eventId: string): Promise<MessageRow | undefined> {
  for (const untilMs = performance.now() + REPLY_MS_MAX; performance.now() < untilMs; await pause(LOOK_MS)) {
    const { items } = await client.get<{ items: MessageRow[] }>('/api/messages?limit=50');
    const reply = items.find(({ replyTo }) => replyTo === eventId);
    if (reply !== undefined) return reply;
  }
  return undefined;
}
