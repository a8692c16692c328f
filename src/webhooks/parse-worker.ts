import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import { compileSubscriptions, type Matcher } from '../subscriptions/match.ts';
import type { Subscription } from '../subscriptions/options.ts';
import { interpret, type Delivery, type Interpretation } from './interpret.ts';

/** What the thread is started with. Functions do not cross, so it compiles the subscriptions itself. */
export interface ThreadData {
  readonly subscriptions: readonly Subscription[];
}

/** What the thread answers to each delivery. */
export type ThreadAnswer =
  | { readonly kind: 'interpreted'; readonly interpretation: Interpretation }
  | { readonly kind: 'failed'; readonly error: string };

/**
 * Thread entry: reads large bodies off the event loop, one at a time. Elsewhere than in a thread, importing it does nothing.
 */
function serve(port: MessagePort, match: Matcher): void {
  port.on('message', (delivery: Delivery) => {
    port.postMessage(answerTo(delivery, match));
  });
}

function answerTo(delivery: Delivery, match: Matcher): ThreadAnswer {
  try {
    return { kind: 'interpreted', interpretation: interpret(delivery, match) };
  } catch (error) {
    return { kind: 'failed', error: messageOf(error) };
  }
}

if (parentPort !== null) serve(parentPort, compileSubscriptions((workerData as ThreadData).subscriptions));
