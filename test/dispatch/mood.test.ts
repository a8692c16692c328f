import { expect, test } from 'vitest';
import type { Job } from '../../src/core/job.ts';
import { createReply } from '../../src/dispatch/reply.ts';

const JOB: Job = {
  id: 3,
  kind: 'reply',
  origin: 'say',
  reactive: true,
  topic: '',
  text: '',
  urgent: false,
  state: 'running',
  lane: 'foreground',
  attempts: 1,
  eventId: 12,
  eventCount: 1,
  createdAtMs: 0,
  dueAtMs: 0,
  startedAtMs: 0,
  endedAtMs: null,
  error: null,
};

async function said(text: string): Promise<string> {
  const reply = createReply({ wallMs: () => 0, status: () => 'All is well.' });
  const outcome = await reply({ ...JOB, text }, new AbortController().signal);
  if (outcome.kind !== 'succeeded') throw new Error(outcome.kind);
  return outcome.effects.map((effect) => (effect.kind === 'message' ? effect.message.text : effect.kind)).join('\n');
}

test('an answer by rule says what follows from the mood, in one clause [MOOD-EFFECTS]', async () => {
  expect(await said('stop spamming me')).toBe('Understood: for 30 minutes I say nothing unasked ("unmute" ends that).');
  expect(await said('you broke it again?!')).toMatch(/^I am sorry that this went wrong\. Noted as e12\./);
  expect(await said("I don't understand, too long")).toMatch(/^In short: Noted as e12\. .*do more with it\.$/);
  expect(await said('what changed?')).toMatch(/^Noted as e12\./);
});

test('what a rule knows is answered as always, in whatever mood [MOOD-EFFECTS]', async () => {
  expect(await said('status')).toBe('All is well.');
  expect(await said('mute 2h')).toMatch(/^mute\nMuted for 2h\./);
});
