import type { Effect, Job } from '../core/job.ts';
import type { Press } from '../core/message.ts';
import { formatDuration, formatId } from '../core/units.ts';
import { MUTE_MS_MAX, readCommand, type Command } from './commands.ts';
import { effectsOf } from '../mood/effects.ts';
import { moodOf } from '../mood/mood.ts';
import type { Handler } from './handlers.ts';

/** What the owner can ask for without a model. */
export interface ReplyPorts {
  readonly wallMs: () => number;
  /** One short paragraph on what the daemon is doing. */
  readonly status: () => string;
  /** The digest of today so far, short. Without it the word is not known. */
  readonly digest?: (signal: AbortSignal) => Promise<string>;
  /** Why words that no rule knows are not for the agent now. Default: there is no model. */
  readonly agentAway?: () => string | undefined;
  /** Questions that only a human may answer. Without it the words are not known. */
  readonly approvals?: Approvals;
}

/** The questions of the agent. */
export interface Approvals {
  /** Oldest first. */
  pending(): readonly PendingApproval[];
  /** Answers one, once: a second answer changes nothing. */
  decide(decision: Decision): Promise<Decided>;
}

/** A question that waits. */
export interface PendingApproval {
  readonly id: number;
  /** Exactly the call, as it was shown. */
  readonly shown: string;
  readonly expiresAtMs: number;
}

/** An answer of the owner's. */
export interface Decision {
  readonly id: number;
  /** The beginning of the hash that the pressed button carried; null when it was typed, and nothing is compared. */
  readonly hashPrefix: string | null;
  readonly verdict: Press['verdict'];
  /** Who, as people call them: `Ann on telegram`. */
  readonly by: string;
  /** What the owner says to it; null: only yes or no. */
  readonly answer: string | null;
}

/** What became of an answer. `changed`: the button was of another call than the one that waits under this number. */
export type Decided =
  | { readonly kind: 'decided' }
  | { readonly kind: 'changed' }
  | { readonly kind: 'unknown' }
  /** Words were given to what is allowed or denied. */
  | { readonly kind: 'not-a-question' }
  | {
      readonly kind: 'settled';
      readonly state: 'allowed' | 'denied' | 'expired';
      readonly by: string | null;
      readonly atMs: number | null;
    };

/** While this topic is muted, work that the agent begins by itself is held back (see `pause`). */
export const PAUSE_TOPIC = 'agent work';

const PENDING_SHOWN_MAX = 10;
const SHOWN_CHARS_MAX = 300;

/**
 * Answers the owner by rule. The reply is reactive: it names the event it answers and goes out at once. What no rule knows
 * is recorded and said to be so; nothing is made up.
 */
export function createReply(ports: ReplyPorts): Handler {
  return async (job, signal) => {
    const command = readCommand(job.text);
    switch (command?.kind) {
      case 'status':
        return answer(job, ports.status());
      case 'digest':
        return answer(job, ports.digest === undefined ? noted(job, ports) : await ports.digest(signal));
      case 'approvals':
        return answer(job, ports.approvals === undefined ? noted(job, ports) : listOf(ports.approvals, ports.wallMs()));
      case 'decide':
        return ports.approvals === undefined
          ? answer(job, noted(job, ports))
          : decide(job, command, { approvals: ports.approvals, wallMs: ports.wallMs });
      case 'mute':
        return mute(job, command, ports.wallMs());
      case 'unmute':
        return answer(job, `Unmuted${of(command.topic)}.`, muteUntil(command.topic, 0));
      case 'pause':
        return pause(job, command.ms, ports.wallMs());
      case 'resume':
        return answer(job, 'Resumed: messages and work go on.', muteUntil('', 0), muteUntil(PAUSE_TOPIC, 0));
      case 'help':
        return answer(job, helpOf(ports));
      default:
        return answer(job, noted(job, ports));
    }
  };
}

function knownTo({ digest, approvals }: ReplyPorts): string[] {
  return [
    'status',
    ...(digest === undefined ? [] : ['digest']),
    'mute 2h [topic]',
    'unmute [topic]',
    'pause [2h]',
    'resume',
    ...(approvals === undefined ? [] : ['approvals', 'allow a1', 'deny a1', 'answer a1 …']),
    'help',
  ];
}

function noted(job: Job, ports: ReplyPorts): string {
  const { tier } = moodOf(job.text);
  const { clause } = effectsOf(tier);
  // Who wants quiet is told no more than that.
  if (tier === 'back-off') return clause;
  const why = ports.agentAway?.() ?? 'There is no model configured';
  const text = `Noted as ${formatId('e', job.eventId ?? 0)}. ${why}, so I can't do more with it.`;
  if (tier === 'simplify') return `${clause} ${text}`;
  return `${clause} ${text} ${helpOf(ports)}`.trim();
}

function helpOf(ports: ReplyPorts): string {
  return `I know: ${knownTo(ports).join(' · ')}.`;
}

function mute(job: Job, { ms, topic }: Command & { kind: 'mute' }, nowMs: number): ReturnType<Handler> {
  if (ms === undefined) {
    return answer(
      job,
      `How long? Say for example "mute 2h" or "mute 30m acme/app" (at most ${formatDuration(MUTE_MS_MAX)}).`,
    );
  }
  const text = `Muted${of(topic)} for ${formatDuration(ms)}. Nothing is lost: it waits.`;
  return answer(job, text, muteUntil(topic, nowMs + ms));
}

/** Both are mutes: they survive a restart, end by themselves, and are shown with the budget. */
function pause(job: Job, ms: number | undefined, nowMs: number): ReturnType<Handler> {
  const untilMs = nowMs + (ms ?? MUTE_MS_MAX);
  const long =
    ms === undefined ? `until you say resume (${formatDuration(MUTE_MS_MAX)} at most)` : `for ${formatDuration(ms)}`;
  return answer(
    job,
    `Paused ${long}: I say and begin nothing by myself. What you ask for is answered. Nothing is lost: it waits.`,
    muteUntil('', untilMs),
    muteUntil(PAUSE_TOPIC, untilMs),
  );
}

function muteUntil(topic: string, untilMs: number): Effect {
  return { kind: 'mute', topic, untilMs };
}

function of(topic: string): string {
  return topic === '' ? '' : ` "${topic}"`;
}

function listOf(approvals: Approvals, nowMs: number): string {
  const pending = approvals.pending();
  if (pending.length === 0) return 'Nothing waits for your approval.';
  const lines = pending.slice(0, PENDING_SHOWN_MAX).map(({ id, shown, expiresAtMs }) => {
    const call =
      shown.length <= SHOWN_CHARS_MAX ? shown : `${shown.slice(0, SHOWN_CHARS_MAX)}… (see it whole: kairos approvals)`;
    return `${formatId('a', id)} (a no in ${formatDuration(Math.max(0, expiresAtMs - nowMs))}): ${call}`;
  });
  const more = pending.length > lines.length ? [`and ${pending.length - lines.length} more`] : [];
  return [...lines, ...more, 'Say "allow a1" or "deny a1".'].join('\n');
}

/** A pressed button shows its outcome itself, so only what it cannot show is said. */
async function decide(
  job: Job,
  { approvalId, verdict, hashPrefix, answer: words }: Command & { kind: 'decide' },
  { approvals, wallMs }: { approvals: Approvals; wallMs: () => number },
): ReturnType<Handler> {
  const by = job.origin;
  const id = formatId('a', approvalId);
  const done = verdict === 'allow' ? 'allowed' : 'denied';
  const said = words === null ? done : 'answered';
  const decided = await approvals.decide({ id: approvalId, hashPrefix, verdict, by, answer: words });
  // The same answer again: this very job, begun anew after a crash, or a second press.
  const again = decided.kind === 'settled' && decided.state === done && decided.by === by;
  if (decided.kind === 'decided' || again) {
    return hashPrefix === null ? answer(job, `${id} is ${said}.`) : { kind: 'succeeded', effects: [] };
  }
  return answer(job, undecided(id, decided, wallMs()));
}

function undecided(id: string, decided: Exclude<Decided, { kind: 'decided' }>, nowMs: number): string {
  if (decided.kind === 'unknown') return `There is no ${id}. Say "approvals" to see what waits.`;
  if (decided.kind === 'not-a-question')
    return `${id} is a call, which takes a yes or a no: say "allow ${id}" or "deny ${id}". Nothing was decided.`;
  if (decided.kind === 'changed')
    return `This button is not of what ${id} asks for now. Nothing was decided; say "approvals" to see it.`;
  const { state, by, atMs } = decided;
  const who = by === null || state === 'expired' ? '' : ` by ${by}`;
  const when = atMs === null ? '' : `, ${formatDuration(Math.max(0, nowMs - atMs))} ago`;
  return `Too late: ${id} was ${state}${who}${when}. Nothing was changed.`;
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
