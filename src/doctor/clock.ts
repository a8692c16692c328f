import { formatDuration } from '../core/units.ts';
import { fail, ok, readConfigFor, warn, type Check, type DoctorPorts } from './check.ts';

/** This code did not exist before. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
const AHEAD_MS_MAX = 300_000;

/** The clock is right enough for signatures (five minutes), and the time zone is somebody's choice. */
export const clock: Check = {
  name: 'clock',
  about: 'The clock is plausible against the newest event; the time zone is somebody\u2019s choice.',
  async look(ports) {
    const { nowMs, ledger } = ports;
    if (nowMs < EARLIEST_MS) {
      const why = 'Signed deliveries more than five minutes off are refused, and quiet hours are wrong.';
      return [
        fail(
          `the clock says ${Temporal.Instant.fromEpochMilliseconds(nowMs).toString()}`,
          why,
          'Turn on time synchronisation (timedatectl set-ntp true).',
        ),
      ];
    }
    const newestMs = ledger()?.newestEventAtMs ?? 0;
    if (newestMs > nowMs + AHEAD_MS_MAX) {
      const why = 'The clock was set back, or it was wrong when that event came; windows and the log follow it.';
      return [
        warn(
          `the newest event is ${formatDuration(newestMs - nowMs)} in the future`,
          why,
          'Turn on time synchronisation (timedatectl set-ntp true).',
        ),
      ];
    }
    return [ok(zoneOf(ports))];
  },
};

function zoneOf(ports: DoctorPorts): string {
  const config = readConfigFor(ports);
  if ('unusable' in config) return `plausible (time zone unknown: ${config.unusable})`;
  const hint = config.timezone === 'UTC' ? ' (if you live elsewhere: timezone: Europe/Berlin in config.yaml)' : '';
  const { machineTimeZone: machine = config.timezone } = ports;
  const other = machine === config.timezone ? '' : ` (the machine: ${machine})`;
  return `time zone ${config.timezone}${other}${hint}`;
}
