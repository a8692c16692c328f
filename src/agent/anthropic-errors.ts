import { KairosError, type ErrorCode } from '../core/errors.ts';

/** What the SDK throws for an answer that is not 2xx; for everything else most of it is missing. */
export interface ApiFailure {
  readonly status: number | undefined;
  /** `rate_limit_error` and the like. */
  readonly type: string;
  /** `enforced_spend_limit_reached` and the like. */
  readonly errorCode: string;
  /** The API's own words: they may repeat what was sent, so they decide and go nowhere else. */
  readonly said: string;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | null;
  /** Of the system call that failed (`ECONNREFUSED`), or empty. */
  readonly systemCode: string;
}

/** The connection was never made, so nothing was asked. */
const NOT_CONNECTED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

/** Words of the documentation ("Errors", read 2026-11-22); local servers say much the same. */
const TOO_LONG =
  /prompt is too long|too many (input )?tokens|context[ _](length|window|size)|maximum context|exceeds? (the )?(available|max\w*) context/i;
const SPENT = /reached your specified (workspace )?API usage limits|credit balance is too low/i;

/** Reads what was thrown, whatever it is. Never throws. */
export function readFailure(thrown: unknown, nowMs: number): ApiFailure {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
  const headers = error['headers'] instanceof Headers ? error['headers'] : new Headers();
  return {
    status: typeof error['status'] === 'number' ? error['status'] : undefined,
    type: textOf(error['type']),
    errorCode: textOf(error['errorCode']),
    said: textOf(error['apiMessage']) || (thrown instanceof Error ? thrown.message : ''),
    retryAfterMs: readRetryAfter(headers, nowMs),
    requestId: headers.get('request-id'),
    systemCode: systemCodeOf(thrown),
  };
}

/** Which of our errors it is. */
export function codeOf({ status, type, errorCode, said, retryAfterMs }: ApiFailure): ErrorCode {
  if (status === undefined) return codeInStream(type);
  if (status === 429) return retryAfterMs === undefined ? 'MODEL_SPEND_CAP' : 'MODEL_LIMITED';
  if (status === 402 || errorCode.endsWith('spend_limit_reached')) return 'MODEL_SPEND_CAP';
  if (status === 529 || status === 503) return 'MODEL_OVERLOADED';
  if (status >= 500 || status === 408 || status === 409) return 'MODEL_UNREACHABLE';
  if (status === 413) return 'MODEL_TOO_LONG';
  if (status === 400 && SPENT.test(said)) return 'MODEL_SPEND_CAP';
  if (status === 400 && TOO_LONG.test(said)) return 'MODEL_TOO_LONG';
  return 'MODEL_REFUSED';
}

/** The error to throw. `more` is what the stream adds. */
export function toKairosError(failure: ApiFailure, host: string, more: Readonly<Record<string, unknown>>): KairosError {
  const { status, type, errorCode, retryAfterMs, requestId, systemCode } = failure;
  const code = codeOf(failure);
  const what = [type, errorCode, systemCode].filter((word) => /^[\w.-]{1,80}$/.test(word)).join(', ');
  const how = status === undefined ? 'could not be asked, or broke off' : `answered ${status}`;
  const message = `the model API at ${host} ${how}${what === '' ? '' : ` (${what})`}`;
  return new KairosError(code, message, {
    // An answer that is an error costs nothing, nor does a connection that was never made.
    billable: status === undefined && !NOT_CONNECTED.test(systemCode),
    // In the API's own words, so that it holds until the month ends; a bare 429 of another server may pass sooner.
    documented: code === 'MODEL_SPEND_CAP' && type.endsWith('_error'),
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(requestId === null ? {} : { requestId }),
    ...more,
  });
}

/** The connection failed, or an error came within a stream that had begun with 200. */
function codeInStream(type: string): ErrorCode {
  switch (type) {
    case 'overloaded_error':
      return 'MODEL_OVERLOADED';
    case 'rate_limit_error':
      return 'MODEL_LIMITED';
    case 'billing_error':
      return 'MODEL_SPEND_CAP';
    case 'request_too_large':
      return 'MODEL_TOO_LONG';
    case 'invalid_request_error':
    case 'authentication_error':
    case 'permission_error':
    case 'not_found_error':
      return 'MODEL_REFUSED';
    default:
      return 'MODEL_UNREACHABLE';
  }
}

/** Seconds, or a date as HTTP writes it. */
function readRetryAfter(headers: Headers, nowMs: number): number | undefined {
  const exactMs = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (exactMs >= 0) return Math.ceil(exactMs);
  const given = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(given)) return Math.ceil(Number(given) * 1_000);
  const atMs = Date.parse(given);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** The first code down the chain of causes. */
function systemCodeOf(thrown: unknown): string {
  for (let cause = thrown, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return '';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
