import type { Clock, Fetch } from '../core/ports.ts';

/** How long a request may take, and how much may come back. */
export interface StreamLimits {
  /** Until the first byte of the answer; models on a small machine think long. Node's own limit is 300 s. */
  readonly firstByteMs: number;
  /** Between two bytes: the API pings every few seconds. */
  readonly idleMs: number;
  readonly totalMs: number;
  readonly bytesMax: number;
}

export const STREAM_LIMITS: StreamLimits = {
  firstByteMs: 290_000,
  idleMs: 60_000,
  totalMs: 1_800_000,
  bytesMax: 33_554_432,
};

/** One request under watch. Disposing ends the watch. */
export interface Watch extends Disposable {
  /** Aborts when the caller does, or when a limit is reached. */
  readonly signal: AbortSignal;
  /** The limit that was reached, in words for a message. */
  readonly reached: string | undefined;
  /** `fetch` whose answers are seen passing. */
  readonly fetch: Fetch;
}

/** Watches a request: bytes, not events, because pings are a sign of life as well. */
export function watchRequest(clock: Clock, fetch: Fetch, limits: StreamLimits, signal: AbortSignal): Watch {
  const cut = new AbortController();
  const ended = new AbortController();
  const startedMs = clock.monoMs();
  let lastMs: number | undefined;
  let bytes = 0;
  let reached: string | undefined;

  const due = (): { atMs: number; why: string } => {
    const total = { atMs: startedMs + limits.totalMs, why: `took longer than ${limits.totalMs} ms` };
    const silence =
      lastMs === undefined
        ? { atMs: startedMs + limits.firstByteMs, why: `sent nothing for ${limits.firstByteMs} ms` }
        : { atMs: lastMs + limits.idleMs, why: `fell silent for ${limits.idleMs} ms` };
    return silence.atMs < total.atMs ? silence : total;
  };
  const stop = (why: string): void => {
    reached ??= why;
    cut.abort();
  };
  const watch = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const { atMs, why } = due();
      const leftMs = atMs - clock.monoMs();
      if (leftMs <= 0) return stop(why);
      // Looked at this often, the first byte shortens the wait in time.
      await clock.sleep(Math.min(leftMs, limits.idleMs), ended.signal);
    }
  };
  const seen = (count: number): boolean => {
    lastMs = clock.monoMs();
    bytes += count;
    if (bytes > limits.bytesMax) stop(`sent more than ${limits.bytesMax} bytes`);
    return bytes <= limits.bytesMax;
  };
  void watch();

  return {
    signal: AbortSignal.any([signal, cut.signal]),
    get reached() {
      return reached;
    },
    async fetch(url, init) {
      return tap(await fetch(url, init), seen);
    },
    [Symbol.dispose]: () => ended.abort(),
  };
}

function tap(response: Response, seen: (count: number) => boolean): Response {
  if (response.body === null) return response;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      if (seen(chunk.byteLength)) controller.enqueue(chunk);
      else controller.terminate();
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(counting), { status, statusText, headers });
}
