import { formatDuration } from '../core/units.ts';
import { fail, ok, warn, type Check, type Finding } from './check.ts';

/** A job that has been due for longer while a daemon runs is not just waiting its turn. */
const BACKLOG_MS_MAX = 300_000;

/** The ledger is whole, of our version, and nothing lies in it unseen. */
export const ledger: Check = {
  name: 'ledger',
  async look({ ledger: inspect, daemon, nowMs }) {
    const seen = inspect();
    if (seen === undefined) return [ok('none yet: the first start makes it')];
    const found: Omit<Finding, 'check'>[] = [];
    if (seen.integrity !== 'ok' && seen.integrity !== 'not checked') {
      const fix = 'Stop the daemon, keep a copy of ledger.db*, then restore one from backups/.';
      return [fail(`ledger.db: ${seen.integrity}`, 'It is the one record of what was accepted.', fix)];
    }
    if (seen.schema > seen.schemaKnown) {
      found.push(
        fail(
          `schema ${seen.schema}, this version knows ${seen.schemaKnown}`,
          'A newer kairosd has written it.',
          'Start the newer version.',
        ),
      );
    }
    if (seen.deadJobs > 0) {
      found.push(
        warn(
          `${seen.deadJobs} dead jobs`,
          'They failed too often and are not tried again.',
          'kairos jobs --state dead, then kairos jobs requeue ID',
        ),
      );
    }
    if (seen.stuckJobs > 0 && (await daemon()) !== undefined) {
      found.push(
        warn(
          `${seen.stuckJobs} jobs run longer than their lease`,
          'Somebody began them and did not end them.',
          'kairos stop, then kairos start: they are taken up again.',
        ),
      );
    }
    const waitedMs = seen.oldestBacklogAtMs === null ? 0 : nowMs - seen.oldestBacklogAtMs;
    if (waitedMs > BACKLOG_MS_MAX) {
      found.push(
        warn(
          `${seen.backlog} jobs wait, the oldest for ${formatDuration(waitedMs)}`,
          'Nothing is lost, but nothing is told either.',
          'Is the daemon running? kairos status',
        ),
      );
    }
    if (found.length > 0) return found;
    const checked = seen.integrity === 'ok' ? 'whole' : 'not read through (kairos doctor --deep does)';
    return [ok(`${checked}, schema ${seen.schema}, ${Math.ceil(seen.bytes / 1_048_576)} MiB`)];
  },
};
