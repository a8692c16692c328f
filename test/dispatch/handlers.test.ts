import { describe, expect, test } from 'vitest';
import type { Effect, Job, Outcome } from '../../src/core/job.ts';
import { ruleHandlers, type Handler, type Handlers } from '../../src/dispatch/handlers.ts';
import { createReply } from '../../src/dispatch/reply.ts';
import { present } from '../ledger/make.ts';

const NOW_MS = 1_000_000;
const { signal } = new AbortController();
const handlers = ruleHandlers(createReply({ wallMs: () => NOW_MS, status: () => 'All is well.' }));

function job(given: Partial<Job>): Job {
  return {
    id: 3,
    kind: 'notify',
    origin: 'ci',
    reactive: false,
    topic: 'app',
    text: 'CI failed',
    urgent: false,
    state: 'running',
    lane: 'background',
    attempts: 1,
    eventId: 12,
    eventCount: 1,
    createdAtMs: 0,
    dueAtMs: 0,
    startedAtMs: 0,
    endedAtMs: null,
    error: null,
    ...given,
  };
}

async function run(given: Partial<Job>): Promise<Outcome> {
  const handler: Handler | undefined = (handlers as Handlers)[given.kind ?? 'notify'];
  return (await handler?.(job(given), signal)) ?? present<Outcome>(undefined, 'a handler');
}
async function effects(given: Partial<Job>): Promise<readonly Effect[]> {
  const outcome = await run(given);
  return present(outcome.kind === 'succeeded' ? outcome.effects : undefined, 'success');
}

describe('the rules', () => {
  test('notify makes one proactive message that counts its events [SUB-ACTIONS]', async () => {
    expect(await effects({ eventCount: 7, urgent: true })).toEqual([
      {
        kind: 'message',
        message: {
          kind: 'proactive',
          urgent: true,
          topic: 'app',
          text: 'CI failed',
          replyTo: null,
          jobId: 3,
          count: 7,
        },
      },
    ]);
  });

  test.each(['log', 'digest'] as const)('%s makes one line of the daily log [SUB-ACTIONS]', async (kind) => {
    expect(await effects({ kind })).toEqual([{ kind: 'journal', line: { kind, ref: 'e12', text: 'ci: CI failed' } }]);
    expect(await effects({ kind, eventCount: 3, eventId: null })).toEqual([
      { kind: 'journal', line: { kind, ref: 'j3', text: 'ci: CI failed (3 events)' } },
    ]);
  });

  test('resolve takes back what waits under its topic [SUB-RESOLVE]', async () => {
    expect(await effects({ kind: 'resolve', text: 'fixed' })).toEqual([
      { kind: 'withdraw', withdrawal: { topic: 'app', text: 'fixed', reason: 'resolved by e12', jobId: 3 } },
    ]);
  });

  // Without a model such a job is parked as it is recorded (test/ledger/jobs.test.ts); with one it is work, in a lane.
  test('are all there is here: agent, command and digest-report are none of them [SUB-ACTIONS]', () => {
    expect(Object.keys(handlers).toSorted()).toEqual(['digest', 'log', 'notify', 'reply', 'resolve']);
  });
});

describe('the reply to the owner', () => {
  const reply = (text: string): Promise<readonly Effect[]> => effects({ kind: 'reply', reactive: true, text });
  const said = async (text: string): Promise<string> => {
    const last = (await reply(text)).at(-1);
    return present(last?.kind === 'message' ? last.message.text : undefined, 'a message');
  };

  test('is one reactive message that names the event it answers [WINDOW-REACTIVE]', async () => {
    expect(await reply('status')).toEqual([
      {
        kind: 'message',
        message: { kind: 'reactive', urgent: false, topic: '', text: 'All is well.', replyTo: 12, jobId: 3, count: 1 },
      },
    ]);
  });

  test.each([
    ['mute 2h', '', NOW_MS + 7_200_000],
    ['  MUTE   30m acme/app  main ', 'acme/app main', NOW_MS + 1_800_000],
    ['mute 30d', '', NOW_MS + 30 * 86_400_000],
    ['unmute', '', 0],
    ['Unmute acme/app', 'acme/app', 0],
  ])('%j mutes %j until %i [WINDOW-MUTE]', async (text, topic, untilMs) => {
    const made = await reply(text);
    expect(made).toHaveLength(2);
    expect(made[0]).toEqual({ kind: 'mute', topic, untilMs });
  });

  test.each(['mute', 'mute for ever', 'mute 999ms', 'mute 30', 'mute 31d', `mute ${'9'.repeat(400)}d`, 'mute -2h'])(
    '%j mutes nothing and asks for how long [WINDOW-MUTE]',
    async (text) => {
      expect(await reply(text)).toHaveLength(1);
      expect(await said(text)).toMatch(/^How long\?/);
    },
  );

  test.each(['', '   ', 'make me a sandwich', '🎉'])('%j is noted, and nothing is made up', async (text) => {
    expect(await said(text)).toBe(
      "Noted as e12. There is no model configured, so I can't do more with it. I know: status · mute 2h [topic] · unmute [topic] · pause [2h] · resume · help.",
    );
  });

  test('help says what it knows', async () => {
    expect(await said('help')).toContain('mute 2h');
  });
});
