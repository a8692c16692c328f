import { formatId } from '../core/units.ts';
import type { Effect, Job, JobKind, Outcome, RuleKind } from '../core/job.ts';

/** Does what a job says. Must heed the signal; may throw, which counts as a failure worth trying again. */
export type Handler = (job: Job, signal: AbortSignal) => Promise<Outcome>;

/** A job of a kind that has no handler here fails, and says so. */
export type Handlers = Readonly<Partial<Record<JobKind, Handler>>>;

/** Handlers of the rules. Each only says which rows to write; the settling transaction writes them. */
export function ruleHandlers(reply: Handler): Record<RuleKind, Handler> {
  return {
    log: async (job) => succeeded(journal(job, 'log')),
    digest: async (job) => succeeded(journal(job, 'digest')),
    notify: async (job) => succeeded(messageOf(job)),
    resolve: async (job) =>
      succeeded({
        kind: 'withdraw',
        withdrawal: { topic: job.topic, text: job.text, reason: `resolved by ${origin(job)}`, jobId: job.id },
      }),
    reply,
  };
}

function succeeded(...effects: Effect[]): Outcome {
  return { kind: 'succeeded', effects };
}

function journal(job: Job, kind: string): Effect {
  const more = job.eventCount > 1 ? ` (${job.eventCount} events)` : '';
  return { kind: 'journal', line: { kind, ref: origin(job), text: `${job.origin}: ${job.text}${more}` } };
}

/** What the owner asked for by hand answers them, and is not held back. */
function messageOf(job: Job): Effect {
  const asked = job.reactive && job.eventId !== null;
  return {
    kind: 'message',
    message: {
      kind: asked ? 'reactive' : 'proactive',
      urgent: job.urgent,
      topic: job.topic,
      text: job.text,
      replyTo: asked ? job.eventId : null,
      jobId: job.id,
      count: job.eventCount,
    },
  };
}

function origin(job: Job): string {
  return job.eventId === null ? formatId('j', job.id) : formatId('e', job.eventId);
}
