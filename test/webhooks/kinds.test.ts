import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SOURCE_KINDS } from '../../src/webhooks/kinds.ts';
import type { IncomingHeaders, SourceKindName } from '../../src/webhooks/source.ts';
import { accepts, NOW_MS, NOW_SECONDS, prepare, send } from './deliver.ts';

interface Vector {
  readonly scheme: 'github' | 'standard-webhooks' | 'slack';
  readonly secret: string;
  readonly body: string;
  readonly header: string;
  readonly source: string;
  readonly id?: string;
  readonly timestamp?: string;
}

const KINDS = Object.keys(SOURCE_KINDS) as SourceKindName[];
const SIGNING = ['github', 'standard', 'slack'] as const;
const TIMED = ['standard', 'slack'] as const;
const SIGNATURE_HEADER = { github: 'x-hub-signature-256', standard: 'webhook-signature', slack: 'x-slack-signature' };
const TIMESTAMP_HEADER = { standard: 'webhook-timestamp', slack: 'x-slack-request-timestamp' };
const NEEDED: Record<SourceKindName, readonly string[]> = {
  github: ['x-hub-signature-256', 'x-github-event', 'x-github-delivery'],
  standard: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  slack: ['x-slack-signature', 'x-slack-request-timestamp'],
  telegram: ['x-telegram-bot-api-secret-token'],
  gitlab: ['x-gitlab-token'],
  bearer: ['authorization'],
};
const SECRET = 'a secret of some length';

const vectors = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8')) as Vector[];

describe('published vectors', () => {
  test('there are at least six, of three schemes', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(6);
    expect(new Set(vectors.map(({ scheme }) => scheme)).size).toBe(3);
  });

  test.each(vectors)(
    '$scheme "$body" is accepted at its own time and refused with another byte [WEB-VECTORS]',
    (vector) => {
      const { kind, headers } = requestOf(vector);
      const verifier = prepare(kind, vector.secret);
      const atMs = vector.timestamp === undefined ? NOW_MS : Number(vector.timestamp) * 1_000;
      expect(accepts(verifier, headers, Buffer.from(vector.body), atMs)).toBe(true);
      expect(accepts(verifier, headers, Buffer.from(`${vector.body} `), atMs)).toBe(false);
      expect(accepts(prepare(kind, 'another secret'), headers, Buffer.from(vector.body), atMs)).toBe(false);
    },
  );

  test.each(vectors.filter(({ timestamp }) => timestamp !== undefined))(
    '$scheme of years ago is refused today [WEB-STALE]',
    (vector) => {
      const { kind, headers } = requestOf(vector);
      expect(accepts(prepare(kind, vector.secret), headers, Buffer.from(vector.body))).toBe(false);
    },
  );
});

describe.each(KINDS)('%s', (kind) => {
  test('accepts what is signed and refuses what is not [WEB-SOURCES]', () => {
    const { headers, body } = send(kind, SECRET, Buffer.from('{"a":1}'));
    expect(accepts(prepare(kind, SECRET), headers, body)).toBe(true);
    expect(accepts(prepare(kind, `${SECRET}.`), headers, body)).toBe(false);
    expect(accepts(prepare(kind, SECRET.slice(0, 8)), headers, body)).toBe(false);
    expect(accepts(prepare(kind, SECRET), {}, body)).toBe(false);
  });

  test('accepts each of several secrets, and no third [WEB-ROTATION]', () => {
    const verifier = prepare(kind, 'the new secret', 'the old secret, longer');
    for (const [secret, verdict] of [
      ['the new secret', true],
      ['the old secret, longer', true],
      ['a third secret', false],
    ] as const) {
      const { headers, body } = send(kind, secret, Buffer.from('{}'));
      expect(accepts(verifier, headers, body)).toBe(verdict);
    }
  });

  test('refuses a delivery without one of the headers it needs, or with it empty or twice [WEB-401]', () => {
    const { headers, body } = send(kind, SECRET, Buffer.from('{}'));
    const verifier = prepare(kind, SECRET);
    for (const name of NEEDED[kind]) {
      const value = headers[name] ?? '';
      for (const wrong of [undefined, '', ' ', `${value}, ${value}`, [value], [value, value]]) {
        expect(accepts(verifier, { ...headers, [name]: wrong }, body), `${name}: ${String(wrong)}`).toBe(false);
      }
    }
  });

  test('a secret beyond ASCII works as UTF-8', () => {
    const secret = 'gehëim-✓-secret';
    const { headers, body } = send(kind, secret, Buffer.from('{}'));
    // Node hands header bytes over as latin1.
    const wire = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')]),
    );
    expect(accepts(prepare(kind, secret), wire, body)).toBe(true);
  });

  test('no headers and no payload make it throw [WEB-401]', () => {
    const verifier = prepare(kind, SECRET);
    const names = ['content-type', 'idempotency-key', 'x-gitlab-event', 'x-gitlab-event-uuid', ...NEEDED[kind]];
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.string(), { maxLength: 3 }),
      fc.constant(undefined),
    );
    const headersOf = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value);
    fc.assert(
      fc.property(headersOf, fc.uint8Array(), fc.jsonValue(), (headers, bytes, payload) => {
        expect(accepts(verifier, headers as IncomingHeaders, Buffer.from(bytes))).toBe(false);
        const {
          delivery = '-',
          type,
          action,
        } = SOURCE_KINDS[kind].describe(headers, {
          payload,
          sha256: () => 'ab',
        });
        expect(delivery.length).toBeLessThanOrEqual(200);
        expect(type).not.toBe('');
        expect(action).not.toBe('');
      }),
    );
  });

  test('payloads with the names of its fields and anything in them are described', () => {
    const names = [
      'type',
      'action',
      'event',
      'event_id',
      'command',
      'challenge',
      'user',
      'update_id',
      'object_kind',
      '__proto__',
    ];
    const payloads = fc.dictionary(fc.constantFrom(...names), fc.jsonValue());
    fc.assert(
      fc.property(payloads, (payload) => {
        const { type, action } = SOURCE_KINDS[kind].describe({}, { payload, sha256: () => undefined });
        expect(type).toMatch(/^\P{C}{1,100}$/u);
        expect(action ?? 'none').toMatch(/^\P{C}{1,100}$/u);
      }),
    );
  });
});

describe.each(SIGNING)('%s, which signs the body,', (kind) => {
  const verifier = prepare(kind, SECRET);
  const bodies = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes));

  test('refuses a body with any bit flipped [WEB-401]', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), fc.nat(7), (body, at, bit) => {
        const { headers } = send(kind, SECRET, body);
        const forged = Buffer.from(body);
        forged[at % body.length]! ^= 1 << bit;
        expect(accepts(verifier, headers, body)).toBe(true);
        expect(accepts(verifier, headers, forged)).toBe(false);
      }),
    );
  });

  test('refuses a signature with any bit flipped, a byte more or a byte less [WEB-401]', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), fc.nat(7), (body, at, bit) => {
        const { headers } = send(kind, SECRET, body);
        const name = SIGNATURE_HEADER[kind];
        const signature = Buffer.from(headers[name] ?? '', 'latin1');
        const flipped = Buffer.from(signature);
        flipped[at % signature.length]! ^= 1 << bit;
        const cut = signature.subarray(0, at % signature.length);
        for (const forged of [flipped, cut, Buffer.concat([signature, Buffer.from('0')])]) {
          expect(accepts(verifier, { ...headers, [name]: forged.toString('latin1') }, body)).toBe(false);
        }
      }),
    );
  });

  test('comes to the same verdict however the body is split [WEB-RAW-BYTES]', () => {
    const cuts = fc.array(fc.nat(200), { maxLength: 10 });
    fc.assert(
      fc.property(bodies, cuts, fc.boolean(), (body, at, forge) => {
        const { headers } = send(kind, SECRET, body);
        if (forge) body[0]! ^= 1;
        const edges = [0, ...at.map((cut) => cut % body.length).toSorted((a, b) => a - b), body.length];
        const chunks = edges.slice(1).map((edge, index) => body.subarray(edges[index], edge));
        expect(accepts(verifier, headers, chunks)).toBe(!forge);
      }),
    );
  });

  test('accepts a body whose characters are split between pieces, and one that is no UTF-8 [WEB-RAW-BYTES]', () => {
    const split = Buffer.from('{"a":"♥👩‍🚀"}');
    const bytes = [...split].map((byte) => Buffer.from([byte]));
    expect(accepts(verifier, send(kind, SECRET, split).headers, bytes)).toBe(true);
    const broken = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x80, 0x7d]);
    expect(accepts(verifier, send(kind, SECRET, broken).headers, broken)).toBe(true);
  });

  test('accepts an empty body that is signed', () => {
    expect(accepts(verifier, send(kind, SECRET, Buffer.alloc(0)).headers, [])).toBe(true);
  });
});

describe.each(TIMED)('%s, which signs the time,', (kind) => {
  const verifier = prepare(kind, SECRET);
  const body = Buffer.from('{}');

  test.each([
    [-300, true],
    [-301, false],
    [300, true],
    [301, false],
  ])('a timestamp %i s from now: accepted is %s [WEB-STALE]', (offSeconds, verdict) => {
    const { headers } = send(kind, SECRET, body, String(Number(NOW_SECONDS) + offSeconds));
    expect(accepts(verifier, headers, body)).toBe(verdict);
  });

  test.each([
    '123abc',
    `${NOW_SECONDS}abc`,
    `${NOW_SECONDS}.0`,
    `-${NOW_SECONDS}`,
    `+${NOW_SECONDS}`,
    ` ${NOW_SECONDS}`,
    '1e9',
    'NaN',
    '9'.repeat(40),
  ])('a timestamp of %j is refused, even signed [WEB-401]', (seconds) => {
    expect(accepts(verifier, send(kind, SECRET, body, seconds).headers, body)).toBe(false);
  });

  test('another fresh timestamp than the signed one is refused [WEB-401]', () => {
    const { headers } = send(kind, SECRET, body);
    const other = { ...headers, [TIMESTAMP_HEADER[kind]]: String(Number(NOW_SECONDS) + 1) };
    expect(accepts(verifier, other, body)).toBe(false);
  });
});

describe.each(['telegram', 'gitlab', 'bearer'] as const)('%s, which sends a token,', (kind) => {
  test('refuses every other token, whatever its length [WEB-CONSTANT-TIME]', () => {
    const verifier = prepare(kind, SECRET, 'another');
    const near = fc.constantFrom(
      SECRET.slice(1),
      SECRET.slice(0, -1),
      `${SECRET}x`,
      SECRET.toUpperCase(),
      'anothe',
      '',
    );
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary', maxLength: 5_000 })), (token) => {
        fc.pre(token.trim() !== SECRET && token.trim() !== 'another');
        const { headers, body } = send(kind, token, Buffer.from('{}'));
        expect(accepts(verifier, headers, body)).toBe(false);
      }),
    );
  });
});

function requestOf(vector: Vector): { kind: SourceKindName; headers: IncomingHeaders } {
  const { header, id, timestamp } = vector;
  const requests = {
    github: {
      kind: 'github',
      headers: { 'x-github-event': 'push', 'x-github-delivery': 'a-guid', 'x-hub-signature-256': header },
    },
    'standard-webhooks': {
      kind: 'standard',
      headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': header },
    },
    slack: {
      kind: 'slack',
      headers: { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': header },
    },
  } as const;
  return requests[vector.scheme];
}
