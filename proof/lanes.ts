import { setTimeout as sleep } from 'node:timers/promises';
import { listAll, makeHome, startDaemon, until, type DaemonProcess } from './lib/daemon.ts';
import { readLogLines } from './lib/facts.ts';
import { startReceiver } from './lib/receiver.ts';
import { equal, type CampaignOptions, type Check, type Report } from './lib/report.ts';

export interface LanesOptions extends CampaignOptions {
  /** How long proactive work may hold the foreground. */
  readonly budgetMs: number;
  /** How long the commands take. */
  readonly workSeconds: number;
  /** How far from the budget the foreground may be free. */
  readonly freeMsOff: number;
  /** How long a reply may take to be made, and to leave. */
  readonly replyMsMax: number;
}

/** From being asked for to holding the foreground, as seen from outside. */
const TAKE_MS_MAX = 500;

interface JobFact {
  readonly id: string;
  readonly state: string;
  readonly lane: string;
  readonly eventId: string;
}

/** A command of 60 s under the budget of 15 s, in real time. */
export function proveLanes(options: CampaignOptions): Promise<Report> {
  return keepLanes({
    ...options,
    ...(options.quick ? QUICK : { budgetMs: 15_000, workSeconds: 60, freeMsOff: 100, replyMsMax: 50 }),
  });
}

/** Beside other tests on a small machine; the long run is held to the promise itself. */
export const QUICK = { budgetMs: 1_000, workSeconds: 6, freeMsOff: 400, replyMsMax: 400 } as const;

/** The same in any length. The first command is handed over by the budget, the second gives way to the owner. */
export async function keepLanes({
  budgetMs,
  workSeconds,
  freeMsOff,
  replyMsMax,
  keep,
  say,
}: LanesOptions): Promise<Report> {
  await using receiver = await startReceiver();
  const firstMs = Date.now() + 4_000;
  const secondMs = firstMs + budgetMs + 1_500;
  const command = { do: 'command', argv: ['sleep', String(workSeconds)] };
  const config = {
    budget: { blocking: `${budgetMs}ms` },
    notify: [{ kind: 'webhook', url: receiver.url }],
    schedules: [
      { name: 'first', at: new Date(firstMs).toISOString(), ...command },
      { name: 'second', at: new Date(secondMs).toISOString(), ...command },
      { name: 'asked', cron: '0 0 1 1 *', do: 'command', argv: ['sleep', '1'] },
    ],
  };
  using home = makeHome(config, { keep });
  await using daemon = await startDaemon(home.path, { env: { KAIROS_LOG_LEVEL: 'info' } });
  // The very first request of a process loads the HTTP client: not what is measured.
  await replyMs(daemon);
  const first = await beginning(daemon, 'first');
  await sleep(Math.max(0, Math.min(1_000, budgetMs / 2) - (Date.now() - firstMs)));
  const reply = await replyMs(daemon);
  await until(async () => (await jobOf(daemon, 'first'))?.lane === 'background', budgetMs + 2_000);
  const second = await beginning(daemon, 'second');
  const taking = await takeOver(daemon, secondMs, budgetMs);
  say('both are in the background, waiting for their end');
  await until(() => ended(daemon), workSeconds * 1_000 + 20_000);
  const heldMs = handOvers(daemon)[0]?.heldMs ?? Infinity;
  // The file follows the ledger within a second.
  await until(() => readLogLines(home.path).filter((line) => line.includes(': done in')).length >= 3, 3_000);
  const lines = readLogLines(home.path);
  return {
    checks: [
      equal('a short enough idea begins in front', [first?.lane, second?.lane], ['foreground', 'foreground']),
      {
        name: 'the foreground is free when the budget is used up, in time',
        ok: Math.abs(heldMs - budgetMs) <= freeMsOff,
        detail: `after ${heldMs} ms`,
      },
      {
        name: 'a reply meanwhile is made at once, and leaves at once',
        ok: Math.max(reply.startMs, reply.sendMs) <= replyMsMax,
        detail: `${reply.startMs} ms and ${reply.sendMs} ms`,
      },
      ...taking,
      ...(await checkEnds(daemon, lines)),
    ],
    figures: { 'free after, ms': heldMs, 'reply made and sent, ms': `${reply.startMs}, ${reply.sendMs}` },
  };
}

async function jobOf(daemon: DaemonProcess, origin: string): Promise<JobFact | undefined> {
  const events = await listAll<{ source: string; type: string; jobs: string[] }>(daemon, '/api/events');
  const [id] = events.find(({ source, type }) => source === 'schedule' && type === origin)?.jobs ?? [];
  return id === undefined ? undefined : ((await daemon.get(`/api/jobs/${id}`)) as JobFact);
}

/** The job of a schedule as soon as it runs. */
async function beginning(daemon: DaemonProcess, origin: string): Promise<JobFact | undefined> {
  let job: JobFact | undefined;
  await until(async () => {
    job = await jobOf(daemon, origin);
    return job?.state === 'running';
  }, 15_000);
  return job;
}

/** From the record of what the owner asked to the answer, and from there to its delivery. */
async function replyMs(daemon: DaemonProcess): Promise<{ startMs: number; sendMs: number }> {
  const said = (await daemon.send('/api/say', { text: 'status' })).body as { event: { id: string } };
  interface Told {
    readonly replyTo: string | null;
    readonly state: string;
    readonly queuedAt: string;
    readonly sentAt: string;
  }
  let told: Told | undefined;
  await until(async () => {
    told = (await listAll<Told>(daemon, '/api/messages')).find(({ replyTo }) => replyTo === said.event.id);
    return told?.state === 'sent';
  }, 5_000);
  const event = (await daemon.get(`/api/events/${said.event.id}`)) as { receivedAt: string };
  if (told === undefined) return { startMs: Infinity, sendMs: Infinity };
  const queuedMs = Date.parse(told.queuedAt);
  return { startMs: queuedMs - Date.parse(event.receivedAt), sendMs: Date.parse(told.sentAt) - queuedMs };
}

/** The owner asks for work while an idea of the daemon has the foreground. */
async function takeOver(daemon: DaemonProcess, secondMs: number, budgetMs: number): Promise<Check[]> {
  await sleep(Math.max(0, secondMs + Math.min(1_000, budgetMs / 3) - Date.now()));
  const askedMs = Date.now();
  const { status } = await daemon.send('/api/schedules/asked/run', {});
  let asked: JobFact | undefined;
  await until(async () => {
    asked = await jobOf(daemon, 'asked');
    return asked?.state === 'running';
  }, 5_000);
  const second = await jobOf(daemon, 'second');
  const tookMs = Date.now() - askedMs;
  return [
    equal('the owner can ask for a run', status < 300, true),
    equal(
      'it takes the foreground, and the idea goes on behind',
      [asked?.lane, second?.lane, second?.state],
      ['foreground', 'background', 'running'],
    ),
    { name: 'at once', ok: tookMs <= TAKE_MS_MAX, detail: `seen after ${tookMs} ms` },
    equal(
      'and nobody is killed for it',
      handOvers(daemon).map(({ why }) => why),
      ['the budget is used up', 'the owner asked for something'],
    ),
  ];
}

async function ended(daemon: DaemonProcess): Promise<boolean> {
  const jobs = await Promise.all(['first', 'second', 'asked'].map((origin) => jobOf(daemon, origin)));
  return jobs.every((job) => job?.state === 'succeeded');
}

async function checkEnds(daemon: DaemonProcess, lines: readonly string[]): Promise<Check[]> {
  const ids = await Promise.all(['first', 'second'].map(async (origin) => (await jobOf(daemon, origin))?.id));
  const events = await listAll<{ id: string; type: string }>(daemon, '/api/events');
  const told = await Promise.all(
    events
      .filter(({ type }) => type === 'job-finished')
      .map(async ({ id }) => JSON.parse(((await daemon.get(`/api/events/${id}`)) as { body: string }).body) as object),
  );
  const facts = told as { job: string; succeeded: boolean; seconds: number }[];
  return [
    equal('all of them come to a good end', await ended(daemon), true),
    equal(
      'the end of what went on behind arrives as an event, once',
      facts.map(({ job, succeeded }) => `${job} ${succeeded}`).toSorted(),
      ids.map((id) => `${id} true`).toSorted(),
    ),
    equal(
      'and stands in the daily log',
      ids.filter((id) => lines.some((line) => line.startsWith(`command [${id}] `) && line.includes('done in'))).length,
      2,
    ),
  ];
}

/** What the log says of the foreground. */
function handOvers(daemon: DaemonProcess): { heldMs: number; why: string }[] {
  return daemon
    .log()
    .split('\n')
    .filter((line) => line.includes('foreground handed over'))
    .map((line) => JSON.parse(line) as { heldMs: number; why: string });
}
