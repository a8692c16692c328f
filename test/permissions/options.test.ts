import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DEFAULT_POLICY, permissionKeys } from '../../src/permissions/options.ts';

const section = z.strictObject(permissionKeys);

describe('the keys policy and afk', () => {
  test('have defaults: flag for the owner, the model for others, not away [PERM-POLICY]', () => {
    expect(section.parse({})).toEqual({ policy: DEFAULT_POLICY, afk: false });
  });

  test('are read as people write them', () => {
    const read = section.parse({ policy: { outside: 'ask' }, afk: 'on' });
    expect(read).toEqual({
      policy: { ...DEFAULT_POLICY, outside: 'ask' },
      afk: true,
    });
  });

  test.each([[{ policy: { owner: 'allow' } }], [{ policy: { stranger: 'flag' } }], [{ afk: 'maybe' }]])(
    'refuse %j',
    (given) => {
      expect(section.safeParse(given).success).toBe(false);
    },
  );
});
