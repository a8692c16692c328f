import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { openClient, type Client } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { plainBlock } from '../plain-block.ts';
import type { EventRow, JobRow, RunRow, ScheduleRow } from '../rows.ts';
import { runInWords } from '../run-words.ts';

interface Asked {
  readonly event: EventRow;
  readonly job: JobRow | null;
}

export function define(command: Command, act: Act): void {
  command
    .description(
      `Run a schedule now, beside its times. Waits up to ${WAIT_MS / 1_000} s for its end. Exit code 1 if it failed.`,
    )
    .argument('<schedule>', 'its name; kairos schedules lists them');
  withExamples(command, 'kairos run morning-digest', 'kairos run backup --json').action(
    act(async (cli, [name = '']) => {
      const client = openClient(cli.home, cli.env);
      const path = `/api/schedules/${encodeURIComponent(name)}`;
      const asked = await client.post<Asked>(`${path}/run`);
      if (asked.job === null) return cli.print({ ...asked, run: null }, `Recorded as ${asked.event.id}.`);
      const job = await awaitEnd(cli, client, asked.job);
      const { lastRun } = await client.get<ScheduleRow>(path);
      const run = lastRun?.jobId === job.id ? lastRun : null;
      if (FAILED.has(job.state)) cli.exitCode = 1;
      cli.print({ event: asked.event, job, run }, () => render(cli, name, job, run));
    }),
  );
}

const WAIT_MS = 10_000;
const SAID_AFTER_MS = 1_000;
const LOOK_MS = 100;
const FAILED = new Set(['failed', 'dead']);
/** Rests until somebody does something. */
const ENDED = new Set(['succeeded', 'parked', ...FAILED]);

/** The job as it is at its end, or when the wait is over. */
async function awaitEnd(cli: Cli, client: Client, begun: JobRow): Promise<JobRow> {
  const startMs = performance.now();
  let job = begun;
  let isSaid = false;
  while (!ENDED.has(job.state) && performance.now() - startMs < WAIT_MS) {
    if (!isSaid && performance.now() - startMs > SAID_AFTER_MS) {
      cli.note(cli.paint.dim(`${job.id} is under way …`));
      isSaid = true;
    }
    await pause(LOOK_MS);
    job = await client.get<JobRow>(`/api/jobs/${job.id}`);
  }
  return job;
}

function render({ paint, command }: Cli, name: string, job: JobRow, run: RunRow | null): string {
  const head = `${name}: ${job.id}`;
  if (job.state === 'parked') return paint.warn(`${head} waits: ${plainBlock(job.error ?? 'for a model')}`);
  if (!ENDED.has(job.state)) {
    const so = job.state === 'queued' && job.attempts > 0 ? 'failed once and is tried again' : `is ${job.state}`;
    return `${paint.warn(`${head} ${so}`)}. Look again with: ${command} jobs show ${job.id}`;
  }
  const output = run?.output ? `\nOutput: ${run.output}` : '';
  if (FAILED.has(job.state)) {
    const why = run === null ? `failed: ${plainBlock(job.error ?? 'unknown')}` : runInWords(run);
    return paint.bad(`${head} ${why}`) + output;
  }
  return paint.good(`${head} ${run === null ? 'succeeded' : runInWords(run)}`) + output;
}
