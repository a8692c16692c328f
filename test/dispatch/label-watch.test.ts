import { expect, test } from 'vitest';
import { startLabelWatch, type WaitingLabel } from '../../src/dispatch/label-watch.ts';
import { FakeClock } from '../fakes/clock.ts';
import { recordingLog } from '../ledger/make.ts';

function stage() {
  const clock = new FakeClock();
  const noted: string[] = [];
  const told: string[] = [];
  const world = { waiting: [] as WaitingLabel[], served: new Set<string>(), trouble: undefined as string | undefined };
  const watch = startLabelWatch({
    store: {
      waitingByLabel: () => world.waiting,
      noteWaiting: async (label, why) => void noted.push(`${label}: ${why}`),
    },
    serves: (label) => world.served.has(label),
    tell: (text) => void told.push(text),
    trouble: () => world.trouble,
    clock,
    log: recordingLog(),
  });
  return { clock, noted, told, world, watch };
}

test('work that nobody takes says so at once, and the owner is told once after 15 minutes [SCALE-LABELS]', async () => {
  const { clock, noted, told, world, watch } = stage();
  world.waiting = [{ label: 'macos', count: 2, sinceMs: clock.wallMs() }];
  watch.wake();
  await clock.advance(60_000);
  expect(noted[0]).toBe('macos: waits: no worker with the label macos is there (kairos worker --labels macos)');
  await clock.advance(13 * 60_000);
  expect(told).toEqual([]);
  await clock.advance(60 * 60_000);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^2 jobs wait for a worker with the label macos, since 15 ?m/);
  await watch[Symbol.asyncDispose]();
});

test('a worker that came and went is told anew; work of the daemon itself never is', async () => {
  const { clock, told, world, watch } = stage();
  const sinceMs = clock.wallMs() - 3_600_000;
  world.waiting = [
    { label: 'gpu', count: 1, sinceMs },
    { label: 'brain', count: 9, sinceMs },
  ];
  await clock.advance(120_000);
  expect(told).toHaveLength(1);
  world.served.add('gpu');
  await clock.advance(120_000);
  world.served.delete('gpu');
  world.trouble = 'Redis does not answer';
  await clock.advance(120_000);
  expect(told).toHaveLength(2);
  expect(told[1]).toContain('One job waits for a worker with the label gpu');
  expect(told[1]).toContain('Redis does not answer');
  await watch[Symbol.asyncDispose]();
});
