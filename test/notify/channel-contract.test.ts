import { slackChannel } from '../../src/notify/channels/slack.ts';
import { telegramChannel } from '../../src/notify/channels/telegram.ts';
import { terminalChannel } from '../../src/notify/channels/terminal.ts';
import { webhookChannel } from '../../src/notify/channels/webhook.ts';
import type { FakeClock } from '../fakes/clock.ts';
import { startFaultyServer, type Fault, type FaultyServer } from '../fakes/faulty-server.ts';
import { startFakeSlack } from '../fakes/slack.ts';
import { startFakeTelegram } from '../fakes/telegram.ts';
import { ALL_FAULTS, channelContract, type ChannelRig } from './channel-contract.ts';

const SEND = /postMessage|sendMessage|hook/;
const KEPT = ALL_FAULTS.filter((fault) => fault.startsWith('kept'));

channelContract('terminal', terminalRig, { faults: ['closes'], doubles: [] });
// A status is all the answer a webhook needs, so what is written below it cannot confuse; and its receiver knows the key.
channelContract('webhook', webhookRig, {
  faults: ALL_FAULTS.filter((fault) => fault !== 'kept, garbage' && fault !== 'kept, huge'),
  doubles: [],
});
channelContract('slack', slackRig, { faults: ALL_FAULTS, doubles: [] });
channelContract('slack without channels:history', (clock) => slackRig(clock, ['chat:write']), {
  faults: ALL_FAULTS,
  doubles: KEPT,
});
channelContract('telegram', telegramRig, { faults: ALL_FAULTS, doubles: KEPT });

async function terminalRig(clock: FakeClock): Promise<ChannelRig> {
  const printed: string[] = [];
  const attempts: number[] = [];
  let failures = 0;
  const channel = terminalChannel('terminal', (line) => {
    attempts.push(clock.monoMs());
    if (failures-- > 0) throw new Error('EPIPE: broken pipe');
    printed.push(line);
  });
  return {
    channel,
    fail: () => void (failures = 1),
    seen: () => printed,
    attemptsAtMs: () => attempts,
    holding: () => 0,
    async [Symbol.asyncDispose]() {},
  };
}

/** A receiver that remembers keys, as docs/messages.md says it should. */
async function webhookRig(clock: FakeClock): Promise<ChannelRig> {
  const kept = new Map<string, string>();
  const server = await startFaultyServer({
    nowMs: () => clock.monoMs(),
    limited: { status: 429, headers: { 'retry-after': '30' }, body: '' },
    answer({ headers, body }) {
      kept.set(String(headers['webhook-id']), (JSON.parse(body) as { data: { text: string } }).data.text);
      return { status: 200, body: '' };
    },
  });
  const channel = webhookChannel({ name: 'hook', url: `${server.url}/hook` }, { fetch, clock });
  return { channel, seen: () => [...kept.values()], ...rigOf(server) };
}

async function slackRig(clock: FakeClock, scopes?: readonly string[]): Promise<ChannelRig> {
  const server = await startFakeSlack(clock);
  if (scopes !== undefined) {
    server.scopes.clear();
    for (const scope of scopes) server.scopes.add(scope);
  }
  const { apiRoot, token } = server;
  const options = { name: 'slack', channel: server.channel, token, apiRoot, editMs: 600_000 };
  const channel = slackChannel(options, { fetch, clock });
  return { channel, seen: () => server.messages.map(({ text }) => text), ...rigOf(server) };
}

async function telegramRig(clock: FakeClock): Promise<ChannelRig> {
  const server = await startFakeTelegram(clock);
  const options = { name: 'telegram', chat: server.chat, token: server.token, apiRoot: server.url, editMs: 600_000 };
  const channel = telegramChannel(options, { fetch, clock });
  return { channel, seen: () => server.messages.map(({ text }) => text), ...rigOf(server) };
}

function rigOf(server: FaultyServer) {
  return {
    fail: (fault: Fault) => server.fail(SEND, fault),
    // An attempt may be more than one request, such as a look at the history first.
    attemptsAtMs: () => [...new Set(server.seen.map(({ atMs }) => atMs))],
    holding: () => server.holding,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
