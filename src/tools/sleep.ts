import { z } from 'zod';
import type { Tool } from '../core/agent.ts';
import type { Clock } from '../core/ports.ts';
import { defineTool } from './define.ts';

const input = z.strictObject({
  minutes: z.int().min(1).max(60).describe('1 to 60.'),
  reason: z.string().trim().min(1).max(200).describe('What is waited for; the owner sees it.'),
});

/** The tool `sleep`: the run is laid aside and goes on by itself; meanwhile it costs nothing and holds nobody up. */
export function sleepTool({ clock }: { readonly clock: Pick<Clock, 'wallMs'> }): Tool {
  return defineTool({
    name: 'sleep',
    description:
      'Lays this run aside for 1 to 60 minutes; it goes on where it is, with all it knows. For waiting on something, such as a build. For later than an hour use schedule.',
    input,
    async run({ minutes, reason }) {
      const text = `You slept for ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} (${reason}). Go on.`;
      return { text, sleepUntilMs: clock.wallMs() + minutes * 60_000 };
    },
  });
}
