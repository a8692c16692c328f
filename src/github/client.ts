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
      /** Path of the last page, of lists that say. */
      readonly last?: string | undefined;
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

/** What became of a change that was asked for. */
export type Posted =
  | { readonly kind: 'done'; readonly payload: unknown }
  | { readonly kind: 'refused'; readonly reason: string }
  /** `unsure`: it may have been made all the same; whoever repeats it looks first. */
  | { readonly kind: 'later'; readonly reason: string; readonly delayMs: number; readonly unsure: boolean };

/** GitHub's REST API, one question at a time, all within one allowance. */
export interface GitHub {
  /** Where people look at what the API tells of: `https://github.com`. */
  readonly web: string;
  /**
   * Asks one question. While everything is paused it answers `later` without asking. Never throws for what the far side does.
   *
   * @param path From the root of the API, such as `/repos/octo/app/events?per_page=100`.
   */
  get(path: string, signal: AbortSignal, validator?: Validator): Promise<Answer>;
  /**
   * Asks for one change, once: nothing is repeated here. Which changes there are is declared in `changes.ts` and
   * `hook-deliveries.ts`. Never throws for what the far side does.
   */
  post(path: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Posted>;
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
  const root = (options.apiUrl ?? API_URL).replace(/\/+$/, '');
  const { ask, pause, rate } = createLine(options, root);
  return {
    web: webOf(root),
    pause,
    rate,
    async get(path, signal, validator) {
      const headers = headersOf(options.token, validator?.path === path ? validator : undefined);
      return (await ask(path, { method: 'GET', headers }, signal)).answer;
    },
    async post(path, body, signal) {
      const headers = { ...headersOf(options.token, undefined), 'content-type': 'application/json' };
      const { sent, answer } = await ask(path, { method: 'POST', headers, body: JSON.stringify(body) }, signal);
      switch (answer.kind) {
        case 'fresh':
          return { kind: 'done', payload: answer.payload };
        case 'refused':
          return answer;
        case 'later':
          return { ...answer, unsure: sent };
        default:
          // Done, only what it looks like now is not to be had.
          return { kind: 'done', payload: undefined };
      }
    },
  };
}

/** One line to GitHub, with what holds it: every question and change goes over it, one answer's advice holds for all. */
function createLine(options: GitHubOptions, root: string) {
  const { clock, random } = options;
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
  const conclude = (verdict: Verdict, response: Whole, path: string, method: Question['method']): Answer => {
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
    // A change may be answered with nothing.
    const payload = response.text === '' && method === 'POST' ? {} : parse(response.text);
    if (payload === undefined) return failed('GitHub answered something that is not JSON');
    return { kind: 'fresh', payload, ...describe(response, path, root), pollIntervalMs, serverMs: response.serverMs };
  };

  const ask = async (path: string, request: Question, signal: AbortSignal): Promise<Asked> => {
    const paused = pause();
    if (paused !== undefined)
      return { sent: false, answer: { kind: 'later', reason: paused.reason, delayMs: paused.leftMs } };
    let response: Whole;
    try {
      response = await exchange(options, root + path, request, signal);
    } catch (error) {
      if (signal.aborted) return { sent: true, answer: { kind: 'later', reason: 'stopping', delayMs: 0 } };
      return { sent: true, answer: failed(`GitHub did not answer: ${messageOf(error)}`) };
    }
    // Searching has an allowance of its own.
    if ((response.headers.get('x-ratelimit-resource') ?? 'core') === 'core')
      rate = rateOf(response.headers, clock.wallMs()) ?? rate;
    const { status } = response;
    const message = TELLING.has(status) ? (response.text ?? '').slice(0, 1_000) : '';
    const verdict = judge({ status, headers: response.headers, message, wallMs: clock.wallMs() });
    // 429, 401 and 403 are said before anything is done.
    return {
      sent: verdict.kind === 'fresh' || verdict.kind === 'fault',
      answer: conclude(verdict, response, path, request.method),
    };
  };

  return { ask, pause, rate: (): Rate | undefined => rate };
}

interface Question {
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: string;
}

interface Asked {
  /** It may have reached the far side. */
  readonly sent: boolean;
  readonly answer: Answer;
}

/** Statuses whose words say what is the matter. */
const TELLING: ReadonlySet<number> = new Set([403, 422, 429]);

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
  request: Question,
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
      const response = await fetch(url, { ...request, redirect: 'manual', signal: either });
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

function describe({ headers }: Whole, path: string, root: string): Described {
  const etag = headers.get('etag') ?? undefined;
  const lastModified = headers.get('last-modified') ?? undefined;
  const link = headers.get('link');
  return {
    validator: { path, etag, lastModified },
    next: linked(link, 'next', root),
    last: linked(link, 'last', root),
  };
}

interface Described {
  readonly validator: Validator;
  readonly next: string | undefined;
  readonly last: string | undefined;
}

/** The path of a relation in a Link header, if it is one of ours. */
function linked(link: string | null, relation: 'next' | 'last', root: string): string | undefined {
  for (const [, url = '', rel] of (link ?? '').slice(0, 10_000).matchAll(/<([^<>]{1,2000})>\s*;\s*rel="(\w+)"/g)) {
    if (rel === relation && url.startsWith(`${root}/`)) return url.slice(root.length);
  }
  return undefined;
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
