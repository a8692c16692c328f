import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/redact/redactor.ts';
import { SHAPES } from '../../src/redact/shapes.ts';
import { spentMs } from '../spent.ts';

// Put together from pieces, so that no scanner takes this file for a leak.
const LETTERS = 'aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA3cD5fG7hJ9kL';
const DIGITS = '1234567890';
const CAPITALS = 'IOSFODNN7EXAMPLE';
const EXAMPLES: readonly (readonly [string, string])[] = [
  ['github-token', `ghp_${LETTERS.slice(0, 36)}`],
  ['github-token', `ghs_${LETTERS.slice(0, 36)}`],
  ['github-token', `github_pat_${LETTERS}_${LETTERS}`],
  ['slack-token', `xoxb-${DIGITS}-${LETTERS.slice(0, 24)}`],
  ['slack-token', `xapp-1-A0-${LETTERS}`],
  ['slack-webhook', `T000/B000/${LETTERS.slice(0, 24)}`],
  ['api-key', `sk-ant-api03-${LETTERS}-${LETTERS}`],
  ['api-key', `sk-proj-${LETTERS}`],
  ['aws-key-id', `AKIA${CAPITALS}`],
  ['aws-key-id', `ASIA${CAPITALS}`],
  ['telegram-token', `123456789:AA${LETTERS.slice(0, 33)}`],
  ['webhook-secret', `whsec_${LETTERS.slice(0, 32)}`],
  ['npm-token', `npm_${LETTERS.slice(0, 36)}`],
  ['gitlab-token', `glpat-${LETTERS.slice(0, 20)}`],
  ['google-key', `AIza${LETTERS.slice(0, 35)}`],
  ['stripe-key', `sk_live_${LETTERS.slice(0, 24)}`],
  ['stripe-key', `rk_live_${LETTERS.slice(0, 24)}`],
  ['jwt', `eyJ${LETTERS}.eyJ${LETTERS}.${LETTERS}`],
];

const none = createRedactor([]);

describe('by value', () => {
  const secretText = fc
    .string({ minLength: 8, maxLength: 40, unit: 'grapheme' })
    .filter((text) => text.trim().length >= 8);

  test('no loaded secret survives in any text, in any writing [REDACT-BY-VALUE]', () => {
    fc.assert(
      fc.property(secretText, fc.string(), fc.string(), (value, before, after) => {
        const { redact } = createRedactor([{ name: 'KEY', value }]);
        for (const writing of writings(value.trim(), before)) {
          const out = redact(`${before} ${writing.whole} ${after}`);
          expect(out.includes(writing.kernel), JSON.stringify({ out, writing })).toBe(false);
        }
      }),
    );
  });

  test('redacting twice changes nothing', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom(...EXAMPLES.map(([, text]) => text), ...FRAGMENTS));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(secretText, { maxLength: 3 }), (pieces, values) => {
        const { redact } = createRedactor(values.map((value, index) => ({ name: `S${index}`, value })));
        const once = redact([...pieces, ...values].join(''));
        expect(redact(once)).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });

  test('the longest of several secrets that begin alike is taken', () => {
    const { redact } = createRedactor([
      { name: 'SHORT', value: 'correct-horse' },
      { name: 'LONG', value: 'correct-horse-battery' },
    ]);
    expect(redact('x correct-horse-battery y correct-horse z')).toBe('x [redacted:LONG] y [redacted:SHORT] z');
  });

  test('a secret inside the base64 of a basic authorization is found at every alignment', () => {
    const { redact } = createRedactor([{ name: 'PASS', value: 'hunter2hunter2' }]);
    for (const user of ['', 'a', 'ab', 'abc']) {
      const header = Buffer.from(`${user}hunter2hunter2 and more`).toString('base64');
      expect(redact(`x=${header}`)).toMatch(/\[redacted:PASS\]/);
    }
  });

  test('every long line of a key of several lines is taken out by itself', () => {
    const lines = ['first-line-of-the-key-0001', 'second-line-of-the-key-0002'];
    const { redact } = createRedactor([{ name: 'PEM', value: lines.join('\n') }]);
    expect(redact(`a ${lines[1]} b`)).toBe('a [redacted:PEM] b');
    expect(redact(`a ${lines.join(' ')} b`)).toBe('a [redacted:PEM] b');
  });

  test('a value shorter than 8 characters is named instead of replaced', () => {
    const redactor = createRedactor([{ name: 'PIN', value: '1234' }]);
    expect(redactor.redact('call 1234')).toBe('call 1234');
    expect(redactor.tooShort).toEqual(['PIN']);
  });

  test('a secret learnt later is replaced from then on', () => {
    const redactor = createRedactor([]);
    expect(redactor.redact('my new-secret-9')).toBe('my new-secret-9');
    redactor.add([{ name: 'NEW KEY', value: 'new-secret-9' }]);
    expect(redactor.redact('my new-secret-9')).toBe('my [redacted:NEW_KEY]');
  });

  test('a secret whose value is a word of a mark does not eat the mark', () => {
    const { redact } = createRedactor([{ name: 'K', value: 'redacted' }]);
    expect(redact('redacted')).toBe('[redacted:K]');
    expect(redact('[redacted:K]')).toBe('[redacted:K]');
  });
});

describe('by shape', () => {
  test('a word that looks like an introduction and is none hides no secret behind it [REDACT-BY-SHAPE]', () => {
    const { redact } = createRedactor([]);
    expect(redact('Bearer correct-Bearer abcdefghijkl12345 ')).toBe('Bearer correct-Bearer [redacted:authorization] ');
  });

  test.each(EXAMPLES)('a %s is taken out without being configured [REDACT-BY-SHAPE]', (name, secret) => {
    const before = name === 'slack-webhook' ? 'see https://hooks.slack.com/services/' : 'token="';
    expect(none.redact(`${before}${secret}" and more`)).toBe(`${before}[redacted:${name}]" and more`);
  });

  test('a Telegram token is found in the address it is called under', () => {
    expect(none.redact(`https://api.telegram.org/bot1234567890:${LETTERS.slice(0, 35)}/getMe`)).toBe(
      'https://api.telegram.org/bot[redacted:telegram-token]/getMe',
    );
  });

  test('headers and passwords in addresses are taken out, their names stay [REDACT-BY-SHAPE]', () => {
    expect(none.redact('Authorization: Bearer abc.def')).toBe('Authorization: Bearer [redacted:authorization]');
    expect(none.redact('{"authorization":"Basic dXNlcjpwYXNz"}')).toBe(
      '{"authorization":"Basic [redacted:authorization]"}',
    );
    expect(none.redact('curl -H "bearer 0123456789abcdef"')).toBe('curl -H "bearer [redacted:authorization]"');
    expect(none.redact('x-gitlab-token: s3cret-value')).toBe('x-gitlab-token: [redacted:token-header]');
    expect(none.redact('redis://:p4ss@host:6379/0 https://u:p@ss@h/x')).toBe(
      'redis://:[redacted:url-password]@host:6379/0 https://u:[redacted:url-password]@h/x',
    );
  });

  test('a private key is taken out whole, also when its end is missing', () => {
    const begin = '-----BEGIN RSA PRIVATE KEY-----';
    const end = '-----END RSA PRIVATE KEY-----';
    expect(none.redact(`a ${begin}\nMIIE\nabc=\n${end} b`)).toBe('a [redacted:private-key] b');
    expect(none.redact(`a "${begin}\\nMIIEabc" b`)).toBe('a "[redacted:private-key]" b');
    expect(none.redact(`${begin}\nAAAA\n${end} x ${begin}\nBBBB\n${end}`)).toBe(
      '[redacted:private-key] x [redacted:private-key]',
    );
    expect(none.redact('-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----')).toMatch(/MIIE/);
  });

  test.each([
    'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    'commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '01890a5d-ac96-774b-bcce-b302099a8057',
    'The basic idea: a bearer of news asks the author for authorization, a task-force, disk-usage, sk-learn-contrib-things.',
    'at 14:03:07 http://127.0.0.1:7717/api/events?limit=10 mail mona@example.com',
    `data:image/png;base64,${Buffer.from(Uint8Array.from({ length: 3_000 }, (_, index) => (index * 7_919) % 251)).toString('base64')}`,
    '{"level":30,"time":1763812987000,"msg":"job settled","jobId":"j12","author":"mona","private-token":null}',
  ])('ordinary text stays as it is: %.40s', (text) => {
    expect(none.redact(text)).toBe(text);
  });

  test('whatever the text is, what is no secret stays byte for byte and nothing throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { redact } = createRedactor([{ name: 'K', value: 'a-loaded-secret' }]);
        expect(redact(`${text}\u0000a-loaded-secret\u0000`)).toBe(`${none.redact(text)}\u0000[redacted:K]\u0000`);
      }),
    );
  });
});

test('hostile text of 1 MiB is redacted in time in proportion to its length [REDACT-LINEAR]', () => {
  const { redact } = createRedactor([{ name: 'K', value: 'aaaaaaaaaaaaaaaab' }]);
  const bytes = 1_048_576;
  for (const fragment of [...FRAGMENTS, 'a', ...SHAPES.flatMap(({ triggers }) => triggers.slice(0, 3))]) {
    const text = fragment.repeat(Math.ceil(bytes / fragment.length));
    // A quadratic pass over a MiB takes minutes.
    expect(
      spentMs(() => redact(text)),
      fragment,
    ).toBeLessThan(5_000);
  }
}, 120_000);

/** Beginnings and joints of secrets, which hostile text repeats. */
const FRAGMENTS = [
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN ',
  '-----END PRIVATE KEY-----',
  'sk-',
  'sk-1',
  'eyJ',
  'eyJaaaaaaaaaaa.',
  '://a:',
  '://a',
  ':@',
  'ghp_',
  'ghp_aaaaaaaaaaaaaaaaaaaa.',
  'glpat-',
  'authorization: ',
  'authorization: bearer ',
  'bearer ',
  'basic \t',
  'xoxb-',
  'AKIA',
  'AIza',
  '1',
  '1:A',
  '123456:',
  'x-api-key ',
  'hooks.slack.com/services/',
  '[redacted:',
  '[redacted:jwt]',
  'whsec_',
  '_',
  '-',
  ' ',
  '"',
  '\\',
];

/** The secret as others write it, and the part of each writing that only the secret decides. */
function writings(value: string, before: string): { whole: string; kernel: string }[] {
  const bytes = Buffer.from(value, 'utf8');
  const same = (text: string) => ({ whole: text, kernel: text });
  const base64 = (['base64', 'base64url'] as const).flatMap((encoding) => {
    const padded = Buffer.concat([Buffer.from(before), bytes, Buffer.from('!')]);
    const skip = Buffer.byteLength(before);
    const whole = padded.toString(encoding);
    const kernel = whole.slice(Math.ceil((skip * 8) / 6), Math.floor(((skip + bytes.length) * 8) / 6));
    return [same(bytes.toString(encoding)), { whole, kernel }];
  });
  return [
    same(value),
    same(bytes.toString('hex')),
    same(bytes.toString('hex').toUpperCase()),
    same(encodeURIComponent(value)),
    same(new URLSearchParams({ v: value }).toString().slice(2)),
    same(JSON.stringify(value).slice(1, -1)),
    ...base64,
  ];
}
