import type { Command } from 'commander';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../commands.ts';
import type { EventRow, JobRow } from '../rows.ts';

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
      const job = said.job === null ? '' : ` (job ${said.job.id})`;
      cli.print(
        said,
        `Recorded as ${said.event.id}${job}. The answer comes over your channels; see also: kairos messages`,
      );
    }),
  );
}
