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

test('what a chat has read stays when feeds are forgotten [CHAT-POLLING-ONCE]', async () => {
  using home = folder();
  await using ledger = await ledgerIn(home.path);
  await ledger.polls.save('chat telegram 123', '{"offset":5}');
  await ledger.polls.save('github events octo/app', '{}');
  await ledger.polls.keepOnly([]);
  expect(ledger.polls.load('chat telegram 123')).toBe('{"offset":5}');
  expect(ledger.polls.load('github events octo/app')).toBeUndefined();
});
