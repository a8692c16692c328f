import type { MessageDraft } from '../core/message.ts';
import { formatId, formatInstant } from '../core/units.ts';
import { visible } from '../permissions/visible.ts';
import type { RunSetting } from './run-state.ts';

/** Longest part of what is shown that a message carries; the approval itself holds all of it. */
const SHOWN_CHARS_MAX = 3_000;

export interface Question {
  readonly kind: 'call' | 'question';
  readonly tool: string;
  readonly shown: string;
  readonly risk: string;
  readonly reason: string;
  /** Until when, in words. */
  readonly until: string;
}

/** Five messages may answer an event at once: two are kept for the answer itself. */
const AT_ONCE_MAX = 3;

/**
 * The message that asks the owner. Of a topic of its own: a question is never put together with others.
 *
 * @param before How many questions the run has asked already.
 */
export function askingMessage(
  question: Question,
  { job, channel }: RunSetting,
  before: number,
): (id: number) => MessageDraft {
  const asked = job.reactive && job.eventId !== null && before < AT_ONCE_MAX;
  return (approvalId) => {
    const id = formatId('a', approvalId);
    return {
      kind: asked ? 'reactive' : 'proactive',
      urgent: false,
      topic: `approval ${id}`,
      text: question.kind === 'call' ? callText(id, question, job.id) : questionText(id, question, job.id),
      replyTo: asked ? job.eventId : null,
      jobId: job.id,
      count: 1,
      channel,
      approvalId,
    };
  };
}

/** Why a job is laid aside. */
export function waitsFor(approvalId: number, until: string): string {
  return `waits for approval ${formatId('a', approvalId)} until ${until}`;
}

/** An instant to the second, for a person. */
export function instant(ms: number, timeZone: string): string {
  return formatInstant(Math.floor(ms / 1_000) * 1_000, timeZone).replace('.000', '');
}

function callText(id: string, { tool, shown, risk, reason, until }: Question, jobId: number): string {
  return [
    `May I? ${tool} (${risk}: ${reason})`,
    cut(shown),
    `${id} for job ${formatId('j', jobId)}. Without an answer by ${until} it is a no: kairos approvals allow ${id} · kairos approvals deny ${id}`,
  ].join('\n');
}

/** The words are the agent's, or of whoever talked it into them: behind a bar, they cannot look like a call that is to be allowed. */
function questionText(id: string, { shown, until }: Question, jobId: number): string {
  return `I ask (an answer allows no call):\n${quoted(cut(shown))}\n${id} for job ${formatId('j', jobId)}. Answer by ${until}: kairos approvals allow ${id} · kairos approvals deny ${id}`;
}

function quoted(text: string): string {
  return `│ ${visible(text, { newlines: true }).replaceAll('\n', '\n│ ')}`;
}

function cut(text: string): string {
  return text.length <= SHOWN_CHARS_MAX
    ? text
    : `${text.slice(0, SHOWN_CHARS_MAX)}… (cut: kairos approvals shows all of it)`;
}
