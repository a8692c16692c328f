import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { nextSlots, timingOf } from '../scheduler/due.ts';
import type { Schedule } from '../scheduler/options.ts';
import { fail, ok, readConfigFor, skip, warn, type Check, type DoctorPorts, type Found } from './check.ts';

interface Answer {
  readonly missed?: { readonly runs: number; readonly schedules: number };
}

/** What happens by the clock can happen: it is due some time, its program is there, and nothing was missed lately. */
export const schedules: Check = {
  name: 'schedules',
  about:
    'Every schedule is due some time, its program and folder are there, and nothing was missed in the last 24 hours.',
  async look(ports) {
    const config = readConfigFor(ports);
    if ('unusable' in config) return [skip(config.unusable)];
    const { schedules: all = [], timezone } = config;
    if (all.length === 0) return [ok('none')];
    const found = [
      ...all.flatMap((schedule) => cannotRun(schedule, ports)).slice(0, SHOWN_MAX),
      ...neverDue(all, timezone, ports.nowMs),
      ...(await missedLately(ports)),
    ];
    return found.length > 0 ? found : [ok(all.length === 1 ? '1 schedule' : `${all.length} schedules`)];
  },
};

/** Findings of one kind, and names in one finding. */
const SHOWN_MAX = 5;

function cannotRun({ name, do: what, argv = [], cwd, env }: Schedule, ports: DoctorPorts): Found[] {
  if (what !== 'command') return [];
  const why = 'Its runs fail.';
  if (cwd !== undefined && !isAbsolute(cwd)) {
    const fix = `Write it from the root on: cwd: ${join(ports.home, cwd)}`;
    return [warn(`${name}: cwd is relative: ${cwd}`, 'Where it is depends on where the daemon was started.', fix)];
  }
  const folder = cwd ?? ports.home;
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    return [
      fail(`${name}: cwd is no directory: ${folder}`, why, `Make it, or correct cwd: of ${name} in config.yaml.`),
    ];
  const [program = ''] = argv;
  const path = env?.['PATH'] ?? ports.env['PATH'] ?? '';
  const places = program.includes('/')
    ? [isAbsolute(program) ? program : join(folder, program)]
    : path.split(delimiter).map((each) => join(each, program));
  if (places.some(isProgram)) return [];
  const where = program.includes('/') ? 'is no program' : 'is not on PATH';
  return [fail(`${name}: ${JSON.stringify(program)} ${where}`, why, `Correct argv: of ${name} in config.yaml.`)];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function neverDue(all: readonly Schedule[], timeZone: string, nowMs: number): Found[] {
  const names = all
    .filter((schedule) => nextSlots(timingOf(schedule, timeZone), nowMs, 1).length === 0)
    .map(({ name }) => name);
  if (names.length === 0) return [];
  const more = names.length > SHOWN_MAX ? ` and ${names.length - SHOWN_MAX} more` : '';
  const what = `never due again: ${names.slice(0, SHOWN_MAX).join(', ')}${more}`;
  return [warn(what, 'Their time has passed.', 'Give them another time, or take them out of config.yaml.')];
}

async function missedLately(ports: DoctorPorts): Promise<Found[]> {
  const running = await ports.daemon();
  const answer = await running?.get<Answer>('/api/status').catch(() => undefined);
  const { runs = 0, schedules: count = 0 } = answer?.missed ?? {};
  if (runs === 0) return [];
  const what = `${runs} ${runs === 1 ? 'run' : 'runs'} of ${count} ${count === 1 ? 'schedule' : 'schedules'} missed in the last 24 h`;
  return [warn(what, 'What they were for was not done.', 'kairos schedules shows which and why.')];
}
