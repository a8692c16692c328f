import { hash } from 'node:crypto';
import type { CameBy, EventIdentity, FollowChanges, Road, Trust } from '../core/event.ts';
import type { JobDraft } from '../core/job.ts';
import { matchFollows, type Follow } from '../subscriptions/follow.ts';
import type { Matcher } from '../subscriptions/match.ts';
import { identify } from './identity.ts';
import { SOURCE_KINDS } from './kinds.ts';
import { parsePayload, type Parsed } from './payload.ts';
import type { Description, IncomingHeaders, Reply, SourceKindName } from './source.ts';

/**
 * Up to here a body is read where it arrives; a larger one goes to the parsing thread. Ordinary JSON of this size takes
 * 2 ms, the most hostile 14 ms (of 1 MiB: 55 ms, which is more than the event loop may be held).
 */
export const INLINE_BYTES_MAX = 262_144;

/** A verified delivery. Plain data, so that it can cross to the parsing thread. */
export interface Delivery {
  readonly kind: SourceKindName;
  /** The name of the source in the configuration. */
  readonly source: string;
  readonly trust: Trust;
  readonly receivedAtMs: number;
  readonly headers: IncomingHeaders;
  readonly body: Uint8Array;
  /** What it is known to be about; a replay has no headers that say so. */
  readonly known?: { readonly type: string; readonly action: string | null };
  /** The road it came by, of a source that has two; its content then tells doubles. */
  readonly road?: Road | undefined;
  /** What is followed at this moment; left out when nothing is. */
  readonly followed?: readonly Follow[] | undefined;
}

/** What a delivery is about, and what follows from it. */
export interface Interpretation extends Description {
  /** Whether the body could be read; if not, type and delivery are from the headers, and payload filters match nothing. */
  readonly parsed: boolean;
  readonly jobs: readonly JobDraft[];
  readonly identity?: EventIdentity | undefined;
  readonly heard?: Heard | undefined;
  /** What it changes about follows. */
  readonly follows?: FollowChanges | undefined;
}

/** What a conversation makes of a verified delivery of its chat. What is undefined stays as it was without it. */
export interface Heard {
  /** Of nobody's concern: it is not recorded. */
  readonly dropped: boolean;
  /** `owner` only for a person on the allow list. */
  readonly trust: Trust;
  /** Instead of what the subscriptions say. */
  readonly jobs: readonly JobDraft[] | undefined;
  /** Instead of the sender's own id: the same words are the same event, by whichever delivery they come. */
  readonly delivery: string | undefined;
  readonly by: CameBy | undefined;
  /** Instead of the kind's own. */
  readonly receipt: Reply | undefined;
  /** Called once it is recorded for the first time, or dropped. Must not throw. */
  readonly afterwards: (() => void) | undefined;
}

/** A chat's delivery as far as it matters to a conversation. */
export interface Spoken {
  readonly kind: SourceKindName;
  readonly type: string;
  readonly action: string | null;
  readonly payload: unknown;
}

/** Listens to what comes in. undefined: no chat, or nothing said in it. Pure but for `afterwards`. */
export type Hear = (spoken: Spoken) => Heard | undefined;

/** Reads a verified delivery and matches it against the subscriptions. Pure; does not throw on anything an outsider sends. */
export function interpret(delivery: Delivery, match: Matcher, hear?: Hear): Interpretation {
  const contentType = delivery.headers['content-type'];
  const parsed = parsePayload(typeof contentType === 'string' ? contentType : undefined, delivery.body);
  const read = conclude(delivery, parsed, () => hash('sha256', delivery.body), match);
  // A replay is not spoken again.
  if (hear === undefined || delivery.known !== undefined || !parsed.parsed) return read;
  const { type, action } = read;
  const heard = hear({ kind: delivery.kind, type, action, payload: parsed.payload });
  return heard === undefined ? read : { ...read, heard };
}

/** The same from the headers alone, for a body that cannot be read in time: takes microseconds whatever its size. */
export function interpretHeaders(delivery: Delivery, match: Matcher): Interpretation {
  return conclude(delivery, { payload: undefined, parsed: false }, () => undefined, match);
}

function conclude(
  delivery: Delivery,
  { payload, parsed }: Parsed,
  sha256: () => string | undefined,
  match: Matcher,
): Interpretation {
  const { kind, source, trust, receivedAtMs, headers, road, followed } = delivery;
  const description = SOURCE_KINDS[kind].describe(headers, { payload, sha256 });
  const { type, action } = delivery.known ?? description;
  const event = { source, type, action, trust, receivedAtMs };
  const matched = match(event, payload);
  const own = followed === undefined ? undefined : matchFollows(followed, event, payload, matched);
  const jobs = own === undefined || own.jobs.length === 0 ? matched : [...matched, ...own.jobs];
  const read = { ...description, parsed, jobs, follows: own?.changes };
  if (road === undefined) return read;
  return { ...read, identity: identify({ type, action, receivedAtMs, road }, payload) };
}
