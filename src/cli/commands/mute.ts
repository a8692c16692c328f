import type { Command } from 'commander';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { shortTime } from '../list.ts';
import { plainBlock } from '../plain-block.ts';

export function define(command: Command, act: Act): void {
  command
    .description('Hold proactive messages back for a time. Nothing is lost: they wait. Answers to you still come.')
    .argument('<duration>', 'such as 30m or 2h, at most 30d')
    .option('--topic <topic>', 'only this topic');
  withExamples(command, 'kairos mute 2h', 'kairos mute 1d --topic acme/app#main').action(
    act<{ topic?: string }>(async (cli, [duration], { topic }) => {
      const client = openClient(cli.home, cli.env);
      const muted = await client.post<{ topic: string; until: string }>('/api/mute', { duration, topic });
      cli.print(muted, `${plainBlock(muted.topic) || 'Everything'} is muted until ${shortTime(muted.until)}.`);
    }),
  );
}
