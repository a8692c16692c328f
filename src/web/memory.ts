import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { formatInstant } from '../core/units.ts';
import { readBody } from './body.ts';
import type { DreamOutcome, DreamState, MemoryPort } from './memory-ports.ts';
import type { ApiDeps } from './ports.ts';

const dreamBody = z.strictObject({
  /** Does not wait for the time nor for sessions. */
  now: z.boolean().default(false),
  dryRun: z.boolean().default(false),
});
const rollbackBody = z.strictObject({ generation: z.int().min(1) });

/** What is remembered, with its history, and dreams. `POST /api/dream` is answered when the dream is over, which may take minutes. */
export function memoryRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { memory } = deps;
  if (memory === undefined) return;
  const at = (ms: number | null): string | null => (ms === null ? null : formatInstant(ms, deps.timeZone()));
  app.get('/api/memory', async () => {
    const { index, topics, generations, limits } = await memory.state();
    return {
      index: deps.redact(index),
      topics: topics.map((topic) => ({ ...topic, description: deps.redact(topic.description) })),
      generations: generations.map((each) => ({ ...each, reason: deps.redact(each.reason) })),
      limits,
      dream: dreamView(await memory.dream.state(), at, deps.redact),
    };
  });
  app.post('/api/memory/rollback', async ({ body }) => memory.rollback(readBody(rollbackBody, body).generation));
  dreamRoutes(app, deps, memory, at);
}

type At = (ms: number | null) => string | null;

function dreamRoutes(app: FastifyInstance, { redact }: ApiDeps, { dream }: MemoryPort, at: At): void {
  app.get('/api/dream', async () => dreamView(await dream.state(), at, redact));
  app.post('/api/dream', async ({ body }) => {
    const { now, dryRun } = readBody(dreamBody, body ?? {});
    return outcomeView(await dream.once({ byHand: now, dryRun }), redact);
  });
}

function dreamView({ gates, last, progress, jail }: DreamState, at: At, redact: (text: string) => string) {
  return {
    gates: gates.map(({ untilMs, ...gate }) => ({ ...gate, until: at(untilMs) })),
    due: gates.every(({ open }) => open !== false),
    progress: progress === null ? null : { ...progress, sinceMs: undefined, since: at(progress.sinceMs) },
    last:
      last === null
        ? null
        : {
            id: last.id,
            startedAt: at(last.startedAtMs),
            endedAt: at(last.endedAtMs),
            outcome: last.outcome,
            reason: redact(last.reason),
            generation: last.generation,
            byHand: last.byHand,
          },
    jail,
  };
}

/** What was rejected is told by its reason: its words may hold what it was rejected for. */
function outcomeView(outcome: DreamOutcome, redact: (text: string) => string) {
  const { ran, reason, changes, generation, failed, rejected, conflicts, held, diff, tokens, microUsd, phasesMs } =
    outcome;
  return {
    ran,
    reason: redact(reason),
    changes: changes.map((change) => ({
      ...change,
      text: redact(change.text),
      ...(change.was === undefined ? {} : { was: change.was.map(redact) }),
    })),
    generation,
    failed,
    rejected: rejected.map((each) => ({ ...each, reason: redact(each.reason) })),
    conflicts: conflicts.map((each) => ({ ...each, yours: redact(each.yours), text: redact(each.text) })),
    held,
    diff: diff === null ? null : redact(diff),
    tokens,
    usd: microUsd / 1_000_000,
    phasesMs,
  };
}
