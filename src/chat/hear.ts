import type { CameBy, Trust } from '../core/event.ts';
import type { JobDraft } from '../core/job.ts';
import { formatId } from '../core/units.ts';
import type { Aside, Speaker, Utterance } from './utterance.ts';

/** What decides who does what was asked for. */
export interface HearRules {
  /** Whether a rule knows these words; everything else is for the agent. */
  readonly isCommand: (text: string) => boolean;
  /** Whether there is a model. Without one a rule says so. */
  readonly modelOn: boolean;
}

/** What follows from an utterance. */
export interface Hearing {
  /** Not recorded, and the owner may read in the log whose words they were. */
  readonly dropped: Speaker | undefined;
  readonly trust: Trust;
  /** undefined: what the subscriptions say. */
  readonly jobs: readonly JobDraft[] | undefined;
  readonly delivery: string | undefined;
  readonly by: CameBy | undefined;
  /** A word for the one who pressed or typed, seen only by them. Empty: only an end to their waiting. */
  readonly word: { readonly aside: Aside; readonly text: string } | undefined;
}

const NOT_ALLOWED = 'You are not on the allow list of this bot: nothing was done.';
const OLD_BUTTON = 'I do not know this button any more: nothing was done.';

/** An agent's prompt is cut here; a chat's own limit is 4 096 (Telegram) or 40 000 (Slack). */
const TEXT_CHARS_MAX = 16_000;

const OUTSIDE = { dropped: undefined, trust: 'outside', jobs: undefined, delivery: undefined, by: undefined } as const;

/** Pure: only somebody on the allow list is the owner, and only the owner is obeyed. */
export function hearingOf(utterance: Utterance, rules: HearRules): Hearing {
  switch (utterance.kind) {
    case 'stranger': {
      const { aside, isPrivate, speaker } = utterance;
      const word = aside && { aside, text: NOT_ALLOWED };
      return { ...OUTSIDE, dropped: isPrivate ? speaker : undefined, word };
    }
    case 'pressed': {
      const { aside, press, channel, place, speaker } = utterance;
      if (press === undefined) return { ...OUTSIDE, word: aside && { aside, text: OLD_BUTTON } };
      const text = `${press.verdict} ${formatId('a', press.approvalId)} #${press.hashPrefix}`;
      const jobs = [draftOf('reply', whoOf(speaker, channel), text)];
      return { ...owned(channel, place), delivery: undefined, jobs, word: aside && { aside, text: '' } };
    }
    default: {
      const { text, speaker, channel, place, delivery } = utterance;
      const byRule = !rules.modelOn || rules.isCommand(text);
      const said = text.slice(0, TEXT_CHARS_MAX).toWellFormed();
      const job = byRule ? draftOf('reply', whoOf(speaker, channel), said) : draftOf('agent', channel, said);
      return { ...owned(channel, place), delivery, jobs: [job], word: undefined };
    }
  }
}

function owned(channel: string, place: string) {
  return { dropped: undefined, trust: 'owner', by: { channel, place } } as const;
}

/** `Ann on telegram`: what an approval says of who decided it. */
function whoOf({ name }: Speaker, channel: string): string {
  return `${name} on ${channel}`;
}

function draftOf(kind: 'reply' | 'agent', origin: string, text: string): JobDraft {
  return { kind, origin, reactive: true, topic: '', text, urgent: false, mayCoalesce: false };
}
