import { KairosError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { Approvals, Decided } from './reply.ts';

/** An approval as the ledger has it. */
interface ApprovalRow {
  readonly id: number;
  readonly kind: 'call' | 'question';
  readonly state: 'pending' | 'allowed' | 'denied' | 'expired';
  readonly shown: string;
  readonly hash: string;
  readonly expiresAtMs: number;
  readonly decidedAtMs: number | null;
  readonly decidedBy: string | null;
}

/** What is needed of the ledger. */
export interface ApprovalStore {
  list(page: { readonly limit: number; readonly state: 'pending' }): readonly ApprovalRow[];
  find(id: number): ApprovalRow | undefined;
  /** @throws {KairosError} `STATE_CONFLICT` when it was decided already, or is too old. */
  decide(
    id: number,
    verdict: 'allowed' | 'denied',
    decision: { readonly by: string; readonly answer?: string | undefined },
    nowMs: number,
  ): Promise<unknown>;
}

const LISTED_MAX = 100;

/**
 * The questions of the agent as the owner answers them in words and by buttons. A button of another call than the one that
 * waits under its number decides nothing.
 *
 * @param onDecided A job may go on.
 */
export function approvalsOver(store: ApprovalStore, clock: Pick<Clock, 'wallMs'>, onDecided: () => void): Approvals {
  return {
    pending: () =>
      store
        .list({ limit: LISTED_MAX, state: 'pending' })
        .filter(({ expiresAtMs }) => expiresAtMs > clock.wallMs())
        .toReversed(),
    async decide({ id, hashPrefix, verdict, by, answer }) {
      const row = store.find(id);
      if (row === undefined) return { kind: 'unknown' };
      if (hashPrefix !== null && !row.hash.startsWith(hashPrefix)) return { kind: 'changed' };
      // "answer a3 no, never" must not allow a call: it takes a yes or a no.
      if (answer !== null && row.kind === 'call') return { kind: 'not-a-question' };
      const nowMs = clock.wallMs();
      if (row.state !== 'pending' || row.expiresAtMs <= nowMs) return settled(row);
      try {
        await store.decide(id, verdict === 'allow' ? 'allowed' : 'denied', { by, answer: answer ?? undefined }, nowMs);
      } catch (error) {
        // Somebody else was quicker.
        if (error instanceof KairosError && error.code === 'STATE_CONFLICT') return settled(store.find(id) ?? row);
        throw error;
      }
      onDecided();
      return { kind: 'decided' };
    },
  };
}

function settled({ state, decidedBy, decidedAtMs, expiresAtMs }: ApprovalRow): Decided {
  if (state === 'pending') return { kind: 'settled', state: 'expired', by: null, atMs: expiresAtMs };
  return { kind: 'settled', state, by: decidedBy, atMs: decidedAtMs };
}
