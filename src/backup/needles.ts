import { writingsOf } from '../redact/encodings.ts';

/** A secret of the home. */
export interface NamedSecret {
  readonly name: string;
  readonly value: string;
}

/** Where a secret stands. `plain`: as it is, not in base64 or the like, so that it could be put back. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly plain: boolean;
}

interface Needle {
  readonly bytes: Buffer;
  readonly name: string;
  readonly plain: boolean;
}

export interface Needles {
  /** Where secrets stand in these bytes, in order, not overlapping. One pass, whatever the number of secrets. */
  find(bytes: Uint8Array): readonly Span[];
  /** Bytes of the longest writing; 0 when there is no secret. */
  readonly longest: number;
}

/**
 * Looks for secrets by value, in every usual writing, and for nothing else: what only looks like a secret is the owner's text,
 * and a backup changes none of it.
 */
export function createNeedles(secrets: readonly NamedSecret[]): Needles {
  // Wu and Manber 1994: three bytes near the end of a window of eight tell how far it may be moved on.
  const shifts = new Uint8Array(65_536).fill(SHIFT_MAX);
  const byBlock = new Map<number, Needle[]>();
  let longest = 0;
  for (const { name, value } of secrets) {
    const trimmed = value.trim();
    for (const text of writingsOf(value)) {
      const bytes = Buffer.from(text, 'utf8');
      for (let at = 0; at <= LAST_BLOCK; at += 1) {
        const slot = hash(blockOf(bytes, at));
        shifts[slot] = Math.min(shifts[slot] as number, LAST_BLOCK - at);
      }
      const block = blockOf(bytes, LAST_BLOCK);
      byBlock.set(block, [...(byBlock.get(block) ?? []), { bytes, name, plain: text === trimmed }]);
      longest = Math.max(longest, bytes.length);
    }
  }
  for (const list of byBlock.values()) list.sort((one, other) => other.bytes.length - one.bytes.length);
  return {
    longest,
    find(bytes) {
      const spans: Span[] = [];
      if (longest === 0) return spans;
      for (let at = 0; at + WINDOW_BYTES <= bytes.length;) {
        const block = blockOf(bytes, at + LAST_BLOCK);
        const shift = shifts[hash(block)] as number;
        const needle = shift > 0 ? undefined : byBlock.get(block)?.find((each) => startsAt(bytes, at, each.bytes));
        if (needle !== undefined) {
          spans.push({ from: at, to: at + needle.bytes.length, name: needle.name, plain: needle.plain });
        }
        at += needle?.bytes.length ?? Math.max(1, shift);
      }
      return spans;
    },
  };
}

/** No writing of a secret is shorter (redact/encodings.ts). */
const WINDOW_BYTES = 8;
const BLOCK_BYTES = 3;
const LAST_BLOCK = WINDOW_BYTES - BLOCK_BYTES;
const SHIFT_MAX = LAST_BLOCK + 1;

function blockOf(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
}

function hash(block: number): number {
  return (block ^ (block >>> 7)) & 0xffff;
}

function startsAt(bytes: Uint8Array, at: number, needle: Uint8Array): boolean {
  if (at + needle.length > bytes.length) return false;
  for (let index = 0; index < needle.length; index += 1) if (bytes[at + index] !== needle[index]) return false;
  return true;
}

/** What stands in the place of a secret. One that was written as it is can be put back by `fillMarks`. */
export function markOf({ name, plain }: Pick<Span, 'name' | 'plain'>): string {
  const safe = name.replaceAll(/[^\w.-]/g, '_');
  return plain ? `[kairos-secret:${safe}]` : `[kairos-secret-encoded:${safe}]`;
}

/** Takes secrets out of a stream of bytes, wherever its pieces are cut. */
export interface Scrubber {
  /** @returns What is settled of the bytes so far. */
  push(bytes: Uint8Array): Buffer;
  end(): Buffer;
  readonly names: ReadonlySet<string>;
}

export function createScrubber(needles: Needles): Scrubber {
  const names = new Set<string>();
  let rest: Buffer = Buffer.alloc(0);
  const keep = Math.max(0, needles.longest - 1);
  const take = (final: boolean): Buffer => {
    const settledTo = final ? rest.length : Math.max(0, rest.length - keep);
    const pieces: Buffer[] = [];
    let from = 0;
    for (const span of needles.find(rest)) {
      // It may be the beginning of a longer one: it is looked at again with what follows.
      if (span.from >= settledTo) break;
      names.add(span.name);
      pieces.push(rest.subarray(from, span.from), Buffer.from(markOf(span)));
      from = span.to;
    }
    const to = Math.max(from, settledTo);
    pieces.push(rest.subarray(from, to));
    rest = rest.subarray(to);
    return Buffer.concat(pieces);
  };
  return {
    names,
    push(bytes) {
      rest = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes]);
      return take(false);
    },
    end: () => take(true),
  };
}

/**
 * Puts secrets back where a backup took them out.
 *
 * @returns The text, and the names that are not known here: their marks stay.
 */
export function fillMarks(
  text: string,
  secrets: readonly NamedSecret[],
): { readonly text: string; readonly missing: readonly string[] } {
  const missing = new Set<string>();
  const byName = new Map(secrets.map(({ name, value }) => [name.replaceAll(/[^\w.-]/g, '_'), value.trim()]));
  const filled = text.replaceAll(/\[kairos-secret(-encoded)?:([\w.-]+)\]/g, (mark, encoded, name: string) => {
    const value = encoded === undefined ? byName.get(name) : undefined;
    if (value === undefined) missing.add(name);
    return value ?? mark;
  });
  return { text: filled, missing: [...missing] };
}
