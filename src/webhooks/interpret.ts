import { hash } from 'node:crypto';
import type { EventIdentity, Road, Trust } from '../core/event.ts';
import type { JobDraft } from '../core/job.ts';
import type { Matcher } from '../subscriptions/match.ts';
import { identify } from './identity.ts';
import { SOURCE_KINDS } from './kinds.ts';
import { parsePayload, type Parsed } from './payload.ts';
import type { Description, IncomingHeaders, SourceKindName } from './source.ts';

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
}

/** What a delivery is about, and what follows from it. */
export interface Interpretation extends Description {
  /** Whether the body could be read; if not, type and delivery are from the headers, and payload filters match nothing. */
  readonly parsed: boolean;
  readonly jobs: readonly JobDraft[];
  readonly identity?: EventIdentity | undefined;
}

/** Reads a verified delivery and matches it against the subscriptions. Pure; does not throw on anything an outsider sends. */
export function interpret(delivery: Delivery, match: Matcher): Interpretation {
  const contentType = delivery.headers['content-type'];
  const parsed = parsePayload(typeof contentType === 'string' ? contentType : undefined, delivery.body);
  return conclude(delivery, parsed, () => hash('sha256', delivery.body), match);
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
  const { kind, source, trust, receivedAtMs, headers, road } = delivery;
  const description = SOURCE_KINDS[kind].describe(headers, { payload, sha256 });
  const { type, action } = delivery.known ?? description;
  const jobs = match({ source, type, action, trust, receivedAtMs }, payload);
  if (road === undefined) return { ...description, parsed, jobs };
  return { ...description, parsed, jobs, identity: identify({ type, action, receivedAtMs, road }, payload) };
}
