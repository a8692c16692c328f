import { formatDuration } from '../core/units.ts';
import { fail, ok, warn, type Check } from './check.ts';

/** This code did not exist before. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
const AHEAD_MS_MAX = 300_000;

/** The clock is right enough for signatures (five minutes), and the time zone is somebody's choice. */
export const clock: Check = {
  name: 'clock',
  async look({ nowMs, config, ledger }) {
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
    const zone = zoneOf(config);
    const hint = zone === 'UTC' ? ' (if you live elsewhere: timezone: Europe/Berlin in config.yaml)' : '';
    return [ok(`time zone ${zone}${hint}`)];
  },
};

function zoneOf(config: () => { readonly timezone: string }): string {
  try {
    return config().timezone;
  } catch {
    // The check of the configuration says what is wrong with it.
    return 'unknown';
  }
}
