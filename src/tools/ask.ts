import { z } from 'zod';
import type { Tool } from '../core/agent.ts';
import { defineTool } from './define.ts';

const input = z.strictObject({
  question: z
    .string()
    .trim()
    .min(1)
    .max(2_000)
    .describe('One question, with what is needed to answer it from a phone.'),
});

/** The tool `ask`: the run is laid aside until the owner has answered, or the time for it is over. */
export function askTool(): Tool {
  return defineTool({
    name: 'ask',
    description:
      'Asks the owner one question and waits for the answer. Only for what you cannot find out and must not guess. Calls that need permission ask by themselves. No answer in time means no.',
    input,
    run: async ({ question }) => ({ text: '', question }),
  });
}
