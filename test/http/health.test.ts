import { describe, expect, test } from 'vitest';
import { healthRoutes } from '../../src/http/health.ts';
import { FakeClock } from '../fakes/clock.ts';
import { ask, serve, TOKEN } from './client.ts';

const headers = { authorization: `Bearer ${TOKEN}` };

async function healthy(notReady: string[], metrics = 'kairosd_up 1\n') {
  const clock = new FakeClock();
  const routes = healthRoutes({
    clock,
    version: '1.2.3',
    startedMonoMs: clock.monoMs(),
    notReady: () => notReady,
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: metrics }),
  });
  return { clock, server: await serve([routes]) };
}

describe('health', () => {
  test('/healthz says that it answers, which version, and for how long [HTTP-HEALTH]', async () => {
    const { clock, server } = await healthy(['everything']);
    await using _server = server;
    clock.jumpWall(-3_600_000);
    await clock.advance(1_500);
    const answer = await ask(server, '/healthz');
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      200,
      { status: 'ok', version: '1.2.3', uptimeMs: 1_500 },
    ]);
  });

  test('/readyz is 503 with what is missing, and 200 when nothing is [HTTP-HEALTH] [DAEMON-READY]', async () => {
    const notReady = ['the ledger: only 1 MiB are free'];
    const { server } = await healthy(notReady);
    await using _server = server;
    const missing = await ask(server, '/readyz');
    expect([missing.status, JSON.parse(missing.body)]).toEqual([503, { status: 'not ready', notReady }]);
    expect(missing.headers['retry-after']).toBe('2');
    notReady.pop();
    expect((await ask(server, '/readyz')).status).toBe(200);
  });

  test('/metrics is the registry, for whoever has the token [METRICS-PROMETHEUS]', async () => {
    const { server } = await healthy([]);
    await using _server = server;
    expect((await ask(server, '/metrics')).status).toBe(401);
    const answer = await ask(server, '/metrics', { headers });
    expect([answer.status, answer.headers['content-type'], answer.body]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'kairosd_up 1\n',
    ]);
  });
});
