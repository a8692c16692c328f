import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { SendResult } from './channel.ts';

/** The end of one attempt; `stopped` when the daemon's stop cut it short. */
export type AttemptResult = SendResult | { readonly kind: 'stopped' };

export interface AttemptLimits {
  readonly timeoutMs: number;
  /** How long an attempt may go on once the daemon is stopping. */
  readonly graceMs: number;
}

/** Makes one attempt and returns in bounded time, whether or not the channel heeds its signal. Never throws. */
export async function attemptSend(
  send: (signal: AbortSignal) => Promise<SendResult>,
  { clock, limits, stopping }: { clock: Clock; limits: AttemptLimits; stopping: AbortSignal },
): Promise<AttemptResult> {
  const over = new AbortController();
  try {
    return await Promise.race([
      guarded(send, over.signal),
      timeout(clock, limits.timeoutMs, over.signal),
      stopped(stopping, clock, limits.graceMs, over.signal),
    ]);
  } finally {
    over.abort();
  }
}

async function guarded(send: (signal: AbortSignal) => Promise<SendResult>, signal: AbortSignal): Promise<SendResult> {
  try {
    return await send(signal);
  } catch (error) {
    return { kind: 'retry', error: messageOf(error), maybeReceived: true };
  }
}

async function timeout(clock: Clock, timeoutMs: number, over: AbortSignal): Promise<SendResult> {
  const startMs = clock.monoMs();
  // A clock waits at most 30 s in one piece.
  for (let leftMs = timeoutMs; leftMs > 0 && !over.aborted; leftMs = timeoutMs - (clock.monoMs() - startMs)) {
    await clock.sleep(leftMs, over);
  }
  return { kind: 'retry', error: `no answer within ${timeoutMs / 1_000} s`, maybeReceived: true };
}

async function stopped(
  stopping: AbortSignal,
  clock: Clock,
  graceMs: number,
  over: AbortSignal,
): Promise<AttemptResult> {
  if (!stopping.aborted) {
    await new Promise<void>((resolve) => {
      stopping.addEventListener('abort', () => resolve(), { once: true, signal: over });
    });
  }
  await clock.sleep(graceMs, over);
  return { kind: 'stopped' };
}
