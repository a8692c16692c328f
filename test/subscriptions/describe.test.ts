import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeEvent } from '../../src/subscriptions/describe.ts';
import { defaultTopic } from '../../src/subscriptions/subject.ts';
import { event, githubDeliveries } from './support.ts';

test('each of the 329 recorded GitHub payloads gets one readable line [SUB-TEMPLATE]', () => {
  const deliveries = githubDeliveries();
  expect(deliveries).toHaveLength(329);
  for (const { event: of, payload } of deliveries) {
    const text = describeEvent(of, payload);
    const where = `${of.type}.${of.action}: ${text}`;
    expect(text.length, where).toBeGreaterThan(12);
    expect(text.length, where).toBeLessThanOrEqual(300);
    expect(text, where).not.toMatch(/undefined|null|\[object|NaN|\p{Cc}| {2}/u);
    expect(defaultTopic(of, payload), where).toMatch(/^github:[^\s]+$/);
  }
});

test.each([
  [
    'push',
    null,
    { ref: 'refs/heads/main', commits: [{}, {}], head_commit: { message: 'Fix it\n\nBody' }, compare: 'https://x/c' },
    'octo/app main 2 commits pushed by mona: Fix it https://x/c',
  ],
  ['push', null, { ref: 'refs/heads/old', deleted: true, commits: [] }, 'octo/app old deleted by mona https://x'],
  [
    'pull_request',
    'closed',
    { pull_request: { number: 7, merged: true, title: 'Door', html_url: 'https://x/7' } },
    'octo/app#7 pull request merged by mona: Door https://x/7',
  ],
  [
    'issues',
    'labeled',
    { issue: { number: 3, title: 'Leak', html_url: 'https://x/3' }, label: { name: 'bug' } },
    'octo/app#3 issue labeled "bug" by mona: Leak https://x/3',
  ],
  [
    'issue_comment',
    'created',
    { issue: { number: 3, title: 'Leak' }, comment: { body: 'Same here', html_url: 'https://x/3#c' } },
    'octo/app#3 comment created on issue by mona: Same here https://x/3#c',
  ],
  [
    'workflow_run',
    'completed',
    {
      workflow_run: {
        name: 'CI',
        conclusion: 'failure',
        head_branch: 'main',
        display_title: 'Fix',
        html_url: 'https://x/r',
      },
    },
    'octo/app main workflow "CI" failure by mona: Fix https://x/r',
  ],
  [
    'release',
    'published',
    { release: { tag_name: 'v1', name: 'One', html_url: 'https://x/v1' } },
    'octo/app release v1 published by mona: One https://x/v1',
  ],
  ['create', null, { ref: 'v1', ref_type: 'tag' }, 'octo/app tag v1 created by mona https://x'],
  [
    'fork',
    null,
    { forkee: { full_name: 'a/app', html_url: 'https://x/f' } },
    'octo/app forked to a/app by mona https://x/f',
  ],
  ['star', 'deleted', {}, 'octo/app star removed by mona https://x'],
  ['some_new_thing', 'made', { title: 'News' }, 'octo/app some new thing made by mona: News https://x'],
])('%s %s reads well', (type, action, fields, text) => {
  const common = { repository: { full_name: 'octo/app', html_url: 'https://x' }, sender: { login: 'mona' } };
  expect(describeEvent(event(type, action), { ...common, ...fields })).toBe(text);
});

test('an event of another sender is told by its source, type and title', () => {
  const payload = { type: 'invoice.paid', data: { title: 'Invoice 12' } };
  expect(describeEvent(event('invoice.paid', null, 'alerts'), payload)).toBe('alerts invoice.paid: Invoice 12');
});

test('hostile text stays one plain line of at most 300 characters', () => {
  const hostile = fc.string({ unit: 'binary', maxLength: 2_000 });
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (title, login, url, type) => {
      const payload = { title, html_url: url, sender: { login }, repository: { full_name: login } };
      const text = describeEvent(event(type, title), payload);
      expect(text.length).toBeLessThanOrEqual(300);
      expect(text).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
      expect(text).not.toBe('');
    }),
  );
});
