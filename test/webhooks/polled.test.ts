import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import type { EventDraft } from '../../src/core/event.ts';
import { compileSubscriptions } from '../../src/subscriptions/match.ts';
import { interpret } from '../../src/webhooks/interpret.ts';
import { resolveSources, sourcesOptions } from '../../src/webhooks/options.ts';
import { polledTaker } from '../../src/webhooks/polled.ts';
import { webhookRoutes, type WebhookDeps } from '../../src/webhooks/routes.ts';
import { FakeClock } from '../fakes/clock.ts';
import { recordingLog, steadyRandom } from '../ledger/make.ts';
import { subscriptions } from '../subscriptions/support.ts';
import { send } from './deliver.ts';

const SECRET = 'a-secret-of-sixteen';
const POLL = { repositories: ['octo/app'] };

function resolve(config: unknown, secrets: Record<string, string> = {}) {
  return resolveSources(sourcesOptions.parse(config), (name) => secrets[name]);
}

describe('poll: of a github source', () => {
  test('has defaults, and names what is wrong', () => {
    const parse = (poll: unknown) => sourcesOptions.safeParse([{ name: 'github', kind: 'github', poll }]);
    expect(parse(POLL).data?.[0]).toMatchObject({ poll: { every: 60_000, repositories: ['octo/app'] } });
    const [source] = parse(POLL).data ?? [];
    expect(source?.kind === 'github' && source.poll?.events).not.toContain('notification');
    expect(parse({ ...POLL, every: '5m', events: ['push', 'check_run'] }).success).toBe(true);
    expect(parse({ events: ['notification'] }).success).toBe(true);
    const refused = [
      {},
      { repositories: ['octo'] },
      { repositories: ['octo/..'] },
      { repositories: ['octo/app?x'] },
      { repositories: ['octo/app', 'Octo/App'] },
      { ...POLL, every: '1s' },
      { ...POLL, events: ['sneeze'] },
      { ...POLL, events: [] },
      { ...POLL, token: 'x' },
    ];
    expect(refused.filter((poll) => parse(poll).success)).toEqual([]);
    expect(sourcesOptions.safeParse([{ name: 'x', kind: 'gitlab', poll: POLL }]).success).toBe(false);
  });

  test('needs no webhook secret; without one no webhook is taken', () => {
    const source = resolve([{ name: 'github', kind: 'github', poll: POLL }]).byName.get('github');
    expect(source).toMatchObject({ polled: true });
    const { headers } = send('github', '', Buffer.from('{}'));
    expect(source?.verifier.begin(headers, 0)).toBeUndefined();
    expect(() => resolve([{ name: 'github', kind: 'github' }])).toThrow('GITHUB_WEBHOOK_SECRET');
  });
});

describe('a source with two roads', () => {
  test.each([true, false])(
    'polled %s: only then is a webhook looked at for what it is by its content',
    async (polled) => {
      const taken: EventDraft[] = [];
      const config = [{ name: 'github', kind: 'github', ...(polled ? { poll: POLL } : {}) }];
      const match = compileSubscriptions(subscriptions({}));
      const sources = resolve(config, { GITHUB_WEBHOOK_SECRET: SECRET }).byName;
      const deps: WebhookDeps = {
        clock: new FakeClock(),
        random: steadyRandom,
        log: recordingLog(),
        source: (name) => sources.get(name),
        append: async (draft) => ({ id: taken.push(draft), duplicate: false }),
        read: (delivery) => interpret(delivery, match),
        inStorm: () => true,
        isToken: () => false,
        count() {},
      };
      const app = Fastify();
      app.removeAllContentTypeParsers();
      webhookRoutes(deps)(app);
      await app.listen({ port: 0, host: '127.0.0.1' });
      const { port } = app.server.address() as AddressInfo;
      const payload = {
        action: 'created',
        starred_at: '2026-11-02T12:00:00Z',
        repository: { full_name: 'Octo/App' },
        sender: { login: 'mona' },
      };
      const body = Buffer.from(JSON.stringify(payload));
      const sent = send('github', SECRET, body);
      const headers = { ...sent.headers, 'x-github-event': 'star' };
      const answer = await fetch(`http://127.0.0.1:${port}/webhooks/github`, { method: 'POST', headers, body });
      expect(answer.status).toBe(202);
      const closed = once(app.server, 'close');
      app.server.closeAllConnections();
      await app.close();
      await closed;
      const happenedAtMs = Date.UTC(2026, 10, 2, 12);
      const key = '["star","created","octo/app","mona"]';
      expect(taken[0]?.identity).toEqual(polled ? { key, road: 'webhook', happenedAtMs } : undefined);

      const take = polledTaker(deps);
      await take({ source: 'github', delivery: 'poll:1', type: 'star', happenedAtMs: 7, body });
      expect(taken[1]).toMatchObject({
        delivery: 'poll:1',
        type: 'star',
        action: 'created',
        trust: 'outside',
        identity: { key, road: 'poll', happenedAtMs: 7 },
      });
      // A storm of polled events is put together as any other.
      expect(taken[1]?.jobs).toMatchObject([{ topic: 'github:star:Octo/App', mayCoalesce: true }]);
    },
  );
});
