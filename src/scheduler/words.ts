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
  if (timing.kind === 'every') return `Every ${formatDuration(timing.everyMs)}${later}`;
  if (timing.kind === 'at') {
    const at = formatInstant(timing.atMs, schedule.timezone ?? defaultZone);
    return `Once at ${at.slice(0, 16).replace('T', ' ')}${later}`;
  }
  const { default: cronstrue } = await import('cronstrue');
  const words = cronstrue.toString(timing.cron, { use24HourTimeFormat: true, throwExceptionOnParseError: false });
  return `${words} (${timing.zone})${later}`;
}
