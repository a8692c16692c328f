import { describe, expect, test } from 'vitest';
import { makeDatesAbsolute } from '../../src/dream/dates.ts';

/** A Wednesday. */
const DAY = '2026-10-07';

describe('a date', () => {
  test.each([
    ['We have been on Railway since yesterday', 'We have been on Railway since 2026-10-06'],
    ['Since last Monday everything is hosted on Fly.io', 'Since 2026-10-05 everything is hosted on Fly.io'],
    ['The launch is next Friday', 'The launch is 2026-10-09'],
    ['The meeting is in two weeks', 'The meeting is on 2026-10-21'],
    ['I moved to Lisbon three days ago', 'I moved to Lisbon 2026-10-04'],
    ['The contract ends next month', 'The contract ends 2026-11'],
    ['We switched last week', 'We switched the week of 2026-09-28'],
    ['The freeze starts tomorrow', 'The freeze starts 2026-10-08'],
    ['Ben is away until Friday', 'Ben is away until 2026-10-09'],
    ['The audit is at the end of the month', 'The audit is at 2026-10-31'],
    ['The beta will start on Monday', 'The beta will start on 2026-10-12'],
    ['Seit gestern deployen wir auf Hetzner', 'Seit 2026-10-06 deployen wir auf Hetzner'],
    ['Nächsten Montag ist Release', '2026-10-12 ist Release'],
    ['In vier Wochen ziehen wir um', 'on 2026-11-04 ziehen wir um'],
  ])('is made absolute: %s [DREAM-DATES]', (text, wanted) => {
    expect(makeDatesAbsolute(text, DAY).text).toBe(wanted);
  });

  test.each([
    'We release every Friday',
    'Standup is on Mondays',
    'The release day is Thursday',
    'We meet daily at 9:30',
    'The newsletter goes out on Wednesdays',
    'Paths like src/today/index.ts',
    'In two of three cases',
    'Guten Morgen ist der Titel',
  ])('that comes round is left alone: %s [DREAM-DATES]', (text) => {
    expect(makeDatesAbsolute(text, DAY)).toEqual({ text, since: undefined });
  });

  test('from which something is true is handed back [DREAM-DATES]', () => {
    expect(makeDatesAbsolute('We use pnpm since yesterday', DAY).since).toBe('2026-10-06');
    expect(makeDatesAbsolute('The launch is next Friday', DAY).since).toBeUndefined();
  });
});
