import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asWebhook, entry, issueOpened, MINUTE_MS, openWorld, REPOSITORY, seconds, workflowRun } from './world.ts';

const ISSUES = { events: ['issues'] };

describe('polling', () => {
  test('the first look tells nothing of what was there before, and later ones all that came since [POLL-FIRST-LOOK]', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    for (let number = 1; number <= 5; number += 1)
      place.events.unshift(issueOpened(number, world.clock.wallMs() - MINUTE_MS * (6 - number)));
    const life = await world.begin(ISSUES);
    await life.run(MINUTE_MS);
    expect(life.events()).toEqual([]);
    place.events.unshift(issueOpened(6, world.clock.wallMs()), issueOpened(7, world.clock.wallMs()));
    await life.run(2 * MINUTE_MS);
    expect(life.events().map(({ id }) => (life.bodyOf(id)['issue'] as { number: number }).number)).toEqual([7, 6]);
    // Older than the wish to be told, however late the list shows it.
    place.events.push(issueOpened(0, world.clock.wallMs() - 60 * MINUTE_MS));
    await life.run(2 * MINUTE_MS);
    expect(life.events()).toHaveLength(2);
  });

  test('an event that the list shows late, below newer ones, is told too', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    const life = await world.begin(ISSUES);
    await life.run(MINUTE_MS);
    const late = issueOpened(1, world.clock.wallMs());
    await world.clock.advance(5 * MINUTE_MS);
    place.events.unshift(issueOpened(2, world.clock.wallMs()));
    await life.run(2 * MINUTE_MS);
    place.events.push(late);
    await life.run(2 * MINUTE_MS);
    expect(life.events().map(({ delivery }) => delivery)).toContain(`poll:${late.id}`);
  });

  test('after a long absence it reads on until it knows an entry, oldest first', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    place.events.unshift(issueOpened(1, world.clock.wallMs()));
    const first = await world.begin(ISSUES);
    await first.run(MINUTE_MS);
    await first.stop();
    for (let number = 2; number <= 251; number += 1) {
      await world.clock.advance(MINUTE_MS);
      place.events.unshift(issueOpened(number, world.clock.wallMs()));
    }
    const second = await world.begin(ISSUES);
    await second.run(MINUTE_MS);
    const numbers = second.events().map(({ id }) => (second.bodyOf(id)['issue'] as { number: number }).number);
    expect(numbers).toEqual(Array.from({ length: 250 }, (_, index) => index + 2));
    const asked = world.github.requests.length;
    await second.run(2 * MINUTE_MS);
    // Then it asks for the first page only.
    expect(world.github.requests.slice(asked).every(({ path }) => !path.includes('page=2'))).toBe(true);
  });

  test('a look at nothing new is answered 304, costs none of the allowance and writes nothing [POLL-ETAG]', async () => {
    await using world = await openWorld({ token: 'ghp_test' });
    world.github.token = 'ghp_test';
    world.github.repository(REPOSITORY).events.unshift(issueOpened(1, world.clock.wallMs()));
    const first = await world.begin(ISSUES);
    await first.run(MINUTE_MS);
    await first.stop();
    const { remaining } = world.github.rate;
    const life = await world.begin(ISSUES);
    const { commits } = life.ledger.stats();
    const asked = world.github.requests.length;
    await life.run(50 * MINUTE_MS);
    const looks = world.github.requests.slice(asked);
    expect(looks.map(({ status }) => status)).toEqual(looks.map(() => 304));
    expect(looks.length).toBeGreaterThanOrEqual(45);
    expect(looks.length).toBeLessThanOrEqual(51);
    expect(world.github.rate.remaining).toBe(remaining);
    expect(life.ledger.stats().commits - commits).toBeLessThanOrEqual(20); // housekeeping's own
  });

  test('X-Poll-Interval is obeyed when it is longer than every:', async () => {
    await using world = await openWorld();
    world.github.repository(REPOSITORY);
    world.github.pollIntervalSeconds = 600;
    const life = await world.begin({ ...ISSUES, everyMs: 10_000 });
    await life.run(60 * MINUTE_MS);
    expect(world.github.requests.length).toBeGreaterThanOrEqual(6);
    expect(world.github.requests.length).toBeLessThanOrEqual(7);
  });

  test('workflow runs are told once each when they are completed, also those that began before', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    const startMs = world.clock.wallMs();
    place.runs.unshift(workflowRun(1, 'completed', startMs - 600_000, startMs - 300_000));
    place.runs.unshift(workflowRun(2, 'in_progress', startMs - 60_000, startMs - 30_000));
    const life = await world.begin({ events: ['workflow_run'] });
    await life.run(MINUTE_MS);
    expect(life.events()).toEqual([]);
    place.runs[0] = workflowRun(2, 'completed', startMs - 60_000, world.clock.wallMs());
    // Far down the list by the time it ends.
    place.runs.push(workflowRun(3, 'queued', startMs - 50_000, startMs));
    await life.run(2 * MINUTE_MS);
    for (let id = 100; id < 250; id += 1)
      place.runs.unshift(workflowRun(id, 'in_progress', world.clock.wallMs(), world.clock.wallMs()));
    await life.run(2 * MINUTE_MS);
    place.runs[place.runs.length - 1] = workflowRun(3, 'completed', startMs - 50_000, world.clock.wallMs());
    place.runs.unshift(workflowRun(250, 'queued', world.clock.wallMs(), world.clock.wallMs()));
    await life.run(3 * MINUTE_MS);
    expect(life.events().map(({ type, action, delivery }) => [type, action, delivery])).toEqual([
      ['workflow_run', 'completed', 'poll:workflow_run:2:1'],
      ['workflow_run', 'completed', 'poll:workflow_run:3:1'],
    ]);
    expect(life.bodyOf(life.events()[0]!.id)).toMatchObject({
      workflow_run: { conclusion: 'failure' },
      repository: { full_name: REPOSITORY },
      sender: { login: 'mona' },
    });
  });

  test('check runs of the default branch and of open pull requests are told, also of one opened since', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    const check = (id: number, atMs: number | null) => ({
      id,
      name: `build ${id}`,
      status: atMs === null ? 'in_progress' : 'completed',
      conclusion: atMs === null ? null : 'success',
      started_at: seconds(world.clock.wallMs()),
      completed_at: atMs === null ? null : seconds(atMs),
      html_url: 'https://example.com/checks/1',
      check_suite: { id: 5 },
      app: { name: 'Other CI' },
      pull_requests: [],
    });
    place.checks.set('main', [check(1, world.clock.wallMs() - MINUTE_MS), check(2, null)]);
    const life = await world.begin({ events: ['check_run'] });
    await life.run(MINUTE_MS);
    expect(life.events()).toEqual([]);
    place.checks.set('main', [check(1, 0), check(2, world.clock.wallMs())]);
    const sha = 'e'.repeat(40);
    place.pulls.set(12, { number: 12, head: { ref: 'fix', sha } });
    place.checks.set(sha, [check(3, world.clock.wallMs())]);
    place.pulls.set(13, { number: 13, head: { ref: 'gone', sha: 'f'.repeat(40) } });
    await life.run(3 * MINUTE_MS);
    expect(life.events().map(({ delivery }) => delivery)).toEqual(['poll:check_run:2', 'poll:check_run:3']);
    expect(life.bodyOf(life.events()[1]!.id)).toMatchObject({
      action: 'completed',
      check_run: { check_suite: { head_branch: 'fix' }, pull_requests: [{ number: 12 }] },
    });
    place.pulls.clear();
    await life.run(3 * MINUTE_MS);
    const state = JSON.parse(life.ledger.polls.load(`github checks ${REPOSITORY}`) ?? '') as { heads: object };
    expect(life.events()).toHaveLength(2);
    expect(Object.keys(state.heads)).toContain('branch');
  });

  test('notifications are events of their own, with the page they are about', async () => {
    await using world = await openWorld();
    const life = await world.begin({ repositories: [], events: ['notification'] });
    await life.run(MINUTE_MS);
    const subject = {
      title: 'Please look',
      url: `${world.github.url}/repos/${REPOSITORY}/pulls/5`,
      type: 'PullRequest',
    };
    const thread = {
      id: '77',
      reason: 'review_requested',
      unread: true,
      subject,
      repository: { full_name: REPOSITORY },
    };
    world.github.notifications.unshift({ ...thread, updated_at: seconds(world.clock.wallMs()) });
    await life.run(2 * MINUTE_MS);
    world.github.notifications[0] = { ...thread, reason: 'mention', updated_at: seconds(world.clock.wallMs()) };
    await life.run(2 * MINUTE_MS);
    expect(life.events().map(({ type, action }) => [type, action])).toEqual([
      ['notification', 'review_requested'],
      ['notification', 'mention'],
    ]);
    expect(life.bodyOf(life.events()[0]!.id)).toMatchObject({ html_url: `${world.github.url}/octo/app/pull/5` });
  });

  test('every repository gets its turn, one question at a time', async () => {
    const open = { now: 0, most: 0 };
    await using world = await openWorld({
      async fetch(url, init) {
        open.now += 1;
        open.most = Math.max(open.most, open.now);
        const response = await fetch(url, init);
        open.now -= 1;
        return response;
      },
    });
    const repositories = Array.from({ length: 20 }, (_, index) => `octo/app-${index}`);
    for (const name of repositories) world.github.repository(name);
    world.github.fail({ path: /app-3\//, kind: 'status', status: 502, times: 100 });
    const life = await world.begin({ repositories, ...ISSUES });
    await life.run(10 * MINUTE_MS);
    const counts = repositories.map(
      (name) => world.github.requests.filter(({ path }) => path.includes(`${name}/`)).length,
    );
    expect(open.most).toBe(1);
    expect(counts.filter((count) => count >= 9 && count <= 10)).toHaveLength(19);
    expect(counts[3]).toBeLessThanOrEqual(6);
  });
});

describe('webhooks and polling together', () => {
  test('what a webhook brought is not taken again by polling [POLL-DEDUPE]', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    const life = await world.begin(ISSUES);
    await life.run(MINUTE_MS);
    const opened = issueOpened(1, world.clock.wallMs());
    expect(await life.webhook('guid-1', 'issues', asWebhook(opened))).toMatchObject({ duplicate: false });
    place.events.unshift(opened);
    await life.run(10 * MINUTE_MS);
    expect(life.events().map(({ delivery }) => delivery)).toEqual(['guid-1']);
  });

  test('what polling brought is not taken again by a webhook, nor by its redelivery after a restart [POLL-DEDUPE]', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    const first = await world.begin(ISSUES);
    await first.run(MINUTE_MS);
    const opened = issueOpened(1, world.clock.wallMs());
    place.events.unshift(opened);
    await first.run(2 * MINUTE_MS);
    const [event] = first.events();
    expect(await first.webhook('guid-1', 'issues', asWebhook(opened))).toEqual({ id: event?.id, duplicate: true });
    await first.stop();
    await world.clock.advance(MINUTE_MS);
    const second = await world.begin(ISSUES);
    expect(await second.webhook('guid-1', 'issues', asWebhook(opened))).toEqual({ id: event?.id, duplicate: true });
    expect(second.events()).toHaveLength(1);
  });

  test('a label set, taken off and set again is three events, whichever road is first [POLL-DEDUPE]', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    const life = await world.begin(ISSUES);
    await life.run(MINUTE_MS);
    const steps = ['labeled', 'unlabeled', 'labeled'].map((action, index) => {
      const atMs = world.clock.wallMs() + index * 1_000;
      const issue = { number: 4, title: 'x', updated_at: seconds(atMs) };
      return entry('IssuesEvent', { action, issue, label: { name: 'bug' } }, atMs);
    });
    await life.webhook('g1', 'issues', asWebhook(steps[0]!));
    await life.webhook('g2', 'issues', asWebhook(steps[1]!));
    place.events.unshift(...steps.toReversed());
    await world.clock.advance(5_000);
    await life.run(2 * MINUTE_MS);
    await life.webhook('g3', 'issues', asWebhook(steps[2]!));
    expect(life.events().map(({ action }) => action)).toEqual(['labeled', 'unlabeled', 'labeled']);
  });

  test('in any order and with any losses on one road, each happening is one event [POLL-DEDUPE]', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('webhook', 'poll', 'both', 'poll first'), { maxLength: 12 }),
        async (roads) => {
          await using world = await openWorld();
          const place = world.github.repository(REPOSITORY);
          const life = await world.begin(ISSUES);
          await life.run(MINUTE_MS);
          for (const [index, road] of roads.entries()) {
            const opened = issueOpened(1 + (index % 3), world.clock.wallMs());
            const deliver = () => life.webhook(`guid-${index}`, 'issues', asWebhook(opened));
            if (road === 'webhook' || road === 'both') await deliver();
            if (road !== 'webhook') place.events.unshift(opened);
            await life.run(2 * MINUTE_MS);
            if (road === 'poll first') await deliver();
            // Two of one key that lie this far apart are two happenings.
            await world.clock.advance(15 * MINUTE_MS);
          }
          expect(life.events()).toHaveLength(roads.length);
        },
      ),
      { numRuns: 8 },
    );
  });
});

describe('a daemon that dies', () => {
  test('at any call to the ledger loses nothing and takes nothing twice [POLL-EXACTLY-ONCE]', async () => {
    for (let dieAt = 1; dieAt <= 12; dieAt += 1) {
      await using world = await openWorld();
      const place = world.github.repository(REPOSITORY);
      const watching = { events: ['issues', 'workflow_run'] };
      const first = await world.begin(watching);
      await first.run(MINUTE_MS);
      const atMs = world.clock.wallMs();
      for (let number = 1; number <= 4; number += 1) place.events.unshift(issueOpened(number, atMs + number));
      place.runs.unshift(workflowRun(1, 'completed', atMs, atMs));
      // Counted from the first life's two first looks on.
      world.dieAt = 2 + dieAt;
      await first.run(3 * MINUTE_MS);
      await first.stop();
      world.dieAt = Infinity;
      place.events.unshift(issueOpened(5, world.clock.wallMs()));
      const second = await world.begin(watching);
      await second.run(5 * MINUTE_MS);
      const told = second.events().map(({ delivery }) => delivery);
      expect(told).toHaveLength(6);
      expect(new Set(told).size).toBe(6);
    }
  });

  test('what is no longer polled is forgotten, so that a later return tells nothing old', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    const first = await world.begin(ISSUES);
    await first.run(MINUTE_MS);
    await first.ledger.polls.keepOnly([]);
    await first.stop();
    place.events.unshift(issueOpened(1, world.clock.wallMs()));
    await world.clock.advance(MINUTE_MS);
    const second = await world.begin(ISSUES);
    await second.run(5 * MINUTE_MS);
    expect(second.events()).toEqual([]);
  });
});
