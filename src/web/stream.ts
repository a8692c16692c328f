import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { KairosError } from '../core/errors.ts';
import { startLoop } from '../core/loop.ts';
import type { ApiDeps } from './ports.ts';
import { frame, HEARTBEAT, HEARTBEAT_MS, openStream, sendFrames } from './sse.ts';
import type { Views } from './views.ts';

/** How many may watch at once. */
const CLIENTS_MAX = 32;
/** Changes are sent at most this often, so that a storm costs the same as a trickle. */
const PAUSE_MS = 250;

/**
 * `GET /api/stream`: server-sent events `status`, `event`, `job` and `message`, each with the JSON of the lists. The
 * status comes first and after every batch of changes; a comment every 15 s keeps the connection open. What
 * happened while nobody was connected is in the lists, not here.
 */
export function streamRoutes(app: FastifyInstance, deps: ApiDeps, views: Views): void {
  const clients = new Set<ServerResponse>();
  const sendAll = (text: string): void => {
    for (const client of clients) sendFrames(client, text);
  };
  const status = (): string => frame('status', views.status(deps.status()));
  let heartbeatAtMs = 0;
  const loop = startLoop({
    name: 'stream',
    clock: deps.clock,
    log: deps.log,
    async step(signal) {
      if (clients.size === 0) return HEARTBEAT_MS;
      const frames = changedFrames(deps, views);
      if (frames !== '') sendAll(frames + status());
      else if (deps.clock.monoMs() >= heartbeatAtMs) sendAll(HEARTBEAT);
      else return heartbeatAtMs - deps.clock.monoMs();
      heartbeatAtMs = deps.clock.monoMs() + HEARTBEAT_MS;
      await deps.clock.sleep(PAUSE_MS, signal);
      return HEARTBEAT_MS - PAUSE_MS;
    },
  });
  let unwatch: (() => void) | undefined;

  app.get('/api/stream', (_request, reply) => {
    if (clients.size >= CLIENTS_MAX) {
      throw new KairosError('OVERLOADED', `at most ${CLIENTS_MAX} may watch at once`);
    }
    reply.hijack();
    const client = reply.raw;
    openStream(client);
    client.write(status());
    clients.add(client);
    if (clients.size === 1) {
      unwatch = deps.feed.watch(() => loop.wake());
      heartbeatAtMs = deps.clock.monoMs() + HEARTBEAT_MS;
      loop.wake();
    }
    client.once('close', () => {
      clients.delete(client);
      if (clients.size === 0) unwatch?.();
    });
  });
  // An open stream would hold a closing server for ever.
  app.addHook('preClose', async () => {
    await loop[Symbol.asyncDispose]();
    for (const client of clients) client.end();
  });
}

function changedFrames(deps: ApiDeps, views: Views): string {
  const changes = deps.feed.take();
  const frames = [
    ...changes.event.map((id) => framed('event', deps.events.find(id), views.event)),
    ...changes.job.map((id) => framed('job', deps.jobs.find(id), views.job)),
    ...changes.message.map((id) => framed('message', deps.messages.find(id), views.message)),
  ];
  return frames.join('');
}

function framed<Row>(name: string, row: Row | undefined, view: (row: Row) => unknown): string {
  return row === undefined ? '' : frame(name, view(row));
}
