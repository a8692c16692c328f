/** The kinds of senders that are understood; each has a file of its own. */
export type SourceKindName = 'github' | 'standard' | 'slack' | 'telegram' | 'gitlab' | 'bearer';

/** Headers as Node gives them: names in lower case, repeated ones joined by ", ". */
export type IncomingHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What a kind of sender signs with, and where it says what its delivery is about. */
export interface SourceKind {
  readonly kind: SourceKindName;
  /**
   * Turns the secrets of one source into keys, once. Any of them is accepted, so that one can be replaced by another
   * without a gap.
   *
   * @param secrets At least one; none is empty.
   * @throws {KairosError} `CONFIG_INVALID` when one is not of the form this kind writes. The message holds no secret.
   */
  prepare(secrets: readonly string[]): Verifier;
  /** Reads what a verified delivery says of itself. Pure; throws on no headers and no payload. */
  describe(headers: IncomingHeaders, body: ReadBody): Description;
}

/** The keys of one source, ready for the hot path. */
export interface Verifier {
  /**
   * Begins the check of one delivery. Never throws.
   *
   * @param nowMs Wall time; signed timestamps may be off by five minutes.
   * @returns undefined when it is refused by its headers alone: one that is needed is missing, repeated, malformed, too
   *   old or too new, or a token is wrong.
   */
  begin(headers: IncomingHeaders, nowMs: number): Check | undefined;
}

/**
 * One delivery being checked. The body may come in any pieces, so that 25 MiB are hashed as they arrive and never hold
 * the event loop.
 */
export interface Check {
  update(chunk: Uint8Array): void;
  /** Whether the whole body is what the sender signed. To be called once, at the end. */
  verify(): boolean;
}

/** A body as far as it could be read. */
export interface ReadBody {
  /** undefined when it does not parse. */
  readonly payload: unknown;
  /** SHA-256 of the raw bytes in hex; undefined where there is no time to compute it. */
  readonly sha256: () => string | undefined;
}

/** What a delivery says of itself. */
export interface Description {
  /** The sender's id of this delivery, at most 200 characters; undefined: it gives none, so every delivery is a new one. */
  readonly delivery: string | undefined;
  readonly type: string;
  readonly action: string | null;
  /** The sender only tries the line: answered 200. */
  readonly ping: boolean;
  /** What the sender wants to read in the answer (200 instead of 202). */
  readonly reply: Reply | undefined;
  /** What the sender wants to read (200 instead of 202) once the delivery is recorded. */
  readonly receipt?: Reply | undefined;
}

/** The body of an answer that a sender insists on. */
export interface Reply {
  readonly contentType: string;
  readonly body: string;
}

/** The type of a delivery that says nothing about itself. */
export const UNNAMED_TYPE = 'event';
