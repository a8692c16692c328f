import { z } from 'zod';
import { durationOption, formatDuration, sizeOption } from '../core/units.ts';
import type { Progress } from './progress.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** `agent.limits:` in config.yaml: what one run may use. Money is `budget.money.perRun`. */
export const agentLimits = z
  .strictObject({
    turns: count(40, 1, 1_000, 'Replies of the model in one run.'),
    inputTokens: count(2_000_000, 1_000, 1_000_000_000, 'Tokens sent in one run, cached ones included.'),
    outputTokens: count(100_000, 100, 100_000_000, 'Tokens written by the model in one run.'),
    wall: durationOption(30 * MINUTE_MS, { minMs: 1_000, maxMs: DAY_MS }).meta({
      description: 'Time at work in one run; waiting for the owner does not count.',
    }),
    toolResultBytes: sizeOption(524_288, { minBytes: 1_024, maxBytes: 4_194_304 }).meta({
      description: 'Longest result of a tool that the model is given in one piece.',
    }),
  })
  .prefault({});

/** `agent.approvals:` in config.yaml: how long a question waits for the owner. Silence is no. */
export const agentApprovals = z
  .strictObject({
    expiry: durationOption(DAY_MS, { minMs: MINUTE_MS, maxMs: 30 * DAY_MS }),
    /** While the owner is away. */
    afkExpiry: durationOption(8 * HOUR_MS, { minMs: MINUTE_MS, maxMs: 30 * DAY_MS }),
  })
  .prefault({});

/** `agent.chat:` in config.yaml: when a message goes on with the last conversation, and when it begins another. */
export const agentChat = z
  .strictObject({
    idle: durationOption(HOUR_MS, { minMs: MINUTE_MS, maxMs: 7 * DAY_MS }),
    tokens: count(120_000, 1_000, 1_000_000, 'A conversation longer than this is not gone on with.'),
  })
  .prefault({});

export type AgentLimits = z.output<typeof agentLimits>;

/** 3 denials in a row or 20 in all hand back to the owner (anthropic.com/engineering/claude-code-auto-mode). */
export const DENIALS = { inARow: 3, total: 20 } as const;

/** Which limit a run has reached, in words that name the option; undefined while it may go on. */
export function limitReached(progress: Progress, limits: AgentLimits): string | undefined {
  const { turns, inputTokens, outputTokens, activeMs } = progress;
  if (turns >= limits.turns) return `${limits.turns} turns (agent.limits.turns)`;
  if (inputTokens >= limits.inputTokens) return `${limits.inputTokens} input tokens (agent.limits.inputTokens)`;
  if (outputTokens >= limits.outputTokens) return `${limits.outputTokens} output tokens (agent.limits.outputTokens)`;
  if (activeMs >= limits.wall) return `${formatDuration(limits.wall)} at work (agent.limits.wall)`;
  return undefined;
}

function count(fallback: number, least: number, most: number, description: string) {
  return z
    .int()
    .min(least)
    .max(most)
    .default(fallback)
    .meta({ description: `${description} Default ${fallback}.` });
}
