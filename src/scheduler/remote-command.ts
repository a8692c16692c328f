import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Json } from '../core/agent.ts';
import type { Job, Outcome } from '../core/job.ts';
import type { Clock, Redact } from '../core/ports.ts';
import { runCommand, type CommandEnded } from './command.ts';
import { failureOf, outcomeOf, outputPathOf, secretsOf, TIMEOUT_MS, type CommandPorts } from './handler.ts';

/** A command as it travels: all that a host without our configuration needs. */
const commandSchema = z.object({
  argv: z.array(z.string().max(8_000)).min(1).max(200),
  /** Left out: the directory that the worker was given. */
  cwd: z.string().max(1_000).optional(),
  env: z.record(z.string(), z.string()),
  /** The only secrets of the home that it gets. */
  secrets: z.record(z.string(), z.string()),
  timeoutMs: z
    .number()
    .min(1)
    .max(24 * 3_600_000),
  outputBytesMax: z.int().min(0).max(1_048_576),
});

const resultSchema = z.object({
  ended: z.enum(['exited', 'killed', 'timeout', 'aborted', 'not-started']),
  exitCode: z.number().nullable(),
  error: z.string().nullable(),
  preview: z.string(),
  /** What it printed: its beginning and its end, if it was too much. */
  output: z.string(),
});

type RemoteCommand = z.output<typeof commandSchema>;
type CommandReport = z.output<typeof resultSchema> & { readonly ended: CommandEnded };

/** Output that travels back. What is longer keeps its beginning and its end. */
const OUTPUT_BYTES_MAX = 262_144;

/** The record of an attempt that was made elsewhere. */
export interface RemoteRun {
  readonly schedule: string;
  readonly jobId: number;
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly ended: CommandEnded | 'lost';
  readonly succeeded: boolean | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  readonly outputPath: string | null;
}

/** The daemon's part of commands that run on other hosts. */
export interface RemoteCommands {
  pack(job: Job): { readonly payload: Json } | { readonly refused: string };
  judge(
    job: Job,
    done: { readonly result: Json; readonly startedAtMs: number; readonly tookMs: number },
    worker: string,
  ): Promise<{ readonly outcome: Outcome; readonly run: RemoteRun | undefined }>;
  lost(job: Job, why: string): RemoteRun;
}

type Ports = Pick<CommandPorts, 'find' | 'redact' | 'secretOf' | 'home' | 'clock'>;

/** @param sealed Whether what travels is unreadable on the way: only then do secrets go with it. */
export function remoteCommands(ports: Ports, sealed: boolean): RemoteCommands {
  return {
    pack: (job) => pack(job, ports, sealed),
    judge: (job, done, worker) => judge(job, done, { ports, worker }),
    lost: (job, why) => ({
      ...runOf(job, job.startedAtMs ?? ports.clock.wallMs(), ports.clock.wallMs()),
      ended: 'lost',
      succeeded: null,
      exitCode: null,
      error: why,
      outputPath: null,
    }),
  };
}

function pack(job: Job, { find, secretOf }: Ports, sealed: boolean): { payload: Json } | { refused: string } {
  const schedule = find(job.origin);
  if (schedule?.argv === undefined) {
    return { refused: `there is no schedule ${JSON.stringify(job.origin)} with a command any more` };
  }
  const secrets = secretsOf(schedule, secretOf);
  if (typeof secrets === 'string') return { refused: secrets };
  if (!sealed && Object.keys(secrets).length > 0) {
    return {
      refused: 'it names secrets, which travel only sealed: set KAIROS_WORKER_KEY for the daemon and its workers',
    };
  }
  const { argv, cwd, env = {}, timeout: timeoutMs = TIMEOUT_MS } = schedule;
  return {
    payload: { argv, ...(cwd !== undefined && { cwd }), env, secrets, timeoutMs, outputBytesMax: OUTPUT_BYTES_MAX },
  };
}

async function judge(
  job: Job,
  { result, startedAtMs, tookMs }: { result: Json; startedAtMs: number; tookMs: number },
  { ports, worker }: { ports: Ports; worker: string },
): Promise<{ outcome: Outcome; run: RemoteRun | undefined }> {
  const read = resultSchema.safeParse(result);
  if (!read.success)
    return { outcome: { kind: 'retry', error: `${worker} sent a result that can't be read` }, run: undefined };
  const schedule = ports.find(job.origin);
  const { ended, exitCode } = read.data;
  const error = failureOf(read.data, schedule?.timeout ?? TIMEOUT_MS);
  const kept = await keepOutput(job, read.data, ports);
  const run = {
    // The clock of another host is its own: what is told is how long it took.
    ...runOf(job, Math.min(startedAtMs, ports.clock.wallMs() - tookMs), ports.clock.wallMs()),
    ended,
    succeeded: ended === 'aborted' ? null : error === undefined,
    exitCode,
    error: error ?? null,
    outputPath: kept,
  };
  const { retries = 0 } = schedule ?? {};
  const preview = ports.redact(read.data.preview);
  return { outcome: outcomeOf(job, { ended, preview, error, kept, tookMs, retries, where: ` on ${worker}` }), run };
}

function runOf(
  job: Job,
  startedAtMs: number,
  endedAtMs: number,
): Pick<RemoteRun, 'schedule' | 'jobId' | 'attempt' | 'startedAtMs' | 'endedAtMs'> {
  return { schedule: job.origin, jobId: job.id, attempt: job.attempts, startedAtMs, endedAtMs };
}

/** The same file for the same attempt, should its outcome come twice. A full disk takes the output, never the run. */
async function keepOutput(job: Job, { output }: CommandReport, { home, redact }: Ports): Promise<string | null> {
  if (output === '') return null;
  const path = outputPathOf(job);
  try {
    await mkdir(dirname(join(home, path)), { recursive: true, mode: 0o700 });
    await writeFile(join(home, path), redact(output), { mode: 0o600 });
    return path;
  } catch {
    return null;
  }
}

export interface RemoteCommandPorts {
  readonly clock: Clock;
  /** Takes the secrets of one command out of what it prints. */
  readonly redactorOf: (secrets: readonly { readonly name: string; readonly value: string }[]) => Redact;
  /** Where commands run that name no place, and where their output lies while they run. */
  readonly directory: string;
  /** All that commands see of the environment here: PATH, HOME, LANG and TZ. */
  readonly env: Readonly<Record<string, string>>;
}

/** The worker's part: runs a command that came from a daemon. @throws when it is none. */
export function remoteCommandHandler({ clock, redactorOf, directory, env }: RemoteCommandPorts) {
  return async (work: { readonly token: string; readonly payload: Json }, signal: AbortSignal): Promise<Json> => {
    const command = commandSchema.parse(work.payload);
    const outputPath = join(directory, `output-${work.token}.txt`);
    const redact = redactorOf(Object.entries(command.secrets).map(([name, value]) => ({ name, value })));
    const { argv, cwd = directory, timeoutMs } = command;
    const options = { argv, cwd, timeoutMs, env: { ...env, ...command.env, ...command.secrets }, outputPath };
    const { ended, exitCode, error, preview, kept } = await runCommand(options, signal, { clock, redact });
    const output = kept ? await takeOutput(outputPath, command) : '';
    return { ended, exitCode, error: error && redact(error), preview, output } satisfies CommandReport;
  };
}

async function takeOutput(path: string, { outputBytesMax }: RemoteCommand): Promise<string> {
  const bytes = await readFile(path);
  await rm(path, { force: true });
  if (bytes.length <= outputBytesMax) return bytes.toString('utf8');
  const half = Math.floor(outputBytesMax / 2);
  const head = bytes.subarray(0, half).toString('utf8');
  return `${head}\n[${bytes.length - 2 * half} bytes were not kept]\n${bytes.subarray(-half).toString('utf8')}`;
}
