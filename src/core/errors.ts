/** What the code of an error decides: may the same thing be tried again, and which HTTP status says it. */
interface ErrorKind {
  readonly status: number;
  readonly retry: boolean;
  /** What the person who meets it can do. */
  readonly hint: string;
}

/**
 * The one table of errors. Code branches on the code, never on the text; `docs/errors.md` lists each.
 */
export const ERRORS = {
  BODY_CUT_SHORT: { status: 400, retry: true, hint: 'Send the whole body that Content-Length announces.' },
  INPUT_INVALID: { status: 400, retry: false, hint: 'Correct the named field and send it again.' },
  TOKEN_REFUSED: {
    status: 401,
    retry: false,
    hint: 'Send the API token from the file `token` in the home as `Authorization: Bearer …`.',
  },
  SIGNATURE_REFUSED: { status: 401, retry: false, hint: 'Check that both sides hold the same secret.' },
  ORIGIN_REFUSED: { status: 403, retry: false, hint: 'Call the API under the address the daemon listens on.' },
  NOT_FOUND: { status: 404, retry: false, hint: 'Check the name or id; lists show what exists.' },
  SOURCE_UNKNOWN: { status: 404, retry: false, hint: 'Name the source under `sources:` in config.yaml.' },
  STATE_CONFLICT: { status: 409, retry: false, hint: 'Look at its present state first.' },
  BODY_TOO_LARGE: { status: 413, retry: false, hint: 'Deliveries are at most 25 MiB (26 214 400 bytes).' },
  MEDIA_TYPE_REFUSED: {
    status: 415,
    retry: false,
    hint: 'Send application/json or application/x-www-form-urlencoded.',
  },
  OVERLOADED: { status: 503, retry: true, hint: 'Send it again after the seconds in Retry-After.' },
  DISK_FULL: { status: 503, retry: true, hint: 'Free some disk space; the daemon goes on by itself.' },
  LEDGER_FAILED: {
    status: 503,
    retry: true,
    hint: 'Look at the disk and at `kairos doctor`; nothing that was answered 2xx is affected.',
  },
  STOPPING: { status: 503, retry: true, hint: 'The daemon is stopping; send it again in a moment.' },
  CHANNEL_FAILED: { status: 502, retry: true, hint: 'Look at the channel; the message is kept and tried again.' },
  CHANNEL_REFUSED: { status: 502, retry: false, hint: 'Correct the channel under `notify:` in config.yaml.' },
  CONFIG_INVALID: {
    status: 500,
    retry: false,
    hint: 'Correct what is named, in config.yaml, secrets.env or the environment; `kairos config check` looks again.',
  },
  SECRET_MISSING: {
    status: 500,
    retry: false,
    hint: 'Write it to secrets.env in the home as NAME=value (for a source, `kairos webhook add` makes one), or take out what needs it.',
  },
  PORT_TAKEN: {
    status: 500,
    retry: false,
    hint: 'Set server.port in config.yaml or KAIROS_PORT to another one (0 picks a free one), or stop what holds it.',
  },
  HOME_HELD: { status: 500, retry: false, hint: 'Stop the other instance, or set another KAIROS_HOME.' },
  HOME_UNUSABLE: { status: 500, retry: false, hint: 'Check that the home exists and belongs to this user.' },
  LEDGER_TOO_NEW: { status: 500, retry: false, hint: 'Start the newer version, or restore the backup it made.' },
  NOT_RUNNING: { status: 500, retry: false, hint: 'Start it: `kairos start`.' },
  MODEL_LIMITED: { status: 503, retry: true, hint: 'Nothing: it is tried again when the API says so.' },
  MODEL_OVERLOADED: { status: 503, retry: true, hint: 'Nothing: it is tried again later, or by the fallback model.' },
  MODEL_UNREACHABLE: {
    status: 502,
    retry: true,
    hint: 'Look at the network and at ANTHROPIC_BASE_URL; `kairos doctor` tries it.',
  },
  MODEL_SPEND_CAP: {
    status: 402,
    retry: false,
    hint: 'The spending limit at the API is reached: raise it there, or wait for the next month.',
  },
  MODEL_REFUSED: {
    status: 502,
    retry: false,
    hint: 'Look at ANTHROPIC_API_KEY and at the names under `models:` in config.yaml.',
  },
  MODEL_TOO_LONG: { status: 502, retry: false, hint: 'Begin a new session: say /new.' },
  MODEL_UNKNOWN: {
    status: 500,
    retry: false,
    hint: 'Give its price under `models.prices` in config.yaml (0 for a model of your own), or name a known model.',
  },
  MODEL_ABORTED: { status: 503, retry: true, hint: 'The run was cut off; it is taken up again or was stopped.' },
  BUDGET_SPENT: {
    status: 402,
    retry: false,
    hint: 'Raise budget.money in config.yaml, or wait: the daily one begins anew at local midnight.',
  },
  AGENT_STOPPED: {
    status: 503,
    retry: false,
    hint: 'The agent was stopped by hand: `kairos start --agent` lets it run again.',
  },
  INTERNAL: { status: 500, retry: true, hint: 'This is a defect of kairosd; the log says more.' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** The only error class. The message says what was expected, what came, and, with the hint, what to do. */
export class KairosError extends Error {
  readonly code: ErrorCode;
  /** Facts for a machine: never a secret, never the text of an outsider. */
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, detail: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'KairosError';
    this.code = code;
    this.detail = detail;
  }

  /** What to do: `detail.hint`, where something better is known than what the code says. */
  get hint(): string {
    const { hint } = this.detail;
    return typeof hint === 'string' ? hint : ERRORS[this.code].hint;
  }
}

/** Anything thrown, as a KairosError: itself, or `INTERNAL` with the thrown thing as cause. */
export function asKairosError(thrown: unknown): KairosError {
  if (thrown instanceof KairosError) return thrown;
  return new KairosError('INTERNAL', messageOf(thrown), {}, thrown);
}

/** The text of anything thrown, with the text of its causes: "fetch failed: connect ECONNREFUSED". */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown.message === '' ? thrown.name : thrown.message;
  return thrown.cause === undefined ? own : `${own}: ${messageOf(thrown.cause)}`;
}

/** RFC 9457: an error as an outsider sees it. No stack, no cause, nothing that tells why a signature failed. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint: string;
}

/** The problem document of an error. The text of an `INTERNAL` one stays inside. */
export function problemOf(error: KairosError): Problem {
  const kind: ErrorKind = ERRORS[error.code];
  return {
    type: `urn:kairosd:error:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title: error.code.toLowerCase().replaceAll('_', ' '),
    status: kind.status,
    code: error.code,
    detail: error.code === 'INTERNAL' ? 'something went wrong inside kairosd' : error.message,
    hint: kind.hint,
  };
}
