import * as fc from 'fast-check';
import { weekCommands, type WeekCommands } from '../test/simulation/commands.ts';
import { INVARIANTS } from '../test/simulation/invariants.ts';
import { liveWeek, type WeekResult } from '../test/simulation/week.ts';
import { none, type CampaignOptions, type Check, type Report } from './lib/report.ts';

export interface SimulationOptions extends CampaignOptions {
  /** How long a broken week may be made smaller, in seconds. Default 300. */
  readonly shrinkSeconds?: number | undefined;
}

/** Weeks of virtual time, each from a seed of its own: the first is the seed that was given, then they count up. */
export async function proveSimulation(options: SimulationOptions): Promise<Report> {
  const { seed, quick, say, weeks = quick ? 3 : 200 } = options;
  const startedMs = performance.now();
  const broken: string[] = [];
  const figures: Record<string, number> = {};
  for (let week = seed; week < seed + weeks; week += 1) {
    const result = await liveWeek(weekOf(week), week);
    for (const [name, count] of Object.entries(result.figures)) figures[name] = (figures[name] ?? 0) + count;
    if (result.broken.length > 0) broken.push(await explain(week, result, options));
    if (quick || (week - seed + 1) % 10 === 0) say(`${week - seed + 1} weeks, the last has the trace ${result.trace}`);
  }
  const first = await liveWeek(weekOf(seed), seed);
  const again = await liveWeek(weekOf(seed), seed);
  const same: Check = {
    name: 'the same seed gives the same trace',
    ok: again.trace === first.trace,
    detail: `${first.trace} and ${again.trace}`,
  };
  const count = `${weeks} weeks from seed ${seed} on, ${Object.keys(INVARIANTS).length} invariants`;
  return {
    checks: [none('no invariant is broken', broken, count), same],
    figures: { ...figures, 'seconds a week': ((performance.now() - startedMs) / 1_000 / (weeks + 2)).toFixed(1) },
  };
}

/** What happens in the week of a seed. */
export function weekOf(seed: number): WeekCommands {
  const [week] = fc.sample(weekCommands, { seed, numRuns: 1 });
  return week as WeekCommands;
}

/** The week made as small as it can be, and how to live it again. */
async function explain(
  seed: number,
  { broken }: WeekResult,
  { say, shrinkSeconds = 300 }: SimulationOptions,
): Promise<string> {
  const said = broken.map(({ id, what }) => `${id} ${what}`).join('\n      ');
  say(`seed ${seed}: ${said}`);
  const shrunk = await fc.check(
    fc.asyncProperty(weekCommands, async (week) => {
      const result = await liveWeek(week, seed);
      return !result.broken.some(({ id }) => broken.some((one) => one.id === id));
    }),
    { seed, numRuns: 1, interruptAfterTimeLimit: shrinkSeconds * 1_000 },
  );
  const smallest = shrunk.counterexample?.[0] ?? weekOf(seed);
  say(`seed ${seed}, made smaller to ${smallest.commands.length} commands: ${JSON.stringify(smallest)}`);
  say(`again: npm run proof -- simulation --weeks 1 --seed ${seed}`);
  return `seed ${seed}: ${said}`;
}
