import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/daemon/config.ts';
import { readSecrets } from '../../src/daemon/secrets.ts';
import { startDaemon, type Daemon } from '../../src/daemon/start.ts';
import { systemRandom } from '../../src/daemon/system.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { FakeClock } from '../fakes/clock.ts';
import { sentDelivery, startFakeGitHub, type FakeGitHub } from '../fakes/github.ts';
import { entry, MINUTE_MS } from '../github/world.ts';
import { folder, recordingLog } from '../ledger/make.ts';

const REPO = 'octo/app';
const SECRET = 'a-secret-of-the-tests-0123456789';
const TOKEN = 'a-token-of-the-tests';
const HOOK = { id: 1, url: 'https://box.example/webhooks/github' };

type Json = Record<string, unknown>;

interface World extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly github: FakeGitHub;
  readonly daemon: Daemon;
  readonly call: (path: string, body?: unknown) => Promise<Json>;
  /** A signed delivery of a webhook. */
  readonly deliver: (guid: string, type: string, payload: object) => Promise<Response>;
  readonly list: (what: 'events' | 'messages' | 'follows') => Promise<readonly Json[]>;
  /** Time goes on, in steps in which real HTTP keeps up. */
  readonly pass: (ms: number) => Promise<void>;
  readonly restart: () => Promise<void>;
}

/** A whole daemon over a home, a stand-in for GitHub, and a clock that a test moves. */
async function openWorld(yaml: string, secrets: Readonly<Record<string, string>> = {}): Promise<World> {
  const home = folder();
  const clock = new FakeClock();
  const github = await startFakeGitHub(() => clock.wallMs());
  const repository = github.repository(REPO);
  repository.issues.set(7, subject('open'));
  repository.pulls.set(7, subject('open'));
  writeFileSync(join(home.path, 'config.yaml'), yaml);
  const env = { KAIROS_PORT: '0', GITHUB_API_URL: github.url, GITHUB_WEBHOOK_SECRET: SECRET, ...secrets };
  const start = (): Promise<Daemon> =>
    startDaemon(
      {
        home: home.path,
        config: loadConfig(home.path, env),
        secrets: readSecrets(home.path, env),
        token: TOKEN,
        commandEnv: {},
        version: '0.1.0',
        pid: process.pid,
        platform: process.platform,
        onStopAsked: () => undefined,
      },
      {
        clock,
        random: systemRandom,
        log: recordingLog(),
        redactor: createRedactor([]),
        fetch,
        print: () => undefined,
        usage: () => ({ residentBytes: 0, cpuSeconds: 0 }),
      },
    );
  let daemon = await start();
  const call: World['call'] = async (path, body) => {
    const answer = await fetch(`${daemon.url}${path}`, {
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    return (await answer.json()) as Json;
  };
  return {
    clock,
    github,
    get daemon() {
      return daemon;
    },
    call,
    deliver(guid, type, payload) {
      const body = JSON.stringify({ repository: { full_name: REPO }, ...payload });
      const signature = createHmac('sha256', SECRET).update(body).digest('hex');
      const headers = {
        'content-type': 'application/json',
        'x-github-event': type,
        'x-github-delivery': guid,
        'x-hub-signature-256': `sha256=${signature}`,
      };
      return fetch(`${daemon.url}/webhooks/github`, { method: 'POST', headers, body });
    },
    list: async (what) => (await call(`/api/${what}`))['items'] as Json[],
    async pass(ms) {
      for (let leftMs = ms; leftMs > 0; leftMs -= 10_000) {
        await clock.advance(Math.min(leftMs, 10_000));
        await call('/api/status');
      }
    },
    async restart() {
      await daemon[Symbol.asyncDispose]();
      daemon = await start();
    },
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await github[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
}

function subject(state: string): Json {
  return {
    number: 7,
    title: 'Oil',
    state,
    html_url: `https://github.com/${REPO}/pull/7`,
    pull_request: {},
    head: { ref: 'oil', sha: 'a'.repeat(40) },
    base: { ref: 'main' },
    merged: state === 'closed',
  };
}

const comment = (number: number, words: string) => ({
  action: 'created',
  issue: { number },
  comment: { body: words, user: { login: 'mona' } },
});
const merged = { action: 'closed', number: 7, pull_request: { number: 7, merged: true } };

/** Real HTTP takes a moment of real time; the clock goes on a little with each look. */
async function until(world: World, holds: () => Promise<boolean>, stepMs = 1_000): Promise<void> {
  for (let looks = 0; looks < 400; looks += 1) {
    if (await holds()) return;
    await world.pass(stepMs);
  }
  expect(await holds()).toBe(true);
}

const topics = async (world: World): Promise<unknown[]> =>
  (await world.list('messages')).map(({ topic }) => topic).toReversed();

describe('kairos subscribe, in a whole daemon', () => {
  test('follows by webhooks until it is merged, and nothing else is told [FOLLOW-UNTIL-CLOSED]', async () => {
    await using world = await openWorld('notify: []\n', { GITHUB_TOKEN: 'ghp_x' });
    world.github.repository(REPO).hooks.push({ ...HOOK, deliveries: [] });
    expect(await world.call('/api/subscribe', { ref: `${REPO}#7` })).toMatchObject({ road: 'webhook', title: 'Oil' });
    expect((await world.deliver('g1', 'issue_comment', comment(7, 'Nice.'))).status).toBe(202);
    expect((await world.deliver('g1', 'issue_comment', comment(7, 'Nice.'))).status).toBe(200);
    await world.deliver('g2', 'issue_comment', comment(8, 'Elsewhere.'));
    await world.restart();
    expect(await world.list('follows')).toMatchObject([{ ref: 'octo/app#7', road: 'webhook' }]);
    await world.deliver('g3', 'pull_request', merged);
    expect(await world.list('follows')).toEqual([]);
    await world.deliver('g4', 'issue_comment', comment(7, 'Too late.'));
    await until(world, async () => (await topics(world)).length === 2);
    expect(await topics(world)).toEqual([`${REPO}#7`, `${REPO}#7`]);
    const texts = (await world.list('messages')).map(({ text }) => String(text));
    expect(texts.filter((text) => text.includes('no longer followed'))).toHaveLength(1);
  });

  test('without a webhook GitHub is asked, from the first follow to the last end, over a restart [FOLLOW-UNTIL-CLOSED]', async () => {
    await using world = await openWorld('sources: []\nnotify: []\n', { GITHUB_TOKEN: 'ghp_x' });
    const { github, clock } = world;
    const place = github.repository(REPO);
    await world.pass(2 * MINUTE_MS);
    expect(github.requests).toEqual([]);
    expect(await world.call('/api/status')).toMatchObject({ polling: null });
    expect(await world.call('/api/subscribe', { ref: `${REPO}#7` })).toMatchObject({ road: 'follow' });
    const looked = async (): Promise<boolean> => {
      const { polling } = await world.call('/api/status');
      return ((polling as Json | null)?.['polledAt'] ?? null) !== null;
    };
    await until(world, looked, 0);
    place.events.unshift(
      entry('IssueCommentEvent', comment(7, 'Hm.'), clock.wallMs()),
      entry('IssueCommentEvent', comment(8, 'Elsewhere.'), clock.wallMs()),
    );
    await until(world, async () => (await world.list('events')).length === 1);
    expect(await world.list('events')).toMatchObject([{ source: 'follow', trust: 'outside', type: 'issue_comment' }]);
    await world.restart();
    place.events.unshift(entry('PullRequestEvent', merged, clock.wallMs()));
    place.pulls.set(7, subject('closed'));
    await until(world, async () => (await world.list('follows')).length === 0);
    expect(await topics(world)).toEqual([`${REPO}#7`, `${REPO}#7`]);
    await until(world, async () => (await world.call('/api/status'))['polling'] === null);
    const asked = github.requests.length;
    await world.pass(5 * MINUTE_MS);
    expect(github.requests).toHaveLength(asked);
  });
});

describe('a delivery that was missed, in a whole daemon', () => {
  const yaml = `sources: [{ name: github, kind: github, reconcile: { repositories: [${REPO}], every: 15m } }]
subscriptions: [{ name: pushed, source: github, event: push, do: log }]
notify: []
`;

  test('is asked for once the daemon is up, comes by the door, and is taken once [RECONCILE-MISSED RECONCILE-DEDUPE]', async () => {
    await using world = await openWorld(yaml, { GITHUB_TOKEN: 'ghp_x' });
    const { github, clock } = world;
    const push = { ref: 'refs/heads/main' };
    const here = sentDelivery('g-here', clock.wallMs() - 60_000, 202);
    const lost = sentDelivery('g-lost', clock.wallMs() - 60_000, 502);
    github.repository(REPO).hooks.push({ ...HOOK, deliveries: [here, lost] });
    const redelivered: unknown[] = [];
    github.onRedeliver = async ({ guid }) => {
      redelivered.push(guid);
      return (await world.deliver(String(guid), 'push', push)).status;
    };
    await world.deliver('g-here', 'push', push);
    await until(world, async () => (await world.list('events')).length === 2);
    // The next rounds find nothing more, nor do those after a restart.
    await world.pass(40 * MINUTE_MS);
    await world.restart();
    await world.pass(20 * MINUTE_MS);
    expect(redelivered).toEqual(['g-lost']);
    expect((await world.list('events')).map(({ delivery }) => delivery)).toEqual(['g-lost', 'g-here']);
    const { reconcile } = await world.call('/api/status');
    expect(reconcile).toMatchObject({ repositories: 1, troubledCount: 0, troubled: [], asked: 0 });
  });

  test('a token that may not see webhooks is shown, and nobody is told of it [RECONCILE-QUIET]', async () => {
    await using world = await openWorld(yaml, { GITHUB_TOKEN: 'ghp_x' });
    world.github.admin = false;
    const troubled = async (): Promise<readonly Json[]> => {
      const { reconcile } = await world.call('/api/status');
      return (reconcile as { troubled: readonly Json[] }).troubled;
    };
    await until(world, async () => (await troubled()).length === 1);
    expect(await troubled()).toMatchObject([{ repository: REPO, state: 'no-rights' }]);
    expect(await world.list('messages')).toEqual([]);
  });

  test('after a sleep of the machine is looked for at once', async () => {
    await using world = await openWorld(yaml, { GITHUB_TOKEN: 'ghp_x' });
    const { github, clock } = world;
    const deliveries: Json[] = [];
    github.repository(REPO).hooks.push({ ...HOOK, deliveries });
    const rounds = (): number => github.requests.filter(({ path }) => path.includes('/deliveries')).length;
    await until(world, async () => rounds() === 1);
    await world.pass(MINUTE_MS);
    expect(rounds()).toBe(1);
    clock.jumpWall(3_600_000);
    await until(world, async () => rounds() === 2);
  });
});
