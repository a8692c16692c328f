import type { OddJob } from '../ledger/inspect-work.ts';
import { formatDuration, formatId } from '../core/units.ts';
import { ok, warn, type Check, type DoctorPorts, type Found } from './check.ts';

/** A job that has been due for longer while a daemon runs is not just waiting its turn. */
const BACKLOG_MS_MAX = 300_000;

/** Nothing hangs: no job runs beyond its lease or for hours, none is due and waits. */
export const jobs: Check = {
  name: 'jobs',
  about: 'No job runs longer than its lease or for over six hours, and none that is due waits for over five minutes.',
  async look(ports) {
    const seen = ports.work?.();
    if (seen === undefined) return [];
    const running = (await ports.daemon()) !== undefined;
    const found = [
      ...(running ? stuck(seen.stuck, ports) : []),
      ...long(seen.long, ports),
      ...overdue(seen.backlog, ports, running),
    ];
    return found.length > 0 ? found : [ok('none hangs')];
  },
};

interface Odd {
  readonly count: number;
  readonly oldest: readonly OddJob[];
}

function stuck({ count, oldest }: Odd, { nowMs }: DoctorPorts): Found[] {
  if (count === 0) return [];
  const what = `${count} jobs run longer than their lease (${named(oldest, nowMs)})`;
  const fix = 'kairos stop, then kairos start: they are taken up again.';
  return [warn(what, 'Somebody began them and did not end them.', fix)];
}

function long({ count, oldest }: Odd, { nowMs }: DoctorPorts): Found[] {
  if (count === 0) return [];
  const first = oldest[0] === undefined ? 'ID' : formatId('j', oldest[0].id);
  const what = `${count} jobs have been running for hours (${named(oldest, nowMs)})`;
  const why = 'Each holds a lane: other work waits behind it.';
  return [
    warn(what, why, `kairos jobs show ${first} says what it does; kairos stop, then kairos start, begins it anew.`),
  ];
}

function overdue(
  { count, oldestDueAtMs }: { readonly count: number; readonly oldestDueAtMs: number | null },
  { nowMs }: DoctorPorts,
  running: boolean,
): Found[] {
  const waitedMs = oldestDueAtMs === null ? 0 : nowMs - oldestDueAtMs;
  if (waitedMs <= BACKLOG_MS_MAX) return [];
  const what = `${count} jobs wait, the oldest for ${formatDuration(waitedMs)}`;
  const fix = running ? 'kairos status shows what the lanes do.' : 'kairos start';
  return [warn(what, 'Nothing is lost, but nothing is told either.', fix)];
}

function named(list: readonly OddJob[], nowMs: number): string {
  return list
    .map(
      ({ id, kind, origin, sinceMs }) =>
        `${formatId('j', id)} ${kind} ${origin} for ${formatDuration(nowMs - sinceMs)}`,
    )
    .join(', ');
}
