import type { Command } from 'commander';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { plainBlock } from '../plain-block.ts';

export function define(command: Command, act: Act): void {
  command
    .description('End a mute. Muted topics are ended one by one with --topic.')
    .option('--topic <topic>', 'only this topic');
  withExamples(command, 'kairos unmute', 'kairos unmute --topic acme/app#main').action(
    act<{ topic?: string }>(async (cli, _operands, { topic }) => {
      const unmuted = await openClient(cli.home, cli.env).post<{ topic: string }>('/api/unmute', { topic });
      cli.print(unmuted, `The mute of ${plainBlock(unmuted.topic) || 'everything'} has ended.`);
    }),
  );
}
