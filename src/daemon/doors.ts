import type { EventDraft } from '../core/event.ts';
import type { Loop } from '../core/loop.ts';
import type { Log } from '../core/ports.ts';
import { sameToken } from '../http/guard.ts';
import { healthRoutes } from '../http/health.ts';
import type { Routes } from '../http/server.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Outbox } from '../notify/outbox.ts';
import { compileSubscriptions } from '../subscriptions/match.ts';
import { createStormMeter } from '../subscriptions/storm.ts';
import { apiRoutes } from '../web/api.ts';
import type { Feed } from '../web/feed.ts';
import { pageRoutes } from '../web/page.ts';
import type { ApiDeps } from '../web/ports.ts';
import type { PreparedSource } from '../webhooks/options.ts';
import { ParseThread } from '../webhooks/parse-thread.ts';
import { deliveryReader, webhookRoutes } from '../webhooks/routes.ts';
import { renderMetrics } from './metrics.ts';
import type { DaemonOptions, Ports } from './start.ts';
import type { View } from './view.ts';

export interface DoorParts {
  readonly options: DaemonOptions;
  readonly ports: Ports;
  /** Takes what the doors open themselves. */
  readonly parts: AsyncDisposableStack;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly worker: Loop;
  readonly view: View;
  readonly feed: Feed;
  readonly sources: ReadonlyMap<string, PreparedSource>;
}

/** Everything that comes in over HTTP: health, webhooks, the API and the page. */
export function openDoors({ options, ports, parts, ledger, outbox, worker, view, feed, sources }: DoorParts): Routes[] {
  const { clock, random } = ports;
  const { subscriptions } = options.config;
  const part = (name: string): Log => ports.log.child({ part: name });
  const match = compileSubscriptions(subscriptions);
  const thread = parts.use(new ParseThread({ clock, log: part('webhooks'), subscriptions, match }));
  const readDelivery = deliveryReader(match, thread);
  const storms = createStormMeter({ perMs: options.config.storm.per, threshold: options.config.storm.events });
  const append = async (draft: EventDraft): Promise<{ id: number; duplicate: boolean }> => {
    const appended = await ledger.events.append(draft);
    feed.changed('event', appended.id);
    if (draft.jobs.length > 0 && !appended.duplicate) worker.wake();
    return appended;
  };
  const api: ApiDeps = {
    clock,
    random,
    log: part('web'),
    redact: ports.redactor.redact,
    timeZone: () => options.config.timezone,
    status: () => view.status(),
    budget: () => outbox.snapshot(),
    subscriptions: () => subscriptions,
    events: { ...ledger.events, append },
    async match({ source, type, action, trust, contentType }, body, receivedAtMs) {
      const prepared = sources.get(source);
      if (prepared === undefined) return match({ source, type, action, trust, receivedAtMs }, undefined);
      const headers = { 'content-type': contentType };
      const read = readDelivery({ kind: prepared.kind, source, trust, receivedAtMs, headers, body, known: { type, action } });
      return (await read).jobs;
    },
    jobs: {
      ...ledger.jobs,
      async requeue(id, nowMs) {
        const job = await ledger.jobs.requeue(id, nowMs);
        worker.wake();
        return job;
      },
    },
    messages: ledger.messages,
    async mute(topic, untilMs) {
      await ledger.messages.mute(topic, untilMs);
      outbox.wake();
    },
    stop: options.onStopAsked,
    isToken: (given) => sameToken(given, options.token),
    feed,
  };
  const startedMonoMs = clock.monoMs();
  return [
    healthRoutes({
      clock,
      version: options.version,
      startedMonoMs,
      notReady: () => view.notReady(),
      metrics: () => renderMetrics(view.metrics()),
    }),
    webhookRoutes({
      clock,
      random,
      log: part('webhooks'),
      sources,
      append,
      read: readDelivery,
      inStorm: (source, monoMs) => storms.note(source, monoMs),
      count: (outcome) => view.count(outcome),
    }),
    apiRoutes(api),
    pageRoutes(),
  ];
}
