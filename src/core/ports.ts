/** The time, passed in so that tests move it by hand. Wall time is for records, monotonic time for durations. */
export interface Clock {
  /** Unix milliseconds; may jump either way. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start; never goes back, may stand still while the machine sleeps. */
  monoMs(): number;
  /** Resolves after `delayMs`, or at once when the signal aborts. Never rejects; at most 30 s are waited in one piece. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

/** Randomness, passed in so that a test can repeat a run. */
export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  bytes(count: number): Uint8Array;
}

type LogFields = Readonly<Record<string, unknown>>;

/** The log: one event a line, facts in fields, the message constant. pino fits it by shape. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Log;
}

/** Takes secrets out of a text, by value and by shape. Stands before every sink. */
export type Redact = (text: string) => string;

/** Node's `fetch`, passed in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;
