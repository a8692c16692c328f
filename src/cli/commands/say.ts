import type { Command } from 'commander';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cli } from '../cli.ts';
import { openClient, type Client } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { plainBlock } from '../plain-block.ts';
import type { EventRow, JobRow, MessageRow } from '../rows.ts';
import { watchRun } from '../watch-run.ts';

interface Said {
  readonly event: EventRow;
  readonly job: JobRow | null;
}

export function define(command: Command, act: Act): void {
  command
    .description(
      'Tell or ask the daemon something. It is recorded, and answered at once over the channels, past every window. With a model the answer is written here as it comes.',
    )
    .argument('<text...>', 'what to say')
    .option('--no-wait', 'only record it; the answer comes over the channels');
  withExamples(command, 'kairos say status', 'kairos say mute 2h', 'kairos say "what changed here this week?"').action(
    act<{ wait: boolean }>(async (cli, words, { wait }) => {
      const client = openClient(cli.home, cli.env);
      const said = await client.post<Said>('/api/say', { text: words.join(' '), cwd: process.cwd() });
      const recorded = `Recorded as ${said.event.id}; the answer comes over your channels. See also: ${cli.command} messages`;
      if (!wait) return cli.print({ ...said, reply: null }, recorded);
      if (said.job?.kind === 'agent' && said.job.state !== 'parked') return follow(cli, client, said);
      const reply = await awaitReply(client, said.event.id);
      cli.print({ ...said, reply: reply ?? null }, reply?.text ?? recorded);
    }),
  );
}

/** Shows a run of the agent live, then its answer if that was not what was shown last. */
async function follow(cli: Cli, client: Client, said: Said): Promise<void> {
  const jobId = said.job?.id ?? '';
  const end = await watchRun(cli, client, jobId);
  if (end.kind === 'waiting') {
    cli.exitCode = 0;
    return cli.print({ ...said, waiting: end.text, reply: null }, '');
  }
  const reply = await awaitReply(client, said.event.id);
  const job = await client.get<JobRow>(`/api/jobs/${jobId}`);
  if (job.state === 'failed' || job.state === 'dead') cli.exitCode = 1;
  const text = plainBlock(reply?.text ?? job.error ?? '').trim();
  const shown = end.lastText.trim() === text;
  cli.print({ event: said.event, job, reply: reply ?? null }, shown ? '' : text);
}

const REPLY_MS_MAX = 5_000;
const LOOK_MS = 50;

/** The reply goes to the channels whether or not anybody waits here; who asked at a terminal wants to read it there. */
async function awaitReply(client: Client, eventId: string): Promise<MessageRow | undefined> {
  for (const untilMs = performance.now() + REPLY_MS_MAX; performance.now() < untilMs; await pause(LOOK_MS)) {
    const { items } = await client.get<{ items: MessageRow[] }>('/api/messages?limit=50');
    const reply = items.find(({ replyTo }) => replyTo === eventId);
    if (reply !== undefined) return reply;
  }
  return undefined;
}
