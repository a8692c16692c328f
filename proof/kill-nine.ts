import { setTimeout as sleep } from 'node:timers/promises';
import { beginDaemon, freePort, listAll, makeHome, startDaemon, untilQuiet, type DaemonProcess } from './lib/daemon.ts';
import { readLedger, readLogLines, type JobFact, type LedgerFacts } from './lib/facts.ts';
import { startReceiver, type Receipt } from './lib/receiver.ts';
import { equal, none, percentile, tally, type CampaignOptions, type Check, type Report } from './lib/report.ts';
import { createDice, type Dice } from './lib/seed.ts';
import { oneConnection, postGithub, type GithubDelivery } from './lib/sender.ts';

const CONNECTIONS = 10;
const TOPICS = ['disk', 'build', 'queue', 'login', 'mail'];
/** What each event leads to: the subscriptions' names, and so the jobs that must be there afterwards. */
const ORIGINS: Readonly<Record<string, readonly string[]>> = {
  push: ['log-push'],
  issues: ['tell-issue'],
  release: ['digest-release'],
  status: ['resolve-status'],
  check_run: ['log-check', 'tell-check'],
};
const EVENTS = Object.keys(ORIGINS);

export interface KillOptions extends CampaignOptions {
  readonly kills: number;
  /** Between two deliveries of a connection, on average. */
  readonly paceMs: number;
  readonly quietMsMax: number;
}

/** `kill -9` at random moments under load: in work, and while it starts. */
export function proveKillNine(options: CampaignOptions): Promise<Report> {
  return killNine({ ...options, kills: options.quick ? 10 : 200, paceMs: 25, quietMsMax: 240_000 });
}

/** The same in any length. */
export async function killNine(options: KillOptions): Promise<Report> {
  const dice = createDice(options.seed);
  await using receiver = await startReceiver();
  using home = makeHome(configFor(receiver.url), { keep: options.keep });
  const port = await freePort();
  const load = startLoad(`http://127.0.0.1:${port}`, dice, options.paceMs);
  receiver.behave(() => (dice.happens(0.08) ? 500 : dice.happens(0.02) ? 'nothing' : 200));
  // Its own dice: the moments of death do not depend on how fast the load ran.
  const kills = await killAgain(home.path, { options, dice: createDice(options.seed + 1), port });
  receiver.behave(() => 200);
  await using daemon = await startDaemon(home.path, { port, readyMsMax: 60_000 });
  const sent = await load.finish();
  const quiet = await untilQuiet(daemon, options.quietMsMax);
  const counted = await countOverApi(daemon);
  const exit = await daemon.stop();
  const ledger = readLedger(home.path);
  const logLines = readLogLines(home.path);
  return {
    checks: [
      equal('it is quiet in the end, and stops cleanly', [quiet, exit], [true, 0]),
      ...checkDeliveries(sent, ledger),
      ...checkJobs(ledger),
      checkWarning(ledger, kills),
      ...checkMessages(ledger, receiver.receipts),
      ...checkLog(ledger, logLines),
      equal('the API counts what the ledger holds', counted, countRows(ledger)),
      equal('the ledger is whole', ledger.integrity, 'ok'),
    ],
    figures: figuresOf(sent, { kills, ledger, receipts: receiver.receipts }),
  };
}

function configFor(hook: string): object {
  const told = { topic: '{topic}', text: 'alert {n} about {topic}' };
  return {
    timezone: 'UTC',
    budget: { windows: [{ per: '15s', max: 1_000 }] },
    notify: [{ kind: 'webhook', url: hook }],
    subscriptions: [
      { name: 'log-push', source: 'github', event: 'push', do: 'log', ...told },
      { name: 'tell-issue', source: 'github', event: 'issues', do: 'notify', ...told },
      { name: 'digest-release', source: 'github', event: 'release', do: 'digest', ...told },
      {
        name: 'resolve-status',
        source: 'github',
        event: 'status',
        do: 'resolve',
        ...told,
        text: '{topic} is well again ({n})',
      },
      { name: 'log-check', source: 'github', event: 'check_run', do: 'log', ...told },
      { name: 'tell-check', source: 'github', event: 'check_run', do: 'notify', ...told },
    ],
  };
}

/** What the sender knows of one delivery. */
interface Sent extends GithubDelivery {
  /** Every whole answer, in order. */
  readonly answers: { readonly status: number; readonly id?: string; readonly duplicate?: boolean }[];
  /** Attempts without an answer: nobody promised anything. */
  unanswered: number;
}

interface Load {
  /** Sends what nobody has answered once more, and stops. */
  finish(): Promise<Sent[]>;
}

/** Ten connections that send new deliveries, and now and then an old one again. */
function startLoad(url: string, dice: Dice, paceMs: number): Load {
  const all: Sent[] = [];
  const ending = new AbortController();
  const line = async (connection: number): Promise<void> => {
    const agent = oneConnection();
    const own: Sent[] = [];
    let pending: Sent | undefined;
    for (let n = 0; !ending.signal.aborted; n += 1) {
      // What nobody answered is mostly sent again at once; now and then only in the end.
      const old =
        pending !== undefined && dice.happens(0.9)
          ? pending
          : own.length > 0 && dice.happens(0.15)
            ? dice.pick(own)
            : undefined;
      const sent = old ?? newDelivery(`k-${connection}-${n}`, dice);
      if (old === undefined) own.push(sent);
      if (old === undefined) all.push(sent);
      pending = (await deliver(url, sent, agent)) ? undefined : sent;
      await sleep(dice.between(0, paceMs * 2));
    }
    for (const sent of own.filter(({ answers }) => !answers.some(isTaken))) await deliver(url, sent, agent);
    agent.destroy();
  };
  const lines = Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => line(connection)));
  return {
    async finish() {
      ending.abort();
      await lines;
      return all;
    },
  };
}

function newDelivery(id: string, dice: Dice): Sent {
  const body = {
    n: id,
    topic: dice.pick(TOPICS),
    pad: 'x'.repeat(dice.happens(0.02) ? 400_000 : dice.between(0, 2_000)),
  };
  return { id, event: dice.pick(EVENTS), body: Buffer.from(JSON.stringify(body)), answers: [], unanswered: 0 };
}

/** @returns whether a whole answer came. */
async function deliver(url: string, sent: Sent, agent: ReturnType<typeof oneConnection>): Promise<boolean> {
  try {
    const { status, text } = await postGithub(url, sent, { agent });
    sent.answers.push({ status, ...(status < 300 ? (JSON.parse(text) as { id: string; duplicate: boolean }) : {}) });
    return true;
  } catch {
    sent.unanswered += 1;
    return false;
  }
}

interface Kills {
  readonly inWork: number;
  readonly inStart: number;
  readonly readyMs: readonly number[];
}

async function killAgain(
  home: string,
  { options, dice, port }: { options: KillOptions; dice: Dice; port: number },
): Promise<Kills> {
  const readyMs: number[] = [];
  let inStart = 0;
  for (let kill = 0; kill < options.kills; kill += 1) {
    const starting = beginDaemon(home, { port, readyMsMax: 60_000 });
    if (kill > 0 && dice.happens(0.25)) {
      await sleep(dice.between(50, 500));
      inStart += 1;
    } else {
      const daemon = await starting.ready;
      readyMs.push(daemon.readyMs);
      await sleep(dice.between(10, 900));
    }
    await starting.kill9();
    if ((kill + 1) % 20 === 0) options.say(`${kill + 1} kills`);
  }
  return { inWork: readyMs.length, inStart, readyMs };
}

function isTaken({ status }: { status: number }): boolean {
  return status >= 200 && status < 300;
}

/** Every 2xx is one event, and the same one each time. */
function checkDeliveries(sent: readonly Sent[], ledger: LedgerFacts): Check[] {
  const rows = new Map<string, number[]>();
  for (const { delivery, id } of ledger.events) rows.set(delivery, [...(rows.get(delivery) ?? []), id]);
  const taken = sent.filter(({ answers }) => answers.some(isTaken));
  const lost = taken.filter(({ id }) => rows.get(id)?.length !== 1);
  const otherId = taken.filter(({ id, answers }) =>
    answers.some((one) => isTaken(one) && one.id !== `e${rows.get(id)?.[0]}`),
  );
  const runTwice = taken.filter(({ answers }) => {
    const kept = answers.filter(isTaken);
    return kept.slice(1).some(({ duplicate, status }) => duplicate !== true || status !== 200);
  });
  const firstWrong = taken.filter(
    ({ answers, unanswered }) => answers.filter(isTaken)[0]?.duplicate === true && unanswered === 0,
  );
  const refused = sent.flatMap(({ answers }) => answers).filter(({ status }) => !isTaken({ status }) && status !== 503);
  const names = (list: readonly Sent[]): string[] =>
    list.map(({ id, answers, unanswered }) => `${id} ${JSON.stringify(answers)} (${unanswered} unanswered)`);
  const known = new Set(sent.map(({ id }) => id));
  const strangers = ledger.events.filter(({ source, delivery }) => source === 'github' && !known.has(delivery));
  return [
    none('every 2xx answered is exactly one event', names(lost), `${taken.length} of ${sent.length} deliveries`),
    none('each was answered with the id it has', names(otherId)),
    none('what was taken is a duplicate from then on', names(runTwice)),
    none('nothing new was called a duplicate', names(firstWrong)),
    none('nothing else than 2xx and 503 was answered', refused),
    none('there is no event that nobody sent', strangers),
  ];
}

/** Every matched job was recorded with its event, and reached its end. */
function checkJobs(ledger: LedgerFacts): Check[] {
  const byId = new Map(ledger.jobs.map((job) => [job.id, job]));
  const ofEvent = new Map<number, string[]>();
  const note = (eventId: number | null, job: JobFact | undefined): void => {
    if (eventId !== null && job !== undefined) ofEvent.set(eventId, [...(ofEvent.get(eventId) ?? []), job.origin]);
  };
  for (const job of ledger.jobs) note(job.event_id, job);
  for (const { event_id: eventId, job_id: jobId } of ledger.joined) note(eventId, byId.get(jobId));
  const unmatched = ledger.events.filter(({ id, source, type }) => {
    const expected = source === 'github' ? (ORIGINS[type] ?? []) : ['kairosd'];
    return JSON.stringify((ofEvent.get(id) ?? []).toSorted()) !== JSON.stringify(expected.toSorted());
  });
  const open = ledger.jobs.filter(({ state }) => state !== 'succeeded');
  const miscounted = ledger.jobs.filter(
    ({ id, event_count: count }) => count !== 1 + ledger.joined.filter((row) => row.job_id === id).length,
  );
  return [
    none('every event has exactly the jobs that match it', unmatched, `${ledger.events.length} events`),
    none('every matched job succeeded', open, `${ledger.jobs.length} jobs`),
    none(
      'a job counts the events it stands for',
      ledger.joined.length > 50_000 ? [] : miscounted,
      `${ledger.joined.length} joined in storms`,
    ),
  ];
}

/** Three unclean starts within ten minutes, and the fourth says so; those after it do not say it again. */
function checkWarning(ledger: LedgerFacts, { inWork }: Kills): Check {
  const warnings = ledger.events.filter(({ type }) => type === 'safe-mode').length;
  return {
    name: 'the owner is told of safe mode once',
    ok: inWork >= 3 ? warnings === 1 : warnings <= 1,
    detail: `${warnings} times`,
  };
}

/** Everything that was let go arrived, under one key and as the same bytes. */
function checkMessages(ledger: LedgerFacts, receipts: readonly Receipt[]): Check[] {
  const taken = new Set(receipts.filter(({ answered }) => answered === 200).map(({ key }) => key));
  const missing = ledger.messages.filter(
    (message) => message.released_at !== null && !taken.has(message.idempotency_key),
  );
  const ended = new Set(['sent', 'coalesced', 'withdrawn']);
  const open = ledger.messages.filter(({ state }) => !ended.has(state));
  const ofJob = new Set(ledger.messages.map(({ job_id: jobId }) => jobId));
  const silent = ledger.jobs.filter(({ id, kind }) => kind === 'notify' && !ofJob.has(id));
  const known = new Map(ledger.messages.map((message) => [message.idempotency_key, `m${message.id}`]));
  const foreign = receipts.filter(({ key, message }) => known.get(key) !== message.id);
  const byId = ledger.messages.map(({ id, into_id: into }) => [id, into] as const);
  const states = new Map(ledger.messages.map(({ id, state }) => [id, state]));
  const adrift = byId.filter(([, into]) => into !== null && !['sent', 'withdrawn'].includes(states.get(into) ?? ''));
  return [
    none('every notify job has its message', silent),
    none('every message ended', open, JSON.stringify(tally(ledger.messages.map(({ state }) => state)))),
    none('what was coalesced went into one that left or was withdrawn', adrift),
    none('every message that was let go arrived', missing, `${taken.size} arrived`),
    none(
      'no message under two keys',
      severals(
        receipts,
        ({ message }) => message.id,
        ({ key }) => key,
      ),
    ),
    none(
      'no key with two bodies',
      severals(
        receipts,
        ({ key }) => key,
        ({ body }) => body,
      ),
    ),
    none('nothing arrived that the ledger does not know', foreign),
  ];
}

function severals(
  receipts: readonly Receipt[],
  of: (receipt: Receipt) => string,
  what: (receipt: Receipt) => string,
): string[] {
  const seen = new Map<string, Set<string>>();
  for (const receipt of receipts) seen.set(of(receipt), (seen.get(of(receipt)) ?? new Set()).add(what(receipt)));
  return [...seen]
    .filter(([, values]) => values.size > 1)
    .map(([name, values]) => `${name}: ${[...values].join(' | ')}`);
}

/** One line of the daily log for each job that writes one. */
function checkLog(ledger: LedgerFacts, lines: readonly string[]): Check[] {
  const written = tally(
    lines.map((line) => /^(log|digest) \[(e\d+)\] ([\w-]+):/.exec(line)?.slice(1).join(' ') ?? 'other'),
  );
  const wanted = ledger.jobs
    .filter(({ kind }) => kind === 'log' || kind === 'digest')
    .map((job) => `${job.kind} e${job.event_id} ${job.origin}`);
  const wrong = wanted.filter((name) => written[name] !== 1).map((name) => `${name}: ${written[name] ?? 0} times`);
  const known = new Set([...wanted, 'other']);
  const sentLines = lines.filter((line) => line.startsWith('sent [')).length;
  const sent = ledger.messages.filter(({ state }) => state === 'sent').length;
  return [
    none('every log and digest job has its line exactly once', wrong, `${wanted.length} lines`),
    none(
      'no line without its job',
      Object.keys(written).filter((name) => !known.has(name)),
    ),
    equal('every message sent has its line', sentLines, sent),
  ];
}

function countRows(ledger: LedgerFacts): object {
  return {
    events: ledger.events.length,
    jobs: ledger.jobs.length,
    messages: tally(ledger.messages.map(({ state }) => state).toSorted()),
  };
}

async function countOverApi(daemon: DaemonProcess): Promise<object> {
  const messages = await listAll<{ state: string }>(daemon, '/api/messages');
  return {
    events: (await listAll(daemon, '/api/events')).length,
    jobs: (await listAll(daemon, '/api/jobs')).length,
    messages: tally(messages.map(({ state }) => state).toSorted()),
  };
}

interface Outcome {
  readonly kills: Kills;
  readonly ledger: LedgerFacts;
  readonly receipts: readonly Receipt[];
}

function figuresOf(sent: readonly Sent[], { kills, receipts }: Outcome): Record<string, string | number> {
  const answers = sent.flatMap((one) => one.answers);
  const repeats = receipts.length - new Set(receipts.map(({ key }) => key)).size;
  return {
    kills: `${kills.inWork} in work, ${kills.inStart} while it started`,
    deliveries: `${sent.length} different, ${answers.length} answered, ${sent.reduce((sum, one) => sum + one.unanswered, 0)} attempts cut off`,
    answers: JSON.stringify(tally(answers.map(({ status }) => status))),
    'requests at the receiver': `${receipts.length}, of which ${repeats} repeats under the same key; answered ${JSON.stringify(tally(receipts.map(({ answered }) => answered)))}`,
    'from spawn to ready': `median ${percentile(kills.readyMs, 0.5).toFixed(0)} ms, max ${Math.max(...kills.readyMs).toFixed(0)} ms`,
  };
}
