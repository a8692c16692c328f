import { describe, expect, test } from 'vitest';
import { startLoop } from '../../src/core/loop.ts';
import type { Log } from '../../src/core/ports.ts';
import { FakeClock, settle } from '../fakes/clock.ts';

describe('a loop', () => {
  test('takes its next step when the last one said', async () => {
    const clock = new FakeClock();
    const at: number[] = [];
    await using loop = startLoop({
      name: 'test',
      clock,
      log: silent([]),
      step: async () => {
        at.push(clock.monoMs());
        return 500;
      },
    });
    await clock.advance(1_499);
    expect(at).toEqual([1_000, 1_500, 2_000]);
    loop.wake();
    await settle();
    expect(at).toEqual([1_000, 1_500, 2_000, 2_499]);
  });

  test('never takes two steps at once, and does not forget a wake that came during one', async () => {
    const clock = new FakeClock();
    const gate = Promise.withResolvers<void>();
    let [running, most, steps] = [0, 0, 0];
    await using loop = startLoop({
      name: 'test',
      clock,
      log: silent([]),
      step: async () => {
        steps += 1;
        running += 1;
        most = Math.max(most, running);
        await gate.promise;
        running -= 1;
        return 60_000;
      },
    });
    loop.wake();
    loop.wake();
    await settle();
    expect(steps).toBe(1);
    gate.resolve();
    await settle();
    expect([steps, most]).toEqual([2, 1]);
  });

  test('logs a step that threw and goes on after its failure delay', async () => {
    const clock = new FakeClock();
    const errors: unknown[] = [];
    let steps = 0;
    await using _loop = startLoop({
      name: 'outbox',
      clock,
      log: silent(errors),
      failureDelayMs: 2_000,
      step: async () => {
        steps += 1;
        if (steps === 1) throw new Error('the disk is full');
        return 60_000;
      },
    });
    await clock.advance(1_999);
    expect(steps).toBe(1);
    await clock.advance(1);
    expect(steps).toBe(2);
    expect(errors).toEqual([{ loop: 'outbox', error: 'the disk is full' }]);
  });

  test('ends when it is disposed: aborts the step, waits for it, and takes no other', async () => {
    let ended = false;
    let steps = 0;
    const loop = startLoop({
      name: 'test',
      clock: new FakeClock(),
      log: silent([]),
      step: async (signal) => {
        steps += 1;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await settle();
        ended = true;
        return 0;
      },
    });
    await settle();
    await loop[Symbol.asyncDispose]();
    loop.wake();
    await settle();
    expect([ended, steps]).toEqual([true, 1]);
  });
});

/** A log that keeps the fields of errors. */
function silent(errors: unknown[]): Log {
  const ignore = (): void => {};
  const log: Log = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (fields) => errors.push(fields),
    child: () => log,
  };
  return log;
}
