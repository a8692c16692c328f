import { describe, expect, test } from 'vitest';
import { startSlackSocket, type SocketDelivery } from '../../src/chat/slack-socket.ts';
import { FakeClock } from '../fakes/clock.ts';
import { eventually } from '../fakes/faulty-server.ts';
import { startFakeSlackSocket, type FakeSlackSocket } from '../fakes/slack-socket.ts';
import { recordingLog, steadyRandom } from '../ledger/make.ts';
import { slackEvent } from './payloads.ts';

function listenTo(
  slack: FakeSlackSocket,
  clock: FakeClock,
  take: (one: SocketDelivery) => Promise<string | undefined>,
) {
  const troubles: string[] = [];
  const log = recordingLog();
  const socket = startSlackSocket({
    appToken: slack.appToken,
    apiRoot: slack.apiRoot,
    fetch: (url, init) => fetch(url, init),
    connect: (url) => new WebSocket(url),
    take,
    clock,
    random: steadyRandom,
    log,
    onTrouble: (text) => void troubles.push(text),
  });
  return { socket, troubles, log };
}

const envelope = (id: string, payload: unknown) => ({
  envelope_id: id,
  type: 'events_api',
  payload,
  accepts_response_payload: false,
});

describe('listening to Slack without an open port', () => {
  test('an envelope is acknowledged when it is on disk, and not before [CHAT-SOCKET]', async () => {
    await using slack = await startFakeSlackSocket();
    const taken: SocketDelivery[] = [];
    const committed = Promise.withResolvers<string | undefined>();
    const { socket } = listenTo(slack, new FakeClock(), (one) => {
      taken.push(one);
      return taken.length === 1 ? committed.promise : Promise.reject(new Error('the disk is full'));
    });
    await using _socket = socket;
    await eventually(() => socket.status().state === 'ok');
    const payload: unknown = JSON.parse(slackEvent({ text: 'status' }));
    slack.push(envelope('e-1', payload));
    slack.push(envelope('e-2', payload));
    await eventually(() => taken.length === 2);
    expect(slack.acknowledged).toEqual([]);
    committed.resolve('{"text":"no"}');
    await eventually(() => slack.acknowledged.length === 1);
    expect(slack.acknowledged).toEqual([{ envelope_id: 'e-1', payload: { text: 'no' } }]);
    expect(JSON.parse(Buffer.from(taken[0]?.body ?? []).toString())).toEqual(payload);
    expect(taken[0]).toMatchObject({ kind: 'slack', source: 'slack', delivery: 'envelope:e-1' });
  });

  test('it connects anew when Slack asks for it, when the line breaks, and when it has gone silent [CHAT-SOCKET]', async () => {
    await using slack = await startFakeSlackSocket();
    const clock = new FakeClock();
    const { socket } = listenTo(slack, clock, async () => undefined);
    await using _socket = socket;
    await eventually(() => socket.status().state === 'ok');
    slack.push({ type: 'disconnect', reason: 'refresh_requested' });
    await eventually(() => slack.opened === 2);
    await eventually(() => slack.open === 1);
    slack.cut();
    await eventually(() => socket.status().state === 'failing');
    await clock.advance(1_000);
    await eventually(() => slack.opened === 3 && socket.status().state === 'ok');
    // A line that never pinged is not known to be dead; one that did is.
    await clock.advance(600_000);
    expect(slack.opened).toBe(3);
    slack.ping();
    await eventually(() => slack.open === 1);
    await clock.advance(1_000);
    await clock.advance(120_000);
    await eventually(() => slack.opened === 4 && socket.status().state === 'ok');
  });

  test('a refused token is told once, and no log shows it [CHAT-SOCKET]', async () => {
    await using slack = await startFakeSlackSocket();
    const clock = new FakeClock();
    slack.refusals.push('ratelimited', 'not_allowed_token_type', 'not_allowed_token_type');
    const { socket, troubles, log } = listenTo(slack, clock, async () => undefined);
    await using _socket = socket;
    await eventually(() => socket.status().state === 'failing');
    await clock.advance(2_000);
    await eventually(() => socket.status().state === 'refused');
    await clock.advance(120_000);
    await eventually(() => slack.refusals.length === 0);
    await clock.advance(900_000);
    await eventually(() => socket.status().state === 'ok');
    expect(troubles).toEqual([expect.stringContaining('SLACK_APP_TOKEN')]);
    expect(JSON.stringify(log.lines)).not.toContain('xapp-test');
  });
});
