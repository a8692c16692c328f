import { describe, expect, test } from 'vitest';
import { weekOf } from '../../proof/simulation.ts';
import { INVARIANTS } from './invariants.ts';
import { liveWeek } from './week.ts';

const DAYS = 1.2;
/** Each of many commands, crashes among them; the last is another one each time. */
const FIXED = [3, 5, 10];
const RANDOM = 1_000 + Math.floor(Math.random() * 1_000_000);

describe(`a simulated box, ${Object.keys(INVARIANTS).length} invariants`, () => {
  test.each([...FIXED, RANDOM])(
    'to which the days of the seed %i happen keeps all of them [PROOF-SIMULATION]',
    async (seed) => {
      const { broken } = await liveWeek(weekOf(seed), seed, DAYS);
      expect(broken, `again: npm run proof -- simulation --weeks 1 --seed ${seed}`).toEqual([]);
    },
    120_000,
  );

  test('does the same for the same seed, to the last byte [PROOF-SEED]', async () => {
    // Without what has children of the system's: on a machine that is busy they take their own time.
    const { monday, commands } = weekOf(3);
    const calm = commands.filter(
      (one) => !(one.kind === 'say' && one.what === 'dangerous') && !(one.kind === 'crash' && one.during === 'talk'),
    );
    const one = await liveWeek({ monday, commands: calm }, 3, DAYS);
    const other = await liveWeek({ monday, commands: calm }, 3, DAYS);
    expect(other.trace).toBe(one.trace);
  }, 180_000);
});
