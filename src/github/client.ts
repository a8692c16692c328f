import { messageOf } from '../core/errors.ts';
import type { Clock, Fetch, Random } from '../core/ports.ts';
import { backoffMs, judge, rateOf, reservePauseMs, secondsMs, serverMs, type Rate, type Verdict } from './pace.ts';
import { readText } from './read-text.ts';

/** What GitHub wants to hear to answer "nothing new", which costs nothing of the allowance. */
export interface Validator {
  readonly path: string;
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/** What became of a question. Only `fresh` has content. */
export type Answer =
  | {
      readonly kind: 'fresh';
      readonly payload: unknown;
      readonly validator: Validator;
      /** How long GitHub wants not to be asked this again; 0 when it does not say. */
      readonly pollIntervalMs: number;
      /** Path of the next page. */
      readonly next: string | undefined;
      readonly serverMs: number;
    }
  | { readonly kind: 'unchanged'; readonly pollIntervalMs: number }
  | { readonly kind: 'refused'; readonly reason: string }
  /** The answer is over the cap: ask for less. */
  | { readonly kind: 'too-large' }
  /** Nothing came, or nothing may be asked now. `delayMs`: at least so long. */
  | { readonly kind: 'later'; readonly reason: string; readonly delayMs: number };

/** A pause of everything. */
export interface Pause {
  readonly leftMs: number;
  readonly reason: string;
}

/** GitHub's REST API, read only and one question at a time. */
export interface GitHub {
  /** Where people look at what the API tells of: `https://github.com`. */
  readonly web: string;
  /**
   * Asks one question. While everything is paused it answers `later` without asking. Never throws for what the far side does.
   *
   * @param path From the root of the API, such as `/repos/octo/app/events?per_page=100`.
   */
  get(path: string, signal: AbortSignal, validator?: Validator): Promise<Answer>;
  /** undefined when questions may be asked. */
  pause(): Pause | undefined;
  /** What was left of the allowance at the last answer. */
  rate(): Rate | undefined;
}

export interface GitHubOptions {
  /** Default `https://api.github.com`; GitHub Enterprise Server: `https://HOST/api/v3`. */
  readonly apiUrl?: string | undefined;
  readonly token?: string | undefined;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
  /** Default 30 s, for the answer with its body. */
  readonly timeoutMs?: number;
  /** Default 5 MiB. */
  readonly bytesMax?: number;
}

const API_URL = 'https://api.github.com';
const TIMEOUT_MS = 30_000;
const BYTES_MAX = 5 * 1_048_576;
const REDIRECTS_MAX = 3;
/** After failures in a row, whatever was asked: GitHub or the line is down. */
const DOWN = { firstMs: 1_000, mostMs: 300_000 };

export function createGitHub(options: GitHubOptions): GitHub {
  const { clock, random, apiUrl = API_URL } = options;
  const root = apiUrl.replace(/\/+$/, '');
  let rate: Rate | undefined;
  let failures = 0;
  let pausedUntilMs = -Infinity;
  let pauseReason = '';

  const pauseFor = (delayMs: number, reason: string): void => {
    // Boxes that share an allowance get it back at the same second; up to a tenth more spreads them.
    pausedUntilMs = Math.max(pausedUntilMs, clock.monoMs() + delayMs * (1 + random.fraction() / 10));
    pauseReason = reason;
  };
  const pause = (): Pause | undefined => {
    const leftMs = Math.ceil(pausedUntilMs - clock.monoMs());
    return leftMs > 0 ? { leftMs, reason: pauseReason } : undefined;
  };
  const failed = (reason: string, delayMs = 0): Answer => {
    failures += 1;
    pauseFor(Math.max(delayMs, backoffMs(failures, random, DOWN)), reason);
    return { kind: 'later', reason, delayMs };
  };
  const conclude = (verdict: Verdict, response: Whole, path: string): Answer => {
    if (verdict.kind === 'fault') return failed(verdict.reason, verdict.delayMs);
    failures = 0;
    if (verdict.kind === 'pause') pauseFor(verdict.delayMs, verdict.reason);
    if (verdict.kind === 'pause') return { ...verdict, kind: 'later' };
    const reserveMs = reservePauseMs(rate);
    if (reserveMs !== undefined && rate !== undefined)
      pauseFor(reserveMs, `${rate.remaining} of ${rate.limit} requests of this hour are left`);
    if (verdict.kind === 'refused') return verdict;
    const pollIntervalMs = secondsMs(response.headers.get('x-poll-interval'));
    if (verdict.kind === 'unchanged') return { kind: 'unchanged', pollIntervalMs };
    if (response.text === undefined) return { kind: 'too-large' };
    const payload = parse(response.text);
    if (payload === undefined) return failed('GitHub answered something that is not JSON');
    return { kind: 'fresh', payload, ...describe(response, path, root), pollIntervalMs, serverMs: response.serverMs };
  };

  return {
    web: webOf(root),
    pause,
    rate: () => rate,
    async get(path, signal, validator) {
      const paused = pause();
      if (paused !== undefined) return { kind: 'later', reason: paused.reason, delayMs: paused.leftMs };
      const headers = headersOf(options.token, validator?.path === path ? validator : undefined);
      let response: Whole;
      try {
        response = await exchange(options, root + path, headers, signal);
      } catch (error) {
        if (signal.aborted) return { kind: 'later', reason: 'stopping', delayMs: 0 };
        return failed(`GitHub did not answer: ${messageOf(error)}`);
      }
      rate = rateOf(response.headers, clock.wallMs()) ?? rate;
      const { status } = response;
      const message = status === 403 || status === 429 ? (response.text ?? '').slice(0, 1_000) : '';
      return conclude(judge({ status, headers: response.headers, message, wallMs: clock.wallMs() }), response, path);
    },
  };
}

/** An answer with its body; `text` is undefined when it is over the cap. */
interface Whole {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string | undefined;
  readonly serverMs: number;
}

/** One exchange within the deadline, with redirects inside the same host. */
async function exchange(
  { fetch, clock, timeoutMs = TIMEOUT_MS, bytesMax = BYTES_MAX }: GitHubOptions,
  firstUrl: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Whole> {
  const deadline = new AbortController();
  const done = new AbortController();
  void clock.sleep(timeoutMs, done.signal).then(() => {
    if (!done.signal.aborted) deadline.abort(new Error(`no whole answer within ${timeoutMs / 1_000} s`));
  });
  const either = AbortSignal.any([signal, deadline.signal]);
  try {
    let url = firstUrl;
    for (let hops = 0; ; hops += 1) {
      const response = await fetch(url, { headers, redirect: 'manual', signal: either });
      const onward = hops < REDIRECTS_MAX ? redirectOf(response, url) : undefined;
      if (onward === undefined) {
        const text = await readText(response, bytesMax);
        const { status, headers: said } = response;
        return { status, headers: said, text, serverMs: serverMs(said, clock.wallMs()) };
      }
      await response.body?.cancel();
      url = onward;
    }
  } finally {
    done.abort();
  }
}

/** A renamed repository redirects to its number. Another host would be given the token, so that is not followed. */
function redirectOf(response: Response, url: string): string | undefined {
  if (![301, 302, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.get('location');
  if (location === null || !URL.canParse(location, url)) return undefined;
  const onward = new URL(location, url);
  return onward.origin === new URL(url).origin ? onward.href : undefined;
}

function headersOf(token: string | undefined, validator: Validator | undefined): Record<string, string> {
  return {
    accept: 'application/vnd.github+json',
    'user-agent': 'kairosd',
    'x-github-api-version': '2022-11-28',
    ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
    ...(validator?.etag === undefined ? {} : { 'if-none-match': validator.etag }),
    ...(validator?.lastModified === undefined ? {} : { 'if-modified-since': validator.lastModified }),
  };
}

function describe({ headers }: Whole, path: string, root: string): { validator: Validator; next: string | undefined } {
  const etag = headers.get('etag') ?? undefined;
  const lastModified = headers.get('last-modified') ?? undefined;
  return { validator: { path, etag, lastModified }, next: nextPath(headers.get('link'), root) };
}

/** The path of `rel="next"` in a Link header, if it is one of ours. */
function nextPath(link: string | null, root: string): string | undefined {
  const url = /<([^<>]{1,2000})>\s*;\s*rel="next"/.exec(link ?? '')?.[1];
  return url?.startsWith(`${root}/`) ? url.slice(root.length) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

function webOf(root: string): string {
  return root === API_URL ? 'https://github.com' : root.replace(/\/api\/v3$/, '');
}
