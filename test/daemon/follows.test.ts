import { describe, expect, test } from 'vitest';
import type { EventDraft } from '../../src/core/event.ts';
import { createFollows, FOLLOW_SOURCE } from '../../src/daemon/follows.ts';
import { createGitHub } from '../../src/github/client.ts';
import { createPoller } from '../../src/github/poller.ts';
import { compileSubscriptions } from '../../src/subscriptions/match.ts';
import type { SourceOptions } from '../../src/webhooks/options.ts';
import { polledTaker } from '../../src/webhooks/polled.ts';
import { ParseThread } from '../../src/webhooks/parse-thread.ts';
import { deliveryReader, record } from '../../src/webhooks/routes.ts';
import { FakeClock } from '../fakes/clock.ts';
import { startFakeGitHub } from '../fakes/github.ts';
import { entry } from '../github/world.ts';
import { folder, ledgerIn, recordingLog, steadyRandom } from '../ledger/make.ts';

const REPO = 'octo/app';
const DOOR: SourceOptions = { name: 'github', kind: 'github', trust: 'outside' };
const MINUTE_MS = 60_000;

interface WorldOptions {
  readonly sources?: readonly SourceOptions[];
  /** null: there is none. */
  readonly token?: string | null;
}

async function openWorld({ sources = [DOOR], token = 'good' }: WorldOptions = {}) {
  const clock = new FakeClock();
  const home = folder();
  const ledger = await ledgerIn(home.path, { clock });
  const server = await startFakeGitHub(() => clock.wallMs());
  const github = createGitHub({
    apiUrl: server.url,
    token: token ?? undefined,
    fetch: (url, init) => fetch(url, init),
    clock,
    random: steadyRandom,
  });
  const log = recordingLog();
  const match = compileSubscriptions([]);
  const thread = new ParseThread({ clock, log, subscriptions: [], match });
  const read = deliveryReader(match, thread, undefined, () => ledger.follows.active());
  const doors = {
    clock,
    random: steadyRandom,
    append: (draft: EventDraft) => ledger.events.append(draft),
    read,
    inStorm: () => false,
    count() {},
  };
  const poller = createPoller({
    targets: [],
    github,
    store: ledger.polls,
    take: polledTaker(doors),
    clock,
    random: steadyRandom,
    log,
  });
  const follows = createFollows({
    follows: ledger.follows,
    clock,
    sources: () => sources,
    github: async () => (token === null ? undefined : github),
    onChange: () => poller.include(follows.targets()),
  });
  const place = server.repository(REPO);
  const pull = (state: string) => ({
    number: 7,
    title: 'Oil',
    state,
    html_url: `https://github.com/${REPO}/pull/7`,
    pull_request: {},
    head: { ref: 'oil', sha: 'a'.repeat(40) },
    base: { ref: 'main' },
    merged: state === 'closed',
  });
  place.issues.set(7, pull('open'));
  place.pulls.set(7, pull('open'));
  return {
    clock,
    ledger,
    server,
    place,
    pull,
    follows,
    poller,
    async webhook(guid: string, type: string, payload: object) {
      const body = Buffer.from(JSON.stringify({ repository: { full_name: REPO }, ...payload }));
      const headers = { 'x-github-event': type, 'x-github-delivery': guid, 'content-type': 'application/json' };
      const nowMs = clock.wallMs();
      const common = { source: 'github', trust: 'outside', body } as const;
      const interpretation = await read({ ...common, kind: 'github', receivedAtMs: nowMs, headers });
      return record(doors, { ...common, nowMs, contentType: 'application/json' }, interpretation);
    },
    jobs: () => ledger.jobs.list({ limit: 100 }).toReversed(),
    async run(ms: number) {
      const untilMs = clock.monoMs() + ms;
      for (;;) {
        const waitMs = await poller.step(new AbortController().signal);
        if (clock.monoMs() + waitMs > untilMs) break;
        if (waitMs > 0) await clock.advance(waitMs);
      }
      await clock.advance(untilMs - clock.monoMs());
    },
    async [Symbol.asyncDispose]() {
      await thread[Symbol.asyncDispose]();
      await ledger[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
}

const ASKED = { ref: `${REPO}#7`, poll: false, by: 'cli' };

describe('following by webhooks', () => {
  test('tells comments, reviews and failures until it is merged, then ends by itself [FOLLOW-UNTIL-CLOSED]', async () => {
    await using world = await openWorld();
    world.place.hooks.push({ id: 1, url: 'https://box.example/webhooks/github', deliveries: [] });
    const added = await world.follows.add(ASKED);
    expect(added).toMatchObject({ ref: 'octo/app#7', title: 'Oil', road: 'webhook', by: 'cli' });
    const comment = { action: 'created', issue: { number: 7 }, comment: { body: 'Nice.' } };
    await world.webhook('g1', 'issue_comment', comment);
    await world.webhook('g1', 'issue_comment', comment);
    await world.webhook('g2', 'issue_comment', { ...comment, issue: { number: 8 } });
    const run = { conclusion: 'failure', head_sha: 'a'.repeat(40), pull_requests: [] };
    await world.webhook('g3', 'workflow_run', { action: 'completed', workflow_run: run });
    await world.webhook('g4', 'pull_request', { action: 'closed', pull_request: { number: 7, merged: true } });
    await world.webhook('g5', 'issue_comment', comment);
    const jobs = world.jobs();
    expect(jobs.map(({ topic, origin, eventId }) => ({ topic, origin, eventId }))).toEqual(
      [1, 3, 4].map((eventId) => ({ topic: 'octo/app#7', origin: 'follow', eventId })),
    );
    expect(jobs.at(-1)?.text).toContain('(no longer followed)');
    expect(world.follows.list()).toEqual([]);
  });

  test('a body that is read off the event loop is seen too [FOLLOW-UNTIL-CLOSED]', async () => {
    await using world = await openWorld({ token: null });
    await world.follows.add(ASKED);
    const pull_request = { number: 7, merged: false, body: 'x'.repeat(300_000) };
    await world.webhook('g1', 'pull_request', { action: 'closed', pull_request });
    expect(world.jobs()).toHaveLength(1);
    expect(world.follows.list()).toEqual([]);
  });

  test('with nothing followed, nothing is written and no job is made', async () => {
    await using world = await openWorld();
    await world.webhook('g1', 'issue_comment', { action: 'created', issue: { number: 7 } });
    expect(world.jobs()).toEqual([]);
  });
});

describe('following by polling', () => {
  test('asks for that one only, until it closes [FOLLOW-UNTIL-CLOSED]', async () => {
    await using world = await openWorld();
    const added = await world.follows.add(ASKED);
    expect(added).toMatchObject({ road: 'follow', note: 'GitHub is asked about it every minute.' });
    await world.run(MINUTE_MS);
    const comment = (number: number) =>
      entry(
        'IssueCommentEvent',
        { action: 'created', issue: { number }, comment: { body: 'Hm.' } },
        world.clock.wallMs(),
      );
    world.place.events.unshift(comment(7), comment(8));
    await world.run(2 * MINUTE_MS);
    expect(world.ledger.events.list({ limit: 10 })).toMatchObject([{ source: FOLLOW_SOURCE, trust: 'outside' }]);
    world.place.pulls.set(7, world.pull('closed'));
    const closed = { action: 'closed', number: 7, pull_request: { number: 7, merged: true } };
    world.place.events.unshift(entry('PullRequestEvent', closed, world.clock.wallMs()));
    await world.run(2 * MINUTE_MS);
    expect(world.jobs().map(({ text }) => text.includes('no longer followed'))).toEqual([false, true]);
    expect(world.follows.list()).toEqual([]);
    world.poller.include(world.follows.targets());
    const asked = world.server.requests.length;
    await world.run(10 * MINUTE_MS);
    expect(world.server.requests).toHaveLength(asked);
  });

  test('begins again after a restart where it was', async () => {
    await using world = await openWorld();
    await world.follows.add(ASKED);
    expect(world.follows.targets()).toMatchObject([{ source: FOLLOW_SOURCE, repositories: [REPO] }]);
    world.poller.include(world.follows.targets());
    world.poller.include(world.follows.targets());
    expect(world.poller.status().feeds.map(({ name }) => name)).toEqual([
      'follow events octo/app',
      'follow runs octo/app',
    ]);
  });
});

describe('what cannot be followed', () => {
  test.each([
    ['nonsense', 'INPUT_INVALID'],
    [`${REPO}#99`, 'NOT_FOUND'],
  ])('%j is %s', async (ref, code) => {
    await using world = await openWorld();
    await expect(world.follows.add({ ...ASKED, ref })).rejects.toMatchObject({ code });
  });

  test('what has closed', async () => {
    await using world = await openWorld();
    world.place.issues.set(7, world.pull('closed'));
    await expect(world.follows.add(ASKED)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  test('what no way leads to: it says which are missing [FOLLOW-UNTIL-CLOSED]', async () => {
    await using world = await openWorld({ sources: [], token: null });
    const message = expect.stringContaining('GITHUB_TOKEN') as string;
    await expect(world.follows.add(ASKED)).rejects.toMatchObject({ code: 'SECRET_MISSING', message });
  });

  test('twice is once, in any spelling, and ended by hand it is gone', async () => {
    await using world = await openWorld({ token: null });
    await world.follows.add(ASKED);
    await world.follows.add({ ...ASKED, ref: 'Octo/App#7' });
    expect(world.follows.list()).toHaveLength(1);
    await world.follows.remove('OCTO/app#7');
    expect(world.follows.list()).toEqual([]);
    await expect(world.follows.remove('octo/app#7')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
