import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { slowSlots } from './reference.ts';
import { faults, openWorld, schedules, type World } from './world.ts';

const MINUTE_MS = 60_000;

const CRONS = ['*/10 * * * *', '0 * * * *', '30 1,2 * * *', '*/25 1-3 * * *', '15 2 * * *'] as const;

type Step = readonly [
  kind: 'pass' | 'sleep' | 'gap' | 'set-back' | 'set-forward' | 'restart' | 'hold' | 'jobs',
  minutes: number,
];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('pass' as const), fc.integer({ min: 1, max: 100 })) },
  fc.tuple(fc.constantFrom('sleep' as const, 'gap' as const, 'set-forward' as const), fc.integer({ min: 1, max: 300 })),
  fc.tuple(fc.constant('set-back' as const), fc.integer({ min: 1, max: 150 })),
  fc.tuple(fc.constant('restart' as const), fc.integer({ min: -30, max: 200 })),
  fc.tuple(fc.constantFrom('hold' as const, 'jobs' as const), fc.constant(0)),
);

async function take(world: World, [kind, minutes]: Step): Promise<void> {
  const ms = minutes * MINUTE_MS;
  switch (kind) {
    case 'pass':
      return world.pass(ms);
    case 'sleep':
    case 'set-forward':
      world.clock.wall += ms;
      return undefined;
    case 'gap':
      // A machine whose monotonic clock goes on while it sleeps.
      world.clock.wall += ms;
      world.clock.mono += ms;
      return undefined;
    case 'set-back':
      world.clock.wall -= ms;
      return undefined;
    case 'restart':
      return world.restart(ms);
    case 'hold':
      world.held = !world.held;
      return undefined;
    case 'jobs':
      world.works = !world.works;
      return undefined;
  }
}

test('whatever the clocks, sleeps, restarts and slow jobs: every slot is run once or shown as missed, none doubled [SCHED-EVERY-SLOT-ONCE]', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(
        ['Europe/Berlin', '2026-10-24T23:00:10Z'],
        ['Europe/Berlin', '2026-03-28T23:00:10Z'],
        ['Australia/Lord_Howe', '2026-04-04T13:00:10Z'],
      ),
      fc.array(fc.constantFrom('skip' as const, 'once' as const, 'all' as const), {
        minLength: CRONS.length,
        maxLength: CRONS.length,
      }),
      fc.constantFrom('0s', '7m'),
      fc.array(step, { minLength: 3, maxLength: 12 }),
      async ([zone = '', start = ''], policies, jitter, steps) => {
        const startMs = Date.parse(start);
        const entries = CRONS.map((cron, index) => ({
          name: `s${index}`,
          cron,
          catchUp: policies[index],
          jitter,
          do: 'notify',
          text: 'now',
        }));
        await using world = await openWorld(startMs, schedules(entries), zone);
        for (const one of steps) await take(world, one);
        world.held = false;
        world.works = true;
        await world.pass(10 * MINUTE_MS);
        const found = CRONS.flatMap((cron, index) => {
          const { offsetMs = 0, throughMs = 0 } = world.scheduler.find(`s${index}`) ?? {};
          expect(throughMs).toBeLessThanOrEqual(world.clock.wallMs());
          // From before the start there may be more, if the clock was set back so far.
          const expected = slowSlots(cron, zone, startMs, world.clock.wallMs() - offsetMs);
          return faults(world, `s${index}`, expected).filter((fault) => !fault.endsWith('is no slot'));
        });
        expect(found).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
});
