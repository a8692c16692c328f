import { join } from 'node:path';
import type { Job, Outcome } from '../core/job.ts';
import { reached, type Clock, type Redact } from '../core/ports.ts';
import { formatDuration, formatId } from '../core/units.ts';
import { runCommand, type CommandEnded, type CommandResult } from './command.ts';
import type { Schedule } from './options.ts';

/** Does what a job says, as the worker wants it. */
export type ScheduleHandler = (job: Job, signal: AbortSignal) => Promise<Outcome>;

/** What records of runs need of the ledger. */
export interface RunStore {
  begin(run: {
    readonly schedule: string;
    readonly jobId: number;
    readonly attempt: number;
    readonly scheduledForMs: number;
    readonly startedAtMs: number;
  }): Promise<number>;
  end(id: number, end: RunEnd): Promise<void>;
}

interface RunEnd {
  readonly endedAtMs: number;
  readonly ended: CommandEnded | 'returned';
  readonly succeeded: boolean | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  readonly outputPath: string | null;
}

export interface RunPorts {
  readonly runs: RunStore;
  /** When a job of this event was to run; undefined when no schedule began it. */
  readonly scheduledFor: (eventId: number) => number | undefined;
  readonly clock: Clock;
}

export interface CommandPorts extends RunPorts {
  readonly find: (schedule: string) => Schedule | undefined;
  readonly redact: Redact;
  readonly secretOf: (name: string) => string | undefined;
  readonly home: string;
  /** PATH, HOME, LANG and TZ of the daemon, and nothing else. */
  readonly env: Readonly<Record<string, string>>;
}

/** A command without a `timeout` of its own. */
export const TIMEOUT_MS = 600_000;

/** The handler of `command` jobs: runs what the configuration says under the job's name, and records the run. */
export function commandHandler(ports: CommandPorts): ScheduleHandler {
  const { clock, home, find, redact } = ports;
  return async (job, signal) => {
    const schedule = find(job.origin);
    if (schedule?.argv === undefined) {
      return { kind: 'failed', error: `there is no schedule ${JSON.stringify(job.origin)} with a command any more` };
    }
    const { argv, timeout: timeoutMs = TIMEOUT_MS, env, cwd = home, retries = 0 } = schedule;
    const secrets = secretsOf(schedule, ports.secretOf);
    if (typeof secrets === 'string') return { kind: 'failed', error: secrets };
    const outputPath = outputPathOf(job);
    const startedAtMs = clock.wallMs();
    const startedMonoMs = clock.monoMs();
    const runId = await ports.runs.begin(beginning(job, startedAtMs, ports));
    const command = {
      argv,
      timeoutMs,
      cwd,
      env: { ...ports.env, ...env, ...secrets },
      outputPath: join(home, outputPath),
    };
    reached('command.begun');
    const result = await runCommand(command, signal, { clock, redact });
    const error = failureOf(result, timeoutMs);
    reached('command.ended');
    const kept = result.kept ? outputPath : null;
    const { ended, exitCode } = result;
    await ports.runs.end(runId, {
      endedAtMs: clock.wallMs(),
      ended,
      succeeded: ended === 'aborted' ? null : error === undefined,
      exitCode,
      error: error ?? null,
      outputPath: kept,
    });
    return outcomeOf(job, { ...result, error, kept, tookMs: clock.monoMs() - startedMonoMs, retries, where: '' });
  };
}

/** Where the output of an attempt is kept, relative to the home. */
export function outputPathOf(job: Job): string {
  return join('artifacts', 'runs', `${job.origin}-${formatId('j', job.id)}-${job.attempts}.txt`);
}

/** The secrets that a command names; what is wrong when one of them is missing. */
export function secretsOf(
  { secretsEnv = [] }: Schedule,
  secretOf: (name: string) => string | undefined,
): Readonly<Record<string, string>> | string {
  const missing = secretsEnv.filter((name) => secretOf(name) === undefined);
  if (missing.length > 0) return `the command names secrets that are not in secrets.env: ${missing.join(', ')}`;
  return Object.fromEntries(secretsEnv.map((name) => [name, secretOf(name) ?? '']));
}

/** What an attempt at a command means for its job, wherever it was made. */
export function outcomeOf(
  job: Job,
  ended: Pick<CommandResult, 'ended' | 'preview'> & {
    /** What went wrong, in words; undefined when nothing did. */
    readonly error: string | undefined;
    /** The file of its output. */
    readonly kept: string | null;
    readonly tookMs: number;
    readonly retries: number;
    /** ` on mac-mini`, or empty. */
    readonly where: string;
  },
): Outcome {
  const { error, kept, tookMs, retries, where } = ended;
  const output = kept === null ? '' : `, output in ${kept}`;
  if (error === undefined) {
    const text = `${job.origin}: done in ${formatDuration(tookMs)}${where}${output}`;
    return {
      kind: 'succeeded',
      effects: [{ kind: 'journal', line: { kind: 'command', ref: formatId('j', job.id), text } }],
    };
  }
  const told = `${error}${where}${output}${lastWords(ended.preview)}`;
  return job.attempts <= retries || ended.ended === 'aborted'
    ? { kind: 'retry', error: told }
    : { kind: 'failed', error: told };
}

/** Any other handler, with a record of the run when a schedule began the job. */
export function recorded(handler: ScheduleHandler, ports: RunPorts): ScheduleHandler {
  return async (job, signal) => {
    if (job.eventId === null || ports.scheduledFor(job.eventId) === undefined) return handler(job, signal);
    const runId = await ports.runs.begin(beginning(job, ports.clock.wallMs(), ports));
    const end = (succeeded: boolean | null, error: string | null): Promise<void> =>
      ports.runs.end(runId, {
        endedAtMs: ports.clock.wallMs(),
        ended: signal.aborted ? 'aborted' : 'returned',
        succeeded,
        exitCode: null,
        error,
        outputPath: null,
      });
    try {
      const outcome = await handler(job, signal);
      if (outcome.kind === 'succeeded') await end(true, null);
      else if (outcome.kind === 'parked' || outcome.kind === 'waiting') await end(null, outcome.reason);
      else await end(false, outcome.error);
      return outcome;
    } catch (error) {
      await end(false, error instanceof Error ? error.message : String(error));
      throw error;
    }
  };
}

function beginning(job: Job, startedAtMs: number, { scheduledFor }: RunPorts): Parameters<RunStore['begin']>[0] {
  const slotMs = job.eventId === null ? undefined : scheduledFor(job.eventId);
  return {
    schedule: job.origin,
    jobId: job.id,
    attempt: job.attempts,
    scheduledForMs: slotMs ?? job.createdAtMs,
    startedAtMs,
  };
}

/** What went wrong, in words; undefined when it exited with 0. */
export function failureOf(
  { ended, exitCode, error }: Pick<CommandResult, 'ended' | 'exitCode' | 'error'>,
  timeoutMs: number,
): string | undefined {
  if (ended === 'exited') return exitCode === 0 ? undefined : `the command exited with ${exitCode}`;
  const reasons = {
    killed: `the command was killed: ${error}`,
    timeout: `the command took longer than ${formatDuration(timeoutMs)} and was ended`,
    aborted: 'the command was cut off',
    'not-started': `the command could not be started: ${error}`,
  } as const;
  return reasons[ended];
}

const LAST_WORDS = 500;

function lastWords(preview: string): string {
  const text = preview.trim();
  return text === '' ? '' : `\n${text.slice(-LAST_WORDS)}`;
}
