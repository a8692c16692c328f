import { describe, expect, test } from 'vitest';
import type { JobDraft } from '../../src/core/job.ts';
import { matchFollows, parseRef, roadFor, type Follow } from '../../src/subscriptions/follow.ts';

const SHA = 'a'.repeat(40);
const FOLLOW: Follow = { id: 5, repository: 'Octo/App', number: 7, headSha: SHA };
const REPOSITORY = { full_name: 'octo/app' };
const SENDER = { login: 'mona' };

function of(type: string, action: string, payload: object, jobs: readonly JobDraft[] = []) {
  const event = { source: 'github', type, action, trust: 'outside', receivedAtMs: 1 } as const;
  return matchFollows([FOLLOW], event, { action, repository: REPOSITORY, sender: SENDER, ...payload }, jobs);
}

describe('a reference', () => {
  test.each([
    ['octo/app#12', 12],
    [' octo/app#12 ', 12],
    ['https://github.com/octo/app/pull/12', 12],
    ['https://github.com/octo/app/issues/12#issuecomment-9', 12],
    ['https://git.example.com/octo/app/pull/12/files', 12],
  ])('%j is read', (text, number) => {
    expect(parseRef(text)).toEqual({ repository: 'octo/app', number });
  });

  test.each(['octo/app', '#12', 'octo/app#0', 'octo/..#1', 'octo/app#12x', 'https://github.com/octo/app/tree/12', ''])(
    '%j is none',
    (text) => {
      expect(parseRef(text)).toBeUndefined();
    },
  );
});

describe('what is told of something that is followed', () => {
  test.each([
    ['issue_comment', 'created', { issue: { number: 7 }, comment: { body: 'Nice.' } }],
    ['pull_request_review', 'submitted', { pull_request: { number: 7 }, review: { state: 'approved' } }],
    ['pull_request_review_comment', 'created', { pull_request: { number: 7 }, comment: { body: 'Here.' } }],
    ['workflow_run', 'completed', { workflow_run: { conclusion: 'failure', pull_requests: [{ number: 7 }] } }],
    ['check_run', 'completed', { check_run: { conclusion: 'timed_out', head_sha: SHA, pull_requests: [] } }],
    ['pull_request', 'reopened', { pull_request: { number: 7 } }],
  ])('%s %s [FOLLOW-UNTIL-CLOSED]', (type, action, payload) => {
    const { jobs, changes } = of(type, action, payload);
    expect(jobs).toEqual([
      expect.objectContaining({
        kind: 'notify',
        topic: 'Octo/App#7',
        urgent: false,
        reactive: false,
        origin: 'follow',
      }),
    ]);
    expect(changes).toBeUndefined();
  });

  test.each([
    ['issue_comment', 'edited', { issue: { number: 7 } }],
    ['issue_comment', 'created', { issue: { number: 8 } }],
    ['issue_comment', 'created', { issue: { number: 7 }, repository: { full_name: 'evil/app' } }],
    ['pull_request', 'labeled', { pull_request: { number: 7 } }],
    ['workflow_run', 'completed', { workflow_run: { conclusion: 'success', pull_requests: [{ number: 7 }] } }],
    ['check_run', 'completed', { check_run: { conclusion: 'failure', head_sha: 'b'.repeat(40), pull_requests: [] } }],
    ['push', '', { ref: 'refs/heads/main' }],
    ['issue_comment', 'created', { issue: null }],
  ])('%s %s with %j is not', (type, action, payload) => {
    expect(of(type, action, payload)).toEqual({ jobs: [], changes: undefined });
  });

  test('its end, with the last word, by merging or closing [FOLLOW-UNTIL-CLOSED]', () => {
    const merged = of('pull_request', 'closed', { pull_request: { number: 7, title: 'Oil', merged: true } });
    expect(merged.changes).toEqual({ ends: [{ id: 5, how: 'merged' }], heads: [] });
    expect(merged.jobs[0]?.text).toBe('octo/app#7 pull request merged by mona: Oil (no longer followed)');
    const closed = of('issues', 'closed', { issue: { number: 7 } });
    expect(closed.changes?.ends).toEqual([{ id: 5, how: 'closed' }]);
  });

  test('a push to it moves the commit whose checks are its own', () => {
    const sha = 'c'.repeat(40);
    const { jobs, changes } = of('pull_request', 'synchronize', { pull_request: { number: 7, head: { sha } } });
    expect({ jobs, changes }).toEqual({ jobs: [], changes: { ends: [], heads: [{ id: 5, sha }] } });
  });

  test('nothing twice: a subscription that tells of it is enough, and the end is an end all the same', () => {
    const told = { kind: 'notify' } as JobDraft;
    const { jobs, changes } = of('issues', 'closed', { issue: { number: 7 } }, [told]);
    expect(jobs).toEqual([]);
    expect(changes?.ends).toHaveLength(1);
  });
});

describe('the way its events come', () => {
  const nothing = { polled: false, webhook: false, hooked: undefined, token: false };
  test.each([
    [{ polled: true, webhook: true, hooked: true, token: true }, 'poll'],
    [{ ...nothing, webhook: true, hooked: true, token: true }, 'webhook'],
    [{ ...nothing, webhook: true, hooked: false, token: true }, 'follow'],
    [{ ...nothing, webhook: true, token: true }, 'webhook'],
    [{ ...nothing, webhook: true }, 'webhook'],
    [{ ...nothing, token: true }, 'follow'],
    [nothing, undefined],
  ])('%j: %s', (ways, road) => {
    expect(roadFor(ways)).toBe(road);
  });
});
