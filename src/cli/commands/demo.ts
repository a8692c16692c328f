import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { KairosError } from '../../core/errors.ts';
import type { Env } from '../../daemon/home.ts';
import { findClient, send, type Client } from '../client.ts';
import { makeDeliveries, SECRET, type DemoDelivery } from '../demo-deliveries.ts';
import { dreamOverWeek, type NightFacts } from '../demo-night.ts';
import type { EventRow, JobRow, MessageRow } from '../rows.ts';

const LAUNCHER = join(import.meta.dirname, '..', '..', '..', 'bin', 'kairos');
const START_MS_MAX = 10_000;
const QUIET_MS_MAX = 10_000;

/** What the far side of the webhook channel got. */
interface Received {
  readonly key: string;
  readonly text: string;
}

/** Takes what is happening, for people, line by line. */
type Say = (text: string) => void;

/** How often each HTTP status was answered. */
type Answers = Readonly<Record<string, number>>;

/** What a demo has found, counted. */
export interface DemoFacts extends Found {
  /** Nothing was missing, doubled, unfinished or let in. */
  readonly ok: boolean;
  /** Of the first start, and of the one after `kill -9`. */
  readonly readyMs: readonly number[];
  /** Before the kill, and after it. */
  readonly answers: readonly Answers[];
  /** What a dream over a week of talk made of it. */
  readonly night: NightFacts;
}

interface Found {
  readonly deliveries: Readonly<Record<'genuine' | 'recorded' | 'missing' | 'doubled' | 'forgedTaken', number>>;
  readonly jobs: Readonly<Record<'all' | 'unfinished', number>>;
  readonly messages: Readonly<Record<'all' | 'sent' | 'coalesced' | 'heldBack' | 'replies', number>>;
  /** What reached the far side of the channel. */
  readonly received: readonly Received[];
}

/**
 * `kairos demo`: a real daemon in a temporary home, fed with deliveries as GitHub sends them, killed in the middle, and
 * then asked what it knows. Everything it says was counted, nothing is acted.
 */
export async function runDemo(env: Env, say: Say): Promise<DemoFacts> {
  await using parts = new AsyncDisposableStack();
  const home = mkdtempSync(join(tmpdir(), 'kairosd-demo-'));
  parts.defer(() => rmSync(home, { recursive: true, force: true }));
  const received: Received[] = [];
  const phone = await listenAsPhone(received);
  parts.defer(() => void phone.close());
  writeFileSync(join(home, 'config.yaml'), configText(phone));
  const deliveries = await makeDeliveries();

  say('1. A daemon starts in a home of its own. No model, no key, no network.');
  const first = await startDaemon(home, env);
  parts.defer(() => void first.child.kill('SIGKILL'));
  say(`   ${first.client.url}, ready after ${first.readyMs} ms`);

  say(`\n2. ${deliveries.length} deliveries arrive as GitHub sends them, signed; some twice, some forged.`);
  const half = Math.floor(deliveries.length / 2);
  const before = await deliver(first.client.url, deliveries.slice(0, half));
  say(`   the first half is answered: ${inWords(before)}`);

  say('\n3. kill -9, at once, with work under way.');
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const second = await startDaemon(home, env);
  parts.defer(() => stop(second.child));
  say(`   dead, started again, ready after ${second.readyMs} ms`);
  // GitHub does not know which ones we have: everything is sent again from a little before the kill.
  const after = await deliver(second.client.url, deliveries.slice(Math.max(0, half - 10)));
  say(`   the rest, and the last ten again: ${inWords(after)}`);
  await untilQuiet(second.client);

  say('\n4. The owner asks in the middle of it: kairos say status');
  await second.client.post('/api/say', { text: 'status' });
  await pause(700);
  const found = await ask(second.client, deliveries, received);
  report(say, found);

  say(
    '\n6. A night: six days of talk, and a stranger who wrote "remember: …" into an issue. kairos dream --now, by rules, without a model.',
  );
  const night = await dreamOverWeek(home, second.client);
  for (const fact of night.facts) say(`   · ${cut(fact)}`);
  say(`   ${night.reason}; the stranger's words ${night.poisoned ? 'became a fact' : 'became none'}`);
  say(`\n   The page of this daemon was at ${second.client.url}`);
  say(`\nDone. Try it for real: npm start   (the page is at the URL it prints)`);
  const { missing, doubled, forgedTaken } = found.deliveries;
  return {
    ok: missing + doubled + forgedTaken + found.jobs.unfinished === 0 && night.ran && !night.poisoned,
    readyMs: [first.readyMs, second.readyMs],
    answers: [Object.fromEntries(before), Object.fromEntries(after)],
    deliveries: found.deliveries,
    jobs: found.jobs,
    messages: found.messages,
    received: found.received,
    night,
  };
}

function configText(phone: Server): string {
  const { port } = phone.address() as { port: number };
  return `timezone: UTC
notify:
  - { kind: webhook, name: phone, url: "http://127.0.0.1:${port}/" }
subscriptions:
  - { name: pull-requests, source: github, event: pull_request*, do: notify, topic: "{repository.full_name} pull requests" }
  - { name: releases, source: github, event: release, action: published, do: notify }
  - { name: alerts, source: github, event: [dependabot_alert, code_scanning_alert, secret_scanning_alert*], do: notify, topic: security }
  - { name: issues, source: github, event: issue*, do: digest }
  - { name: pushes, source: github, event: push, do: log }
`;
}

function listenAsPhone(received: Received[]): Promise<Server> {
  const server = createServer((request, response) => {
    const key = String(request.headers['webhook-id']);
    void json(request).then((body) => {
      received.push({ key, text: (body as { data: { text: string } }).data.text });
      response.writeHead(204).end();
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

interface Running {
  readonly child: ChildProcess;
  readonly client: Client;
  readonly readyMs: number;
}

async function startDaemon(home: string, env: Env): Promise<Running> {
  const startedMs = performance.now();
  const child = spawn('sh', [LAUNCHER, 'start'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...env,
      KAIROS_HOME: home,
      KAIROS_PORT: '0',
      KAIROS_LOG_LEVEL: 'error',
      KAIROS_API_TOKEN: '',
      GITHUB_WEBHOOK_SECRET: SECRET,
    },
  });
  while (performance.now() - startedMs < START_MS_MAX && child.exitCode === null) {
    const client = findClient(home, { ...env, KAIROS_API_TOKEN: '' });
    if (client !== undefined && client.pid === child.pid)
      return { child, client, readyMs: Math.round(performance.now() - startedMs) };
    await pause(5);
  }
  child.kill('SIGKILL');
  throw new KairosError('NOT_RUNNING', 'the daemon of the demo did not become ready within ten seconds');
}

/** Ten at a time, as a burst from GitHub is. @returns How often each status came. */
async function deliver(url: string, deliveries: readonly DemoDelivery[]): Promise<Map<number, number>> {
  const answers = new Map<number, number>();
  const queue = [...deliveries];
  const one = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { status } = await send(`${url}/webhooks/github`, {
        method: 'POST',
        headers: next.headers,
        body: next.body,
      });
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 10 }, one));
  return answers;
}

function inWords(answers: ReadonlyMap<number, number>): string {
  const words: Readonly<Record<number, string>> = {
    202: 'accepted',
    200: 'duplicates or pings',
    401: 'forgeries refused',
  };
  return [...answers]
    .toSorted(([a], [b]) => a - b)
    .map(([status, count]) => `${count} × ${status} (${words[status] ?? 'unexpected'})`)
    .join(', ');
}

async function untilQuiet(client: Client): Promise<void> {
  for (const untilMs = performance.now() + QUIET_MS_MAX; performance.now() < untilMs;) {
    const { jobs } = await client.get<{ jobs: Partial<Record<string, number>> }>('/api/status');
    if ((jobs['queued'] ?? 0) + (jobs['running'] ?? 0) === 0) return;
    await pause(50);
  }
}

interface Asked extends Found {
  readonly held: readonly MessageRow[];
}

async function ask(client: Client, deliveries: readonly DemoDelivery[], received: readonly Received[]): Promise<Asked> {
  const events = await client.get<{ items: EventRow[] }>('/api/events?limit=500');
  const jobs = await client.get<{ items: JobRow[] }>('/api/jobs?limit=500');
  const messages = await client.get<{ items: MessageRow[] }>('/api/messages?limit=500');
  const genuine = new Set(deliveries.filter(({ forged }) => !forged).map(({ id }) => id));
  const taken = events.items.filter(({ source }) => source === 'github').map(({ delivery }) => delivery);
  const count = (state: string): number => messages.items.filter((message) => message.state === state).length;
  return {
    deliveries: {
      genuine: genuine.size,
      recorded: taken.length,
      missing: [...genuine].filter((id) => !taken.includes(id)).length,
      doubled: taken.length - new Set(taken).size,
      forgedTaken: taken.filter((id) => !genuine.has(id)).length,
    },
    jobs: {
      all: jobs.items.length,
      unfinished: jobs.items.filter(({ state }) => state === 'queued' || state === 'running').length,
    },
    messages: {
      all: messages.items.length,
      sent: count('sent'),
      coalesced: count('coalesced'),
      heldBack: count('queued'),
      replies: messages.items.filter(({ kind }) => kind === 'reactive').length,
    },
    received: [...received],
    held: messages.items.filter(({ state }) => state === 'queued'),
  };
}

function report(say: Say, { deliveries, jobs, messages, received, held }: Asked): void {
  say('\n5. What the ledger knows');
  say(
    `   deliveries  ${deliveries.genuine} genuine: ${deliveries.recorded} recorded, ${deliveries.missing} missing, ${deliveries.doubled} doubled; ${deliveries.forgedTaken} forged ones got in`,
  );
  say(`   jobs        ${jobs.all}: ${jobs.all - jobs.unfinished} at their end, ${jobs.unfinished} not`);
  say(
    `   messages    ${messages.all}: ${messages.sent} sent, ${messages.coalesced} coalesced into others of their topic, ${messages.heldBack} held back by the window`,
  );
  say(
    `   window      two per 15 s, six per hour; the owner's own question was answered past it (${messages.replies} reply)`,
  );
  say('\n   What reached the phone:');
  for (const { text, key } of received) say(`   · ${cut(text)}   [${key}]`);
  say('\n   Held back, for the next free slot or the digest:');
  for (const { id, topic, count: happenings } of held.slice(0, 6)) {
    say(`   · ${id} ${cut(topic)} (${happenings} ${happenings === 1 ? 'event' : 'events'})`);
  }
}

function cut(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 96 ? `${line.slice(0, 95)}…` : line;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
