import { describe, expect, test } from 'vitest';
import { accepts, describeAs, prepare, send } from './deliver.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = Buffer.from('{"type":"invoice.paid"}');
const sent = send('standard', SECRET, body);
const own = sent.headers['webhook-signature'] ?? '';
const other = send('standard', 'another secret', body).headers['webhook-signature'] ?? '';

function judged(signature: string): boolean {
  return accepts(prepare('standard', SECRET), { ...sent.headers, 'webhook-signature': signature }, body);
}

describe('standard webhooks', () => {
  test('one right signature among several is enough [WEB-ROTATION]', () => {
    expect(judged(`${other} ${own}`)).toBe(true);
    expect(judged(`${own} ${other}`)).toBe(true);
    expect(judged(`v1a,${'A'.repeat(88)} ${own}`)).toBe(true);
    expect(judged(`${other} ${other}`)).toBe(false);
  });

  test('only v1 counts [WEB-401]', () => {
    expect(judged(own.replace('v1,', 'v2,'))).toBe(false);
    expect(judged(own.replace('v1,', 'v1a,'))).toBe(false);
    expect(judged(own.replace('v1,', ''))).toBe(false);
  });

  test('more signatures than any sender has are refused [WEB-401]', () => {
    expect(judged(Array.from({ length: 16 }, () => own).join(' '))).toBe(true);
    expect(judged(Array.from({ length: 17 }, () => own).join(' '))).toBe(false);
  });

  test('a signature spelled in other bits of base64 is refused [WEB-401]', () => {
    // The last letter before "=" has two bits that decoding drops.
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const last = own.at(-2) ?? '';
    const alias = letters[letters.indexOf(last) ^ 1] ?? '';
    const respelled = `${own.slice(0, -2)}${alias}=`;
    expect(Buffer.from(respelled.slice(3), 'base64')).toEqual(Buffer.from(own.slice(3), 'base64'));
    expect(judged(respelled)).toBe(false);
  });

  test('a secret without whsec_ is taken as it is written', () => {
    const plain = send('standard', 'plain secret', body);
    expect(accepts(prepare('standard', 'plain secret'), plain.headers, body)).toBe(true);
  });

  test.each(['whsec_', 'whsec_not base64!', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS'])(
    'a secret %j is refused at the start, without being told',
    (secret) => {
      expect(() => prepare('standard', secret)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('MfKQ') }),
      );
    },
  );

  test('the type is the payload’s as a whole, the delivery the webhook-id', () => {
    expect(describeAs('standard', sent.headers, { type: 'invoice.paid' })).toEqual({
      delivery: 'msg_1',
      type: 'invoice.paid',
      action: null,
      ping: false,
      reply: undefined,
    });
    expect(describeAs('standard', sent.headers, undefined).type).toBe('event');
  });

  test('an id too long for the ledger is told apart by its hash', () => {
    const [one, two] = ['a', 'b'].map(
      (end) => describeAs('standard', { 'webhook-id': 'm'.repeat(300) + end }, {}).delivery,
    );
    expect(one).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(two).not.toBe(one);
  });
});
