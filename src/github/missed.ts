import type { HookDelivery } from './hook-deliveries.ts';

/** What is remembered of a delivery that was asked for again. */
export interface Asked {
  readonly times: number;
  readonly lastMs: number;
  /** The owner knows that it cannot be had. */
  readonly told: boolean;
}

export interface Missed {
  /** To be asked for, the oldest first: an attempt each. */
  readonly ask: readonly HookDelivery[];
  /** Asked for often enough; nobody was told yet. */
  readonly lost: readonly HookDelivery[];
}

export interface MissedFacts {
  readonly deliveries: readonly HookDelivery[];
  /** By guid. */
  readonly asked: ReadonlyMap<string, Asked>;
  /** Whether the ledger has an event of this guid. */
  readonly isKnown: (guid: string) => boolean;
  readonly nowMs: number;
  /** At most so many are asked for. */
  readonly max: number;
  readonly attemptsMax: number;
}

/** GitHub waits for ten seconds; what it sent so lately may still be under way. */
const UNDER_WAY_MS = 60_000;

/**
 * Which deliveries are missing here and should be asked for. What the ledger knows is never asked for, whatever GitHub thinks
 * became of it: it is here. What was asked for and answered well since is settled too: it was a double of another road. Pure.
 */
export function findMissed(facts: MissedFacts): Missed {
  const { asked, nowMs, attemptsMax } = facts;
  const open = [...newestByGuid(facts.deliveries).values()].filter(({ newest, bestMs }) => {
    const before = asked.get(newest.guid);
    if (newest.event === 'ping' || nowMs - newest.deliveredAtMs < UNDER_WAY_MS || facts.isKnown(newest.guid))
      return false;
    return before === undefined || bestMs < before.lastMs - UNDER_WAY_MS;
  });
  const timesOf = ({ newest }: Newest): number => asked.get(newest.guid)?.times ?? 0;
  const due = open.filter((each) => timesOf(each) < attemptsMax && isRested(asked.get(each.newest.guid), nowMs));
  const lost = open.filter((each) => {
    const before = asked.get(each.newest.guid);
    return before !== undefined && before.times >= attemptsMax && !before.told && isRested(before, nowMs);
  });
  return {
    ask: due
      .map(({ newest }) => newest)
      .toSorted(byAge)
      .slice(0, facts.max),
    lost: lost.map(({ newest }) => newest).toSorted(byAge),
  };
}

function byAge(a: HookDelivery, b: HookDelivery): number {
  return a.deliveredAtMs - b.deliveredAtMs || a.id - b.id;
}

interface Newest {
  readonly newest: HookDelivery;
  /** When it was last answered with 2xx; −∞: never. */
  readonly bestMs: number;
}

function newestByGuid(deliveries: readonly HookDelivery[]): ReadonlyMap<string, Newest> {
  const byGuid = new Map<string, Newest>();
  for (const delivery of deliveries) {
    const before = byGuid.get(delivery.guid);
    const good = delivery.statusCode >= 200 && delivery.statusCode < 300 ? delivery.deliveredAtMs : -Infinity;
    const newest =
      before === undefined || delivery.deliveredAtMs > before.newest.deliveredAtMs ? delivery : before.newest;
    byGuid.set(delivery.guid, { newest, bestMs: Math.max(good, before?.bestMs ?? -Infinity) });
  }
  return byGuid;
}

function isRested(before: Asked | undefined, nowMs: number): boolean {
  return before === undefined || nowMs - before.lastMs >= UNDER_WAY_MS;
}
