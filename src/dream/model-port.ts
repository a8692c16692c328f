import type { Charge } from '../agent/ask.ts';
import type { Ask } from '../agent/ports.ts';
import type { Clock } from '../core/ports.ts';
import type { ModelPort } from './serve-model.ts';

export interface ModelPortParts {
  /** Made with the purpose `dream`: within the budget, with retries, gives way to what the owner asks for. */
  readonly ask: Ask<Charge>;
  /** Writes down what a question cost. */
  readonly charge: (charge: Charge, nowMs: number) => Promise<unknown>;
  /** The fast model. */
  readonly model: () => string;
  /**
   * What the questions of one dream count against as one run (`budget.money.perRun`): the number of a job, or one of its own
   * that no job has, such as the dream's below zero.
   */
  readonly runId: () => number;
  readonly askedToday: () => number;
  readonly clock: Clock;
}

/** The model as dreams ask it: one question, no tools, in the background. */
export function createModelPort(parts: ModelPortParts): ModelPort {
  return {
    askedToday: parts.askedToday,
    async ask({ system, text, outputTokensMax }, signal) {
      const turns = [{ role: 'user', blocks: [{ kind: 'text', text }] }] as const;
      const request = { model: parts.model(), system, tools: [], turns, outputTokensMax };
      const context = { jobId: parts.runId(), sessionId: 0, reactive: false, spentMicroUsd: 0, onDelta() {} };
      const asked = await parts.ask(request, context, signal);
      if (asked.charge !== undefined) await parts.charge(asked.charge, parts.clock.wallMs());
      if (asked.kind !== 'reply') return { kind: 'refused', reason: asked.reason };
      const { blocks, usage } = asked.reply;
      const said = blocks.flatMap((block) => (block.kind === 'text' ? [block.text] : [])).join('');
      const tokens = usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
      return { kind: 'text', text: said, tokens, microUsd: asked.charge?.microUsd ?? 0 };
    },
  };
}
