import { z } from 'zod';
import type { Tool } from '../core/agent.ts';
import type { JobDraft } from '../core/job.ts';
import type { Clock } from '../core/ports.ts';
import { formatDuration, formatInstant, parseDurationMs } from '../core/units.ts';
import { defineTool, failure } from './define.ts';

export interface SchedulePorts {
  readonly clock: Pick<Clock, 'wallMs'>;
  /** IANA. */
  readonly timeZone: () => string;
}

const LATER_MS_MIN = 60_000;
const LATER_MS_MAX = 30 * 86_400_000;

const input = z
  .strictObject({
    in: z.string().max(20).optional().describe('How long from now: 30m, 2h, 3d.'),
    at: z.string().max(40).optional().describe("ISO 8601; without an offset in the owner's time zone."),
    prompt: z
      .string()
      .trim()
      .min(1)
      .max(8_000)
      .optional()
      .describe('What a new run is asked then; it knows nothing of this one.'),
    text: z.string().trim().min(1).max(4_000).optional().describe('What the owner is told then, without a run.'),
  })
  .superRefine((value, context) => {
    for (const [one, other] of [
      ['in', 'at'],
      ['prompt', 'text'],
    ] as const) {
      if ((value[one] === undefined) === (value[other] === undefined))
        context.addIssue({ code: 'custom', message: `exactly one of ${one} and ${other} is needed`, path: [one] });
    }
  });

/** The tool `schedule`: one piece of work for later, once, between a minute and 30 days ahead. */
export function scheduleTool({ clock, timeZone }: SchedulePorts): Tool {
  return defineTool({
    name: 'schedule',
    description:
      'Arranges one thing for later, 1 minute to 30 days ahead: a new run with a prompt, or a text for the owner. For what happens again and again the owner writes a schedule. To go on with this run after a short wait, use sleep.',
    input,
    async run(given, { tainted }) {
      const nowMs = clock.wallMs();
      const dueAtMs =
        given.in === undefined ? timeOf(given.at ?? '', timeZone()) : nowMs + (durationOf(given.in) ?? NaN);
      if (Number.isNaN(dueAtMs))
        return failure('expected `in` such as 30m, 2h or 3d, or `at` such as 2026-11-23T09:00');
      const aheadMs = dueAtMs - nowMs;
      if (aheadMs < LATER_MS_MIN || aheadMs > LATER_MS_MAX)
        return failure(
          `expected a time 1 minute to 30 days ahead, got ${aheadOf(aheadMs)}; now it is ${formatInstant(nowMs, timeZone())}`,
        );
      const draft: JobDraft = {
        kind: given.prompt === undefined ? 'notify' : 'agent',
        origin: 'later',
        reactive: false,
        topic: `later ${formatInstant(dueAtMs, 'UTC')}`,
        text: given.prompt ?? given.text ?? '',
        urgent: false,
        mayCoalesce: false,
      };
      return {
        text: `Arranged for ${formatInstant(dueAtMs, timeZone())}.`,
        // What read text from outside speaks for outside, then as now.
        effects: [{ kind: 'later', draft, dueAtMs, trust: tainted ? 'outside' : 'owner' }],
      };
    },
  });
}

/** A bare number has no unit to trust. */
function durationOf(text: string): number | undefined {
  return /[a-z]$/.test(text.trim()) ? parseDurationMs(text) : undefined;
}

/** NaN when it cannot be read. */
function timeOf(text: string, timeZone: string): number {
  try {
    if (/(?:Z|[+-]\d\d:?\d\d)$/i.test(text.trim())) return Temporal.Instant.from(text.trim()).epochMilliseconds;
    return Temporal.PlainDateTime.from(text.trim()).toZonedDateTime(timeZone).epochMilliseconds;
  } catch {
    return Number.NaN;
  }
}

function aheadOf(ms: number): string {
  return ms <= 0 ? 'one that is past' : formatDuration(ms);
}
