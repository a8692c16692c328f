import type { Clock, Fetch } from '../core/ports.ts';

/** What a call of the Bot API came to. */
export type Answer =
  | { readonly kind: 'ok'; readonly result: unknown }
  /** The API said no. `retryAfterMs` where it says when. */
  | { readonly kind: 'refused'; readonly code: number; readonly description: string; readonly retryAfterMs: number }
  /** No answer of the API: the network, a proxy, a timeout. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Telegram's Bot API, as much as listening needs. One request a call, no retries. Never throws, never names the token. */
export interface TelegramApi {
  call(
    method: string,
    parameters: Readonly<Record<string, unknown>>,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Answer>;
}

export interface TelegramApiOptions {
  readonly token: string;
  /** `https://api.telegram.org` */
  readonly apiRoot: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/** A hundred updates with the longest texts are below it. */
const ANSWER_BYTES_MAX = 8_388_608;
const DESCRIPTION_CHARS_MAX = 200;

export function createTelegramApi({ token, apiRoot, fetch, clock }: TelegramApiOptions): TelegramApi {
  return {
    async call(method, parameters, timeoutMs, signal) {
      const over = new AbortController();
      const settled = new AbortController();
      const stop = (): void => over.abort();
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      void pass(clock, timeoutMs, settled.signal).then(() => over.abort());
      try {
        const response = await fetch(`${apiRoot}/bot${token}/${method}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(parameters),
          redirect: 'manual',
          signal: over.signal,
        });
        return readAnswer(response.status, await readText(response));
      } catch (error) {
        return { kind: 'failed', reason: reasonOf(error, over.signal.aborted, token) };
      } finally {
        settled.abort();
        signal.removeEventListener('abort', stop);
      }
    },
  };
}

/** A clock waits at most 30 s in one piece. */
async function pass(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  const startMs = clock.monoMs();
  for (let leftMs = delayMs; leftMs > 0 && !signal.aborted; leftMs = delayMs - (clock.monoMs() - startMs)) {
    await clock.sleep(leftMs, signal);
  }
}

function readAnswer(status: number, text: string | undefined): Answer {
  const body = parse(text);
  if (body?.ok === true) return { kind: 'ok', result: body.result };
  if (body?.ok !== false)
    return { kind: 'failed', reason: `answered ${status} with something that is no answer of the API` };
  const description = (typeof body.description === 'string' ? body.description : `error ${status}`).slice(
    0,
    DESCRIPTION_CHARS_MAX,
  );
  const seconds = body.parameters?.retry_after;
  const retryAfterMs = typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, 3_600) * 1_000 : 0;
  return { kind: 'refused', code: Number(body.error_code ?? status), description, retryAfterMs };
}

interface Body {
  readonly ok?: unknown;
  readonly result?: unknown;
  readonly error_code?: unknown;
  readonly description?: unknown;
  readonly parameters?: { readonly retry_after?: unknown } | undefined;
}

function parse(text: string | undefined): Body | undefined {
  try {
    const parsed: unknown = JSON.parse(text ?? '');
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

async function readText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).byteLength;
    if (bytes > ANSWER_BYTES_MAX) return undefined;
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The address holds the token, and some errors hold the address. */
function reasonOf(error: unknown, cut: boolean, token: string): string {
  if (cut) return 'no answer in time';
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  const text = error instanceof Error ? `${error.message}${cause}` : String(error);
  return text.replaceAll(token, '***').slice(0, DESCRIPTION_CHARS_MAX);
}
