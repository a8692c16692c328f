import { describe, expect, test } from 'vitest';
import type { EventDraft } from '../../src/core/event.ts';
import { createPulse } from '../../src/care/pulses.ts';
import { careOptions } from '../../src/care/options.ts';
import { startCare, type Care } from '../../src/daemon/care.ts';
import type { CareParts } from '../../src/daemon/care-parts.ts';
import { createVitals, type Vitals } from '../../src/daemon/vitals.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { FakeClock } from '../fakes/clock.ts';
import { folder, ledgerIn, recordingLog, steadyRandom, type LogLine } from '../ledger/make.ts';

const MIB = 1_048_576;
const MINUTE_MS = 60_000;

interface World {
  readonly clock: FakeClock;
  readonly ledger: Ledger;
  readonly vitals: Vitals;
  readonly care: Care;
  readonly asked: readonly string[];
  readonly told: readonly EventDraft[];
  readonly log: readonly LogLine[];
  readonly use: (residentMib: number) => void;
  readonly occupy: (jobId: number | null) => void;
  readonly beat: () => void;
}

/** The care of a daemon whose other parts are held by the test, on a real ledger. */
async function withCare(
  play: (world: World) => Promise<void>,
  given: { readonly probe?: () => Promise<void>; readonly past?: readonly { atMs: number; why: string }[] } = {},
): Promise<void> {
  using home = folder();
  const clock = new FakeClock();
  await using ledger = await ledgerIn(home.path, { clock });
  const log = recordingLog();
  const vitals = createVitals(clock);
  const pulse = createPulse(clock);
  const asked: string[] = [];
  const told: EventDraft[] = [];
  let residentBytes = 90 * MIB;
  let foreground: number | null = null;
  let past = given.past ?? [];
  const options = { home: home.path, config: { timezone: 'UTC' } as CareParts['options']['config'] };
  await using care = startCare({
    options: { ...options, onRestartAsked: (why) => void asked.push(why) },
    ports: {
      clock,
      random: steadyRandom,
      log,
      redactor: createRedactor([]),
      fetch,
      print: () => undefined,
      usage: () => ({ residentBytes, cpuSeconds: 0 }),
    },
    ledger: {
      ...ledger,
      probe: given.probe ?? (() => ledger.probe()),
      boots: { ...ledger.boots, restarts: () => past },
    },
    live: {
      settings: {
        config: { care: careOptions.parse({ memory: '200MB' }), nightshift: { from: '01:00', to: '06:00' } },
      },
    } as CareParts['live'],
    boot: {
      restarting: async (why) => void (past = [{ atMs: clock.wallMs(), why }, ...past]),
    },
    loopLag: { maxMs: 0, p99Ms: 0 },
    vitals,
    hands: {
      pulse,
      overdue: { look: () => [] },
      lanes: () => ({
        foreground: foreground === null ? null : { jobId: foreground, reactive: true, heldMs: 0 },
        background: [],
      }),
      idleSinceMs: () => (foreground === null ? 0 : null),
    },
    agent: { pruneChanges: async () => 0 },
    append: async (draft) => {
      told.push(draft);
      return ledger.events.append(draft);
    },
  });
  await play({
    clock,
    ledger,
    vitals,
    care,
    asked,
    told,
    log: log.lines,
    use: (residentMib) => (residentBytes = residentMib * MIB),
    occupy: (jobId) => (foreground = jobId),
    beat: () => pulse.beat(),
  });
}

/** The worker looks all the time, the memory grows by so much a minute. */
async function grow({ clock, use, beat }: World, fromMib: number, minutes: number, mibEach = 4): Promise<void> {
  for (let quarter = 0; quarter < minutes * 4; quarter += 1) {
    use(fromMib + (quarter * mibEach) / 4);
    beat();
    await clock.advance(15_000);
  }
}

describe('memory that leaks', () => {
  test('leads to one restart, after the owner was told why in the log and digest, not in a message [CARE-MEMORY, CARE-RESTART]', async () => {
    await withCare(async (world) => {
      await grow(world, 140, 12);
      expect(world.asked).toEqual([expect.stringMatching(/^it uses 1\d\d MiB of 200 MiB memory and grows$/)]);
      expect(world.vitals.isDraining()).toBe(true);
      expect(world.told.map(({ type, jobs }) => [type, jobs[0]?.kind])).toEqual([['restart', 'digest']]);
    });
  });

  test('waits for a run in the foreground [CARE-RESTART]', async () => {
    await withCare(async (world) => {
      world.occupy(7);
      await grow(world, 140, 10);
      expect(world.asked).toEqual([]);
      world.occupy(null);
      await grow(world, 175, 1, 0);
      expect(world.asked).toHaveLength(1);
    });
  });

  test('that a restart did not cure is told once, instead of restarting again and again [CARE-RESTART]', async () => {
    const past = [{ atMs: new FakeClock().wallMs() - MINUTE_MS, why: 'memory: before' }];
    await withCare(
      async (world) => {
        await grow(world, 140, 8);
        expect(world.asked).toEqual([]);
        expect(world.told.map(({ type, jobs }) => [type, jobs[0]?.kind])).toEqual([['care', 'notify']]);
        expect(world.care.status().ailments.join()).toMatch(/did not help/);
        await grow(world, 80, 1, 0);
        expect(world.care.status().ailments).toEqual([]);
      },
      { past },
    );
  });
});

describe('a loop that stops turning', () => {
  test('is noticed, logged, and the daemon starts itself anew [CARE-WEDGED-LOOP]', async () => {
    await withCare(async (world) => {
      const { clock, vitals, care, beat, asked, log } = world;
      const look = vitals.asked('lanes', () => false);
      for (let minute = 0; minute < 5; minute += 1) {
        look();
        beat();
        await clock.advance(MINUTE_MS);
      }
      expect(asked).toEqual([]);
      for (let minute = 0; minute < 6; minute += 1) {
        beat();
        await clock.advance(MINUTE_MS);
      }
      expect(asked).toEqual([expect.stringMatching(/^its lanes has not turned for 5m/)]);
      expect(log).toContainEqual(expect.objectContaining({ message: 'a loop has stopped' }));
      expect(care.status().ailments).toContainEqual(expect.stringMatching(/^lanes has not turned/));
      const healthy = care.healthy();
      await clock.advance(50);
      expect(await healthy).toMatchObject({ ok: false, restartHelps: true });
    });
  });

  test('because the ledger takes no writes is no reason to start anew', async () => {
    const refused = (): Promise<void> => Promise.reject(new Error('database is locked'));
    await withCare(
      async ({ clock, vitals, beat, asked, log }) => {
        vitals.asked('lanes', () => false)();
        for (let minute = 0; minute < 12; minute += 1) {
          beat();
          await clock.advance(MINUTE_MS);
        }
        expect(asked).toEqual([]);
        const message = 'a loop gets no further: the ledger cannot be written';
        expect(log).toContainEqual(expect.objectContaining({ message }));
      },
      { probe: refused },
    );
  });
});

describe('the self-check', () => {
  test('writes to the ledger, unless somebody has just done so [CARE-SELF-CHECK]', async () => {
    await withCare(async ({ clock, ledger, care }) => {
      for (const expected of [1, 2]) {
        const before = ledger.stats().commits;
        const healthy = care.healthy();
        await clock.advance(50);
        expect(await healthy).toEqual({ ok: true });
        expect(ledger.stats().commits - before).toBe(1);
        expect(expected).toBeGreaterThan(0);
      }
      await ledger.probe();
      const before = ledger.stats().commits;
      const healthy = care.healthy();
      await clock.advance(50);
      expect(await healthy).toEqual({ ok: true });
      expect(ledger.stats().commits).toBe(before);
    });
  });

  test('fails for a write that does not end within ten seconds [CARE-SELF-CHECK]', async () => {
    await withCare(
      async ({ clock, care }) => {
        const healthy = care.healthy();
        await clock.advance(11_000);
        expect(await healthy).toEqual({
          ok: false,
          reason: 'the ledger has not written for 10s',
          restartHelps: true,
        });
        expect(care.status().ailments).toEqual(['the ledger has not written for 10s']);
      },
      { probe: () => new Promise(() => undefined) },
    );
  });
});
