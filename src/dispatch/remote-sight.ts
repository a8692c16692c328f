/** What Redis knows of an attempt: nothing, that it waits there, or that a worker took it. */
export type Sight = 'unknown' | 'waiting' | 'begun';

export interface Standing {
  /** A worker says that it is at it. */
  readonly heard: boolean;
  readonly sight: Sight;
  /** Whether it was ever seen begun. */
  readonly begun: boolean;
  /** How long nothing was seen or heard of it while Redis could be asked. */
  readonly silentMs: number;
  /** How long no worker has been there that would take it, while Redis could be asked. */
  readonly unservedMs: number;
  /** Looks in a row that did not find it. */
  readonly unknownLooks: number;
  /** How often Redis took it from us. */
  readonly offers: number;
}

export type Judgement =
  | { readonly kind: 'keep' }
  /** The same attempt, with its token: whoever has it already settles it as well as the next one. */
  | { readonly kind: 'offer-again' }
  /** Nobody is there to begin it, and nobody has: it goes back into the queue, where the daemon itself may take it. */
  | { readonly kind: 'put-back'; readonly why: string }
  /** Nobody works on it any more. */
  | { readonly kind: 'lost'; readonly why: string };

export interface SightLimits {
  /** A worker that is not heard of for so long has lost its jobs. */
  readonly leaseMs: number;
  readonly offersMax: number;
}

/** Between being taken off a queue and the first heartbeat that names it, an attempt may look as if nobody had it. */
const UNKNOWN_LOOKS = 2;

/** What becomes of an attempt that is out. Pure. */
export function judge(standing: Standing, { leaseMs, offersMax }: SightLimits): Judgement {
  const { heard, sight, begun, silentMs, unservedMs, unknownLooks, offers } = standing;
  if (heard) return { kind: 'keep' };
  const unserved = unservedMs >= leaseMs;
  if (unserved && (sight === 'waiting' || (sight === 'unknown' && !begun)))
    return { kind: 'put-back', why: 'no worker is there any more that takes it' };
  if (sight === 'waiting') return { kind: 'keep' };
  if (begun || sight === 'begun') {
    if (silentMs < leaseMs) return { kind: 'keep' };
    return { kind: 'lost', why: `the worker was not heard of for ${Math.round(leaseMs / 1_000)} s` };
  }
  if (unknownLooks < UNKNOWN_LOOKS) return { kind: 'keep' };
  if (offers >= offersMax) return { kind: 'lost', why: `no worker took it, though it was offered ${offers} times` };
  return { kind: 'offer-again' };
}
