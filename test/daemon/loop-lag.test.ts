import { describe, expect, test } from 'vitest';
import { watchLoopLag } from '../../src/daemon/loop-lag.ts';

function blockMs(forMs: number): void {
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs);
}

describe('the lag of the event loop', () => {
  test('a stall while there is work is seen, and stays seen after the watch', async () => {
    using lag = watchLoopLag(60);
    lag.note();
    blockMs(150);
    await expect.poll(() => lag.watching).toBe(false);
    expect(lag.maxMs).toBeGreaterThan(100);
    expect(lag.p99Ms).toBeGreaterThan(100);
  });

  test('a pause between two watches is no stall', async () => {
    using lag = watchLoopLag(30);
    lag.note();
    await expect.poll(() => lag.watching).toBe(false);
    // Long enough to tell from the noise of a busy machine.
    blockMs(2_000);
    lag.note();
    await expect.poll(() => lag.watching).toBe(false);
    expect(lag.maxMs).toBeLessThan(1_900);
  });
});
