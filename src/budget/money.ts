/** The caps on what models may cost, in micro-dollars (a millionth of a US dollar). */
export interface MoneyCaps {
  readonly perDayMicroUsd: number;
  readonly perRunMicroUsd: number;
  /** The share of the day, 0 to 1, that only what the owner asks for may use: the daemon's own ideas run dry first. */
  readonly ownerShare: number;
}

/** What is spent already. A request under way counts with all that is reserved for it. */
export interface MoneySpent {
  readonly runMicroUsd: number;
  readonly dayMicroUsd: number;
}

export interface MoneyWish {
  /** The most the request will cost. */
  readonly microUsd: number;
  /** The owner asked for it. */
  readonly reactive: boolean;
}

/** Which cap stands in the way: that of the run, that of the day, or what is kept of the day for the owner. */
export type MoneyCap = 'run' | 'day' | 'owner-share';

export type MoneyVerdict =
  | { readonly kind: 'yes' }
  /** `leftMicroUsd`: what may still be reserved. */
  | { readonly kind: 'no'; readonly cap: MoneyCap; readonly leftMicroUsd: number };

/**
 * May so much be reserved? Reserving the most a request can cost, before it is made, is what keeps the sum under the
 * caps whatever happens to it. What costs nothing is always allowed: a model of one's own works when the money is spent.
 */
export function mayReserve(wish: MoneyWish, spent: MoneySpent, caps: MoneyCaps): MoneyVerdict {
  if (wish.microUsd === 0) return { kind: 'yes' };
  const kept = wish.reactive ? 0 : Math.ceil(caps.perDayMicroUsd * caps.ownerShare);
  const leftOfRun = Math.max(0, caps.perRunMicroUsd - spent.runMicroUsd);
  const leftOfDay = Math.max(0, caps.perDayMicroUsd - spent.dayMicroUsd);
  const leftForIt = Math.max(0, leftOfDay - kept);
  if (wish.microUsd <= Math.min(leftOfRun, leftForIt)) return { kind: 'yes' };
  if (leftOfRun <= leftForIt) return { kind: 'no', cap: 'run', leftMicroUsd: leftOfRun };
  return { kind: 'no', cap: wish.microUsd <= leftOfDay ? 'owner-share' : 'day', leftMicroUsd: leftForIt };
}

/** The caps of the `budget.money` section. A fraction of a micro-dollar is not given. */
export function moneyCaps(money: {
  readonly perDayUsdMax: number;
  readonly perRunUsdMax: number;
  readonly ownerShare: number;
}): MoneyCaps {
  return {
    perDayMicroUsd: Math.floor(money.perDayUsdMax * 1_000_000),
    perRunMicroUsd: Math.floor(money.perRunUsdMax * 1_000_000),
    ownerShare: money.ownerShare,
  };
}

/** `$1.25`, or `$0.0042` below a cent. */
export function formatMicroUsd(microUsd: number): string {
  const usd = microUsd / 1_000_000;
  return `$${microUsd !== 0 && Math.abs(usd) < 0.01 ? usd.toFixed(4) : usd.toFixed(2)}`;
}

/** When the next local day begins: the daily cap begins anew then. */
export function nextDayMs(nowMs: number, timeZone: string): number {
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).toPlainDate();
  return today.add({ days: 1 }).toZonedDateTime({ timeZone }).epochMilliseconds;
}

/** The local date of an instant: `2026-11-22`. */
export function localDate(nowMs: number, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).toPlainDate().toString();
}
