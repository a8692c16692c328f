import type { Clock, Fetch, Log } from '../core/ports.ts';
import { KairosError } from '../core/errors.ts';
import { codeOf, readFailure, toKairosError } from './anthropic-errors.ts';
import { toBody } from './anthropic-request.ts';
import { startAssembly, type Assembly } from './anthropic-stream.ts';
import { STREAM_LIMITS, watchRequest, type StreamLimits, type Watch } from './anthropic-watch.ts';
import type { Model, ModelReply, ModelRequest } from './model.ts';
import { estimateInputTokens, type CacheTtl } from './prices.ts';

export interface AnthropicOptions {
  /** Not needed where a base URL is given: most servers at home want none. */
  readonly apiKey: string | undefined;
  /** Any server of the Messages API, without `/v1`. Default: Anthropic's own. */
  readonly baseUrl: string | undefined;
  readonly cacheTtl: CacheTtl;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<StreamLimits> | undefined;
}

const BASE_URL = 'https://api.anthropic.com';
/** Servers that want no key still want a header. */
const NO_KEY = 'none';
/** The SDK's own clock never decides: ours does, and is moved by tests. */
const NEVER_MS = 86_400_000;
/** Of the API's own words, into the log (which is redacted), where nothing else says what was wrong with a request. */
const SAID_CHARS_MAX = 300;

/**
 * The Messages API, streamed. The SDK is loaded with the first request: it costs 116 ms and 28 MiB (measured on Node 26),
 * which a daemon without work does not pay. One request at a time is one request: nothing is retried here.
 */
export function createAnthropic(options: AnthropicOptions): Model {
  const { clock, log, cacheTtl } = options;
  const limits = { ...STREAM_LIMITS, ...options.limits };
  const host = hostOf(options.baseUrl ?? BASE_URL);
  return {
    async complete(request, onDelta, signal) {
      const inputTokens = estimateInputTokens(request);
      const assembly = startAssembly(request.model, onDelta);
      using watch = watchRequest(clock, options.fetch, limits, signal);
      const attempt = { request, assembly, watch, inputTokens, host, signal };
      try {
        const requestId = await stream(await clientOf(options, watch.fetch), toBody(request, cacheTtl), attempt);
        if (assembly.finished) return assembly.reply(requestId, inputTokens);
      } catch (thrown) {
        // Whatever broke after the model was done changes nothing.
        if (assembly.finished) return assembly.reply(null, inputTokens);
        if (!signal.aborted && watch.reached === undefined)
          throw asFailure(thrown, attempt, { nowMs: clock.wallMs(), log });
      }
      throw asCut(attempt);
    },
  };
}

interface Attempt {
  readonly request: ModelRequest;
  readonly assembly: Assembly;
  readonly watch: Watch;
  readonly inputTokens: number;
  readonly host: string;
  /** The caller's. */
  readonly signal: AbortSignal;
}

type Client = Awaited<ReturnType<typeof clientOf>>;

/** One for each request: it holds nothing but its settings, none of which come from the environment. */
async function clientOf({ apiKey, baseUrl }: AnthropicOptions, fetch: Fetch) {
  const { Anthropic } = await import('@anthropic-ai/sdk');
  return new Anthropic({
    apiKey: apiKey === undefined || apiKey === '' ? NO_KEY : apiKey,
    baseURL: baseUrl === undefined || baseUrl === '' ? BASE_URL : baseUrl.replace(/\/+$/, '').replace(/\/v1$/, ''),
    webhookKey: null,
    maxRetries: 0,
    timeout: NEVER_MS,
    logLevel: 'off',
    openTelemetry: false,
    fetch: (url, init) => fetch(url instanceof Request ? url.url : url.toString(), init ?? {}),
  });
}

/** @returns The id of the request. */
async function stream(client: Client, body: ReturnType<typeof toBody>, attempt: Attempt): Promise<string | null> {
  const { assembly, watch } = attempt;
  const { data, request_id: requestId } = await client.messages.create(body, { signal: watch.signal }).withResponse();
  for await (const event of data) assembly.take(event);
  return requestId ?? null;
}

interface Circumstances {
  readonly nowMs: number;
  readonly log: Log;
}

function asFailure(thrown: unknown, attempt: Attempt, { nowMs, log }: Circumstances): KairosError {
  const failure = readFailure(thrown, nowMs);
  if (codeOf(failure) === 'MODEL_REFUSED') {
    const { status, type, requestId, said } = failure;
    log.warn({ status, type, requestId, said: said.slice(0, SAID_CHARS_MAX) }, 'model request refused');
  }
  return toKairosError(failure, attempt.host, remains(attempt));
}

/** Cut off by the caller or by a limit, or it just ended before the model was done. */
function asCut(attempt: Attempt): KairosError {
  const { signal, watch, host } = attempt;
  const detail = { billable: true, documented: false, ...remains(attempt) };
  if (signal.aborted) return new KairosError('MODEL_ABORTED', 'the request was cut off', detail);
  const why = watch.reached ?? 'ended before the model had said that it was done';
  return new KairosError('MODEL_UNREACHABLE', `the model API at ${host} ${why}`, detail);
}

/** What is left of a stream that broke. */
function remains({ assembly, inputTokens }: Attempt): Readonly<Record<string, unknown>> {
  return assembly.begun
    ? { billable: true, partial: assembly.partial(), usage: assembly.usage(inputTokens) satisfies ModelReply['usage'] }
    : {};
}

/** Never the whole URL: it may hold a password. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is none';
}
