import { formatPress, HASH_PREFIX_CHARS } from '../core/message.ts';
import { formatId, formatInstant } from '../core/units.ts';
import type { Button } from './channel.ts';

/** An approval as far as the message that asks for it needs to know it. */
export interface AskedApproval {
  /** The row number. */
  readonly id: number;
  /** Of a question that is no call, the buttons are Yes and No. */
  readonly kind?: 'call' | 'question' | undefined;
  /** SHA-256 of the call, in hexadecimal digits. */
  readonly hash: string;
  readonly state: 'pending' | 'allowed' | 'denied' | 'expired';
  readonly decidedAtMs: number | null;
  /** Who decided, as people call them. */
  readonly decidedBy: string | null;
}

/** @returns undefined when there is none (any more). */
export type ApprovalOf = (id: number) => AskedApproval | undefined;

/** The two answers to a question that is still open; they hold for exactly the call that was shown. */
export function buttonsOf(approval: AskedApproval | undefined): readonly Button[] | undefined {
  if (approval?.state !== 'pending') return undefined;
  const press = { approvalId: approval.id, hashPrefix: approval.hash.slice(0, HASH_PREFIX_CHARS) };
  const [yes, no] = approval.kind === 'question' ? (['Yes', 'No'] as const) : (['Allow', 'Deny'] as const);
  return [
    { label: yes, value: formatPress({ ...press, verdict: 'allow' }), weight: 'yes' },
    { label: no, value: formatPress({ ...press, verdict: 'deny' }), weight: 'no' },
  ];
}

/** What stands below the question once it is answered: `✅ a3 allowed by Ann on telegram, 14:03`. */
export function outcomeLine(approval: AskedApproval | undefined, timeZone: string): string {
  if (approval === undefined) return '⌛ no longer open';
  const id = formatId('a', approval.id);
  const { decidedAtMs, decidedBy } = approval;
  const when = decidedAtMs === null ? '' : `, ${formatInstant(decidedAtMs, timeZone).slice(11, 16)}`;
  if (approval.state === 'expired') return `⌛ ${id} expired unanswered: that is a no${when}`;
  const who = decidedBy === null ? '' : ` by ${decidedBy}`;
  return `${approval.state === 'allowed' ? '✅' : '⛔'} ${id} ${approval.state}${who}${when}`;
}
