import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSubscriptions, matchSubscriptions } from '../../src/subscriptions/match.ts';
import { event, subscriptions } from './support.ts';

const payload = JSON.parse(`{
  "action": "opened", "number": 7, "nothing": null, "draft": false,
  "repository": { "full_name": "Octo/App" }, "sender": { "login": "dependabot[bot]" },
  "pull_request": { "number": 7, "title": "Bump a to 2.0", "additions": 120, "updated_at": "2026-11-02T10:00:00Z",
    "labels": [{ "name": "deps" }, { "name": "wip" }], "topics": ["a", "b"] },
  "__proto__": { "polluted": true }
}`) as unknown;

function holds(where: Record<string, unknown>, on: unknown = payload): boolean {
  return matchSubscriptions(subscriptions({ where }), event('pull_request', 'opened'), on).length === 1;
}

function selects(entry: Record<string, unknown>): boolean {
  return matchSubscriptions(subscriptions(entry), event('pull_request', 'opened'), payload).length === 1;
}

describe('what a subscription selects', () => {
  test.each([
    [{}, true],
    [{ source: 'gitlab' }, false],
    [{ event: 'pull_request' }, true],
    [{ event: ['push', 'pull_request'] }, true],
    [{ event: 'pull_*' }, true],
    [{ event: '*' }, true],
    [{ event: 'push' }, false],
    [{ action: ['opened', 'reopened'] }, true],
    [{ action: 'closed' }, false],
    [{ repository: 'octo/app' }, true],
    [{ repository: 'octo/*' }, true],
    [{ repository: ['mona/*', 'octo/app'] }, true],
    [{ repository: 'octo/ap' }, false],
    [{ author: 'dependabot[bot]' }, true],
    [{ author: '*[bot]' }, true],
    [{ author: 'mona' }, false],
    [{ event: 'pull_request', action: 'opened', repository: 'octo/app', author: 'mona' }, false],
  ])('%j selects: %s [SUB-MATCH]', (entry, wanted) => {
    expect(selects(entry)).toBe(wanted);
  });

  test('an event without a repository is not about any repository', () => {
    const wanted = subscriptions({ repository: '*' });
    expect(matchSubscriptions(wanted, event('sponsorship', 'created'), {})).toEqual([]);
  });
});

describe('where', () => {
  test.each([
    [{ number: 7 }, true],
    [{ number: '7' }, false],
    [{ draft: false }, true],
    [{ nothing: null }, true],
    [{ missing: null }, false],
    [{ action: ['opened', 'closed'] }, true],
    [{ action: { not: 'closed' } }, true],
    [{ missing: { not: 'closed' } }, true],
    [{ action: { not: ['opened', 'closed'] } }, false],
    [{ nothing: { exists: true } }, true],
    [{ missing: { exists: false } }, true],
    [{ 'pull_request.title': { contains: ' to ' } }, true],
    [{ 'pull_request.topics': { contains: 'b' } }, true],
    [{ 'pull_request.topics': { contains: 'c' } }, false],
    [{ 'pull_request.title': { startsWith: 'Bump', endsWith: '2.0' } }, true],
    [{ 'pull_request.title': { matches: 'Bump ? to *' } }, true],
    [{ 'pull_request.title': { matches: 'Bump' } }, false],
    [{ 'pull_request.additions': { gt: 100, lte: 120 } }, true],
    [{ 'pull_request.additions': { gt: 120 } }, false],
    [{ 'pull_request.additions': { gt: '1' } }, false],
    [{ 'pull_request.updated_at': { gte: '2026-11-02', lt: '2026-11-03' } }, true],
    [{ 'pull_request.labels[1].name': 'wip' }, true],
    [{ 'pull_request.labels.0.name': 'deps' }, true],
    [{ 'pull_request.labels[].name': 'wip' }, true],
    [{ 'pull_request.labels.*.name': { in: ['x', 'deps'] } }, true],
    [{ 'pull_request.labels[].name': { not: 'wip' } }, false],
    [{ 'pull_request.labels[].name': { exists: false } }, false],
    [{ 'pull_request.labels.length': 2 }, true],
    [{ '*.login': 'dependabot[bot]' }, true],
    [{ number: 7, action: 'closed' }, false],
  ])('%j holds: %s [SUB-MATCH]', (where, wanted) => {
    expect(holds(where)).toBe(wanted);
  });

  test('inherited properties are not there', () => {
    for (const path of [
      'toString',
      'constructor.name',
      'pull_request.__proto__',
      'pull_request.labels.map',
      'action.length',
    ]) {
      expect(holds({ [path]: { exists: true } }), path).toBe(false);
    }
    expect(holds({ '__proto__.polluted': true })).toBe(true);
    expect(holds({ '__proto__.polluted': true }, {})).toBe(false);
    expect(holds({ inherited: 1 }, Object.create({ inherited: 1 }))).toBe(false);
  });

  test('a hostile payload is read at most 100 000 elements far', () => {
    let reads = 0;
    const counting = new Proxy(
      {},
      {
        getOwnPropertyDescriptor: () => {
          reads += 1;
          return undefined;
        },
      },
    );
    expect(
      holds(
        { '[].a': 1 },
        Array.from({ length: 300_000 }, () => counting),
      ),
    ).toBe(false);
    expect(reads).toBe(100_000);
  });

  test('the work grows with the payload, not faster', () => {
    const reads = (count: number): number => {
      let total = 0;
      const element = new Proxy(
        { b: [1, 2] },
        {
          getOwnPropertyDescriptor: (target, key) => {
            total += 1;
            return Reflect.getOwnPropertyDescriptor(target, key);
          },
        },
      );
      holds({ 'a[].b[]': 3 }, { a: Array.from({ length: count }, () => element) });
      return total;
    };
    expect(reads(2_000)).toBe(2 * reads(1_000));
  });
});

describe('the job that follows', () => {
  test('it carries the rendered topic and text of the configuration', () => {
    const [job] = matchSubscriptions(
      subscriptions({
        name: 'pr',
        topic: '{repository.full_name}#{number}',
        text: 'PR {number}: {pull_request.title}',
      }),
      event('pull_request', 'opened'),
      payload,
    );
    expect(job).toEqual({
      kind: 'notify',
      origin: 'pr',
      reactive: false,
      topic: 'Octo/App#7',
      text: 'PR 7: Bump a to 2.0',
      urgent: false,
      mayCoalesce: true,
    });
  });

  test('each matching subscription leads to a job of its kind, in order [SUB-ACTIONS]', () => {
    const all = subscriptions(
      { do: 'log' },
      { do: 'digest' },
      { do: 'agent', prompt: 'Read {pull_request.title}.' },
      { do: 'resolve', topic: 'Octo/App#7' },
    );
    const jobs = matchSubscriptions(all, event('pull_request', 'opened'), payload);
    expect(jobs.map(({ kind }) => kind)).toEqual(['log', 'digest', 'agent', 'resolve']);
    expect(jobs[2]?.text).toBe('Read {pull_request.title}.');
    expect(jobs[3]?.text).toBe('');
  });

  test('everything about one pull request is one topic when the owner names none', () => {
    const topic = (type: string, about: unknown): string | undefined =>
      matchSubscriptions(subscriptions({}), event(type, 'completed'), about)[0]?.topic;
    const repository = { full_name: 'octo/app' };
    expect(topic('pull_request', { repository, pull_request: { number: 7 } })).toBe('github:octo/app#7');
    expect(topic('check_run', { repository, check_run: { pull_requests: [{ number: 7 }] } })).toBe('github:octo/app#7');
    expect(topic('workflow_run', { repository, workflow_run: { head_branch: 'main' } })).toBe('github:octo/app@main');
    expect(topic('push', { repository, ref: 'refs/heads/main' })).toBe('github:octo/app@main');
    expect(topic('star', { repository })).toBe('github:star:octo/app');
    expect(topic('meta', null)).toBe('github:meta');
  });

  test('no payload makes a job urgent or reactive [SUB-OUTSIDE-TRUST]', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('urgent', 'reactive', 'do', 'kind', 'prompt'), fc.anything()),
        (hostile) => {
          const [job] = matchSubscriptions(subscriptions({}), event('issues', 'opened'), hostile);
          expect(job).toMatchObject({ kind: 'notify', urgent: false, reactive: false });
        },
      ),
    );
    expect(matchSubscriptions(subscriptions({ urgent: true }), event('issues'), {})[0]?.urgent).toBe(true);
  });

  test('no payload throws, and every job has a text and a topic [SUB-TEMPLATE]', () => {
    const matcher = compileSubscriptions(
      subscriptions(
        {},
        { topic: '{a}', text: '{a.b[0]} {__proto__.x} {c|short} {*.d}' },
        { where: { 'a.b[]': { exists: false } }, repository: '*', author: '*' },
        { where: { '*': { contains: 'a' }, a: { gt: 1, matches: '*?*' } } },
      ),
    );
    const anything = fc.anything({
      key: keys,
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
    });
    fc.assert(
      fc.property(fc.oneof(anything, fc.dictionary(keys, anything)), fc.string(), (hostile, type) => {
        for (const job of matcher(event(type, null), hostile)) {
          expect(job.topic).not.toBe('');
          expect(job.text).not.toBe('');
          expect(job.topic.length).toBeLessThanOrEqual(400);
        }
      }),
    );
  });

  test('a payload nested 100 000 deep, or an array of a million, is harmless', () => {
    const matcher = compileSubscriptions(subscriptions({ text: '{[].x}' }, { where: { '*.a': 1 } }));
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
    expect(matcher(event('x'), deep)).toHaveLength(1);
    expect(
      matcher(
        event('x'),
        Array.from({ length: 1_000_000 }, () => 1),
      ),
    ).toHaveLength(1);
  });
});

const keys = fc.constantFrom(
  'a',
  'b',
  'c',
  'd',
  '__proto__',
  'constructor',
  'repository',
  'full_name',
  'sender',
  'login',
  'title',
  'number',
  'issue',
  'pull_request',
);
