import { setTimeout as pause } from 'node:timers/promises';
import { text, toolUse, type ReceivedRequest, type ScriptedReply } from '../../test/fakes/messages-server.ts';
import type { Dice } from './seed.ts';

/** What the model is to do when it is asked "PLAN kind number". */
export const PLANS = ['stream', 'tool', 'approval', 'notify'] as const;
export type PlanKind = (typeof PLANS)[number];

/** Tokens of each whole reply, as it counts them. */
export const OUTPUT_TOKENS = 120;

/** A model that does what the newest plan in the conversation says. It remembers nothing: a request that comes again is answered again. */
export interface PlannedModel {
  readonly script: (request: ReceivedRequest) => ScriptedReply;
  /** The plans whose reply is being streamed at this moment. */
  readonly streaming: ReadonlySet<number>;
}

export function createPlannedModel(dice: Dice): PlannedModel {
  const streaming = new Set<number>();
  return {
    streaming,
    script({ body, raw }) {
      const usage = { input_tokens: inputTokensOf(raw), output_tokens: 1 };
      const finalUsage = { output_tokens: OUTPUT_TOKENS };
      const { kind, number, step } = planOf(body.messages);
      const call = callOf(kind, number, step);
      if (call !== undefined) return { blocks: [text(`Step ${step}.`), call], usage, finalUsage };
      const blocks = [text(`Plan ${number} is done: ${'and so on '.repeat(20)}`)];
      if (kind !== 'stream') return { blocks, usage, finalUsage };
      streaming.add(number);
      const until = pause(dice.between(100, 900)).then(() => streaming.delete(number));
      return { blocks, usage, finalUsage, pauseAfter: { events: 4, until } };
    },
  };
}

/** What the API would count: below the estimate by which money is reserved, as it is with real texts. */
export function inputTokensOf(raw: string): number {
  return Math.ceil(raw.length / 4);
}

function callIdOf(number: number, step: number): string {
  return `toolu_${number}_${step}`;
}

function callOf(kind: PlanKind, number: number, step: number) {
  const id = callIdOf(number, step);
  const append = `echo ${id} >> log.txt`;
  if (kind === 'tool' && step < 2) return toolUse('shell', { command: `${append}; sleep 0.5` }, id);
  // It would reach the network: only the owner may allow it.
  if (kind === 'approval' && step < 1)
    return toolUse('shell', { command: `${append}; curl -s http://127.0.0.1:9/` }, id);
  return kind === 'notify' && step < 1 ? toolUse('notify', { text: `Found ${id}.`, topic: id }, id) : undefined;
}

/** The newest plan, and how many results it has. */
function planOf(messages: ReceivedRequest['body']['messages']): { kind: PlanKind; number: number; step: number } {
  let plan = { kind: 'stream' as PlanKind, number: 0, step: 0 };
  for (const { content } of messages) {
    for (const block of content) {
      const [, kind, number] = /^PLAN (\w+) (\d+)$/.exec(String(block['text'])) ?? [];
      if (number !== undefined) plan = { kind: kind as PlanKind, number: Number(number), step: 0 };
      else if (block.type === 'tool_result') plan = { ...plan, step: plan.step + 1 };
    }
  }
  return plan;
}
