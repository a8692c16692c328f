import { statSync } from 'node:fs';
import { join } from 'node:path';
import { formatDuration } from '../core/units.ts';
import { ok, readConfigFor, warn, type Check } from './check.ts';

/** One a day; a machine that is off at night makes up for it within a day. */
const OLD_MS = 2 * 86_400_000;
/** What a clock may be set back without a word. */
const AHEAD_MS = 3_600_000;

/** There is something to restore from. */
export const backup: Check = {
  name: 'backup',
  about: 'The newest backup is no older than two days, and was read through after it was made.',
  async look(ports) {
    const { lastBackup, home, nowMs } = ports;
    if (lastBackup === undefined) return [];
    const ledger = statSync(join(home, 'ledger.db'), { throwIfNoEntry: false });
    if (ledger === undefined) return [ok('nothing to lose yet')];
    const seen = await lastBackup();
    const why = 'What the disk takes with it is gone: events, memory, conversations.';
    const fix = 'kairos backup FILE makes one now; while the daemon runs it makes one a day (backup: in config.yaml).';
    const config = readConfigFor(ports);
    const isOff = !('unusable' in config) && config.backup?.enabled === false;
    if (isOff && seen === undefined) return [ok('off (backup.enabled): none of ours is known')];
    if (seen === undefined) {
      const isNew = nowMs - ledger.birthtimeMs < OLD_MS;
      return [isNew ? ok('none yet: the daemon makes the first within a day') : warn('there is none', why, fix)];
    }
    const ageMs = Math.max(0, nowMs - seen.atMs);
    if (seen.atMs - nowMs > AHEAD_MS) {
      return [warn(`the newest is from the future (${seen.path}): a clock was wrong then, or is now`, why, fix)];
    }
    if (!seen.verified) return [warn(`${seen.path} was never read through`, why, fix)];
    if (ageMs > OLD_MS) return [warn(`the newest is ${formatDuration(ageMs)} old (${seen.path})`, why, fix)];
    return [ok(`${formatDuration(ageMs)} old, verified`)];
  },
};
