import type { JobDraft } from '../core/job.ts';
import { readCommand } from '../dispatch/commands.ts';
import { sameToken } from '../http/guard.ts';
import { healthRoutes } from '../http/health.ts';
import type { Routes } from '../http/server.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Outbox } from '../notify/outbox.ts';
import { viewOf } from '../scheduler/list.ts';
import { apiRoutes } from '../web/api.ts';
import { digestRoutes } from '../web/digest.ts';
import type { Feed } from '../web/feed.ts';
import { followRoutes, type FollowsPort } from '../web/follow.ts';
import { pageRoutes } from '../web/page.ts';
import type { ApiDeps, SchedulesPort } from '../web/ports.ts';
import { webhookRoutes } from '../webhooks/routes.ts';
import type { Agent } from './agent.ts';
import type { Dreaming } from './dreaming.ts';
import type { DaemonMemory } from './memory.ts';
import type { Clockwork } from './clockwork.ts';
import type { Hands } from './hands.ts';
import type { Append } from './intake.ts';
import { renderMetrics } from './metrics.ts';
import type { DaemonOptions, Ports } from './options.ts';
import type { Settings } from './settings.ts';
import type { View } from './view.ts';

export interface DoorParts {
  readonly options: DaemonOptions;
  readonly ports: Ports;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly hands: Hands;
  readonly agent: Agent;
  readonly memory: DaemonMemory;
  readonly dreaming: Dreaming;
  readonly clockwork: Clockwork;
  readonly follows: FollowsPort;
  readonly view: View;
  readonly feed: Feed;
  readonly append: Append;
  /** The settings in force: they may be others at the next call. */
  readonly live: { readonly settings: Settings };
}

/** Everything that comes in over HTTP: health, webhooks, the API and the page. */
export function openDoors(doors: DoorParts): Routes[] {
  const { options, ports, view, live, append, hands } = doors;
  const { clock, random } = ports;
  return [
    healthRoutes({
      clock,
      version: options.version,
      startedMonoMs: clock.monoMs(),
      notReady: () => view.notReady(),
      metrics: () => renderMetrics(view.metrics()),
    }),
    webhookRoutes({
      clock,
      random,
      log: ports.log.child({ part: 'webhooks' }),
      source: (name) => live.settings.sources.get(name),
      append,
      read: (delivery) => live.settings.read(delivery),
      inStorm: (source, monoMs) => live.settings.inStorm(source, monoMs),
      count: (outcome) => view.count(outcome),
      isToken: (given) => sameToken(given, options.token),
    }),
    apiRoutes(apiDeps(doors)),
    followRoutes({
      follows: doors.follows,
      redact: ports.redactor.redact,
      timeZone: () => options.config.timezone,
    }),
    digestRoutes({ digest: (word, signal) => hands.digests.facts(word, signal) }),
    pageRoutes(),
  ];
}

function apiDeps(doors: DoorParts): ApiDeps {
  const { options, ports, ledger, outbox, hands, agent, view, feed, live, append } = doors;
  return {
    clock: ports.clock,
    random: ports.random,
    log: ports.log.child({ part: 'web' }),
    redact: ports.redactor.redact,
    timeZone: () => options.config.timezone,
    status: () => view.status(),
    budget: () => outbox.snapshot(),
    work: { lanes: () => hands.lanes(), recentRuns: (limit) => ledger.work.recentRuns(limit) },
    schedules: schedulesOf(doors),
    memory: { ...doors.memory.port, dream: doors.dreaming.port },
    agent: agent.port(() => {
      hands.wake();
      outbox.wake();
    }),
    jobFor: (text) => ownersJob(text, agent),
    subscriptions: () => live.settings.config.subscriptions,
    events: { ...ledger.events, append },
    async match({ source, type, action, trust, contentType }, body, receivedAtMs) {
      const kind = live.settings.sources.get(source)?.kind;
      if (kind === undefined) return [];
      const headers = { 'content-type': contentType };
      const replayed = await live.settings.read({
        kind,
        source,
        trust,
        receivedAtMs,
        headers,
        body,
        known: { type, action },
      });
      return replayed.jobs;
    },
    jobs: {
      ...ledger.jobs,
      async requeue(id, nowMs) {
        const job = await ledger.jobs.requeue(id, nowMs);
        hands.wake();
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
}

/** Words of the owner: what a rule knows it answers, everything else is for the agent, if it is there. */
function ownersJob(text: string, agent: Agent): JobDraft {
  const byRule = readCommand(text) !== undefined || agent.away() !== undefined;
  const kind = byRule ? 'reply' : 'agent';
  return { kind, origin: 'say', reactive: true, topic: '', text, urgent: false, mayCoalesce: false };
}

function schedulesOf({ options, ports, ledger, clockwork }: DoorParts): SchedulesPort {
  const { scheduler } = clockwork;
  const history = {
    lastRun: (name: string) => ledger.runs.last(name),
    missed: (name: string, limit: number) => ledger.slots.list(name, { limit, state: 'missed' }),
    unfinished: (name: string) => ledger.slots.unfinished(name),
  };
  return {
    names: () => scheduler.entries().map(({ schedule }) => schedule.name),
    async find(name) {
      const entry = scheduler.find(name);
      if (entry === undefined) return undefined;
      return viewOf(entry, history, { wallMs: ports.clock.wallMs(), timeZone: options.config.timezone });
    },
    runNow: (name) => scheduler.runNow(name),
  };
}
