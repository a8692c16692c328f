import { expect, test } from 'vitest';
import { folder, ledgerIn } from './make.ts';

test('how far a poller has read outlives a restart, and what is no longer polled is forgotten', async () => {
  using home = folder();
  const first = await ledgerIn(home.path);
  expect(first.polls.load('a')).toBeUndefined();
  await first.polls.save('a', '1');
  await first.polls.save('a', '2');
  await first.polls.save('b', '3');
  await first[Symbol.asyncDispose]();
  await using second = await ledgerIn(home.path);
  expect(second.polls.load('a')).toBe('2');
  await second.polls.keepOnly(['a', 'c']);
  expect([second.polls.load('a'), second.polls.load('b')]).toEqual(['2', undefined]);
});
