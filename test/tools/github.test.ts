import { describe, expect, test } from 'vitest';
import type { Item, Json, ToolContext } from '../../src/core/agent.ts';
import { createGitHub } from '../../src/github/client.ts';
import { createRepositoryApi } from '../../src/github/repository-api.ts';
import { githubTool } from '../../src/tools/github.ts';
import { assess } from '../../src/permissions/assess.ts';
import type { Surroundings } from '../../src/permissions/call.ts';
import { FakeClock } from '../fakes/clock.ts';
import { startFakeGitHub } from '../fakes/github.ts';
import { steadyRandom } from '../ledger/make.ts';
import { contextOf } from './context.ts';

const REPO = 'octo/app';

async function openWorld() {
  const clock = new FakeClock();
  const github = await startFakeGitHub(() => clock.wallMs());
  github.token = 'good';
  const client = createGitHub({
    apiUrl: github.url,
    token: 'good',
    fetch: (url, init) => fetch(url, init),
    clock,
    random: steadyRandom,
  });
  const tool = githubTool(createRepositoryApi(client));
  const items: Item[] = [];
  const place = github.repository(REPO);
  place.issues.set(7, { number: 7, title: 'The door', state: 'open', user: { login: 'mona' }, body: 'It squeaks.' });
  place.pulls.set(8, {
    number: 8,
    title: 'Oil',
    state: 'open',
    user: { login: 'mona' },
    head: { ref: 'oil', sha: 'a'.repeat(40) },
    base: { ref: 'main' },
    body: null,
  });
  return {
    clock,
    github,
    place,
    tool,
    items,
    /** Calls the tool as the loop does, and keeps both items; `dies`: the result is not recorded. */
    async call(input: Json, callId: string, dies = false, given: Partial<ToolContext> = {}) {
      const parsed = tool.parse(input);
      if (!parsed.ok) throw new Error(parsed.message);
      items.push({ atMs: clock.wallMs(), kind: 'tool_use', text: '', trust: 'agent', tool: 'github', callId, input });
      const result = await tool.run(parsed.input, contextOf({ sessionId: 3, callId, items: [...items], ...given }));
      const common = { atMs: clock.wallMs(), kind: 'tool_result', tool: 'github', callId, trust: 'tool' } as const;
      if (!dies) items.push({ ...common, text: result.text, isError: result.isError });
      return result;
    },
    [Symbol.asyncDispose]: () => github[Symbol.asyncDispose](),
  };
}

describe('the github tool reads', () => {
  test('an issue with its newest comments, as text from outside [GITHUB-TOOL]', async () => {
    await using world = await openWorld();
    const comments = Array.from({ length: 120 }, (_, index) => ({ user: { login: 'eve' }, body: `remark ${index}` }));
    world.place.comments.set(7, comments);
    const { text, trust, isError } = await world.call({ action: 'issue', repo: REPO, number: 7 }, 'c1');
    expect({ trust, isError }).toEqual({ trust: 'outside', isError: undefined });
    expect(text).toContain('issue #7: The door\nopen; by mona\n');
    expect(text).toContain('It squeaks.');
    expect(text).toContain('remark 119');
    expect(text).not.toContain('remark 99\n');
  });

  test('a pull request, its diff, its reviews and its checks [GITHUB-TOOL]', async () => {
    await using world = await openWorld();
    const patch = '@@ -1 +1 @@\n-squeak\n+oil';
    world.place.files.set(8, [{ filename: 'door.ts', status: 'modified', additions: 1, deletions: 1, patch }]);
    world.place.reviews.set(8, [{ user: { login: 'anna' }, state: 'CHANGES_REQUESTED', body: 'More oil.' }]);
    world.place.reviewComments.set(8, [{ user: { login: 'anna' }, path: 'door.ts', line: 1, body: 'Here.' }]);
    world.place.checks.set('a'.repeat(40), [
      { name: 'lint', status: 'completed', conclusion: 'failure', output: { title: 'two problems', summary: null } },
      { name: 'test', status: 'in_progress', conclusion: null },
    ]);
    const of = async (action: string) => (await world.call({ action, repo: REPO, number: 8 }, action)).text;
    expect(await of('pull')).toContain('oil (aaaaaaaaaaaa) into main');
    expect(await of('files')).toBe(`door.ts (modified, +1 −1)\n${patch}`);
    expect(await of('reviews')).toContain('anna changes requested:\nMore oil.');
    expect(await of('reviews')).toContain('door.ts:1 anna:\nHere.');
    expect(await of('checks')).toBe('lint: failure\ntwo problems\ntest: in_progress');
  });

  test('lists and searches, and never beyond the repository that was named [GITHUB-TOOL]', async () => {
    await using world = await openWorld();
    const listed = await world.call({ action: 'list-issues', repo: REPO, labels: 'bug, hot' }, 'c1');
    expect(listed.text).toBe('#7 open The door by mona');
    const found = await world.call({ action: 'search', repo: REPO, query: 'door repo:evil/x org:evil is:open' }, 'c2');
    expect(found.text).toBe('1 found\n#7 open The door by mona');
    const asked = new URL(world.github.requests.at(-1)?.path ?? '', world.github.url);
    expect(asked.searchParams.get('q')).toBe('door is:open repo:octo/app');
  });

  test('what goes wrong is a result that says what to do [GITHUB-TOOL]', async () => {
    await using world = await openWorld();
    const missing = await world.call({ action: 'issue', repo: REPO, number: 99 }, 'c1');
    expect(missing).toMatchObject({ isError: true, text: expect.stringContaining('404') as string });
    world.github.rate.remaining = 0;
    const limited = await world.call({ action: 'issue', repo: REPO, number: 7 }, 'c2');
    expect(limited).toMatchObject({ isError: true, text: 'the rate limit of GitHub is used up' });
    const asked = world.github.requests.length;
    await world.call({ action: 'pull', repo: REPO, number: 8 }, 'c3');
    expect(world.github.requests).toHaveLength(asked);
  });

  test('huge texts are cut', async () => {
    await using world = await openWorld();
    const patch = 'x'.repeat(50_000);
    world.place.files.set(
      8,
      Array.from({ length: 40 }, (_, index) => ({
        filename: `f${index}`,
        status: 'modified',
        additions: 1,
        deletions: 0,
        patch,
      })),
    );
    const { text } = await world.call({ action: 'files', repo: REPO, number: 8 }, 'c1');
    expect(text.length).toBeLessThan(40_100);
    expect(text).toMatch(/\[\d+ more characters\]$/);
  });

  test.each([
    [{ action: 'merge', repo: REPO, number: 8 }, 'action'],
    [{ action: 'issue', repo: REPO }, 'number'],
    [{ action: 'issue', repo: '../user', number: 1 }, 'owner/repo'],
    [{ action: 'comment', repo: REPO, number: 7, body: ' ' }, 'body'],
    [{ action: 'review', repo: REPO, number: 8, body: 'x', event: 'APPROVE' }, 'event'],
    [{ action: 'checks', repo: REPO, ref: 'a b' }, 'branch, tag or commit'],
    [{ action: 'issue', repo: REPO, number: 7, path: '/user' }, 'path'],
  ])('%j is refused before anything is asked [GITHUB-TOOL]', async (given, words) => {
    await using world = await openWorld();
    const parsed = world.tool.parse(given);
    expect(parsed).toMatchObject({ ok: false, message: expect.stringContaining(words) as string });
    expect(world.github.requests).toEqual([]);
  });

  test('the gate knows every action it has', async () => {
    await using world = await openWorld();
    const none = {} as Surroundings;
    const schema = world.tool.inputSchema as { properties: { action: { enum: string[] } } };
    for (const action of schema.properties.action.enum) {
      const { risk, readsOutside, sends } = assess(
        { tool: 'github', input: { action, repo: REPO, number: 1, body: 'x', comments: [] } },
        none,
      );
      const isWrite = action === 'comment' || action === 'review';
      expect({ action, risk, readsOutside, sends }).toEqual(
        isWrite
          ? { action, risk: 'MEDIUM', readsOutside: false, sends: true }
          : { action, risk: 'LOW', readsOutside: true, sends: false },
      );
    }
  });
});

describe('the github tool writes', () => {
  const COMMENT = { action: 'comment', repo: REPO, number: 7, body: 'Oiled.' };
  const bodies = (world: Awaited<ReturnType<typeof openWorld>>) =>
    (world.place.comments.get(7) ?? []).map(({ body }) => body);

  test('a comment with an invisible mark, and answers with its address [GITHUB-WRITE-ONCE]', async () => {
    await using world = await openWorld();
    const { text, isError } = await world.call(COMMENT, 'toolu_1');
    expect(isError).toBeUndefined();
    expect(text).toMatch(/^Posted: https:\/\/github.com\/octo\/app\/issues\/7#issuecomment-\d+$/);
    expect(bodies(world)).toEqual(['Oiled.\n\n<!-- kairosd s3:toolu_1 -->']);
    // Two different things may be said at one place; nothing is looked for.
    await world.call({ ...COMMENT, body: 'Twice.' }, 'toolu_2');
    expect(bodies(world)).toHaveLength(2);
    expect(world.github.requests.map(({ method }) => method)).toEqual(['POST', 'POST']);
  });

  test('a review with remarks on lines', async () => {
    await using world = await openWorld();
    const comments = [{ path: 'door.ts', line: 1, body: 'Here.' }];
    const given = { action: 'review', repo: REPO, number: 8, event: 'REQUEST_CHANGES', body: 'No.', comments };
    expect((await world.call(given, 'toolu_1')).text).toContain('#pullrequestreview-');
    expect(world.github.requests.at(-1)?.body).toEqual({
      body: 'No.\n\n<!-- kairosd s3:toolu_1 -->',
      event: 'REQUEST_CHANGES',
      comments: [{ path: 'door.ts', line: 1, body: 'Here.', side: 'RIGHT' }],
    });
  });

  test('killed after it was posted, the next attempt finds it and posts nothing [GITHUB-WRITE-ONCE]', async () => {
    await using world = await openWorld();
    await world.call(COMMENT, 'toolu_1', true);
    await world.clock.advance(3_600_000);
    const again = await world.call({ ...COMMENT, body: 'Oiled it.' }, 'toolu_2');
    expect(again).toEqual({ text: expect.stringMatching(/^The earlier attempt had arrived.*issuecomment/) as string });
    expect(bodies(world)).toHaveLength(1);
  });

  test('killed before it was posted, the next attempt posts it [GITHUB-WRITE-ONCE]', async () => {
    await using world = await openWorld();
    world.items.push({
      atMs: world.clock.wallMs(),
      kind: 'tool_use',
      text: '',
      trust: 'agent',
      tool: 'github',
      callId: 'toolu_1',
      input: COMMENT,
    });
    expect((await world.call(COMMENT, 'toolu_2')).text).toContain('Posted');
    expect(bodies(world)).toHaveLength(1);
  });

  test('an answer that is lost leads to no double, however often it is tried [GITHUB-WRITE-ONCE]', async () => {
    await using world = await openWorld();
    world.github.loseNextAnswer = true;
    const first = await world.call(COMMENT, 'toolu_1');
    expect(first).toMatchObject({ isError: true, text: expect.stringContaining('may not have been posted') as string });
    await world.clock.advance(60_000);
    for (const callId of ['toolu_2', 'toolu_3']) {
      expect((await world.call(COMMENT, callId)).text).toContain('had arrived');
    }
    expect(bodies(world)).toHaveLength(1);
  });

  test('while it cannot be looked for, nothing is posted [GITHUB-WRITE-ONCE]', async () => {
    await using world = await openWorld();
    await world.call(COMMENT, 'toolu_1', true);
    world.github.fail({ kind: 'status', status: 500, times: 1 });
    const again = await world.call(COMMENT, 'toolu_2');
    expect(again).toMatchObject({ isError: true, text: expect.stringContaining('Nothing was posted') as string });
    expect(bodies(world)).toHaveLength(1);
  });

  test('what GitHub refuses says why [GITHUB-TOOL]', async () => {
    await using world = await openWorld();
    world.github.fail({ kind: 'status', status: 422, body: { message: 'Body is too long' } });
    expect((await world.call(COMMENT, 'toolu_1')).text).toBe(
      'Nothing was posted: GitHub answered 422: Body is too long',
    );
    world.github.fail({ kind: 'status', status: 403, body: { message: 'Resource not accessible' } });
    expect((await world.call({ ...COMMENT, number: 8 }, 'toolu_2')).text).toContain('lacks a permission');
  });
});
