import { parseDurationMs, formatDuration } from '../core/units.ts';
import { formatId } from '../core/ids.ts';
import type { Effect, Job } from '../core/job.ts';
import type { Handler } from './handlers.ts';

/** What the owner can ask for without a model. */
export interface ReplyPorts {
  readonly wallMs: () => number;
  /** One short paragraph on what the daemon is doing. */
  readonly status: () => string;
  /** The digest of today so far, short. Without it the word is not known. */
  readonly digest?: (signal: AbortSignal) => Promise<string>;
}

const MUTE_MS_MAX = 30 * 86_400_000;
const COMMANDS = ['mute 2h [topic]', 'unmute [topic]', 'help'] as const;

/**
 * Answers the owner by rule. The reply is reactive: it names the event it answers and goes out at once. What no rule knows
 * is recorded and said to be so; nothing is made up.
 */
export function createReply(ports: ReplyPorts): Handler {
  const { digest } = ports;
  const known = ['status', ...(digest === undefined ? [] : ['digest']), ...COMMANDS];
  const help = `I know: ${known.join(' · ')}.`;
  return async (job, signal) => {
    const [verb = '', ...rest] = job.text.trim().split(/\s+/);
    switch (verb.toLowerCase()) {
      case 'status':
        return answer(job, ports.status());
      case 'digest':
        return answer(job, digest === undefined ? noted(job, help) : await digest(signal));
      case 'mute':
        return mute(job, rest, ports.wallMs());
      case 'unmute':
        return answer(job, `Unmuted${of(rest.join(' '))}.`, { kind: 'mute', topic: rest.join(' '), untilMs: 0 });
      case 'help':
        return answer(job, help);
      default:
        return answer(job, noted(job, help));
    }
  };
}

function noted(job: Job, help: string): string {
  return `Noted as ${formatId('e', job.eventId ?? 0)}. There is no model configured, so I can't do more with it. ${help}`;
}

function mute(job: Job, [duration = '', ...topic]: readonly string[], nowMs: number): ReturnType<Handler> {
  const ms = parseDurationMs(duration);
  if (ms === undefined || ms < 1_000 || ms > MUTE_MS_MAX) {
    return answer(
      job,
      `How long? Say for example "mute 2h" or "mute 30m acme/app" (at most ${formatDuration(MUTE_MS_MAX)}).`,
    );
  }
  const name = topic.join(' ');
  return answer(job, `Muted${of(name)} for ${formatDuration(ms)}. Nothing is lost: it waits.`, {
    kind: 'mute',
    topic: name,
    untilMs: nowMs + ms,
  });
}

function of(topic: string): string {
  return topic === '' ? '' : ` "${topic}"`;
}

async function answer(job: Job, text: string, ...effects: Effect[]): ReturnType<Handler> {
  const message = {
    kind: 'reactive',
    urgent: false,
    topic: '',
    text,
    replyTo: job.eventId,
    jobId: job.id,
    count: 1,
  } as const;
  return { kind: 'succeeded', effects: [...effects, { kind: 'message', message }] };
}
