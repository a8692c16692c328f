import { expect, test } from 'vitest';
import { z } from 'zod';
import { stormOptions, subscriptionsOptions } from '../../src/subscriptions/options.ts';

const base = { name: 'ci', source: 'github', do: 'notify' };

/** Where the first complaint points, and what it says. */
function complaint(...entries: unknown[]): string {
  const result = subscriptionsOptions.safeParse(entries);
  const issue = result.error?.issues[0];
  return issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`;
}

test('the subscriptions of the contract are accepted as they stand', () => {
  const parsed = subscriptionsOptions.parse([
    {
      name: 'ci-failed',
      source: 'github',
      event: 'workflow_run',
      action: 'completed',
      where: { 'workflow_run.conclusion': 'failure' },
      do: 'notify',
      topic: '{repository.full_name}#{workflow_run.head_branch}',
      text: 'CI failed on {repository.full_name} {workflow_run.head_branch}: {workflow_run.html_url}',
    },
    { name: 'triage', source: 'github', event: 'issues', action: 'opened', do: 'agent', prompt: 'Triage this issue.' },
  ]);
  expect(parsed.map(({ urgent }) => urgent)).toEqual([false, false]);
  expect(subscriptionsOptions.parse(undefined)).toEqual([]);
});

test.each([
  [[{ ...base, wher: {} }], /Unrecognized key: "wher"/],
  [[{ ...base, name: 'Has Space' }], /0\.name: must be 1 to 64/],
  [[base, base], /1\.name: must be unique, got "ci"/],
  [[{ ...base, do: 'shout' }], /0\.do: /],
  [[{ ...base, do: 'agent' }], /0\.prompt: is required with do: agent/],
  [[{ ...base, do: 'agent', prompt: 'x', text: 'y' }], /0\.text: has no effect/],
  [[{ ...base, prompt: 'x' }], /0\.prompt: has no effect with do: notify/],
  [[{ ...base, do: 'resolve' }], /0\.topic: is required with do: resolve/],
  [[{ ...base, do: 'log', urgent: true }], /0\.urgent: has no effect/],
  [[{ ...base, text: 'a {b' }], /0\.text: has a single \{/],
  [[{ ...base, topic: '{a|nope}' }], /0\.topic: .*unknown filter/],
  [[{ ...base, where: { 'a..b': 1 } }], /0\.where\.a\.\.b: must be a path/],
  [[{ ...base, where: { a: { is: 1, iss: 2 } } }], /0\.where\.a: Unrecognized key: "iss"/],
  [[{ ...base, where: { a: {} } }], /0\.where\.a: must name at least one operator/],
])('%j is refused with a word on why [CONFIG-STRICT]', (entries, wanted) => {
  expect(complaint(...entries)).toMatch(wanted);
});

test('there is a JSON Schema for editors', () => {
  const schema = z.toJSONSchema(subscriptionsOptions, { io: 'input' });
  expect(JSON.stringify(schema)).toContain('"startsWith"');
});

test('a storm is more than 60 events in a minute unless configured', () => {
  expect(stormOptions.parse(undefined)).toEqual({ per: 60_000, events: 60 });
});
