import type { EventDraft } from '../core/event.ts';
import type { JobDraft } from '../core/job.ts';
import { formatInstant } from '../core/units.ts';
import type { Missed } from './decide.ts';
import type { Schedule } from './options.ts';
import type { MissedDraft } from './store.ts';
import { jumpInWords, type Jump } from './wake.ts';

/** The source of every event that a schedule makes. */
const SCHEDULE_SOURCE = 'schedule';

/** `due` at its time, `late` when it is made up for, `asked` when somebody wanted it now. */
export type Occasion = 'due' | 'late' | 'asked';

/** A slot as an event. Its delivery id is the schedule and the instant, so that the ledger takes it once. */
export function slotEvent(schedule: Schedule, slotMs: number, occasion: Occasion, nowMs: number): EventDraft {
  const slot = new Date(slotMs).toISOString();
  return {
    source: SCHEDULE_SOURCE,
    delivery: `${schedule.name}${occasion === 'asked' ? '!' : '@'}${slot}`,
    type: schedule.name,
    action: occasion,
    trust: 'owner',
    receivedAtMs: nowMs,
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify({ schedule: schedule.name, slot, do: schedule.do })),
    jobs: [jobOf(schedule, slot, occasion === 'asked')],
  };
}

/** A sleep of the machine, or a clock that was set, as one event. */
export function jumpEvent(jump: Jump, nowMs: number): EventDraft {
  const text = jumpInWords(jump);
  const job = { kind: 'log', origin: 'kairosd', topic: jump.kind, text } as const;
  return {
    source: 'kairosd',
    delivery: `${jump.kind}:${nowMs}`,
    type: jump.kind,
    action: null,
    trust: 'owner',
    receivedAtMs: nowMs,
    contentType: 'text/plain',
    body: Buffer.from(text),
    jobs: [{ ...job, reactive: false, urgent: false, mayCoalesce: false }],
  };
}

/** A missed stretch with its line for the daily log. */
export function missedDraft(name: string, missed: Missed, timeZone: string): MissedDraft {
  const at = (ms: number): string => formatInstant(ms, timeZone).slice(0, 16).replace('T', ' ');
  const what =
    missed.count === 1
      ? `the run of ${at(missed.fromMs)} was missed`
      : `${missed.count ?? 'many'} runs from ${at(missed.fromMs)} to ${at(missed.throughMs)} were missed`;
  return { ...missed, line: `${name}: ${what}: ${missed.reason}` };
}

/** The handler of a command looks it up in the configuration, under the name. */
function jobOf(schedule: Schedule, slot: string, asked: boolean): JobDraft {
  // A digest is of the day of its slot, however late it is made; one that somebody asks for is of now.
  const day = asked ? '' : slot;
  const text = schedule.do === 'digest' ? day : (schedule.text ?? schedule.prompt ?? schedule.name);
  const kind = schedule.do === 'digest' ? 'digest-report' : schedule.do;
  const { name: origin, topic = origin } = schedule;
  const { label } = schedule;
  return { kind, origin, reactive: asked, topic, text, urgent: false, mayCoalesce: false, ...(label && { label }) };
}
