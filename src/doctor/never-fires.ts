import { quietEndMs, type QuietHours } from '../budget/quiet.ts';
import { formatInstant } from '../core/units.ts';
import { nextSlots, timingOf } from '../scheduler/due.ts';
import type { Schedule } from '../scheduler/options.ts';
import { ok, readConfigFor, warn, type Check, type CheckedConfig, type DoctorPorts, type Found } from './check.ts';

const YEAR_MS = 366 * 86_400_000;
const FAR_MS = 5 * YEAR_MS;
/** Slots that are looked at to say "always". */
const SLOTS = 14;
/** With more schedules than this only the first are looked at. */
const SCHEDULES_MAX = 2_000;
const NAMED_MAX = 5;

/** What is to happen by the clock does happen, and is told. */
export const neverFires: Check = {
  name: 'never-fires',
  about:
    'Every schedule is due within five years, what it tells outlives the quiet hours, and its last three runs were not all missed.',
  async look(ports) {
    const config = readConfigFor(ports);
    // What is wrong with the configuration is told by `config`, and what is never due at all by `schedules`.
    if ('unusable' in config) return [];
    const all = (config.schedules ?? []).slice(0, SCHEDULES_MAX);
    if (all.length === 0) return [];
    const found = [...farOff(all, config, ports), ...unheard(all, config, ports), ...missed(ports)];
    return found.length > 0 ? found : [ok('each comes round')];
  },
};

function farOff(all: readonly Schedule[], { timezone }: CheckedConfig, { nowMs }: DoctorPorts): Found[] {
  const far = all.flatMap((schedule) => {
    const [atMs] = nextSlots(timingOf(schedule, timezone), nowMs, 1);
    return atMs === undefined || atMs < nowMs + FAR_MS
      ? []
      : [`${schedule.name} (${formatInstant(atMs, timezone).slice(0, 10)})`];
  });
  if (far.length === 0) return [];
  const fix = 'Correct its cron: or at: in config.yaml; kairos schedules shows when each is due.';
  return [warn(`not due for over five years: ${named(far)}`, 'Most likely it was meant differently.', fix)];
}

/** A message that waits for the end of the quiet hours may expire before. */
function unheard(all: readonly Schedule[], { timezone, budget }: CheckedConfig, { nowMs }: DoctorPorts): Found[] {
  const quiet: QuietHours | undefined = budget?.quietHours;
  if (budget === undefined || quiet === undefined) return [];
  const silent = all
    .filter((one) => one.do === 'notify')
    .filter((schedule) => {
      const slots = nextSlots(timingOf(schedule, timezone), nowMs, SLOTS);
      const expires = (atMs: number): boolean => (quietEndMs(quiet, timezone, atMs) ?? 0) - atMs >= budget.messageTtlMs;
      return slots.length > 0 && slots.every(expires);
    })
    .map(({ name }) => name);
  if (silent.length === 0) return [];
  const what = `always expires in the quiet hours, untold: ${named(silent)}`;
  const why = `It comes up between ${quiet.from} and ${quiet.to} and is older than budget.messageTtl when they end.`;
  return [warn(what, why, 'Give it another time, or a longer budget.messageTtl in config.yaml.')];
}

function missed(ports: DoctorPorts): Found[] {
  const rows = ports.work?.()?.missedInARow ?? [];
  if (rows.length === 0) return [];
  const names = rows.map(({ name, count, reason }) => `${name} (${count} in a row: ${reason})`);
  const first = rows[0]?.name ?? 'NAME';
  return [
    warn(`missed, and not run since: ${named(names)}`, 'What it is for is not done.', `kairos schedules ${first}`),
  ];
}

function named(names: readonly string[]): string {
  return `${names.slice(0, NAMED_MAX).join(', ')}${names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : ''}`;
}
