import { describe, expect, test } from 'vitest';
import { presentOn, routeOf } from '../../src/budget/presence.ts';

const CHANNELS = ['terminal', 'telegram', 'slack'];
const PROACTIVE = { kind: 'proactive', urgent: false, channel: null } as const;

describe('where the owner is', () => {
  test('is the channel they were heard on last, for as long as is said [CHAT-PRESENCE]', () => {
    const seen = [
      { channel: 'telegram', atMs: 1_000 },
      { channel: 'slack', atMs: 2_000 },
    ];
    expect(presentOn(seen, 2_500, 5_000)).toBe('slack');
    expect(presentOn(seen.slice(0, 1), 5_999, 5_000)).toBe('telegram');
    expect(presentOn(seen.slice(0, 1), 6_000, 5_000)).toBe(undefined);
  });

  test('is not known from a time that has yet to come: the clock was set back', () => {
    expect(presentOn([{ channel: 'slack', atMs: 2_000 }], 1_999, 5_000)).toBe(undefined);
  });
});

describe('who gets a message', () => {
  test('the channel it is for; everybody, when there is no such channel [OUTBOX-CHANNEL]', () => {
    const audience = { channels: CHANNELS, present: 'slack' };
    const reply = { kind: 'reactive', urgent: false, channel: 'telegram' } as const;
    expect(routeOf(reply, audience)).toEqual({ to: ['telegram'], aside: [], why: '' });
    expect(routeOf({ ...reply, channel: 'gone' }, audience).to).toEqual(CHANNELS);
  });

  test('what the daemon says by itself goes where the owner is; replies and urgent messages go everywhere [CHAT-PRESENCE]', () => {
    const audience = { channels: CHANNELS, present: 'slack' };
    expect(routeOf(PROACTIVE, audience)).toEqual({
      to: ['slack'],
      aside: ['terminal', 'telegram'],
      why: 'the owner is active on slack',
    });
    expect(routeOf({ ...PROACTIVE, urgent: true }, audience).to).toEqual(CHANNELS);
    expect(routeOf({ ...PROACTIVE, kind: 'reactive' }, audience).to).toEqual(CHANNELS);
    expect(routeOf(PROACTIVE, { ...audience, present: undefined }).to).toEqual(CHANNELS);
    expect(routeOf(PROACTIVE, { ...audience, present: 'gone' }).to).toEqual(CHANNELS);
  });
});
