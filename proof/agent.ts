import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { startMessagesServer } from '../test/fakes/messages-server.ts';
import { makeRepository, readAgent, readTranscripts } from './lib/agent-box.ts';
import { checkCalls, checkMoney, checkReplies, checkRequests, checkTranscripts } from './lib/agent-checks.ts';
import { createPlannedModel, PLANS, type PlanKind, type PlannedModel } from './lib/agent-script.ts';
import { listAll, makeHome, startDaemon, until, type DaemonProcess, type StartOptions } from './lib/daemon.ts';
import { readLedger } from './lib/facts.ts';
import { startReceiver } from './lib/receiver.ts';
import { equal, none, percentile, tally, type CampaignOptions, type Report } from './lib/report.ts';
import { createDice, type Dice } from './lib/seed.ts';

export interface AgentKillOptions extends CampaignOptions {
  readonly kills: number;
  /** From a question to the kill, at most. */
  readonly killMsMax: number;
  readonly quietMsMax: number;
}

/** `kill -9` of a daemon whose agent is at work: in a stream, in a tool call, while it waits for the owner, and anywhere. */
export async function proveAgent(options: CampaignOptions): Promise<Report> {
  const without = await idleMiB({});
  const withModel = await idleMiB({ ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' });
  const { checks, figures } = await killAgent({
    ...options,
    kills: options.quick ? 8 : 60,
    killMsMax: 2_500,
    quietMsMax: 180_000,
  });
  const idle = `${without.toFixed(1)} MiB without a model, ${withModel.toFixed(1)} with one that nobody asked`;
  const free = {
    name: 'a model that nobody asks costs no memory',
    ok: withModel - without < IDLE_MIB_MORE,
    detail: idle,
  };
  return { checks: [free, ...checks], figures };
}

/** Two starts of the same daemon differ by this much. */
const IDLE_MIB_MORE = 4;

/** What an idle daemon keeps in memory: the least of three starts. */
async function idleMiB(env: Readonly<Record<string, string>>): Promise<number> {
  const found: number[] = [];
  for (let start = 0; start < 3; start += 1) {
    using home = makeHome({ notify: [], workspaces: [{ path: tmpdir() }] });
    await using daemon = await startDaemon(home.path, { env, readyMsMax: 60_000 });
    await sleep(1_500);
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1];
    found.push(Number(kib) / 1_024);
  }
  return Math.min(...found);
}

interface Work {
  readonly home: string;
  readonly log: string;
  readonly start: StartOptions;
  readonly dice: Dice;
  readonly model: PlannedModel;
  readonly asked: Asked[];
}

export interface Asked {
  readonly number: number;
  readonly kind: PlanKind;
  readonly event: string;
  readonly job: string;
}

/** The same in any length. The first kills are aimed, the others fall where they may. */
export async function killAgent(options: AgentKillOptions): Promise<Report> {
  const dice = createDice(options.seed);
  const model = createPlannedModel(createDice(options.seed + 1));
  await using server = await startMessagesServer((received) => model.script(received));
  await using receiver = await startReceiver();
  using home = makeHome({}, { keep: options.keep });
  using place = makeHome({}, { keep: options.keep });
  const repository = makeRepository(join(place.path, 'shop'));
  writeFileSync(join(home.path, 'config.yaml'), JSON.stringify(configFor(receiver.url, repository)));
  const start = { env: { ANTHROPIC_BASE_URL: server.url }, readyMsMax: 60_000 };
  const work: Work = { home: home.path, log: join(repository, 'log.txt'), start, dice, model, asked: [] };
  const places = await killAgain(work, options);
  await using daemon = await startDaemon(home.path, start);
  const backMs = performance.now();
  const quiet = await until(() => isQuiet(daemon, dice), options.quietMsMax);
  const tookMs = performance.now() - backMs;
  const exit = await daemon.stop();
  const rows = readAgent(home.path);
  const ledger = readLedger(home.path);
  const lines = linesOf(work.log);
  return {
    checks: [
      equal('everything comes to its end after the last kill, and it stops cleanly', [quiet, exit], [true, 0]),
      ...checkReplies(work.asked, readMessages(home.path), receiver.receipts),
      ...checkCalls(rows, lines, ledger.messages),
      ...checkTranscripts(rows, readTranscripts(home.path)),
      ...checkMoney(rows, server.requests),
      ...checkRequests(server.requests),
      equal('the ledger is whole', ledger.integrity, 'ok'),
      none(
        'no job is left open',
        ledger.jobs.filter(({ state }) => !['succeeded', 'failed', 'dead'].includes(state)),
        `${ledger.jobs.length} jobs`,
      ),
    ],
    figures: {
      kills: options.kills,
      'killed where': JSON.stringify(tally(places)),
      questions: JSON.stringify(tally(work.asked.map(({ kind }) => kind))),
      jobs: JSON.stringify(tally(ledger.jobs.filter(({ kind }) => kind === 'agent').map(({ state }) => state))),
      'attempts, most': Math.max(...ledger.jobs.map(({ attempts }) => attempts)),
      requests: server.requests.length,
      'request bytes, median': percentile(
        server.requests.map(({ raw }) => raw.length),
        0.5,
      ),
      'accounts by outcome': JSON.stringify(tally(rows.spend.map(({ outcome }) => outcome ?? 'open'))),
      'calls reported as interrupted': rows.items.filter(({ item }) => item.text.startsWith('Interrupted')).length,
      'approvals by state': JSON.stringify(tally(rows.approvals.map(({ state }) => state))),
      'sessions, items': `${rows.sessions.length}, ${rows.items.length}`,
      'quiet after the last start': `${(tookMs / 1_000).toFixed(1)} s`,
    },
  };
}

function configFor(hook: string, repository: string): object {
  return {
    timezone: 'UTC',
    workspaces: [{ path: repository }],
    budget: { windows: [{ per: '15s', max: 1_000 }], money: { perDay: 10_000, perRun: 1_000 } },
    notify: [{ kind: 'webhook', url: hook }],
  };
}

/** @returns where each kill fell. */
async function killAgain(work: Work, { kills, killMsMax, say }: AgentKillOptions): Promise<string[]> {
  const places: string[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    forgetCrashes(work.home);
    await using daemon = await startDaemon(work.home, work.start);
    const aimed = kill < PLANS.length - 1 ? PLANS[kill] : undefined;
    await decidePending(daemon, work.dice, 0.4);
    const asked = await ask(work, daemon, aimed ?? work.dice.pick(PLANS));
    if (aimed === undefined) {
      if (work.dice.happens(0.4)) await ask(work, daemon, work.dice.pick(PLANS));
      await sleep(work.dice.between(0, killMsMax));
    } else await untilThere(work, daemon, asked);
    places.push(aimed === undefined ? 'anywhere' : `in ${aimed}`);
    await daemon.kill9();
    if ((kill + 1) % 10 === 0) say(`${kill + 1} kills`);
  }
  return places;
}

async function ask({ asked }: Work, daemon: DaemonProcess, kind: PlanKind): Promise<Asked> {
  const number = asked.length + 1;
  const { body } = await daemon.send('/api/say', { text: `PLAN ${kind} ${number}` });
  const { event, job } = body as { event: { id: string }; job: { id: string } };
  const one = { number, kind, event: event.id, job: job.id };
  asked.push(one);
  return one;
}

/** The moment for which the kill is aimed. */
async function untilThere({ model, log }: Work, daemon: DaemonProcess, { number, kind }: Asked): Promise<void> {
  const there = await until(async () => {
    if (kind === 'stream') return model.streaming.has(number);
    if (kind === 'tool') return linesOf(log).includes(`toolu_${number}_0`);
    return (await pendingOf(daemon)).length > 0;
  }, 20_000);
  if (!there) throw new Error(`the plan ${kind} ${number} did not come to its place`);
}

/** Three crashes in ten minutes would be safe mode, in which the agent does not work: here they count as stops. */
function forgetCrashes(home: string): void {
  const path = join(home, 'ledger.db');
  if (!existsSync(path)) return;
  using database = new DatabaseSync(path, { timeout: 5_000 });
  database.exec('UPDATE boots SET stopped_at = started_at WHERE stopped_at IS NULL');
}

function pendingOf(daemon: DaemonProcess): Promise<{ id: string }[]> {
  return listAll<{ id: string }>(daemon, '/api/approvals?state=pending');
}

async function decidePending(daemon: DaemonProcess, dice: Dice, share: number): Promise<void> {
  for (const { id } of await pendingOf(daemon)) {
    if (!dice.happens(share)) continue;
    await daemon.send(`/api/approvals/${id}`, { decision: dice.happens(0.7) ? 'allow' : 'deny' });
  }
}

/** The owner answers whatever is asked; then nothing is left to do. */
async function isQuiet(daemon: DaemonProcess, dice: Dice): Promise<boolean> {
  await decidePending(daemon, dice, 1);
  for (const list of ['/api/jobs?state=queued', '/api/jobs?state=running', '/api/messages?state=queued']) {
    if (((await daemon.get(`${list}&limit=1`)) as { items: unknown[] }).items.length > 0) return false;
  }
  return true;
}

function linesOf(path: string): string[] {
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}

function readMessages(home: string): MessageFact[] {
  using database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true });
  const sql = 'SELECT id, reply_to AS replyTo, kind, topic, state, text FROM messages ORDER BY id';
  return database.prepare(sql).all() as unknown as MessageFact[];
}

export interface MessageFact {
  readonly id: number;
  readonly replyTo: number | null;
  readonly kind: string;
  readonly topic: string;
  readonly state: string;
  readonly text: string;
}
