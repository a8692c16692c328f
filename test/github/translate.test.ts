import { describe, expect, test } from 'vitest';
import { describeEvent } from '../../src/subscriptions/describe.ts';
import { defaultTopic } from '../../src/subscriptions/subject.ts';
import { identify } from '../../src/webhooks/identity.ts';
import { twins } from './examples.ts';
import { entry, MINUTE_MS, openWorld, REPOSITORY } from './world.ts';

describe('what is polled', () => {
  test('is the same event as the webhook: type, action, topic, default text and identity [POLL-SAME-EVENTS]', async () => {
    await using world = await openWorld();
    // A pushed tag, and the first push of a branch, are listed as CreateEvent and DeleteEvent only.
    const all = twins(world.clock.wallMs() + 2 * MINUTE_MS).filter(
      ({ type, payload }) => type !== 'push' || (payload['created'] !== true && payload['deleted'] !== true),
    );
    expect(all.length).toBeGreaterThan(60);
    const repositories = [...new Set(all.map(({ repository }) => repository))];
    for (const name of repositories) world.github.repository(name);
    const life = await world.begin({ repositories });
    await life.run(MINUTE_MS);
    await world.clock.advance(2 * MINUTE_MS);
    // One at a time: the recorded payloads describe one pull request in many states.
    for (const { type, action, payload, repository, entry: listed, pull, compare } of all) {
      const place = world.github.repository(repository);
      place.events.unshift(listed);
      if (pull) place.pulls.set(Number(pull['number']), pull);
      if (compare) place.compares.set(compare.range, compare.commits);
      await life.run(2 * MINUTE_MS);
      const event = life.events().at(-1);
      if (event === undefined) throw new Error(`nothing came of ${type} ${action}`);
      expect(event.delivery).toBe(`poll:${String(listed['id'])}`);
      expect(event).toMatchObject({ type, action, trust: 'outside', source: 'github' });
      const polled = life.bodyOf(event.id);
      expect(defaultTopic(event, polled)).toBe(defaultTopic(event, payload));
      const webhookText = describeEvent(event, payload);
      // A webhook of a renamed repository or of an old recording has addresses of its own.
      expect(describeEvent(event, polled).replace(/ https?:\S+$/, '')).toBe(webhookText.replace(/ https?:\S+$/, ''));
      const arrived = { type, action, receivedAtMs: 0, road: 'poll' } as const;
      expect(identify(arrived, polled)?.key).toBe(identify(arrived, payload)?.key);
      place.pulls.clear();
    }
  });

  test('tells of a push with its commits, which the list leaves out', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    const life = await world.begin({ events: ['push'] });
    await life.run(MINUTE_MS);
    const [before, head] = ['a'.repeat(40), 'b'.repeat(40)];
    place.compares.set(`${before}...${head}`, [
      { sha: 'c'.repeat(40), commit: { message: 'one' }, author: null },
      { sha: head, commit: { message: 'two\n\nlong' }, author: { login: 'mona' } },
    ]);
    place.events.unshift(entry('PushEvent', { ref: 'refs/heads/main', before, head }, world.clock.wallMs()));
    await life.run(2 * MINUTE_MS);
    const [event] = life.events();
    expect(event?.type).toBe('push');
    expect(describeEvent(event!, life.bodyOf(event!.id))).toBe(
      `octo/app main 2 commits pushed by mona: two ${world.github.url}/octo/app/compare/aaaaaaaaaaaa...bbbbbbbbbbbb`,
    );
  });

  test('is taken without details when they cannot be had, and when the allowance runs low', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    const life = await world.begin({ events: ['pull_request'] });
    await life.run(MINUTE_MS);
    const pull = { url: 'x', id: 1, number: 5, head: { ref: 'fix', sha: 'd'.repeat(40) }, base: { ref: 'main' } };
    const opened = { action: 'merged', number: 5, pull_request: pull };
    place.events.unshift(entry('PullRequestEvent', opened, world.clock.wallMs()));
    await life.run(2 * MINUTE_MS);
    world.github.rate = { ...world.github.rate, remaining: 1_000 };
    place.events.unshift(entry('PullRequestEvent', { ...opened, action: 'reopened' }, world.clock.wallMs()));
    await life.run(2 * MINUTE_MS);
    expect(life.events().map(({ action }) => action)).toEqual(['closed', 'reopened']);
    const [first] = life.events();
    expect(life.bodyOf(first!.id)).toMatchObject({
      action: 'closed',
      pull_request: { number: 5, merged: true, state: 'closed', html_url: `${world.github.url}/octo/app/pull/5` },
    });
    // The second was not worth a question.
    expect(world.github.requests.filter(({ path }) => path.endsWith('/pulls/5'))).toHaveLength(1);
  });

  test('cannot pose as another repository or person, whatever its payload says', async () => {
    await using world = await openWorld();
    const place = world.github.repository(REPOSITORY);
    const life = await world.begin({ events: ['issues'] });
    await life.run(MINUTE_MS);
    const payload = JSON.parse(
      '{"action":"opened","issue":{"number":1,"title":"x"},"repository":{"full_name":"bank/vault"},"sender":{"login":"owner"},"__proto__":{"x":1}}',
    ) as unknown;
    place.events.unshift(
      entry('IssuesEvent', payload, world.clock.wallMs()),
      entry('Odd', 7, world.clock.wallMs()),
      7 as never,
    );
    await life.run(2 * MINUTE_MS);
    const [event, ...others] = life.events();
    expect(others).toEqual([]);
    expect(event?.trust).toBe('outside');
    expect(life.bodyOf(event!.id)).toMatchObject({ repository: { full_name: REPOSITORY }, sender: { login: 'mona' } });
  });
});
