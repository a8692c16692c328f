import { describe, expect, test } from 'vitest';
import { accepts, describeAs, prepare } from './deliver.ts';

describe('bearer', () => {
  test.each([
    ['Bearer tok-123', true],
    ['bearer tok-123', true],
    ['Bearer  tok-123', true],
    ['Bearer tok-123 ', false],
    ['Bearer tok-1234', false],
    ['Bearer tok-12', false],
    ['Bearer', false],
    ['Basic tok-123', false],
    ['tok-123', false],
    ['Bearer tok-123, Bearer tok-123', false],
  ])('Authorization: %s is accepted: %s [WEB-401]', (authorization, verdict) => {
    expect(accepts(prepare('bearer', 'tok-123'), { authorization }, Buffer.from('{}'))).toBe(verdict);
  });

  test.each(['idempotency-key', 'webhook-id', 'x-delivery-id'])('the delivery id is in %s', (name) => {
    expect(describeAs('bearer', { [name]: 'd-1' }, { id: 7 }).delivery).toBe('d-1');
  });

  test('the id of a thing in the payload is no delivery id: its second event would be lost', () => {
    expect(describeAs('bearer', {}, { id: 'user-7' }).delivery).toBe(undefined);
  });

  test('the type is the header’s, else the payload’s', () => {
    expect(describeAs('bearer', { 'x-event-type': 'deploy' }, { type: 'other' }).type).toBe('deploy');
    expect(describeAs('bearer', {}, { event: 'alert', kind: 'x', action: 'firing' })).toMatchObject({
      type: 'alert',
      action: 'firing',
    });
    expect(describeAs('bearer', {}, { type: { not: 'a name' }, kind: 'backup' }).type).toBe('backup');
    expect(describeAs('bearer', {}, [1]).type).toBe('event');
  });
});
