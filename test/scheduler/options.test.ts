import { describe, expect, test } from 'vitest';
import { schedulesOptions } from '../../src/scheduler/options.ts';

const DAILY = { name: 'daily', cron: '0 8 * * *', do: 'digest' };
const problems = (entry: Record<string, unknown>): string[] => {
  const parsed = schedulesOptions.safeParse([entry]);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`);
};

test('an entry is filled in', () => {
  expect(schedulesOptions.parse([DAILY])).toEqual([{ ...DAILY, catchUp: 'once', overlap: 'skip' }]);
  expect(schedulesOptions.parse(undefined)).toEqual([]);
  expect(
    schedulesOptions.parse([
      {
        name: 'backup',
        every: '6h',
        do: 'command',
        argv: ['backup', '--all'],
        timeout: '30m',
        jitter: '10m',
        catchUp: 'all',
        catchUpMax: 3,
      },
    ]),
  ).toMatchObject([{ every: 21_600_000, timeout: 1_800_000, jitter: 600_000, catchUpMax: 3 }]);
});

describe('an entry is refused, and the key named [SCHED-CONFIG]', () => {
  test.each([
    [{ ...DAILY, cron: '0 25 * * *' }, 'cron: has a wrong hour'],
    [{ ...DAILY, cron: undefined }, 'name: needs exactly one of cron, every and at, got none'],
    [{ ...DAILY, every: '1h' }, 'every: needs exactly one of cron, every and at, got cron and every'],
    [{ ...DAILY, cron: undefined, every: '9s' }, 'every: must be a duration from 10s'],
    [{ ...DAILY, cron: undefined, at: 'tomorrow' }, 'at: must be an instant'],
    [{ ...DAILY, cron: undefined, at: '2026-12-24' }, 'at: must be an instant'],
    [{ ...DAILY, timezone: 'Berlin' }, 'timezone: must be an IANA time zone'],
    [{ ...DAILY, cron: undefined, every: '1h', timezone: 'Europe/Berlin' }, 'timezone: has no effect with every'],
    [
      { ...DAILY, cron: undefined, at: '2026-12-24T18:00:00Z', timezone: 'Europe/Berlin' },
      'timezone: has no effect with an at',
    ],
    [{ ...DAILY, catchUpMax: 3 }, 'catchUpMax: has no effect with catchUp: once'],
    [{ ...DAILY, catchUp: 'all', catchUpMax: 101 }, 'catchUpMax: '],
    [{ ...DAILY, cron: undefined, every: '10m', jitter: '10m' }, 'jitter: must be below every'],
    [{ ...DAILY, overlap: 'allow' }, 'overlap: '],
    [{ ...DAILY, text: 'hello' }, 'text: has no effect with do: digest; it belongs to do: notify'],
    [{ ...DAILY, do: 'notify' }, 'text: is required with do: notify'],
    [{ ...DAILY, do: 'command' }, 'argv: is required with do: command'],
    [{ ...DAILY, do: 'command', argv: 'ls -l' }, 'argv: '],
    [{ ...DAILY, do: 'command', argv: [] }, 'argv: '],
    [{ ...DAILY, do: 'agent' }, 'prompt: is required with do: agent'],
    [
      { ...DAILY, do: 'agent', prompt: 'go', cwd: '/srv' },
      'cwd: has no effect with do: agent; it belongs to do: command',
    ],
    [{ ...DAILY, name: 'Daily!' }, 'name: must be 1 to 64'],
    [{ ...DAILY, when: 'now' }, ': Unrecognized key'],
  ])('%j: %s', (entry, problem) => {
    expect(problems(entry).join('\n')).toContain(problem);
  });

  test('and two of one name', () => {
    expect(schedulesOptions.safeParse([DAILY, DAILY]).error?.issues[0]).toMatchObject({ path: [1, 'name'] });
  });
});

test.each(['2026-12-24T18:00:00Z', '2026-12-24T18:00:00+01:00', '2026-12-24T18:00', '2026-12-24 18:00'])(
  'at: %s is taken',
  (at) => {
    expect(problems({ ...DAILY, cron: undefined, at })).toEqual([]);
  },
);
