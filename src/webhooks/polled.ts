import type { WebhookDeps } from './routes.ts';
import { coalescing } from './routes.ts';

/** Something a sender was asked for, in the shape of the delivery it would have sent. */
export interface PolledDelivery {
  /** The name of the source. */
  readonly source: string;
  /** The same whenever it is read again; begins with `poll:`, as no delivery id of GitHub does. */
  readonly delivery: string;
  readonly type: string;
  readonly happenedAtMs: number;
  /** JSON, as the body of the webhook would be. */
  readonly body: Uint8Array;
}

/** @throws {KairosError} what the ledger says: then nothing was recorded. */
export type TakePolled = (delivery: PolledDelivery) => Promise<{ readonly id: number; readonly duplicate: boolean }>;

/**
 * The door for what was polled: from here on it is a delivery like any other of its source, read, matched and recorded by
 * the same code; only nobody signed it. What a webhook has brought already is a duplicate, and the other way round.
 */
export function polledTaker(deps: Pick<WebhookDeps, 'clock' | 'append' | 'read' | 'inStorm' | 'count'>): TakePolled {
  return async ({ source, delivery, type, happenedAtMs, body }) => {
    const receivedAtMs = deps.clock.wallMs();
    const headers = { 'x-github-event': type, 'x-github-delivery': delivery, 'content-type': 'application/json' };
    const common = { source, trust: 'outside', receivedAtMs, body } as const;
    const pending = deps.read({ ...common, kind: 'github', headers, road: 'poll' });
    const read = pending instanceof Promise ? await pending : pending;
    const identity = read.identity;
    const appended = await deps.append({
      ...common,
      delivery,
      type: read.type,
      action: read.action,
      contentType: headers['content-type'],
      jobs: coalescing(deps, source, read.jobs),
      follows: read.follows,
      // The sender was asked, so it is known when it happened; only where that matters.
      identity: identity && { ...identity, happenedAtMs: identity.happenedAtMs === null ? null : happenedAtMs },
    });
    deps.count(appended.duplicate ? 'duplicate' : 'accepted');
    return appended;
  };
}
