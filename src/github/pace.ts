import type { Random } from '../core/ports.ts';

/** What an answer says about asking, besides its content. */
export type Verdict =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'unchanged' }
  /** This question makes no sense as things are: wrong name, missing permission. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Nobody may ask anything before this time has passed. */
  | { readonly kind: 'pause'; readonly delayMs: number; readonly reason: string }
  /** The far side is in trouble. */
  | { readonly kind: 'fault'; readonly delayMs: number; readonly reason: string };

/** What is left of the hourly allowance. */
export interface Rate {
  readonly limit: number;
  readonly remaining: number;
  /** Until it is full again. */
  readonly resetMs: number;
}

/** An answer without its content. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** What it says in words; may be empty. */
  readonly message: string;
  readonly wallMs: number;
}

const MINUTE_MS = 60_000;
/** No header holds us longer: the allowance is renewed every hour. */
const PAUSE_MS_MAX = 60 * MINUTE_MS + 30_000;
const TOKEN_REFUSED_MS = 15 * MINUTE_MS;
/** One in twenty requests of the allowance is left to whoever else uses the token. */
const RESERVED_SHARE = 0.05;

/**
 * What follows from an answer of GitHub. Pure.
 *
 * Sources: docs.github.com, "Rate limits for the REST API" (`retry-after` first, then `x-ratelimit-reset` when nothing
 * remains, else at least a minute) and "Best practices for using the REST API".
 */
export function judge({ status, headers, message, wallMs }: Reply): Verdict {
  const retryMs = retryAfterMs(headers.get('retry-after'), wallMs);
  if (status === 304) return { kind: 'unchanged' };
  if (status >= 200 && status < 300) return { kind: 'fresh' };
  if (status === 429 || (status === 403 && isRateLimit(headers, message))) {
    const rate = rateOf(headers, wallMs);
    const waitMs = retryMs ?? (rate?.remaining === 0 ? rate.resetMs : MINUTE_MS);
    return { kind: 'pause', delayMs: clamp(waitMs), reason: 'the rate limit of GitHub is used up' };
  }
  if (status >= 500 || status === 408)
    return { kind: 'fault', delayMs: retryMs === undefined ? 0 : clamp(retryMs), reason: `GitHub answered ${status}` };
  if (status === 401) {
    const reason = 'GitHub refuses GITHUB_TOKEN (401): it is wrong, expired or revoked. Write a new one to secrets.env';
    return { kind: 'pause', delayMs: TOKEN_REFUSED_MS, reason };
  }
  return { kind: 'refused', reason: refusal(status, message) };
}

/** Whether so little is left that the rest belongs to others. @returns The pause until it is full again. */
export function reservePauseMs(rate: Rate | undefined): number | undefined {
  if (rate === undefined || rate.remaining > Math.floor(rate.limit * RESERVED_SHARE)) return undefined;
  return clamp(rate.resetMs);
}

/** The allowance, from the headers; undefined when they do not say. GitHub's own clock is used where it is told. */
export function rateOf(headers: Headers, wallMs: number): Rate | undefined {
  const limit = numberOf(headers.get('x-ratelimit-limit'));
  const remaining = numberOf(headers.get('x-ratelimit-remaining'));
  const resetSeconds = numberOf(headers.get('x-ratelimit-reset'));
  if (limit === undefined || remaining === undefined || resetSeconds === undefined) return undefined;
  return { limit, remaining, resetMs: Math.max(0, resetSeconds * 1_000 - serverMs(headers, wallMs)) };
}

/** The time on the far side's clock; ours when it does not say. */
export function serverMs(headers: Headers, wallMs: number): number {
  const ms = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(ms) ? wallMs : ms;
}

/** Seconds from a header such as `X-Poll-Interval`, as milliseconds: at most an hour; 0 when there is none. */
export function secondsMs(value: string | null): number {
  return Math.min((numberOf(value) ?? 0) * 1_000, 60 * MINUTE_MS);
}

/**
 * How long to wait after the `failures`th failure in a row: `firstMs`, doubled each time up to `mostMs`, of which a random
 * half is taken off so that boxes that failed together do not come back together.
 */
export function backoffMs(failures: number, random: Random, limits: { firstMs: number; mostMs: number }): number {
  const fullMs = Math.min(limits.mostMs, limits.firstMs * 2 ** Math.min(failures - 1, 20));
  return Math.round(fullMs * (0.5 + random.fraction() / 2));
}

function isRateLimit(headers: Headers, message: string): boolean {
  if (headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0') return true;
  return /rate limit|abuse detection/i.test(message);
}

function refusal(status: number, message: string): string {
  if (status === 422) return `GitHub answered 422: ${validationOf(message)}`;
  if (status === 410) return 'GitHub answered 410: it is switched off there';
  if (status === 404)
    return 'GitHub answered 404: the name is wrong, or it is private and GITHUB_TOKEN is missing or may not read it';
  if (status === 403) return 'GitHub answered 403: GITHUB_TOKEN lacks a permission this needs';
  if (status >= 300 && status < 400)
    return `GitHub answered ${status} and points to another host, which is not followed`;
  return `GitHub answered ${status}`;
}

/** The sentence in the body of a 422; it is GitHub's own. */
function validationOf(message: string): string {
  const said = /"message"\s*:\s*"([^"\\]{1,200})"/.exec(message)?.[1];
  return said ?? 'something in it is not valid';
}

/** `Retry-After` in seconds or as an HTTP date. */
function retryAfterMs(value: string | null, wallMs: number): number | undefined {
  const seconds = numberOf(value);
  if (seconds !== undefined) return seconds * 1_000;
  const dateMs = /^[a-z]{3}/i.test(value ?? '') ? Date.parse(value ?? '') : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - wallMs);
}

function numberOf(value: string | null): number | undefined {
  return value !== null && /^\d{1,12}$/.test(value.trim()) ? Number(value) : undefined;
}

function clamp(ms: number): number {
  return Math.min(Math.max(ms, 1_000), PAUSE_MS_MAX);
}
