import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiRoutes } from '../../src/web/api.ts';
import { CHANGES_MAX, createFeed } from '../../src/web/feed.ts';
import { settle } from '../fakes/clock.ts';
import { makeEvent, makeJob, makeMessage, makeServer, makeWorld, type World } from './ports.ts';

let world: World;
let app: FastifyInstance;
let url: string;

beforeEach(async () => {
  world = makeWorld();
  app = makeServer(apiRoutes(world.deps));
  await app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/api/stream`;
});

afterEach(async () => app.close());

interface Watcher {
  readonly answer: IncomingMessage;
  /** What came so far, once it holds these words. */
  readonly until: (words: string) => Promise<string>;
}

async function watch(): Promise<Watcher> {
  const [answer] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  let text = '';
  const hearers = new Set<() => void>();
  answer.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    for (const hear of hearers) hear();
  });
  answer.on('error', () => undefined);
  const until = (words: string): Promise<string> =>
    new Promise((resolve) => {
      const hear = (): void => {
        if (text.includes(words)) resolve(text);
      };
      hearers.add(hear);
      hear();
    });
  return { answer, until };
}

describe('the stream', () => {
  test('begins with the status and then tells each change with the row as in the lists', async () => {
    const { answer, until } = await watch();
    expect(answer.headers['content-type']).toMatch(/^text\/event-stream/);
    expect(await until('\n\n')).toMatch(/^event: status\ndata: \{"ready":true/);
    world.events.push(makeEvent(1));
    world.jobs.push(makeJob(1, { state: 'running' }));
    world.messages.push(makeMessage(1, { text: 'two\nlines' }));
    for (const kind of ['event', 'job', 'message'] as const) world.deps.feed.changed(kind, 1);
    const text = await until('event: message');
    expect(text).toContain('event: event\ndata: {"id":"e1",');
    expect(text).toContain('event: job\ndata: {"id":"j1",');
    expect(text).toMatch(/event: message\ndata: \{"id":"m1",.+two\\nlines.+\}\n\n/);
  });

  test('a change during the pause is sent after it, once however often it changed', async () => {
    const { until } = await watch();
    world.jobs.push(makeJob(1));
    world.deps.feed.changed('job', 1);
    await until('"state":"queued"');
    world.jobs[0] = makeJob(1, { state: 'running' });
    world.deps.feed.changed('job', 1);
    world.jobs[0] = makeJob(1, { state: 'succeeded' });
    world.deps.feed.changed('job', 1);
    await settle();
    await world.clock.advance(250);
    expect(await until('"state":"succeeded"')).not.toContain('"state":"running"');
  });

  test('says every 15 seconds that it is still there', async () => {
    const { until } = await watch();
    await until('\n\n');
    await world.clock.advance(15_000);
    await until(': still here\n\n');
  });

  test('takes 32 watchers and refuses the next with 503 until one leaves [WEB-SHED]', async () => {
    const watchers = await Promise.all(Array.from({ length: 32 }, watch));
    const refused = await watch();
    expect(refused.answer.statusCode).toBe(503);
    expect(await refused.until('}')).toContain('"code":"OVERLOADED"');
    const [first] = watchers;
    first?.answer.destroy();
    for (;;) {
      await settle();
      const { answer } = await watch();
      if (answer.statusCode === 200) break;
    }
  });

  test('drops a watcher that does not read', async () => {
    const { answer } = await watch();
    answer.pause();
    const closed = new Promise<void>((resolve) => answer.once('close', () => resolve()));
    world.messages.push(makeMessage(1, { text: 'x'.repeat(16 * 1_048_576) }));
    for (let times = 0; times < 3; times += 1) {
      world.deps.feed.changed('message', 1);
      await settle();
      await world.clock.advance(250);
    }
    answer.resume();
    await closed;
    expect(answer.complete).toBe(false);
  });

  test('does not hold a closing server', async () => {
    const { answer } = await watch();
    const ended = once(answer, 'end');
    await app.close();
    await ended;
  });
});

describe('the feed', () => {
  test('keeps the newest rows of a storm, each once, and nothing while nobody watches', () => {
    const feed = createFeed();
    feed.changed('event', 1);
    let wakes = 0;
    const unwatch = feed.watch(() => (wakes += 1));
    for (let id = 1; id <= CHANGES_MAX + 5; id += 1) feed.changed('event', id);
    feed.changed('event', 50);
    expect(wakes).toBe(CHANGES_MAX + 6);
    const { event } = feed.take();
    expect(event).toHaveLength(CHANGES_MAX);
    expect(event.at(0)).toBe(6);
    expect(event.at(-1)).toBe(50);
    expect(feed.take().event).toEqual([]);
    unwatch();
    feed.changed('event', 2);
    expect(feed.take().event).toEqual([]);
  });
});
