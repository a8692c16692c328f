import examples from '@octokit/webhooks-examples' with { type: 'json' };
import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/webhooks/interpret.ts';
import { accepts, describeAs, NOW_MS, prepare, send } from './deliver.ts';

interface Example {
  readonly name: string;
  readonly examples: readonly { readonly action?: string }[];
}

// The package declares less than it holds.
const recorded = examples as unknown as readonly Example[];
const HEADERS = { 'x-github-event': 'issues', 'x-github-delivery': 'a-guid' };

describe('github', () => {
  test('all 329 recorded payloads are accepted with their event and action, as JSON and as a form [WEB-EXAMPLES]', () => {
    const verifier = prepare('github', 'development');
    let seen = 0;
    for (const { name, examples: payloads } of recorded) {
      for (const payload of payloads) {
        seen += 1;
        const json = JSON.stringify(payload);
        for (const [type, text] of [
          ['application/json', json],
          ['application/x-www-form-urlencoded', `payload=${encodeURIComponent(json)}`],
        ] as const) {
          const sent = send('github', 'development', Buffer.from(text));
          const headers = {
            ...sent.headers,
            'content-type': type,
            'x-github-event': name,
            'x-github-delivery': `g-${seen}`,
          };
          expect(accepts(verifier, headers, sent.body)).toBe(true);
          const read = interpret(
            { kind: 'github', source: 'github', trust: 'outside', receivedAtMs: NOW_MS, headers, body: sent.body },
            (_event, parsed) => {
              expect(parsed).toEqual(payload);
              return [];
            },
          );
          expect(read).toEqual({
            delivery: `g-${seen}`,
            type: name,
            action: payload.action ?? null,
            ping: name === 'ping',
            reply: undefined,
            parsed: true,
            jobs: [],
          });
        }
      }
    }
    expect(seen).toBe(329);
  });

  test('a ping says so [WEB-PING]', () => {
    expect(describeAs('github', { ...HEADERS, 'x-github-event': 'ping' }, { zen: 'Speak like a human.' }).ping).toBe(
      true,
    );
    expect(describeAs('github', HEADERS, {}).ping).toBe(false);
  });

  test('a body that does not parse keeps the type and id of its headers [WEB-UNPARSABLE]', () => {
    expect(describeAs('github', HEADERS, undefined)).toMatchObject({
      type: 'issues',
      action: null,
      delivery: 'a-guid',
    });
  });

  test.each([7, null, {}, '', 'a'.repeat(101), 'line\nbreak', '\u202edellort'])('an action of %j is none', (action) => {
    expect(describeAs('github', HEADERS, { action }).action).toBe(null);
  });

  test('an inherited action is none', () => {
    const payload: unknown = JSON.parse('{"__proto__":{"action":"opened"}}');
    expect(describeAs('github', HEADERS, payload).action).toBe(null);
  });

  test.each(['x-github-delivery', 'x-github-event'])('an overlong %s is refused [WEB-401]', (name) => {
    const { headers, body } = send('github', 'secret', Buffer.from('{}'));
    expect(accepts(prepare('github', 'secret'), { ...headers, [name]: 'a'.repeat(201) }, body)).toBe(false);
  });

  test('the older SHA-1 signature alone is refused [WEB-401]', () => {
    const { headers, body } = send('github', 'secret', Buffer.from('{}'));
    const { 'x-hub-signature-256': _, ...others } = headers;
    expect(accepts(prepare('github', 'secret'), { ...others, 'x-hub-signature': `sha1=${'0'.repeat(40)}` }, body)).toBe(
      false,
    );
  });
});
