import { formatDuration, formatInstant } from '../core/units.ts';
import { timingOf } from './due.ts';
import type { Schedule } from './options.ts';

/**
 * When a schedule is due, in words: "At 08:00, Monday through Friday (Europe/Berlin)". cronstrue is loaded when it is needed.
 *
 * @param defaultZone The `timezone` of the configuration.
 */
export async function describeSchedule(schedule: Schedule, defaultZone: string): Promise<string> {
  const timing = timingOf(schedule, defaultZone);
  const later = schedule.jitter ? `, up to ${formatDuration(schedule.jitter)} later` : '';
  switch (timing.kind) {
    case 'cron': {
      const { default: cronstrue } = await import('cronstrue');
      const words = cronstrue.toString(timing.cron, { use24HourTimeFormat: true, throwExceptionOnParseError: false });
      return `${words} (${timing.zone})${later}`;
    }
    case 'every':
      return `Every ${formatDuration(timing.everyMs)}${later}`;
    case 'at':
      return `Once at ${formatInstant(timing.atMs, schedule.timezone ?? defaultZone)
        .slice(0, 16)
        .replace('T', ' ')}${later}`;
  }
}
