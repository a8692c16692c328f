import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { budgetOptions } from '../../src/budget/options.ts';

describe('budget:', () => {
  test('defaults are two in 15 s, six an hour, four urgent ones an hour, twelve hours, no quiet hours', () => {
    expect(budgetOptions.parse({})).toEqual({
      blockingMs: 15_000,
      windows: [
        { perMs: 15_000, max: 2 },
        { perMs: 3_600_000, max: 6 },
      ],
      quietHours: undefined,
      messageTtlMs: 43_200_000,
      urgentWindows: [{ perMs: 3_600_000, max: 4 }],
      presenceMs: 300_000,
      money: { perDayUsdMax: 5, perRunUsdMax: 1, ownerShare: 0.1 },
    });
  });

  test('the section of the contract is read', () => {
    const read = budgetOptions.parse({
      blocking: '15s',
      windows: [{ per: '15s', max: 2 }],
      quietHours: { from: '22:00', to: '07:00' },
      messageTtl: '12h',
      money: { perDay: 5, perRun: 1 },
    });
    expect(read).toMatchObject({ windows: [{ perMs: 15_000, max: 2 }], quietHours: { from: '22:00', to: '07:00' } });
    for (const off of ['off', false]) expect(budgetOptions.parse({ quietHours: off }).quietHours).toBeUndefined();
  });

  test.each([
    [{ windows: [{ max: 2 }] }, 'windows.0.per'],
    [{ windows: [] }, 'windows'],
    [{ windows: [{ per: '15s', max: 0 }] }, 'windows.0.max'],
    [{ quietHours: { from: '25:00', to: '07:00' } }, 'quietHours.from'],
    [{ messageTtl: 'soon' }, 'messageTtl'],
    [{ presence: '1s' }, 'presence'],
    [{ loudHours: true }, ''],
  ])('%j is refused at its place', (section, path) => {
    const result = budgetOptions.safeParse(section);
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toContain(path);
  });

  test('it has a JSON Schema', () => {
    expect(() => z.toJSONSchema(budgetOptions, { io: 'input' })).not.toThrow();
  });
});
