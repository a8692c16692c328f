import type { Command } from 'commander';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { plainBlock } from '../plain-block.ts';

interface Options {
  readonly remove?: boolean;
  readonly poll?: boolean;
}

export function define(command: Command, act: Act): void {
  command
    .description(
      'Follow one issue or pull request of GitHub until it closes: comments, reviews, failed checks and its end are told.',
    )
    .argument('<ref>', 'owner/repo#123, or its address')
    .option('--remove', 'follow it no longer')
    .option('--poll', 'ask GitHub about it rather than wait for webhooks');
  withExamples(command, 'kairos subscribe octo/app#123', 'kairos subscribe --remove octo/app#123').action(
    act<Options>(async (cli, [ref = ''], { remove = false, poll = false }) => {
      const client = openClient(cli.home, cli.env);
      const answer = await client.post<{ ref: string; title?: string; note?: string }>('/api/subscribe', {
        ref,
        remove,
        poll,
        by: 'cli',
      });
      const name = plainBlock(answer.ref);
      const title = answer.title ? `: ${plainBlock(answer.title)}` : '';
      cli.print(answer, remove ? `${name} is no longer followed.` : `Following ${name}${title}\n${answer.note ?? ''}`);
    }),
  );
}
