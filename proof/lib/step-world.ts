import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Redis } from 'ioredis';
import { systemRandom as random } from '../../src/daemon/system.ts';
import { startBullmqWorker, type BullmqWorker } from '../../src/dispatch/bullmq-worker.ts';
import { readRedisUrl } from '../../src/dispatch/redis-address.ts';
import { createSeal } from '../../src/dispatch/seal.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { remoteCommandHandler } from '../../src/scheduler/remote-command.ts';
import { slackEvent, telegramMessage } from '../../test/chat/payloads.ts';
import { FakeClock } from '../../test/fakes/clock.ts';
import { startFakeGitHub, type FakeGitHub } from '../../test/fakes/github.ts';
import { noRedis, startRedis } from '../../test/fakes/redis.ts';
import { startFakeSlackSocket, type FakeSlackSocket } from '../../test/fakes/slack-socket.ts';
import { startFakeSlack, type FakeSlack } from '../../test/fakes/slack.ts';
import { startFakeTelegram, type FakeTelegram } from '../../test/fakes/telegram.ts';
import { entry, seconds } from '../../test/github/world.ts';
import { faster } from './arm-steps.ts';
import { silentLog } from './ledger.ts';
import { equal, none, type Check } from './report.ts';

const POLLED = 'octo/app';
const FOLLOWED = 'octo/lib';
const KEY = 'the key of a proof, which is as long as it has to be';
/** Far above the numbers of what is said through the API. */
const SAID = { telegram: 901, slack: 902 } as const;
const ENVELOPE = 'envelope-1';
const LABEL = 'far';
const POLLS = "SELECT delivery FROM events WHERE source IN ('polled', 'follow')";
const FOLLOWS = 'SELECT id FROM follows WHERE ended_at IS NULL';

/** The chats, GitHub and the other hosts of a day. What is left out without a Redis: the other hosts. */
export interface StepWorld extends AsyncDisposable {
  /** The addresses and tokens, for the daemon. */
  readonly env: Readonly<Record<string, string>>;
  readonly config: WorldConfig;
  readonly hasHosts: boolean;
  /** The issue that is to be followed before anything happens. */
  readonly followed: string;
  /** Something is said in both chats. */
  speak(): void;
  /** Something happens at GitHub; once its lists were looked at for the first time. */
  happen(home: string): boolean;
  /** What Slack has no word about comes again. @returns what is not taken, answered and forgotten yet; undefined: all is. */
  waitsFor(home: string): Promise<string | undefined>;
  check(home: string): Check[];
}

interface WorldConfig {
  readonly notify: readonly object[];
  readonly sources: readonly object[];
  readonly subscriptions: readonly object[];
  readonly schedules: readonly object[];
}

export interface StepWorldOptions {
  /** As `Arming` has them. */
  readonly rate: number;
  readonly sinceMs: number;
  /** Where commands of other hosts write down that they ran. */
  readonly ran: string;
  readonly directory: string;
}

/** Opens all of it on the loopback. */
export async function openStepWorld(options: StepWorldOptions): Promise<StepWorld> {
  await using opened = new AsyncDisposableStack();
  const wallMs = (): number => faster(options.rate, options.sinceMs).wallMs();
  const telegram = opened.use(await startFakeTelegram(new FakeClock()));
  const slack = opened.use(await startFakeSlack(new FakeClock()));
  const socket = opened.use(await startFakeSlackSocket());
  slack.linkTo(socket.link);
  const github = opened.use(await startFakeGitHub(wallMs));
  github.repository(POLLED).checks.set('main', []);
  const subject = { number: 7, title: 'Oil', state: 'open', html_url: `https://github.com/${FOLLOWED}/issues/7` };
  github.repository(FOLLOWED).issues.set(7, subject);
  const hosts = noRedis() === undefined ? opened.use(await openHosts(options)) : undefined;
  const parts = { telegram, slack, socket, github, hosts, wallMs, told: new Set<string>(), connection: { pushed: 0 } };
  const running = opened.move();
  return {
    env: envOf(parts),
    config: configOf(parts, options),
    hasHosts: hosts !== undefined,
    followed: `${FOLLOWED}#7`,
    speak() {
      telegram.happen(telegramMessage(`DO words ${SAID.telegram}`));
      sendEnvelope(parts);
    },
    happen: (home) => happen(parts, home),
    waitsFor: (home) => waitsFor(parts, home),
    check: (home) => check(parts, home, options),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface Parts {
  readonly telegram: FakeTelegram;
  readonly slack: FakeSlack;
  readonly socket: FakeSlackSocket;
  readonly github: FakeGitHub;
  readonly hosts: Hosts | undefined;
  readonly wallMs: () => number;
  /** What happened at GitHub, as the ledger calls it. */
  readonly told: Set<string>;
  /** On which connection Slack has sent the envelope; it comes again on a later one. */
  readonly connection: { pushed: number };
}

function envOf({ telegram, slack, socket, github, hosts }: Parts): Record<string, string> {
  return {
    TELEGRAM_API_ROOT: telegram.url,
    TELEGRAM_BOT_TOKEN: telegram.token,
    SLACK_API_URL: slack.apiRoot,
    SLACK_BOT_TOKEN: slack.token,
    SLACK_APP_TOKEN: socket.appToken,
    GITHUB_API_URL: github.url,
    GITHUB_TOKEN: 'ghp_of_a_proof',
    ...(hosts !== undefined && { REDIS_URL: hosts.url, KAIROS_WORKER_KEY: KEY }),
  };
}

function configOf({ telegram, slack, hosts }: Parts, { ran }: StepWorldOptions): WorldConfig {
  const argv = ['/bin/sh', '-c', 'echo x >> "$0"; echo done', ran];
  return {
    notify: [
      { kind: 'telegram', chat: telegram.chat, allow: [Number(telegram.chat)], receive: 'polling', edit: 'off' },
      { kind: 'slack', channel: slack.channel, allow: ['UOWNER'], edit: 'off' },
    ],
    sources: [
      {
        name: 'polled',
        kind: 'github',
        poll: { repositories: [POLLED], every: '1m', events: ['issue_comment', 'check_run'] },
      },
    ],
    subscriptions: [{ name: 'log-polled', source: 'polled', do: 'log', topic: 'polled', text: 'polled' }],
    schedules:
      hosts === undefined ? [] : [{ name: 'far', cron: '0 0 1 1 *', do: 'command', argv, label: LABEL, retries: 3 }],
  };
}

function happen({ github, wallMs, told }: Parts, home: string): boolean {
  const lists = [`polled events ${POLLED}`, `polled checks ${POLLED}`, `follow events ${FOLLOWED}`];
  const known = rows<{ name: string }>(home, 'SELECT name FROM polls').map(({ name }) => name);
  if (!lists.every((name) => known.includes(name))) return false;
  const nowMs = wallMs();
  const comment = { action: 'created', issue: { number: 7 }, comment: { body: 'Hm.', user: { login: 'mona' } } };
  const closed = { action: 'closed', issue: { number: 7, title: 'Oil' } };
  const repo = { repo: { id: 8, name: FOLLOWED, url: `https://api.github.com/repos/${FOLLOWED}` } };
  const one = entry('IssueCommentEvent', comment, nowMs);
  const two = entry('IssueCommentEvent', comment, nowMs, repo);
  const three = entry('IssuesEvent', closed, nowMs + 1_000, repo);
  github.repository(POLLED).events.unshift(one);
  github.repository(FOLLOWED).events.unshift(three, two);
  const at = seconds(nowMs);
  const run = { id: 5, name: 'build', status: 'completed', conclusion: 'success', started_at: at, completed_at: at };
  github.repository(POLLED).checks.get('main')?.unshift(run);
  for (const { id } of [one, two, three]) told.add(`poll:${id}`);
  told.add('poll:check_run:5');
  return true;
}

async function waitsFor(parts: Parts, home: string): Promise<string | undefined> {
  const { telegram, slack, hosts, told } = parts;
  if (!sendEnvelope(parts)) return 'Slack for a word about its envelope';
  if (telegram.unconfirmed.length > 0) return 'Telegram for a word about its update';
  if (answersTo('telegram', telegram.messages).length === 0) return 'an answer on Telegram';
  if (answersTo('slack', slack.messages).length === 0) return 'an answer on Slack';
  const taken = rows<{ delivery: string }>(home, POLLS);
  const missed = [...told].find((delivery) => taken.every((one) => one.delivery !== delivery));
  if (missed !== undefined) return `${missed} of GitHub`;
  if (rows(home, FOLLOWS).length > 0) return 'the end of a follow';
  return hosts === undefined || (await hosts.left()) === 0 ? undefined : 'an end to what lies in Redis';
}

/** As Slack does: once over each connection, until it is acknowledged. @returns whether it is. */
function sendEnvelope({ socket, connection }: Parts): boolean {
  if (socket.acknowledged.some(({ envelope_id: id }) => id === ENVELOPE)) return true;
  if (socket.open === 0 || connection.pushed === socket.opened) return false;
  connection.pushed = socket.opened;
  const payload: unknown = JSON.parse(slackEvent({ text: `DO words ${SAID.slack}` }));
  socket.push({ envelope_id: ENVELOPE, type: 'events_api', payload, accepts_response_payload: false });
  return false;
}

type Written = readonly { readonly text: string }[];

function answersTo(chat: keyof typeof SAID, written: Written): string[] {
  return written.map(({ text }) => text).filter((text) => text.includes(`Plan ${SAID[chat]} is done.`));
}

function check({ telegram, slack, told, hosts }: Parts, home: string, { ran }: StepWorldOptions): Check[] {
  const polled = rows<{ delivery: string }>(home, POLLS).map(({ delivery }) => delivery);
  return [
    ...checkChat(home, 'telegram', telegram.messages),
    ...checkChat(home, 'slack', slack.messages),
    equal('all that happened at GitHub is one event each', polled.toSorted(), [...told].toSorted()),
    none('what has closed is followed no more', rows(home, FOLLOWS)),
    ...(hosts === undefined ? [] : checkHosts(home, readFileSync(ran, 'utf8').length / 2)),
  ];
}

/** A message whose sending was cut off may be there again: as often as it was tried. */
function checkChat(home: string, chat: keyof typeof SAID, written: Written): Check[] {
  const [events = 0, jobs = 0, replies = 0, tries = 0] = [
    `SELECT count(*) AS count FROM events WHERE source = '${chat}'`,
    `SELECT count(*) AS count FROM jobs JOIN events ON events.id = event_id WHERE source = '${chat}' AND state = 'succeeded'`,
    `SELECT count(*) AS count FROM messages JOIN events ON events.id = reply_to WHERE source = '${chat}' AND state = 'sent'`,
    `SELECT sum(attempts) AS count FROM deliveries JOIN messages ON messages.id = message_id
       JOIN events ON events.id = reply_to WHERE source = '${chat}'`,
  ].map((sql) => rows<{ count: number }>(home, sql)[0]?.count);
  const answers = answersTo(chat, written);
  return [
    equal(`what was said on ${chat} is one event, one job and one answer`, [events, jobs, replies], [1, 1, 1]),
    {
      name: `the answer came to ${chat}, as often as it was sent at most`,
      ok: answers.length > 0 && answers.length <= tries,
      detail: `${answers.length} times in ${tries} attempts`,
    },
  ];
}

function checkHosts(home: string, executions: number): Check[] {
  const far = rows<{ id: number; state: string; lines: number; well: number }>(
    home,
    `SELECT id, state, (SELECT count(*) FROM journal WHERE ref = 'j' || jobs.id AND kind = 'command') AS lines,
       (SELECT count(*) FROM runs WHERE job_id = jobs.id AND succeeded = 1) AS well FROM jobs WHERE label = '${LABEL}'`,
  );
  return [
    none(
      'work of other hosts is settled once',
      far.filter(({ state, lines, well }) => state !== 'succeeded' || lines !== 1 || well !== 1),
    ),
    { name: 'it was done', ok: far.length > 0 && executions >= far.length, detail: `${executions} executions` },
  ];
}

interface Hosts extends AsyncDisposable {
  readonly url: string;
  /** Outcomes that wait in Redis. */
  left(): Promise<number>;
}

/** A Redis with two workers: the first is stuck over the first thing it is given and falls silent, then there is a second. */
async function openHosts({ rate, sinceMs, directory }: StepWorldOptions): Promise<Hosts> {
  await using opened = new AsyncDisposableStack();
  const { url } = opened.use(await startRedis());
  const client = opened.adopt(new Redis(url, { maxRetriesPerRequest: null }), (one) => one.disconnect());
  client.on('error', () => undefined);
  const clock = faster(rate, sinceMs);
  const workers: BullmqWorker[] = [];
  opened.defer(async () => void (await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))));
  const common = {
    address: readRedisUrl(url, 'REDIS_URL'),
    seal: createSeal(KEY, random),
    labels: [LABEL],
    concurrency: 1,
    version: '0',
    clock,
    random,
    log: silentLog,
  };
  const env = { PATH: process.env['PATH'] ?? '' };
  const command = remoteCommandHandler({ clock, redactorOf: (own) => createRedactor(own).redact, directory, env });
  const stuck = async (_work: unknown, signal: AbortSignal): Promise<null> => {
    if (workers.length === 1) workers.push(startBullmqWorker({ ...common, name: 'second', handlers: { command } }));
    await once(signal, 'abort');
    return null;
  };
  // Its first heartbeat is its only one: it stays in sight, and what it has is not heard of.
  const limits = { heartbeatMs: 1e9, presenceMs: 3_600_000, drainMs: 0 };
  workers.push(startBullmqWorker({ ...common, name: 'first', handlers: { command: stuck }, limits }));
  const running = opened.move();
  return {
    url,
    async left() {
      const streams = await client.keys('kairos:outcomes:*');
      const lengths = await Promise.all(streams.map((key) => client.xlen(key)));
      return lengths.reduce((sum, length) => sum + length, 0);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Read from outside, while the daemon lives or does not. */
function rows<Row>(home: string, sql: string): Row[] {
  using ledger = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true, timeout: 5_000 });
  return ledger.prepare(sql).all() as Row[];
}
