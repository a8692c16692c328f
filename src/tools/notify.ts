import { z } from 'zod';
import type { Tool } from '../core/agent.ts';
import { defineTool, failure } from './define.ts';

export interface NotifyPorts {
  /** Names of the channels that are configured now. */
  readonly channels: () => readonly string[];
}

const TEXT_CHARS_MAX = 4_000;
/** A run that has more to tell says it at its end. */
const PER_RUN_MAX = 5;

const input = z.strictObject({
  text: z.string().trim().min(1).max(TEXT_CHARS_MAX).describe('Plain text, short; the most important first.'),
  channel: z.string().min(1).max(64).optional().describe('Name of one configured channel; default: all.'),
  topic: z.string().trim().min(1).max(200).optional().describe('Waiting messages of one topic become one.'),
});

/** The tool `notify`: a finding of the agent's own, so it obeys windows, quiet hours and mutes. Never a reply. */
export function notifyTool({ channels }: NotifyPorts): Tool {
  return defineTool({
    name: 'notify',
    description:
      'Tells the owner something now that is worth an interruption. It waits for a free place among few messages an hour. Your answer at the end of the run is told by itself: do not repeat it here.',
    input,
    async run({ text, channel, topic }, { jobId, items, callId }) {
      const names = channels();
      if (channel !== undefined && !names.includes(channel))
        return failure(
          `expected a configured channel (${names.join(', ') || 'there is none'}), got ${JSON.stringify(channel)}`,
        );
      const told = items.filter((item) => item.kind === 'tool_use' && item.tool === 'notify' && item.callId !== callId);
      if (told.length >= PER_RUN_MAX)
        return failure(`at most ${PER_RUN_MAX} messages a run: say the rest in your answer at the end`);
      const common = { kind: 'proactive', urgent: false, replyTo: null, count: 1 } as const;
      // Not by the job: a job has one message of a topic, and a run may tell two things.
      const message = { ...common, text, topic: topic ?? `agent j${jobId}`, jobId: null, channel };
      return { text: 'Queued; it leaves when there is a free place.', effects: [{ kind: 'message', message }] };
    },
  });
}
