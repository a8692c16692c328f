import type { Clock, Fetch } from '../../core/ports.ts';
import { messageOf } from '../../core/errors.ts';
import type { SendResult } from '../channel.ts';
import { neverArrived, parseRetryAfterMs, TRY_AGAIN } from './webhook.ts';

/** What came back over HTTP, before a library makes something of it. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The object the API answered with, when it has `ok`; else undefined. */
  readonly body: { readonly ok: boolean; readonly [key: string]: unknown } | undefined;
}

/** One call of a library's client: under our signal, without redirects, and with a bounded answer. */
export interface Wire {
  /** To be given to the client. */
  readonly fetch: (url: string | URL, init?: object) => Promise<Response>;
  /** What the transport says of the outcome; undefined when the API itself has spoken, with status 2xx or 4xx. */
  judge(thrown?: unknown): SendResult | undefined;
  readonly answer: Answer | undefined;
}

/** A page of 100 messages of a history is well below it. */
const ANSWER_BYTES_MAX = 4_194_304;

export function openWire(ports: { readonly fetch: Fetch; readonly clock: Clock }, signal: AbortSignal): Wire {
  let answer: Answer | undefined;
  let failure: unknown;
  return {
    get answer() {
      return answer;
    },
    async fetch(url, init) {
      try {
        const response = await ports.fetch(String(url), { ...init, redirect: 'manual', signal });
        const text = await readText(response);
        const { status } = response;
        answer = { status, retryAfter: response.headers.get('retry-after'), body: parseAnswer(text) };
        const bodyless = status === 204 || status === 205 || status === 304;
        return new Response(bodyless ? null : text, { status, headers: headersOf(response) });
      } catch (error) {
        failure = error;
        throw error;
      }
    },
    judge: (thrown) => judge(answer, failure ?? thrown, ports.clock.wallMs()),
  };
}

function judge(answer: Answer | undefined, failure: unknown, wallMs: number): SendResult | undefined {
  if (answer === undefined) return { kind: 'retry', error: messageOf(failure), maybeReceived: !neverArrived(failure) };
  const { status, body } = answer;
  const error = `answered ${status}`;
  if (TRY_AGAIN.has(status)) {
    const retryAfterMs = parseRetryAfterMs(answer.retryAfter ?? bodyRetryAfter(body), wallMs);
    return { kind: 'retry', error, maybeReceived: status === 408, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  // Either the service broke while it worked on it, or a gateway that can't know answered for it.
  if (status >= 500) return { kind: 'retry', error, maybeReceived: true };
  if (status >= 300 && status < 400) return { kind: 'refused', error: `${error}; redirects are not followed` };
  if (body !== undefined) return undefined;
  if (status >= 400) return { kind: 'refused', error: `${error}, and not by the API: check its URL` };
  return { kind: 'retry', error: `${error} with something that is no answer of the API`, maybeReceived: true };
}

/** Telegram says it in the body. */
function bodyRetryAfter(body: Answer['body']): string | null {
  const seconds = (body?.['parameters'] as { retry_after?: unknown } | undefined)?.retry_after;
  return typeof seconds === 'number' ? String(Math.ceil(seconds)) : null;
}

/** The body as text; empty when it is longer than any answer of these APIs. */
async function readText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += (chunk as Uint8Array).byteLength;
    if (bytes > ANSWER_BYTES_MAX) return '';
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseAnswer(text: string): Answer['body'] {
  try {
    const parsed: unknown = JSON.parse(text);
    const body = typeof parsed === 'object' && parsed !== null ? (parsed as { ok?: unknown }) : {};
    return typeof body.ok === 'boolean' ? (body as Answer['body']) : undefined;
  } catch {
    return undefined;
  }
}

/** Without those that describe the bytes on the wire. */
function headersOf(response: Response): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of ['content-type', 'retry-after']) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return headers;
}
