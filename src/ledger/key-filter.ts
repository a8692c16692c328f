/** Says of a key that it is certainly not in the table, or that it may be. Never wrong about the former (a Bloom filter). */
export interface KeyFilter {
  add(key: Uint8Array): void;
  mayHold(key: Uint8Array): boolean;
}

/**
 * 2 MiB. With a million keys 1 of 400 new ones is looked up for nothing, with four million 1 of 6.
 * m = 2^24 bits, k = 4: (1 − e^(−4n/m))^4.
 */
const BITS = 2 ** 24;

/** Keys are the beginning of a SHA-256, so their own four words are as good as four hash functions. */
export function createKeyFilter(): KeyFilter {
  const words = new Uint32Array(BITS / 32);
  return {
    add(key) {
      for (let at = 0; at < 16; at += 4) {
        const bit = bitOf(key, at);
        words[bit >>> 5] = (words[bit >>> 5] ?? 0) | (1 << (bit & 31));
      }
    },
    mayHold(key) {
      for (let at = 0; at < 16; at += 4) {
        const bit = bitOf(key, at);
        if (((words[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
      }
      return true;
    },
  };
}

function bitOf(key: Uint8Array, at: number): number {
  return ((key[at] ?? 0) | ((key[at + 1] ?? 0) << 8) | ((key[at + 2] ?? 0) << 16)) & (BITS - 1);
}
