import { describe, expect, test } from 'vitest';
import { KairosError } from '../../src/core/errors.ts';
import { digestRoutes } from '../../src/web/digest.ts';
import { makeServer } from './ports.ts';

describe('GET /api/digest', () => {
  test('answers the facts of a day, today without one, and refuses what is none', async () => {
    const asked: string[] = [];
    const app = makeServer(
      digestRoutes({
        async digest(word, signal) {
          asked.push(word);
          expect(signal.aborted).toBe(false);
          if (word === 'someday') throw new KairosError('INPUT_INVALID', 'expected a date');
          return { date: '2026-11-22', events: { total: 3 } };
        },
      }),
    );
    const get = (url: string) => app.inject({ url });
    expect((await get('/api/digest')).json()).toEqual({ date: '2026-11-22', events: { total: 3 } });
    expect((await get('/api/digest?date=yesterday')).statusCode).toBe(200);
    expect((await get('/api/digest?date=someday')).statusCode).toBe(400);
    expect((await get('/api/digest?date=a&date=b')).statusCode).toBe(400);
    expect(asked).toEqual(['today', 'yesterday', 'someday']);
    await app.close();
  });
});
