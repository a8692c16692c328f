import { describe, expect, test } from 'vitest';
import { describeAs } from './deliver.ts';

describe('telegram', () => {
  test.each(['message', 'callback_query', 'my_chat_member'])('an update with %s is of that type', (type) => {
    expect(describeAs('telegram', {}, { update_id: 10_000, [type]: {} })).toEqual({
      delivery: '10000',
      type,
      action: null,
      ping: false,
      reply: undefined,
    });
  });

  test('a body that is no update is an update without id, so nothing is taken for a repetition', () => {
    for (const payload of [undefined, null, 7, 'text', [], {}, { update_id: 'x' }, { update_id: 1.5 }]) {
      expect(describeAs('telegram', {}, payload)).toMatchObject({ delivery: undefined, type: 'update' });
    }
  });
});
