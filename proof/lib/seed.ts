/** Chance that can be repeated: the same seed makes the same choices in the same order. */
export interface Dice {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
  /** True with this probability. */
  happens(probability: number): boolean;
}

/** mulberry32: small, fast, and good enough to choose moments; no secret is made with it. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    between: (min, max) => min + Math.floor(fraction() * (max - min + 1)),
    pick<T>(items: readonly T[]): T {
      return items[Math.floor(fraction() * items.length)] as T;
    },
    happens: (probability) => fraction() < probability,
  };
}
