/** One thing counted: the fields that tell it from others, and how often it was there. */
export type Counted<Fields> = Fields & { readonly count: number };

/** Counts by some fields, within bounds: what comes when all places are taken is counted as the rest. */
export interface Tally<Fields> {
  add(fields: Fields, count: number): void;
  readonly total: number;
  /** The most frequent, in a steady order. `rest` is how many more there are beside them, in `restKinds` kinds at least. */
  top(limit: number): {
    readonly top: readonly Counted<Fields>[];
    readonly rest: number;
    readonly restKinds: number;
  };
}

/** Kinds of things a day is told apart by; a sender that invents types must not fill the memory. */
const KINDS_MAX = 10_000;

export function createTally<Fields extends object>(): Tally<Fields> {
  const counts = new Map<string, { readonly fields: Fields; count: number }>();
  let total = 0;
  let beyond = 0;
  return {
    add(fields, count) {
      total += count;
      const key = JSON.stringify(Object.values(fields));
      const known = counts.get(key);
      if (known !== undefined) known.count += count;
      else if (counts.size < KINDS_MAX) counts.set(key, { fields, count });
      else beyond += count;
    },
    get total() {
      return total;
    },
    top(limit) {
      const sorted = [...counts].toSorted(
        ([aKey, a], [bKey, b]) => b.count - a.count || (aKey < bKey ? -1 : Number(aKey > bKey)),
      );
      const top = sorted.slice(0, limit).map(([, { fields, count }]) => ({ ...fields, count }));
      const shown = top.reduce((sum, { count }) => sum + count, 0);
      return { top, rest: total - shown, restKinds: Math.max(0, counts.size - top.length) + Number(beyond > 0) };
    },
  };
}

/** Adds a row to the newest of all, which are in order; beyond the limit the oldest goes. */
export function keepNewest<Row extends { readonly id: number }>(items: Row[], row: Row, limit: number): void {
  items.push(row);
  items.sort((a, b) => a.id - b.id);
  if (items.length > limit) items.shift();
}
