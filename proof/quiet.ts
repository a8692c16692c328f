import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, listAll, makeHome, startDaemon, until, type DaemonProcess } from './lib/daemon.ts';
import { readLedger, type LedgerFacts } from './lib/facts.ts';
import { startReceiver, type Receipt } from './lib/receiver.ts';
import { equal, none, tally, type CampaignOptions, type Check, type Report } from './lib/report.ts';
import { createDice, type Dice } from './lib/seed.ts';
import { oneConnection, postGithub } from './lib/sender.ts';

const TOPICS = ['acme/app', 'acme/web', 'acme/api', 'acme/docs', 'acme/infra'];
/** The defaults of the public surface: with `windows` left out they are what is proven. */
const WINDOWS: readonly Window[] = [
  { perMs: 15_000, max: 2 },
  { perMs: 3_600_000, max: 6 },
];
const REPLY_MS_MAX = 1_000;

interface Window {
  readonly perMs: number;
  readonly max: number;
}

export interface QuietOptions extends CampaignOptions {
  readonly alerts: number;
  /** How long they take to come. */
  readonly spanMs: number;
  /** How long the receiver is watched in all. */
  readonly watchMs: number;
  /** Instead of the defaults. */
  readonly windows?: readonly Window[];
}

/** A storm of alerts under the default windows, with a stop and a `kill -9` in the middle. */
export function proveQuiet(options: CampaignOptions): Promise<Report> {
  return stayQuiet({
    ...options,
    ...(options.quick
      ? { alerts: 100, spanMs: 10_000, watchMs: 40_000 }
      : { alerts: 1_000, spanMs: 60_000, watchMs: 150_000 }),
  });
}

/** The same in any length. */
export async function stayQuiet(options: QuietOptions): Promise<Report> {
  const dice = createDice(options.seed);
  await using receiver = await startReceiver();
  using home = makeHome(configFor(receiver.url, options.windows), { keep: options.keep });
  const port = await freePort();
  const endMs = performance.now() + options.watchMs;
  const first = await startDaemon(home.path, { port });
  const alerts = sendAlerts(`http://127.0.0.1:${port}`, options, dice);
  await sleep(options.spanMs * 0.4);
  const exit = await first.stop();
  const second = await startDaemon(home.path, { port });
  await sleep(options.spanMs * 0.2);
  const reply = await ask(second, receiver.receipts);
  await second.kill9();
  await using third = await startDaemon(home.path, { port });
  const sent = await alerts;
  options.say(`${sent} alerts sent`);
  await sleep(Math.max(0, endMs - performance.now()));
  const shown = tally((await listAll<{ state: string }>(third, '/api/messages')).map(({ state }) => state).toSorted());
  const lastExit = await third.stop();
  const ledger = readLedger(home.path);
  return {
    checks: [
      equal('both stops were clean', [exit, lastExit], [0, 0]),
      ...(options.windows ?? WINDOWS).map((window) => checkWindow(window, receiver.receipts)),
      reply.check,
      ...checkNothingVanished(ledger, sent),
      equal('the API shows the same messages', shown, tally(ledger.messages.map(({ state }) => state).toSorted())),
    ],
    figures: figuresOf(ledger, receiver.receipts, reply.ms),
  };
}

function configFor(hook: string, windows: readonly Window[] | undefined): object {
  return {
    ...(windows && { budget: { windows: windows.map(({ perMs, max }) => ({ per: `${perMs}ms`, max })) } }),
    notify: [{ kind: 'webhook', url: hook }],
    subscriptions: [
      {
        name: 'alert',
        source: 'github',
        event: 'issues',
        do: 'notify',
        topic: '{topic}',
        text: 'alert {n} about {topic}',
      },
    ],
  };
}

/** At an even pace, each again until somebody has taken it. @returns how many were taken. */
async function sendAlerts(url: string, { alerts, spanMs }: QuietOptions, dice: Dice): Promise<number> {
  const agent = oneConnection();
  const startMs = performance.now();
  let taken = 0;
  for (let n = 0; n < alerts; n += 1) {
    await sleep(Math.max(0, startMs + (spanMs * n) / alerts - performance.now()));
    const body = Buffer.from(JSON.stringify({ action: 'opened', n, topic: dice.pick(TOPICS) }));
    const answered = await until(async () => {
      const answer = await postGithub(url, { id: `alert-${n}`, event: 'issues', body }, { agent }).catch(
        () => undefined,
      );
      return answer !== undefined && answer.status < 300;
    }, 20_000);
    if (answered) taken += 1;
  }
  agent.destroy();
  return taken;
}

/** Asks as the owner does, and waits for the reply at the receiver. */
async function ask(daemon: DaemonProcess, receipts: readonly Receipt[]): Promise<{ ms: number; check: Check }> {
  const askedMs = Date.now();
  const said = (await daemon.send('/api/say', { text: 'status' })).body as { event: { id: string } };
  const replyOf = (): Receipt | undefined =>
    receipts.find(({ message }) => message.kind === 'reactive' && message.replyTo === said.event.id);
  await until(() => replyOf() !== undefined, 5_000);
  const ms = (replyOf()?.atMs ?? Infinity) - askedMs;
  return {
    ms,
    check: { name: 'a reply in the middle leaves within a second', ok: ms <= REPLY_MS_MAX, detail: `${ms} ms` },
  };
}

/** By the receiver's clock: the messages whose (first or repeated) arrivals fall into one closed interval. */
function checkWindow({ perMs, max }: Window, receipts: readonly Receipt[]): Check {
  const proactive = receipts.filter(({ message }) => message.kind === 'proactive');
  let most = 0;
  for (const { atMs } of proactive) {
    const inside = proactive.filter((other) => other.atMs >= atMs && other.atMs <= atMs + perMs);
    most = Math.max(most, new Set(inside.map(({ key }) => key)).size);
  }
  return {
    name: `no ${perMs / 1_000} s hold more than ${max} proactive messages`,
    ok: most <= max,
    detail: `at most ${most}`,
  };
}

/** From the alert to the message row: each link is there, and each row says what became of it. */
function checkNothingVanished(ledger: LedgerFacts, sent: number): Check[] {
  const alerts = ledger.events.filter(({ type }) => type === 'issues');
  const joined = new Map(ledger.joined.map(({ event_id: eventId, job_id: jobId }) => [eventId, jobId]));
  const started = new Map(ledger.jobs.map(({ event_id: eventId, id }) => [eventId, id]));
  const messages = new Map(ledger.messages.map((message) => [message.job_id, message]));
  const byId = new Map(ledger.messages.map((message) => [message.id, message]));
  const unaccounted = alerts.filter(({ id }) => {
    const message = messages.get(started.get(id) ?? joined.get(id) ?? null);
    return message === undefined || message.state === 'failed';
  });
  const adrift = ledger.messages.filter(
    ({ state, into_id: into }) => state === 'coalesced' && byId.get(into ?? 0) === undefined,
  );
  const silent = ledger.messages.filter(
    ({ state, reason }) => (state === 'queued' || state === 'expired' || state === 'withdrawn') && reason === null,
  );
  const carriers = ledger.messages.filter(
    ({ kind, state, topic }) => kind === 'proactive' && state !== 'coalesced' && TOPICS.includes(topic),
  );
  return [
    equal('every alert taken is an event', alerts.length, sent),
    none('every alert leads to a message row', unaccounted, `${ledger.messages.length} rows`),
    none('what was coalesced is in a message that is there', adrift),
    none('what still waits says why', silent),
    equal(
      'the messages together stand for every alert',
      carriers.reduce((sum, { count }) => sum + count, 0),
      alerts.length,
    ),
  ];
}

function figuresOf(
  ledger: LedgerFacts,
  receipts: readonly Receipt[],
  replyMs: number,
): Record<string, string | number> {
  const startMs = receipts[0]?.atMs ?? 0;
  const arrivals = receipts.map(
    ({ atMs, message }) =>
      `${((atMs - startMs) / 1_000).toFixed(1)}${message.kind === 'reactive' ? ' (reply)' : ` (${message.id} ×${message.count})`}`,
  );
  return {
    'message rows': JSON.stringify(tally(ledger.messages.map(({ state }) => state))),
    'jobs for the alerts': ledger.jobs.length,
    'arrivals, in seconds': arrivals.join(', '),
    'reply after': `${replyMs} ms`,
  };
}
