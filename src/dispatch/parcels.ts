import type { Random } from '../core/ports.ts';

/** Attempts in one parcel, at most. */
export const PARCEL_MAX = 8;
/** A parcel holds what one place does in so long, going by the pace. */
const PARCEL_SECONDS = 0.25;

const TOKEN_BYTES = 16;
/** Of these the last ones tell the attempts of a parcel apart. */
const INDEX_BYTES = 2;
const NAME_CHARS = (TOKEN_BYTES - INDEX_BYTES) * 2;

/**
 * How many attempts travel together. Carrying one costs more than a very short job itself, so a stream of those goes in parcels;
 * everything else goes alone, and so does all as long as a place has nothing: what waits in a parcel waits for one place.
 */
export function parcelSize(standing: {
  /** Jobs of this label that came to their end in a second, lately. */
  readonly perSecond: number;
  readonly places: number;
  /** Attempts of this label that are out. */
  readonly out: number;
}): number {
  const { perSecond, places, out } = standing;
  if (places === 0 || out < places) return 1;
  return Math.max(1, Math.min(PARCEL_MAX, Math.floor((perSecond / places) * PARCEL_SECONDS)));
}

/** A token for each attempt, hex, nobody's guess. Whom the owner waits for travels alone. */
export function makeTokens(
  attempts: readonly { readonly reactive: boolean }[],
  size: number,
  random: Pick<Random, 'bytes'>,
): string[] {
  const bytes = Buffer.from(random.bytes(attempts.length * TOKEN_BYTES)).toString('hex');
  const fresh = (index: number): string => bytes.slice(index * TOKEN_BYTES * 2, (index + 1) * TOKEN_BYTES * 2);
  let name = '';
  let room = 0;
  return attempts.map(({ reactive }, index) => {
    if (reactive) return fresh(index);
    if (room === 0) {
      room = size;
      name = parcelOf(fresh(index));
    }
    room -= 1;
    return name + room.toString(16).padStart(TOKEN_BYTES * 2 - NAME_CHARS, '0');
  });
}

/** The name of the parcel that an attempt travels in: those whose tokens begin alike travel together. */
export function parcelOf(token: string): string {
  return token.slice(0, NAME_CHARS);
}
