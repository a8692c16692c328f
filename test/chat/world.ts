import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { createChat } from '../../src/chat/chat.ts';
import { createTelegramApi } from '../../src/chat/telegram-api.ts';
import { startTelegramPoller, type TelegramPoller } from '../../src/chat/telegram-poller.ts';
import { createWhisper } from '../../src/chat/whisper.ts';
import type { ChatChannel } from '../../src/chat/utterance.ts';
import type { Event, EventDraft } from '../../src/core/event.ts';
import { readCommand } from '../../src/dispatch/commands.ts';
import { ruleHandlers } from '../../src/dispatch/handlers.ts';
import { createReply, type Decided, type Decision } from '../../src/dispatch/reply.ts';
import { startWorker } from '../../src/dispatch/worker.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { AskedApproval } from '../../src/notify/buttons.ts';
import { slackChannel } from '../../src/notify/channels/slack.ts';
import { telegramChannel } from '../../src/notify/channels/telegram.ts';
import { startOutbox, type Outbox } from '../../src/notify/outbox.ts';
import { compileSubscriptions } from '../../src/subscriptions/match.ts';
import { interpret } from '../../src/webhooks/interpret.ts';
import { resolveSources, sourcesOptions } from '../../src/webhooks/options.ts';
import { webhookRoutes, type WebhookDeps } from '../../src/webhooks/routes.ts';
import { spokenTaker } from '../../src/webhooks/spoken.ts';
import { FakeClock } from '../fakes/clock.ts';
import { startFakeSlack, type FakeSlack } from '../fakes/slack.ts';
import { startFakeTelegram, type FakeTelegram } from '../fakes/telegram.ts';
import { folder, ledgerIn, recordingLog, steadyRandom, type LogLine } from '../ledger/make.ts';
import { budget } from '../notify/world.ts';
import { subscriptions } from '../subscriptions/support.ts';
import { send } from '../webhooks/deliver.ts';

export const OWNER = 123456;
export const STRANGER = 666;
export const CHANNELS: readonly ChatChannel[] = [
  { kind: 'telegram', name: 'telegram', chat: '123456', allow: [OWNER] },
  { kind: 'slack', name: 'slack', channel: 'C0123', allow: ['UOWNER'] },
];
const SECRET = 'a-secret-of-sixteen';

/** One run of the daemon, as far as conversations are concerned: real ledger, worker, outbox, HTTP. */
export interface Life {
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly poller: TelegramPoller | undefined;
  /** A delivery that Slack or Telegram signs. */
  post(kind: 'slack' | 'telegram', body: string, contentType?: string): Promise<{ status: number; body: string }>;
  /** Oldest first. */
  events(): Event[];
  stop(): Promise<void>;
}

export interface World extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly telegram: FakeTelegram;
  readonly slack: FakeSlack;
  readonly log: LogLine[];
  readonly troubles: string[];
  readonly approvals: Map<number, AskedApproval>;
  readonly decisions: Decision[];
  /** The ledger's `save` of this number fails after it, or before it, was done. */
  dieAtSave: number;
  begin(options?: { polling?: boolean; deletesWebhook?: boolean; modelOn?: boolean }): Promise<Life>;
}

export async function openWorld(): Promise<World> {
  const clock = new FakeClock();
  const home = folder();
  const telegram = await startFakeTelegram(clock);
  const slack = await startFakeSlack(clock);
  const log = recordingLog();
  let life: Life | undefined;
  const world: World = {
    clock,
    telegram,
    slack,
    log: log.lines,
    troubles: [],
    approvals: new Map(),
    decisions: [],
    dieAtSave: Infinity,
    async begin(options = {}) {
      life = await beginLife(world, home.path, options);
      return life;
    },
    async [Symbol.asyncDispose]() {
      await life?.stop();
      await telegram[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
  return world;
}

interface LifeOptions {
  readonly polling?: boolean;
  readonly deletesWebhook?: boolean;
  readonly modelOn?: boolean;
}

async function beginLife(world: World, home: string, options: LifeOptions): Promise<Life> {
  const { clock, telegram, slack } = world;
  const log = recordingLog(world.log);
  const ledger = await ledgerIn(home, { clock, log });
  const ports = { clock, random: steadyRandom, log, fetch: (url: string, init: RequestInit) => fetch(url, init) };
  const { apiRoot } = slack;
  const channels = [
    telegramChannel(
      { name: 'telegram', chat: telegram.chat, token: telegram.token, apiRoot: telegram.url, editMs: 0 },
      ports,
    ),
    slackChannel({ name: 'slack', channel: slack.channel, token: slack.token, apiRoot, editMs: 0 }, ports),
  ];
  const redact = (text: string): string => text;
  const approval = (id: number) => world.approvals.get(id);
  const outbox = await startOutbox({
    ...ports,
    redact,
    channels,
    approval,
    store: ledger.messages,
    budget: budget(),
    timeZone: 'Europe/Berlin',
  });
  const approvals = { pending: () => [], decide: async (decision: Decision) => decideIn(world, decision) };
  const reply = createReply({ wallMs: () => clock.wallMs(), status: () => 'All is well.', approvals });
  const worker = await startWorker({
    ...ports,
    store: ledger.jobs,
    handlers: ruleHandlers(reply),
    onSettled: () => outbox.wake(),
  });
  const append = async (draft: EventDraft) => {
    const appended = await ledger.events.append(draft);
    worker.wake();
    return appended;
  };
  const api = createTelegramApi({ ...ports, token: telegram.token, apiRoot: telegram.url });
  const hear = createChat({
    ...ports,
    channels: CHANNELS,
    isCommand: (text) => readCommand(text) !== undefined,
    modelOn: options.modelOn ?? false,
    whisper: createWhisper({ ...ports, telegram: api, slackOrigin: slack.url }),
  });
  const deps = depsOf({ ...ports, append }, hear);
  const poller = options.polling === true ? listen(world, ledger, { api, deps, options }) : undefined;
  const http = await serve(deps);
  let stopped = false;
  return {
    ledger,
    outbox,
    poller,
    post: (kind, body, contentType = 'application/json') => postTo(http.port, kind, { body, contentType, clock }),
    events: () => ledger.events.list({ limit: 1_000 }).toReversed(),
    async stop() {
      if (stopped) return;
      stopped = true;
      await http.close();
      await poller?.[Symbol.asyncDispose]();
      await worker[Symbol.asyncDispose]();
      await outbox[Symbol.asyncDispose]();
      await ledger[Symbol.asyncDispose]();
    },
  };
}

/** As the ledger's approvals do: once, and only for the call whose hash it is. */
function decideIn({ approvals, decisions, clock }: World, decision: Decision): Decided {
  decisions.push(decision);
  const found = approvals.get(decision.id);
  if (found === undefined) return { kind: 'unknown' };
  if (found.state !== 'pending') {
    return { kind: 'settled', state: found.state, by: found.decidedBy, atMs: found.decidedAtMs };
  }
  if (decision.hashPrefix !== null && !found.hash.startsWith(decision.hashPrefix)) return { kind: 'changed' };
  const state = decision.verdict === 'allow' ? 'allowed' : 'denied';
  approvals.set(decision.id, { ...found, state, decidedAtMs: clock.wallMs(), decidedBy: decision.by });
  return { kind: 'decided' };
}

function depsOf(
  ports: Pick<WebhookDeps, 'clock' | 'random' | 'log' | 'append'>,
  hear: Parameters<typeof interpret>[2],
): WebhookDeps {
  const match = compileSubscriptions(
    subscriptions({ name: 'chatter', source: 'slack', do: 'log', text: 'somebody said something' }),
  );
  const config = sourcesOptions.parse([
    { name: 'slack', kind: 'slack', secretEnv: 'S' },
    { name: 'telegram', kind: 'telegram', secretEnv: 'S' },
  ]);
  const { byName } = resolveSources(config, () => SECRET);
  return {
    ...ports,
    source: (name) => byName.get(name),
    read: (delivery) => interpret(delivery, match, hear),
    inStorm: () => true,
    isToken: () => false,
    count() {},
  };
}

function listen(
  world: World,
  ledger: Ledger,
  given: { api: ReturnType<typeof createTelegramApi>; deps: WebhookDeps; options: LifeOptions },
): TelegramPoller {
  const { clock, troubles } = world;
  let saves = 0;
  return startTelegramPoller({
    api: given.api,
    botId: '123',
    store: {
      load: (name) => ledger.polls.load(name),
      async save(name, state) {
        saves += 1;
        if (saves >= world.dieAtSave) throw new Error('killed');
        await ledger.polls.save(name, state);
      },
    },
    take: spokenTaker(given.deps),
    deletesWebhook: given.options.deletesWebhook ?? false,
    clock,
    random: steadyRandom,
    log: given.deps.log,
    onTrouble: (text) => void troubles.push(text),
  });
}

async function serve(deps: WebhookDeps): Promise<{ readonly port: number; close(): Promise<void> }> {
  const app = Fastify();
  app.removeAllContentTypeParsers();
  webhookRoutes(deps)(app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    port: (app.server.address() as AddressInfo).port,
    async close() {
      const closed = once(app.server, 'close');
      app.server.closeAllConnections();
      await app.close();
      await closed;
    },
  };
}

async function postTo(
  port: number,
  kind: 'slack' | 'telegram',
  { body, contentType, clock }: { body: string; contentType: string; clock: FakeClock },
): Promise<{ status: number; body: string }> {
  const signed = send(kind, SECRET, Buffer.from(body), String(Math.floor(clock.wallMs() / 1_000)));
  const response = await fetch(`http://127.0.0.1:${port}/webhooks/${kind}`, {
    method: 'POST',
    headers: { ...signed.headers, 'content-type': contentType },
    body,
  });
  return { status: response.status, body: await response.text() };
}
