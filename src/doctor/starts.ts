import { formatDuration } from '../core/units.ts';
import { ok, warn, type Check } from './check.ts';

/** One in a day is a power cut or a reboot; more are a pattern. */
const UNCLEAN_OK = 1;

/** It does not keep falling over. */
export const starts: Check = {
  name: 'starts',
  about: 'At most one start in the last 24 hours ended without a clean stop, and the last was not in safe mode.',
  async look(ports) {
    const seen = ports.work?.();
    if (seen === undefined) return [];
    const fix = 'kairos log shows what happened before; the log of the daemon (docs/operations.md) shows why it ended.';
    const { uncleanStarts, safeModeSinceMs } = seen;
    if (uncleanStarts > UNCLEAN_OK) {
      const why = 'It crashed or was killed. Three times within ten minutes, and the next start is in safe mode.';
      return [warn(`${uncleanStarts} starts in the last 24 h did not end with a clean stop`, why, fix)];
    }
    if (safeModeSinceMs !== null && (await ports.daemon()) === undefined) {
      const what = `the last start, ${formatDuration(ports.nowMs - safeModeSinceMs)} ago, was in safe mode`;
      return [warn(what, 'The starts before it did not end cleanly.', fix)];
    }
    return [
      ok(uncleanStarts === 0 ? 'each ended with a clean stop' : 'one of the last 24 h ended without a clean stop'),
    ];
  },
};
