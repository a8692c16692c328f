import { describe, expect, test } from 'vitest';
import { budgetOptions } from '../../src/budget/options.ts';
import { planMessages, type PlanState, type WaitingMessage } from '../../src/budget/plan.ts';

const NOW = { wallMs: Date.UTC(2026, 10, 2, 12), monoMs: 1_000_000 };
const RULES = { ...budgetOptions.parse({}), timeZone: 'Europe/Berlin' };
const QUIET = { ...budgetOptions.parse({ quietHours: { from: '12:00', to: '14:00' } }), timeZone: 'Europe/Berlin' };
const HOUR_MS = 3_600_000;

function waiting(id: number, more: Partial<WaitingMessage> = {}): WaitingMessage {
  const base = { kind: 'proactive', urgent: false, topic: '', reason: null } as const;
  return { id, ...base, queuedAtMs: NOW.wallMs - HOUR_MS, expiresAtMs: NOW.wallMs + HOUR_MS, ...more };
}

function state(messages: readonly WaitingMessage[], more: Partial<PlanState> = {}): PlanState {
  return { waiting: messages, mutes: new Map(), releases: [], urgentReleases: [], channels: 'ready', ...more };
}

describe('planMessages', () => {
  test('replies go first and all of them, then urgent ones, then the oldest [WINDOW-REACTIVE]', () => {
    const messages = [
      waiting(1),
      waiting(2),
      waiting(3),
      waiting(4, { urgent: true }),
      ...[5, 6, 7].map((id) => waiting(id, { kind: 'reactive' })),
    ];
    const plan = planMessages(state(messages), RULES, NOW);
    expect(plan.release).toEqual([5, 6, 7, 4, 1, 2]);
    expect(plan.held).toEqual([{ id: 3, reason: 'the window of 2 per 15s is full', untilMs: NOW.wallMs + 15_001 }]);
    expect(plan.nextWakeMs).toBe(NOW.wallMs + 15_001);
  });

  test('urgent messages ignore quiet hours and the windows, and have a window of their own [WINDOW-URGENT]', () => {
    const urgent = [1, 2, 3, 4, 5].map((id) => waiting(id, { urgent: true }));
    const plan = planMessages(state([...urgent, waiting(6)], { releases: [NOW, NOW, NOW, NOW, NOW, NOW] }), QUIET, NOW);
    expect(plan.release).toEqual([1, 2, 3, 4]);
    expect(plan.held.map(({ id, reason }) => [id, reason])).toEqual([
      [5, 'the window of 4 per 1h is full'],
      [6, 'quiet hours until 14:00'],
    ]);
  });

  test('a mute of a topic holds that topic, a mute of everything holds all but replies [WINDOW-MUTE]', () => {
    const messages = [waiting(1, { topic: 'ci' }), waiting(2, { topic: 'pr' }), waiting(3, { kind: 'reactive' })];
    const ofTopic = planMessages(state(messages, { mutes: new Map([['ci', NOW.wallMs + HOUR_MS / 2]]) }), RULES, NOW);
    expect(ofTopic.release).toEqual([3, 2]);
    expect(ofTopic.held[0]?.reason).toBe('its topic is muted until 13:30');
    const ofAll = planMessages(state(messages, { mutes: new Map([['', NOW.wallMs + 1]]) }), RULES, NOW);
    expect(ofAll.release).toEqual([3]);
    const days = planMessages(state(messages, { mutes: new Map([['', NOW.wallMs + 24 * HOUR_MS]]) }), RULES, NOW);
    expect(days.held[0]?.reason).toBe('everything is muted until 2026-11-03 13:00');
    const over = planMessages(state(messages, { mutes: new Map([['', NOW.wallMs]]) }), RULES, NOW);
    expect(over.release).toEqual([3, 1, 2]);
  });

  test('what waited too long expires and says what held it back [WINDOW-TTL]', () => {
    const late = { expiresAtMs: NOW.wallMs, queuedAtMs: NOW.wallMs - 12 * HOUR_MS };
    const plan = planMessages(state([waiting(1, late)]), QUIET, NOW);
    expect(plan).toMatchObject({ release: [], held: [], nextWakeMs: Infinity });
    expect(plan.expire).toEqual([{ id: 1, reason: 'waited 12h, the most a message may: quiet hours until 14:00' }]);
    expect(planMessages(state([waiting(1, late)]), RULES, NOW).expire[0]?.reason).toContain('not running');
  });

  test('an overdue reply still leaves; without a channel it expires', () => {
    const late = waiting(1, { kind: 'reactive', expiresAtMs: NOW.wallMs - 1 });
    expect(planMessages(state([late]), RULES, NOW).release).toEqual([1]);
    expect(planMessages(state([late], { channels: 'none' }), RULES, NOW).expire).toHaveLength(1);
  });

  test('while all channels fail only replies are let go', () => {
    const plan = planMessages(
      state([waiting(1), waiting(2, { kind: 'reactive' })], { channels: 'failing' }),
      RULES,
      NOW,
    );
    expect(plan.release).toEqual([2]);
    expect(plan.held).toEqual([{ id: 1, reason: 'every channel is failing', untilMs: Infinity }]);
    expect(plan.nextWakeMs).toBe(NOW.wallMs + HOUR_MS);
  });
});
