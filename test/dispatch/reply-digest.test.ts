import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.ts';
import { createReply, type ReplyPorts } from '../../src/dispatch/reply.ts';

const JOB: Job = {
  id: 3,
  kind: 'reply',
  origin: 'say',
  reactive: true,
  topic: '',
  text: ' Digest ',
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
const PORTS: ReplyPorts = { wallMs: () => 0, status: () => 'All is well.' };
const { signal } = new AbortController();

async function said(ports: ReplyPorts, text = JOB.text): Promise<string> {
  const outcome = await createReply(ports)({ ...JOB, text }, signal);
  if (outcome.kind !== 'succeeded') throw new Error(outcome.kind);
  expect(outcome.effects).toMatchObject([{ kind: 'message', message: { kind: 'reactive', replyTo: 12, jobId: 3 } }]);
  const [effect] = outcome.effects;
  return effect?.kind === 'message' ? effect.message.text : '';
}

describe('the owner who says "digest"', () => {
  test('gets the digest of today so far as a reply [DIGEST-ASKED]', async () => {
    const digest = async (given: AbortSignal): Promise<string> =>
      given === signal ? 'Nothing failed.' : 'another signal';
    expect(await said({ ...PORTS, digest })).toBe('Nothing failed.');
    expect(await said({ ...PORTS, digest }, 'help')).toBe(
      'I know: status · digest · mute 2h [topic] · unmute [topic] · pause [2h] · resume · help.',
    );
  });

  test('is not promised one where there is none', async () => {
    expect(await said(PORTS)).toMatch(/^Noted as e12\./);
    expect(await said(PORTS, 'help')).not.toContain('digest');
  });
});
