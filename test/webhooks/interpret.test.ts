import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { compileSubscriptions } from '../../src/subscriptions/match.ts';
import { subscriptionsOptions } from '../../src/subscriptions/options.ts';
import { interpret, interpretHeaders, type Delivery } from '../../src/webhooks/interpret.ts';
import { NOW_MS } from './deliver.ts';

const match = compileSubscriptions(
  subscriptionsOptions.parse([
    {
      name: 'red',
      source: 'hub',
      event: 'workflow_run',
      where: { 'workflow_run.conclusion': 'failure' },
      do: 'notify',
    },
    { name: 'all', source: 'hub', do: 'log' },
  ]),
);

function delivery(body: string, kind: Delivery['kind'] = 'github'): Delivery {
  return {
    kind,
    source: 'hub',
    trust: 'outside',
    receivedAtMs: NOW_MS,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'workflow_run',
      'x-github-delivery': 'g-1',
      'x-gitlab-event-uuid': 'u-1',
    },
    body: Buffer.from(body),
  };
}

function origins({ jobs }: { jobs: readonly { origin: string }[] }): string[] {
  return jobs.map(({ origin }) => origin);
}

describe('interpret', () => {
  test('a delivery becomes its description and the jobs of the subscriptions that match', () => {
    const read = interpret(delivery('{"action":"completed","workflow_run":{"conclusion":"failure"}}'), match);
    expect(read).toMatchObject({ delivery: 'g-1', type: 'workflow_run', action: 'completed', parsed: true });
    expect(origins(read)).toEqual(['red', 'all']);
  });

  test('a body that does not parse is matched by what the headers say [WEB-UNPARSABLE]', () => {
    const read = interpret(delivery('{"workflow_run":'), match);
    expect(read).toMatchObject({ delivery: 'g-1', type: 'workflow_run', action: null, parsed: false });
    expect(origins(read)).toEqual(['all']);
    expect(interpretHeaders(delivery('{"action":"x"}'), match)).toEqual(read);
  });

  test('the hash of the body is over its raw bytes, and is not computed from headers alone', () => {
    const sha256 = createHash('sha256').update('{}').digest('hex');
    expect(interpret(delivery('{}', 'gitlab'), match).delivery).toBe(`u-1:${sha256}`);
    expect(interpretHeaders(delivery('{}', 'gitlab'), match).delivery).toBe(undefined);
  });

  test('matching is told who stands behind the event [SUB-OUTSIDE-TRUST]', () => {
    const { jobs } = interpret(delivery('{"reactive":true,"urgent":true}'), match);
    expect(jobs.every(({ reactive, urgent }) => !reactive && !urgent)).toBe(true);
  });
});
