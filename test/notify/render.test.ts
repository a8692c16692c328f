import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { terminalChannel } from '../../src/notify/channels/terminal.ts';
import { plainText, renderMessage, TEXT_CHARS_MAX } from '../../src/notify/render.ts';

const same = (text: string): string => text;

describe('renderMessage', () => {
  test('one text is the text; several are a line each, with how often and how many more [WINDOW-COALESCE]', () => {
    expect(renderMessage({ id: 1, count: 1, texts: [{ text: 'CI failed', count: 1 }] }, same)).toBe('CI failed');
    const texts = [
      { text: 'lint', count: 3 },
      { text: 'unit', count: 1 },
    ];
    expect(renderMessage({ id: 1, count: 10, texts }, same)).toBe('lint (×3)\nunit\n(+6 more)');
  });

  test('it is never longer than 4 000 characters, nor holds half a character, whatever it is made of', () => {
    const text = fc
      .tuple(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 2_000 }))
      .map(([piece, times]) => piece.repeat(times));
    const part = fc.record({ text, count: fc.integer({ min: 1, max: 1e9 }) });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (texts) => {
        const rendered = renderMessage({ id: 1, count: 5e9, texts }, same);
        expect(rendered.length).toBeLessThanOrEqual(TEXT_CHARS_MAX);
        expect(rendered.isWellFormed()).toBe(true);
      }),
    );
  });

  test('a secret is taken out before the text is cut, also when control characters hide it', () => {
    const redact = (text: string): string => text.replaceAll('s3cret', '…');
    const text = `${'x'.repeat(TEXT_CHARS_MAX - 44)}s3\u200Ecret`;
    expect(renderMessage({ id: 1, count: 1, texts: [{ text, count: 1 }] }, redact)).not.toContain('s3');
  });
});

describe('the terminal channel', () => {
  test('prints one line, in which outside text can neither move the cursor nor turn the line round', async () => {
    const printed: string[] = [];
    const channel = terminalChannel('terminal', (line) => void printed.push(line));
    const text = 'a\u001B[2J\u001B]0;title\u0007b\r\nc\u202Ed\u009B31me\u2028f';
    const message = {
      id: 'm1',
      idempotencyKey: 'k',
      urgent: false,
      topic: '',
      count: 1,
      replyTo: 'e4',
      queuedAt: '',
      attempt: 1,
      text,
    };
    const context = { maybeReceived: false, earlier: [] };
    const sending = channel.send({ ...message, kind: 'reactive' }, new AbortController().signal, context);
    expect(await sending).toEqual({ kind: 'sent' });
    // Whoever prints adds the line break: a second one here would be an empty line after each message.
    expect(printed).toEqual(['[kairos m1, reply to e4] a[2J]0;titleb · cd31me · f']);
  });

  test('plain text keeps what people write', () => {
    expect(plainText('größer 日本 👩‍👩‍👧 ×2\n— ok')).toBe('größer 日本 👩‍👩‍👧 ×2\n— ok');
  });
});
