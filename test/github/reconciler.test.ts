import { describe, expect, test } from 'vitest';
import { createGitHub } from '../../src/github/client.ts';
import { createReconciler, type Reconciler } from '../../src/github/reconciler.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { FakeClock } from '../fakes/clock.ts';
import { sentDelivery, startFakeGitHub, type FakeGitHub } from '../fakes/github.ts';
import { event, folder, ledgerIn, recordingLog, steadyRandom } from '../ledger/make.ts';

const REPO = 'octo/app';
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

interface World extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly github: FakeGitHub;
  readonly ledger: Ledger;
  readonly troubles: string[];
  readonly log: ReturnType<typeof recordingLog>;
  reconciler: Reconciler;
  /** Guids that GitHub was asked to send again, in order. */
  readonly asked: string[];
  /** Safe mode. */
  held: boolean;
  /** What the receiver of a redelivery does. */
  receive: (guid: string) => Promise<number>;
  /** As a restart of the daemon. */
  restart(): void;
  run(ms: number): Promise<void>;
}

async function openWorld(roundMax?: number): Promise<World> {
  const clock = new FakeClock();
  const github = await startFakeGitHub(() => clock.wallMs());
  const home = folder();
  const ledger = await ledgerIn(home.path, { clock });
  const log = recordingLog();
  const troubles: string[] = [];
  const asked: string[] = [];
  const begin = (): Reconciler =>
    createReconciler({
      targets: [{ source: 'github', repositories: [REPO], everyMs: 15 * MINUTE_MS }],
      github: createGitHub({
        apiUrl: github.url,
        token: 'good',
        fetch: (url, init) => fetch(url, init),
        clock,
        random: steadyRandom,
      }),
      isKnown: (source, guid) => ledger.events.knows(source, guid),
      store: ledger.polls,
      clock,
      log,
      onTrouble: (text) => troubles.push(text),
      isHeld: () => world.held,
      ...(roundMax === undefined ? {} : { roundMax }),
    });
  const world: World = {
    clock,
    github,
    ledger,
    troubles,
    log,
    asked,
    held: false,
    reconciler: begin(),
    // The ordinary door: recorded, then answered.
    async receive(guid) {
      await ledger.events.append(event(guid));
      return 202;
    },
    restart() {
      world.reconciler = begin();
    },
    async run(ms) {
      const untilMs = clock.monoMs() + ms;
      for (;;) {
        const waitMs = await world.reconciler.step(new AbortController().signal);
        if (clock.monoMs() + waitMs > untilMs) break;
        if (waitMs > 0) await clock.advance(waitMs);
      }
      await clock.advance(untilMs - clock.monoMs());
    },
    async [Symbol.asyncDispose]() {
      await ledger[Symbol.asyncDispose]();
      await github[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
  github.onRedeliver = async ({ guid }) => {
    asked.push(String(guid));
    return world.receive(String(guid));
  };
  return world;
}

function hookOf(world: World, url = 'https://box.example/webhooks/github') {
  const hook = { id: 11, url, deliveries: [] as Record<string, unknown>[] };
  world.github.repository(REPO).hooks.push(hook);
  return hook;
}

describe('missed deliveries', () => {
  test('wait while everything is held back, and are then made up for [RECONCILE-HELD]', async () => {
    await using world = await openWorld();
    hookOf(world).deliveries.push(sentDelivery('g1', world.clock.wallMs(), 502));
    world.held = true;
    await world.run(9 * MINUTE_MS);
    expect(world.github.requests).toEqual([]);
    world.held = false;
    await world.run(2 * MINUTE_MS);
    expect(world.asked).toEqual(['g1']);
  });

  test('of the last three days are asked for, oldest first, and arrive [RECONCILE-MISSED]', async () => {
    await using world = await openWorld();
    const { deliveries } = hookOf(world);
    const nowMs = world.clock.wallMs();
    await world.ledger.events.append(event('taken'));
    await world.ledger.events.append(event('taken-slowly'));
    deliveries.push(
      sentDelivery('down-2', nowMs - MINUTE_MS * 5, 502),
      sentDelivery('lost-with-the-disk', nowMs - MINUTE_MS * 6, 202),
      sentDelivery('taken', nowMs - MINUTE_MS * 7, 202),
      sentDelivery('taken-slowly', nowMs - MINUTE_MS * 8, 504),
      sentDelivery('down-1', nowMs - 2 * DAY_MS, 0),
      sentDelivery('hello', nowMs - 2 * DAY_MS, 500, 'ping'),
      sentDelivery('too-old', nowMs - 3 * DAY_MS - MINUTE_MS, 502),
    );
    await world.run(MINUTE_MS);
    expect(world.asked).toEqual(['down-1', 'lost-with-the-disk', 'down-2']);
    for (const guid of world.asked) expect(world.ledger.events.knows('github', guid)).toBe(true);
    await world.run(DAY_MS / 4);
    expect(world.asked).toHaveLength(3);
    expect(world.reconciler.status()).toMatchObject([{ state: 'ok', reason: '', askedCount: 3 }]);
  });

  test('are found over all pages, and asked for in rounds [RECONCILE-MISSED]', async () => {
    await using world = await openWorld(20);
    const { deliveries } = hookOf(world);
    const nowMs = world.clock.wallMs();
    for (let index = 0; index < 250; index += 1) {
      const guid = `d${index}`;
      if (index >= 50) await world.ledger.events.append(event(guid));
      deliveries.unshift(sentDelivery(guid, nowMs - DAY_MS + index * 1_000, index < 50 ? 502 : 202));
    }
    await world.run(MINUTE_MS);
    expect(world.asked).toHaveLength(20);
    await world.run(31 * MINUTE_MS);
    expect(world.asked).toEqual(Array.from({ length: 50 }, (_, index) => `d${index}`));
  });

  test('what may still be under way is left alone, and looked at again soon after a sleep', async () => {
    await using world = await openWorld();
    const { deliveries } = hookOf(world);
    await world.run(MINUTE_MS);
    deliveries.push(sentDelivery('now', world.clock.wallMs(), 0));
    world.reconciler.soon();
    await world.run(1);
    expect(world.asked).toEqual([]);
    await world.clock.advance(2 * MINUTE_MS);
    world.reconciler.soon();
    await world.run(1);
    expect(world.asked).toEqual(['now']);
  });
});

describe('asking again', () => {
  test('is the same delivery: what was here by then is a duplicate, and not asked for twice [RECONCILE-DEDUPE]', async () => {
    await using world = await openWorld();
    const { deliveries } = hookOf(world);
    deliveries.push(sentDelivery('late', world.clock.wallMs() - 5 * MINUTE_MS, 502));
    world.receive = async (guid) => {
      const first = await world.ledger.events.append(event(guid));
      const second = await world.ledger.events.append(event(guid));
      expect([first.duplicate, second.duplicate]).toEqual([false, true]);
      return 200;
    };
    await world.run(DAY_MS);
    expect(world.asked).toEqual(['late']);
    expect(world.ledger.events.list({ limit: 10 })).toHaveLength(1);
  });

  test('what is answered well but recorded under another id is settled [RECONCILE-DEDUPE]', async () => {
    await using world = await openWorld();
    const { deliveries } = hookOf(world);
    deliveries.push(sentDelivery('polled-already', world.clock.wallMs() - 5 * MINUTE_MS, 502));
    world.receive = async () => 200;
    await world.run(DAY_MS);
    expect(world.asked).toEqual(['polled-already']);
    expect(world.troubles).toEqual([]);
  });

  test('is done three times, then told once, also over restarts [RECONCILE-QUIET]', async () => {
    await using world = await openWorld();
    const { deliveries } = hookOf(world);
    deliveries.push(sentDelivery('poison', world.clock.wallMs() - 5 * MINUTE_MS, 502));
    world.receive = async () => 500;
    for (let hour = 0; hour < 10; hour += 1) {
      await world.run(60 * MINUTE_MS);
      world.restart();
    }
    expect(world.asked).toEqual(['poison', 'poison', 'poison']);
    expect(world.troubles).toEqual([expect.stringContaining('could not deliver a delivery of octo/app (push)')]);
  });

  test('stops at the rate limit and goes on after it [RECONCILE-QUIET]', async () => {
    await using world = await openWorld();
    const { deliveries } = hookOf(world);
    for (let index = 0; index < 5; index += 1)
      deliveries.unshift(sentDelivery(`d${index}`, world.clock.wallMs() - DAY_MS + index, 502));
    world.github.rate = { limit: 5_000, remaining: 3, resetAtMs: world.clock.wallMs() + 30 * MINUTE_MS };
    await world.run(29 * MINUTE_MS);
    expect(world.asked.length).toBeLessThan(5);
    await world.run(60 * MINUTE_MS);
    expect(new Set(world.asked)).toEqual(new Set(['d0', 'd1', 'd2', 'd3', 'd4']));
  });
});

describe('a token that may not see webhooks', () => {
  test('is said once, shown, and asked about once a day [RECONCILE-QUIET]', async () => {
    await using world = await openWorld();
    hookOf(world);
    world.github.admin = false;
    await world.run(3 * DAY_MS);
    expect(world.github.requests.length).toBeLessThanOrEqual(3);
    expect(world.reconciler.status()).toMatchObject([
      { state: 'no-rights', reason: expect.stringContaining('Webhooks: read and write') as string },
    ]);
    expect(world.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(world.troubles).toEqual([]);
    world.github.admin = true;
    await world.run(2 * DAY_MS);
    expect(world.reconciler.status()).toMatchObject([{ state: 'ok' }]);
  });

  test('a webhook of somebody else is none of ours', async () => {
    await using world = await openWorld();
    const hook = hookOf(world, 'https://chat.example/hook');
    hook.deliveries.push(sentDelivery('theirs', world.clock.wallMs() - 5 * MINUTE_MS, 502));
    await world.run(DAY_MS);
    expect(world.asked).toEqual([]);
    expect(world.reconciler.status()).toMatchObject([{ state: 'no-hook' }]);
  });
});
