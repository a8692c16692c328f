import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptsContentType, parsePayload } from '../../src/webhooks/payload.ts';

const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';
const UNPARSABLE = { payload: undefined, parsed: false };

describe('acceptsContentType', () => {
  test.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/json;charset="utf-8"',
    'application/vnd.github.v3+json',
    'application/cloudevents+json; charset=UTF-8',
    'text/json',
    'application/x-www-form-urlencoded',
    'APPLICATION/X-WWW-FORM-URLENCODED; charset=utf-8',
  ])('%s is read [WEB-415]', (header) => {
    expect(acceptsContentType(header)).toBe(true);
  });

  test.each([
    undefined,
    '',
    'text/plain',
    'text/html',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/xml',
    'application/+json',
    'x/application/json',
    'application/json, text/html',
    'text/plain; application/json',
    `application/${'a'.repeat(200_000)}+json`,
  ])('%s is not [WEB-415]', (header) => {
    expect(acceptsContentType(header)).toBe(false);
  });
});

describe('parsePayload', () => {
  test('reads any JSON value, with or without a byte order mark', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('', '\ufeff'), (value, mark) => {
        const text = JSON.stringify(value);
        expect(parsePayload(JSON_TYPE, Buffer.from(mark + text))).toEqual({ payload: JSON.parse(text), parsed: true });
      }),
    );
  });

  test('bytes that are no UTF-8 are read as U+FFFD where the JSON still parses [WEB-RAW-BYTES]', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xc3]), Buffer.from('"}')]);
    expect(parsePayload(JSON_TYPE, bytes)).toEqual({ payload: { a: '\ufffd\ufffd' }, parsed: true });
  });

  test.each(['', ' ', 'Hello, World!', '{"a":', '{}{}', "{'a':1}", 'undefined'])(
    '%j does not parse [WEB-UNPARSABLE]',
    (text) => {
      expect(parsePayload(JSON_TYPE, Buffer.from(text))).toEqual(UNPARSABLE);
    },
  );

  test('no bytes make it throw [WEB-UNPARSABLE]', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(JSON_TYPE, FORM, undefined, ';', 'x'), (bytes, type) => {
        const { payload, parsed } = parsePayload(type, bytes);
        expect(parsed || payload === undefined).toBe(true);
      }),
    );
  });

  test('a view into other bytes is read as itself', () => {
    const bytes = new TextEncoder().encode('xx{"a":1}xx');
    expect(parsePayload(JSON_TYPE, bytes.subarray(2, 9)).payload).toEqual({ a: 1 });
  });

  test('__proto__ and constructor are plain fields and pollute nothing [WEB-RAW-BYTES]', () => {
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    for (const [type, body] of [
      [JSON_TYPE, text],
      [FORM, `payload=${encodeURIComponent(text)}`],
      [FORM, '__proto__=1&constructor=2&a=3'],
    ] as const) {
      const { payload } = parsePayload(type, Buffer.from(body));
      expect(Object.hasOwn(payload as object, '__proto__')).toBe(true);
      expect(({} as Record<string, unknown>)['polluted']).toBe(undefined);
    }
  });

  test('a form is the JSON in payload=, or its fields [WEB-FORM]', () => {
    const form = (text: string) => parsePayload(`${FORM}; charset=utf-8`, Buffer.from(text));
    expect(form('payload=%7B%22a%22%3A%22%E2%99%A5+%2B%22%7D')).toEqual({ payload: { a: '♥ +' }, parsed: true });
    expect(form('command=%2Fx&text=a+b&text=c&broken=%zz')).toEqual({
      payload: Object.assign(Object.create(null), { command: '/x', text: 'a b', broken: '%zz' }),
      parsed: true,
    });
    expect(form('payload=nonsense')).toEqual(UNPARSABLE);
    expect(form('')).toEqual(UNPARSABLE);
  });

  test('JSON that is only called a form is read as JSON', () => {
    expect(parsePayload(FORM, Buffer.from(' {"a":"b=c&d"}'))).toEqual({ payload: { a: 'b=c&d' }, parsed: true });
  });

  test('a form of up to 1 000 fields is read, one of more is not', () => {
    const form = (fields: number) =>
      parsePayload(FORM, Buffer.from(Array.from({ length: fields }, (_, at) => `f${at}=1`).join('&')));
    expect(form(1_000).parsed).toBe(true);
    expect(form(1_001)).toEqual(UNPARSABLE);
  });

  test.each([100_000, 1_000_000])('%i nested arrays neither throw nor overflow', (depth) => {
    for (const text of ['['.repeat(depth), '['.repeat(depth) + ']'.repeat(depth), '{"a":'.repeat(depth)]) {
      expect(() => parsePayload(JSON_TYPE, Buffer.from(text))).not.toThrow();
    }
  });

  test('a megabyte-sized body of ordinary values parses, commas and braces in its texts notwithstanding', () => {
    const text = JSON.stringify({
      patch: '{,:["\\'.repeat(1_000_000),
      numbers: Array.from({ length: 500_000 }, (_, at) => at),
    });
    expect(parsePayload(JSON_TYPE, Buffer.from(text)).parsed).toBe(true);
  });

  test('an escaped quote does not end the text that is not weighed', () => {
    for (const head of ['{"a":"\\"', '{"a":"\\\\\\"', '{"a\\"":"']) {
      const text = `${head}${'{'.repeat(2_000_000)}"}`;
      expect(parsePayload(JSON_TYPE, Buffer.from(text)).parsed).toBe(true);
    }
  });

  test.each(['{},', '{"a":0},', '[[]],'])('25 MiB of %s would not fit the heap and are not parsed', (piece) => {
    const text = `[${piece.repeat(26_214_380 / piece.length)}0]`;
    expect(parsePayload(JSON_TYPE, Buffer.from(text))).toEqual(UNPARSABLE);
    const form = `payload=[${piece.repeat(26_214_380 / piece.length)}0]`;
    expect(parsePayload(FORM, Buffer.from(form))).toEqual(UNPARSABLE);
  });
});
