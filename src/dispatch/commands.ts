import type { Press } from '../core/message.ts';
import { parseDurationMs } from '../core/units.ts';

/** What the owner can ask for in words that a rule understands. */
export type Command =
  | { readonly kind: 'status' | 'digest' | 'approvals' | 'help' | 'resume' }
  /** `ms` undefined: no duration that could be read. */
  | { readonly kind: 'mute'; readonly ms: number | undefined; readonly topic: string }
  | { readonly kind: 'unmute'; readonly topic: string }
  /** `ms` undefined: until it is resumed. */
  | { readonly kind: 'pause'; readonly ms: number | undefined }
  /** `hashPrefix` null: typed, not pressed. `answer`: words, for a question that is not answered by yes or no. */
  | {
      readonly kind: 'decide';
      readonly approvalId: number;
      readonly verdict: Press['verdict'];
      readonly hashPrefix: string | null;
      readonly answer: string | null;
    };

const MUTE_MS_MIN = 1_000;
/** Nothing is held back for longer by a word. */
export const MUTE_MS_MAX = 30 * 86_400_000;

const ALONE = new Set(['status', 'digest', 'approvals', 'help', 'resume'] as const);
const ANSWER = /^answer\s+a([1-9]\d{0,14})\s+(\S[^]*)$/i;
const DECISION = /^(allow|deny)\s+a([1-9]\d{0,14})(?:\s+#([0-9a-f]{12}))?$/i;

/**
 * Reads a command; undefined for everything else, which is for the agent. `/status` is `status`, as chats write commands.
 * "status" is one and "status of the build?" is not: only `mute` and `unmute` go on in free words, their topic.
 */
export function readCommand(text: string): Command | undefined {
  const words = text.trim().replace(/^\/(\w+)(?:@\w+)?/, '/$1');
  const [first = '', ...rest] = words.split(/\s+/);
  const slash = first.startsWith('/');
  const verb = first.slice(slash ? 1 : 0).toLowerCase();
  const [argument] = rest;
  if (verb === 'mute') return { kind: 'mute', ms: durationOf(argument), topic: rest.slice(1).join(' ') };
  if (verb === 'unmute') return { kind: 'unmute', topic: rest.join(' ') };
  if (verb === 'pause') return readPause(rest);
  const decision = DECISION.exec(words.slice(slash ? 1 : 0));
  if (decision !== null) return decisionOf(decision);
  const [, answered, answer] = ANSWER.exec(words.slice(slash ? 1 : 0)) ?? [];
  if (answered !== undefined && answer !== undefined) {
    return { kind: 'decide', approvalId: Number(answered), verdict: 'allow', hashPrefix: null, answer: answer.trim() };
  }
  if (argument !== undefined) return undefined;
  // What Telegram sends when somebody opens a chat with a bot.
  if (slash && verb === 'start') return { kind: 'help' };
  const alone = [...ALONE].find((kind) => kind === verb);
  return alone === undefined ? undefined : { kind: alone };
}

function readPause([argument, ...more]: readonly string[]): Command | undefined {
  if (argument === undefined) return { kind: 'pause', ms: undefined };
  const ms = durationOf(argument);
  return ms === undefined || more.length > 0 ? undefined : { kind: 'pause', ms };
}

function decisionOf([, verdict = '', id = '', hashPrefix]: RegExpExecArray): Command {
  return {
    kind: 'decide',
    approvalId: Number(id),
    verdict: verdict.toLowerCase() === 'allow' ? 'allow' : 'deny',
    hashPrefix: hashPrefix?.toLowerCase() ?? null,
    answer: null,
  };
}

function durationOf(text = ''): number | undefined {
  // A bare number would be milliseconds, which nobody means.
  const ms = /[a-z]$/i.test(text) ? parseDurationMs(text.toLowerCase()) : undefined;
  return ms !== undefined && ms >= MUTE_MS_MIN && ms <= MUTE_MS_MAX ? ms : undefined;
}
