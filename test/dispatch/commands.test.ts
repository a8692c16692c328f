import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.ts';
import { readCommand } from '../../src/dispatch/commands.ts';
import { createReply, type Decided, type ReplyPorts } from '../../src/dispatch/reply.ts';

describe('a command', () => {
  test.each([
    ['status', { kind: 'status' }],
    [' /Status@kairos_bot ', { kind: 'status' }],
    ['approvals', { kind: 'approvals' }],
    ['/start', { kind: 'help' }],
    ['mute 2h acme/app', { kind: 'mute', ms: 7_200_000, topic: 'acme/app' }],
    ['/mute', { kind: 'mute', ms: undefined, topic: '' }],
    ['unmute acme/app', { kind: 'unmute', topic: 'acme/app' }],
    ['pause', { kind: 'pause', ms: undefined }],
    ['pause 2h', { kind: 'pause', ms: 7_200_000 }],
    ['resume', { kind: 'resume' }],
    ['allow a3', { kind: 'decide', approvalId: 3, verdict: 'allow', hashPrefix: null, answer: null }],
    ['Deny A12', { kind: 'decide', approvalId: 12, verdict: 'deny', hashPrefix: null, answer: null }],
    [
      'answer a3  use the main branch\nplease ',
      { kind: 'decide', approvalId: 3, verdict: 'allow', hashPrefix: null, answer: 'use the main branch\nplease' },
    ],
    [
      'allow a3 #0123456789ab',
      { kind: 'decide', approvalId: 3, verdict: 'allow', hashPrefix: '0123456789ab', answer: null },
    ],
  ])('%j is read [CHAT-COMMANDS]', (text, command) => {
    expect(readCommand(text)).toEqual(command);
  });

  test.each([
    '',
    'status of the build?',
    'new',
    '/new',
    'answer me',
    'answer a3',
    'start the server',
    'pause the deployment',
    'allow a3 and a4',
    'allow everything',
    'allow a0',
    'deny a3 #xyz',
    'help me',
    '/etc/passwd',
  ])('%j is none: it is for the agent [CHAT-COMMANDS]', (text) => {
    expect(readCommand(text)).toBe(undefined);
  });
});

describe('the owner who decides', () => {
  const JOB = { id: 3, kind: 'reply', origin: 'Ann on telegram', reactive: true, topic: '', eventId: 12 } as Job;
  const { signal } = new AbortController();

  async function said(text: string, decided: Decided, more: Partial<ReplyPorts> = {}): Promise<string | undefined> {
    const approvals = {
      pending: () => [{ id: 3, shown: 'git push origin main', expiresAtMs: 3_600_000 }],
      decide: async () => decided,
    };
    const reply = createReply({ wallMs: () => 60_000, status: () => '', approvals, ...more });
    const outcome = await reply({ ...JOB, text }, signal);
    const [effect] = outcome.kind === 'succeeded' ? outcome.effects : [];
    return effect?.kind === 'message' ? effect.message.text : undefined;
  }

  test('reads what became of it, unless the button shows it [CHAT-COMMANDS] [CHAT-BUTTONS-BOUND]', async () => {
    expect(await said('allow a3', { kind: 'decided' })).toBe('a3 is allowed.');
    expect(await said('allow a3 #0123456789ab', { kind: 'decided' })).toBe(undefined);
    const settled = { kind: 'settled', state: 'allowed', by: 'Bob on slack', atMs: 0 } as const;
    expect(await said('deny a3', settled)).toBe(
      'Too late: a3 was allowed by Bob on slack, 1m ago. Nothing was changed.',
    );
    expect(await said('allow a3 #0123456789ab', { ...settled, by: 'Ann on telegram' })).toBe(undefined);
    expect(await said('allow a3', { kind: 'changed' })).toContain('Nothing was decided');
    expect(await said('allow a9', { kind: 'unknown' })).toContain('There is no a9');
    expect(await said('deny a3', { ...settled, state: 'expired', by: null })).toContain('a3 was expired, 1m ago');
  });

  test('sees what waits, and answers a question in words [CHAT-COMMANDS]', async () => {
    expect(await said('approvals', { kind: 'unknown' })).toBe(
      'a3 (a no in 59m): git push origin main\nSay "allow a1" or "deny a1".',
    );
    expect(await said('answer a3 main', { kind: 'decided' })).toBe('a3 is answered.');
  });
});
