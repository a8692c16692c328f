import fastify from 'fastify';
import { expect, test } from 'vitest';
import { KairosError } from '../../src/core/errors.ts';
import { followRoutes, type FollowAsked, type FollowState } from '../../src/web/follow.ts';

function open() {
  const followed: FollowState[] = [];
  const app = fastify();
  followRoutes({
    redact: (text) => text.replaceAll('hunter2', '[redacted]'),
    timeZone: () => 'Europe/Berlin',
    follows: {
      list: () => followed,
      async add({ ref, by }: FollowAsked) {
        const state: FollowState = { ref, title: 'Oil hunter2', by, road: 'follow', sinceMs: 1_793_620_800_000 };
        followed.push(state);
        return { ...state, note: 'asked' };
      },
      async remove(ref) {
        if (followed.splice(0).length === 0) throw new KairosError('NOT_FOUND', `${ref} is not followed`);
      },
    },
  })(app);
  return app;
}

test('POST /api/subscribe follows and ends, GET /api/follows lists [FOLLOW-UNTIL-CLOSED]', async () => {
  const app = open();
  const added = await app.inject({ method: 'POST', url: '/api/subscribe', payload: { ref: 'octo/app#7', by: 'cli' } });
  expect(added.statusCode).toBe(201);
  const row = { kind: 'follow', ref: 'octo/app#7', title: 'Oil [redacted]', by: 'cli', road: 'follow' };
  expect(added.json()).toEqual({ ...row, since: '2026-11-02T13:00:00.000+01:00', note: 'asked' });
  expect((await app.inject('/api/follows')).json()).toMatchObject({ items: [row], next: null });
  const remove = { method: 'POST', url: '/api/subscribe', payload: { ref: 'octo/app#7', remove: true } } as const;
  expect((await app.inject(remove)).json()).toEqual({ kind: 'follow', ref: 'octo/app#7', removed: true });
  expect((await app.inject(remove)).statusCode).not.toBe(200);
});

test.each([{}, { ref: 7 }, { ref: 'octo/app#7', more: 1 }, { ref: 'octo/app#7', by: 'a b' }])(
  '%j is refused',
  async (payload) => {
    const answer = await open().inject({ method: 'POST', url: '/api/subscribe', payload });
    expect(answer.statusCode).not.toBe(201);
  },
);
