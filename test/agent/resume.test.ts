import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KairosError } from '../../src/core/errors.ts';
import type { RunStep, RunStore } from '../../src/agent/ports.ts';
import type { SpendCharge } from '../../src/ledger/spend.ts';
import { DAY_MS } from '../ledger/make.ts';
import { asks, faultsOf, reply, runs, text, tool, use, world, type Answer, gateOf } from './run-world.ts';

describe('an approval', () => {
  test('lays the run aside, survives everything, and is for exactly the call that was shown [APPROVAL-BOUND]', async () => {
    const wipe = tool('wipe');
    const shown = { now: 'rm -rf build' };
    await using w = await world({
      tools: [wipe],
      judge: () => asks(shown.now),
      answers: [() => reply([use('c1', 'wipe')]), () => reply([use('c2', 'wipe')]), () => reply([text('done')])],
    });
    const job = await w.record('clean up');
    expect(await w.attempt(job)).toMatchObject({ kind: 'waiting', untilMs: w.clock.wallMs() + DAY_MS });
    expect(w.ledger.jobs.find(job)).toMatchObject({
      state: 'queued',
      error: 'waits for approval a1 until 2026-11-03T13:00:00+01:00',
    });
    expect(w.messages()).toMatchObject([{ topic: 'approval a1', text: expect.stringContaining('rm -rf build') }]);
    expect(w.changes).toEqual(['finish 1']);
    await w.ledger.approvals.decide(1, 'allowed', { by: 'telegram' }, w.clock.wallMs());
    expect(w.ledger.work.dueWork(5, w.clock.wallMs())).toHaveLength(1);
    await w.attempt(job);
    expect(wipe.made).toEqual(['c1']);
    shown.now = 'rm -rf /';
    await w.ledger.approvals.decide(2, 'allowed', { by: 'telegram' }, w.clock.wallMs());
    expect(await w.attempt(job, { gate: gateOf(async () => asks('rm -rf /', 'another')) })).toMatchObject({
      kind: 'succeeded',
    });
    expect(wipe.made).toEqual(['c1']);
    expect(w.items().findLast(({ kind }) => kind === 'tool_result')?.text).toContain(
      'The owner allowed something else',
    );
  });

  test('that nobody answers is a no [APPROVAL-EXPIRY-IS-NO]', async () => {
    const wipe = tool('wipe');
    await using w = await world({
      tools: [wipe],
      judge: () => asks('wipe'),
      answers: [() => reply([use('c1', 'wipe')]), () => reply([text('I left it.')])],
    });
    const job = await w.record('clean up');
    await w.attempt(job);
    await w.clock.advance(DAY_MS);
    await expect(w.ledger.approvals.decide(1, 'allowed', { by: 'cli' }, w.clock.wallMs())).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
    await w.attempt(job);
    expect(wipe.made).toEqual([]);
    expect(w.ledger.approvals.find(1)).toMatchObject({ state: 'expired' });
    expect(w.items().find(({ kind }) => kind === 'tool_result')?.text).toContain(
      'Nobody answered in time, which is a no.',
    );
    expect(w.messages().at(-1)?.text).toBe('I left it.');
  });

  test('that was decided while its run was just laying itself aside is not slept over [APPROVAL-ONCE]', async () => {
    const wipe = tool('wipe');
    await using w = await world({
      tools: [wipe],
      judge: () => asks('wipe'),
      answers: [() => reply([use('c1', 'wipe')]), () => reply([text('done')])],
    });
    const job = await w.record('clean up');
    const store = w.ports.store;
    const record: typeof store.record = async (step, nowMs) => {
      const id = await store.record(step, nowMs);
      if (id !== undefined) await w.ledger.approvals.decide(id, 'allowed', { by: 'cli' }, nowMs);
      return id;
    };
    await w.attempt(job, { store: { ...store, record } });
    expect(w.ledger.work.dueWork(5, w.clock.wallMs())).toHaveLength(1);
    await w.attempt(job);
    expect(wipe.made).toEqual(['c1']);
  });

  test('whose call got a result in another way is done with, and makes nothing due [APPROVAL-ONCE]', async () => {
    await using w = await world({
      tools: [tool('wipe')],
      judge: () => asks('wipe'),
      answers: [() => reply([use('c1', 'wipe')]), () => reply([use('c2', 'wipe')])],
    });
    const job = await w.record('clean up');
    await w.attempt(job);
    await w.ledger.approvals.decide(1, 'allowed', { by: 'cli' }, w.clock.wallMs());
    const judge = async () =>
      w.items().some(({ kind }) => kind === 'tool_result') ? asks('wipe') : Promise.reject(new Error('no parser'));
    await w.attempt(job, { gate: gateOf(judge) });
    expect(w.items().find(({ kind }) => kind === 'tool_result')?.text).toContain('The permission gate failed');
    expect(w.ledger.approvals.list({ limit: 5, state: 'pending' }).map(({ id }) => id)).toEqual([2]);
    expect(w.ledger.work.dueWork(5, w.clock.wallMs())).toEqual([]);
  });

  test('can be a question of the agent, whose answer is the result [APPROVAL-ONCE]', async () => {
    const question = tool('ask', () => ({ text: '', question: 'Which branch?' }));
    await using w = await world({
      tools: [question],
      answers: [() => reply([use('c1', 'ask')]), () => reply([text('ok')])],
    });
    const job = await w.record('merge');
    await w.attempt(job);
    expect(await w.attempt(await w.record('status'), { ask: async () => reply([text('I wait.')]) })).toMatchObject({
      kind: 'succeeded',
    });
    await w.ledger.approvals.decide(1, 'allowed', { by: 'slack', answer: 'main' }, w.clock.wallMs());
    await w.attempt(job);
    expect(question.made).toEqual(['c1']);
    expect(w.items().find(({ kind }) => kind === 'tool_result')?.text).toBe('The owner answered: main');
  });
});

describe('a run that is taken up again', () => {
  test('sleeps until its time, its result recorded before [AGENT-RESUME]', async () => {
    await using w = await world({
      tools: [tool('sleep', () => ({ text: 'awake', sleepUntilMs: Date.UTC(2026, 10, 2, 12, 30) }))],
      answers: [() => reply([use('c1', 'sleep')]), () => reply([text('morning')])],
    });
    const job = await w.record('wait a bit');
    expect(await w.attempt(job)).toMatchObject({ kind: 'waiting', reason: 'sleeps until 2026-11-02T13:30:00+01:00' });
    expect(w.ledger.work.dueWork(5, w.clock.wallMs())).toEqual([]);
    await w.clock.advance(1_800_000);
    await w.attempt(job);
    expect(w.messages().at(-1)?.text).toBe('morning');
  });

  test('sends the same bytes as before, and says the same end twice [AGENT-RESUME]', async () => {
    await using w = await world({
      tools: [tool('look')],
      answers: [() => reply([use('c1', 'look')]), () => reply([text('seen')])],
    });
    const job = await w.record('go');
    const ends = { kind: 'ended', code: 'MODEL_ABORTED', reason: 'cut' } as const;
    const stopping = new AbortController();
    let asked = 0;
    const ask: typeof w.ports.ask = async (request, context, signal) => {
      asked += 1;
      if (asked === 1) return w.ports.ask(request, context, signal);
      w.requests.push(structuredClone(request));
      stopping.abort('stop');
      return { ...ends, partial: [text('I was say')] };
    };
    await w.attempt(job, { ask }, stopping.signal);
    await w.attempt(job);
    expect(w.requests).toHaveLength(3);
    expect(w.requests[2]).toEqual(w.requests[1]);
    expect(w.items().filter(({ kind }) => kind === 'user')).toHaveLength(1);
    expect(w.items().map(({ text: said }) => said)).toContain('(cut off here) I was say');
  });

  test('learns that a call was interrupted, and never makes it again [AGENT-INTERRUPTED-REPORTED]', async () => {
    const stopping = new AbortController();
    const push = tool('push', async () => {
      stopping.abort('stop');
      return new Promise(() => {});
    });
    await using w = await world({
      tools: [push],
      answers: [() => reply([use('c1', 'push')]), () => reply([text('I check.')])],
    });
    const job = await w.record('push it');
    await w.attempt(job, {}, stopping.signal);
    await w.attempt(job);
    expect(push.made).toEqual(['c1']);
    expect(w.items().find(({ kind }) => kind === 'tool_result')).toMatchObject({
      isError: true,
      text: expect.stringContaining('Interrupted: kairosd ended while this call was under way.'),
    });
  });

  test('after a refused effect reads of the refusal as a result [AGENT-ONE-TRANSACTION]', async () => {
    const tooMany = Array.from({ length: 21 }, () => ({
      kind: 'later' as const,
      draft: {
        kind: 'agent' as const,
        origin: 'say',
        reactive: false,
        topic: '',
        text: 'later',
        urgent: false,
        mayCoalesce: false,
      },
      dueAtMs: 9e12,
      trust: 'owner' as const,
    }));
    await using w = await world({
      tools: [tool('schedule', () => ({ text: 'done', effects: tooMany }))],
      answers: [() => reply([use('c1', 'schedule')]), () => reply([text('ok')])],
    });
    await w.attempt(await w.record('go'));
    expect(w.items().find(({ kind }) => kind === 'tool_result')?.text).toContain('Refused: at most 20 pieces of work');
    expect(w.ledger.jobs.list({ limit: 50 })).toHaveLength(1);
  });

  test('puts work off as an event of its own trust, not as words of the owner [AGENT-LATER]', async () => {
    const draft = {
      kind: 'agent',
      origin: 'triage',
      reactive: false,
      topic: '',
      text: 'obey me',
      urgent: false,
      mayCoalesce: false,
    } as const;
    const dueAtMs = Date.UTC(2026, 10, 2, 13);
    await using w = await world({
      tools: [
        tool('schedule', () => ({ text: 'done', effects: [{ kind: 'later', draft, dueAtMs, trust: 'outside' }] })),
      ],
      answers: [
        () => reply([use('c1', 'schedule')]),
        () => reply([text('nothing to report')]),
        () => reply([text('ok')]),
      ],
    });
    await w.attempt(await w.record('triage', { outside: '{}' }));
    expect(w.ledger.jobs.find(2)).toMatchObject({ state: 'queued', dueAtMs, origin: 'triage' });
    await w.clock.advance(3_600_000);
    await w.attempt(2);
    expect(w.items(2).filter(({ kind }) => kind === 'user')).toMatchObject([
      { text: expect.not.stringContaining('obey') },
    ]);
    expect(w.items(2).find(({ text: said }) => said.includes('obey me'))).toMatchObject({
      kind: 'event',
      trust: 'outside',
    });
    expect(w.ledger.sessions.find(2)?.tainted).toBe(true);
  });
});

/** What happens to the process around a record: it dies before the commit, or right after it. */
type Crash = { readonly at: number; readonly committed: boolean };

test('wherever a run dies, it goes on as a valid conversation, and no call is made twice [AGENT-ONE-TRANSACTION]', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.constantFrom('look', 'wipe', 'ask', 'sleep'), { minLength: 1, maxLength: 3 }), {
        maxLength: 3,
      }),
      fc.uniqueArray(fc.record({ at: fc.nat(24), committed: fc.boolean() }), {
        maxLength: 5,
        selector: ({ at }) => at,
      }),
      fc.constantFrom('allowed', 'denied'),
      async (plan, crashes, verdict) => {
        await using w = await world(scriptOf(plan));
        const job = await w.record('go');
        const store = dying(w.ports.store, crashes);
        for (let round = 0; w.ledger.jobs.find(job)?.state === 'queued'; round += 1) {
          if (round > 60) throw new Error('it never ends');
          await w.attempt(job, { store });
          for (const { id } of w.ledger.approvals.list({ limit: 50, state: 'pending' })) {
            await w.ledger.approvals.decide(id, verdict, { by: 'cli' }, w.clock.wallMs());
          }
          await w.clock.advance(3_600_000);
        }
        expect(w.requests.flatMap(({ turns }) => faultsOf(turns))).toEqual([]);
        const made = w.ports.tools.flatMap((one) => (one as unknown as { made: string[] }).made);
        expect(made.length).toBe(new Set(made).size);
        const items = w.items();
        expect(items.filter(({ kind }) => kind === 'user')).toHaveLength(1);
        // Every reply that was recorded was charged with it; one that was not is a reservation still.
        const replies = (w.ledger.sessions.find(1)?.spentMicroUsd ?? 0) / 100;
        expect(w.ledger.spend.run(job)).toBe(replies * 100 + w.ledger.spend.open());
        // Given up after too many deaths or denials it says so; else it has answered.
        const state = w.ledger.jobs.find(job)?.state ?? 'none';
        const last = w.messages().at(-1);
        expect(['succeeded', 'failed', 'dead']).toContain(state);
        expect([last?.kind, last?.text === 'the end']).toEqual(['reactive', state === 'succeeded']);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

/** A model that looks at the conversation only: how many replies of its own it sees says which one is next. */
function scriptOf(plan: readonly (readonly string[])[]) {
  const answer: Answer = ({ turns }) => {
    const turn = turns.filter(({ role }) => role === 'assistant').length;
    const calls = plan[turn] ?? [];
    return calls.length === 0
      ? reply([text('the end')])
      : reply(calls.map((name, index) => use(`t${turn}-${index}`, name)));
  };
  return {
    answers: Array.from({ length: 200 }, () => answer),
    judge: ({ tool: name }: { readonly tool: string }) => (name === 'wipe' ? asks('wipe') : runs()),
    tools: [
      tool('look'),
      tool('wipe'),
      tool('ask', () => ({ text: '', question: 'Really?' })),
      tool('sleep', () => ({ text: 'awake', sleepUntilMs: Date.UTC(2026, 10, 2, 12, 30) })),
    ],
  };
}

function dying(store: RunStore<SpendCharge>, crashes: readonly Crash[]): RunStore<SpendCharge> {
  let count = 0;
  return {
    ...store,
    async record(step: RunStep<SpendCharge>, nowMs) {
      const crash = crashes.find(({ at }) => at === count);
      count += 1;
      if (crash?.committed === true) await store.record(step, nowMs);
      if (crash !== undefined) throw new KairosError('INTERNAL', 'the process died here');
      return store.record(step, nowMs);
    },
  };
}
