import { expect, test } from 'vitest';
import { asKairosError, ERRORS, KairosError, messageOf } from '../../src/core/errors.ts';

test('each code has a status that HTTP knows and a hint that is a sentence', () => {
  for (const [code, kind] of Object.entries(ERRORS)) {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)+$|^STOPPING$|^OVERLOADED$|^INTERNAL$/);
    expect(kind.status, code).toBeGreaterThanOrEqual(400);
    expect(kind.status, code).toBeLessThan(600);
    expect(kind.hint, code).toMatch(/^[A-Z].{10,}\.$/);
  }
});

test('a sender may try again what is not its own fault', () => {
  const blamed = Object.entries(ERRORS).filter(([, kind]) => kind.status < 500 && kind.retry);
  expect(blamed.map(([code]) => code)).toEqual(['BODY_CUT_SHORT']);
});

test('an error carries its code, its facts, its cause and what to do', () => {
  const cause = new Error('SQLITE_FULL');
  const error = new KairosError('DISK_FULL', 'the event was not recorded', { freeBytes: 0 }, cause);
  expect(error).toMatchObject({ name: 'KairosError', code: 'DISK_FULL', detail: { freeBytes: 0 }, cause });
  expect(error.hint).toBe(ERRORS.DISK_FULL.hint);
});

test('an error of ours stays itself, and anything else becomes INTERNAL with its cause', () => {
  const ours = new KairosError('NOT_FOUND', 'no such job');
  expect(asKairosError(ours)).toBe(ours);
  const theirs = new TypeError('x is not a function');
  expect(asKairosError(theirs)).toMatchObject({ code: 'INTERNAL', message: 'x is not a function', cause: theirs });
  expect(asKairosError('just a text')).toMatchObject({ code: 'INTERNAL', message: 'just a text' });
});

test('the text of an error tells its causes too', () => {
  const error = new Error('fetch failed', { cause: new Error('', { cause: 'connect ECONNREFUSED' }) });
  expect(messageOf(error)).toBe('fetch failed: Error: connect ECONNREFUSED');
  expect(messageOf(undefined)).toBe('undefined');
});
