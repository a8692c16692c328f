import { formatDuration } from '../core/units.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelState, Status } from '../web/ports.ts';
import type { DeliveryOutcome } from '../webhooks/routes.ts';
import type { Boot } from './boot.ts';
import type { LoopLag } from './loop-lag.ts';
import type { MetricsSnapshot } from './metrics.ts';
import type { DaemonOptions, Ports } from './options.ts';

/** What the daemon says of itself: to the API, to Prometheus, and in a sentence to its owner. */
export interface View {
  status(): Status;
  /** What is not ready, in words; empty when all is. */
  notReady(): readonly string[];
  metrics(): MetricsSnapshot;
  sentence(): string;
  /** The doors are open. */
  listening(url: string): void;
  /** A delivery came to its end. */
  count(outcome: DeliveryOutcome): void;
}

export interface ViewParts {
  readonly options: DaemonOptions;
  readonly ports: Ports;
  readonly sources: () => readonly string[];
  readonly channels: () => readonly ChannelState[];
  readonly started: { readonly wallMs: number; readonly monoMs: number };
  readonly ledger: Ledger;
  readonly boot: Boot;
  readonly loopLag: LoopLag;
}

export function createView(parts: ViewParts): View {
  let url = '';
  const deliveries: Record<DeliveryOutcome, number> = { accepted: 0, duplicate: 0, refused: 0, shed: 0 };
  const notReady = (): string[] => {
    const health = parts.ledger.health();
    return [
      ...(url === '' ? ['ingress is not listening yet'] : []),
      ...(health.ok ? [] : [`ledger: ${health.reason}`]),
    ];
  };
  const status = (): Status => statusOf(parts, url, notReady());
  return {
    status,
    notReady,
    metrics: () => metricsOf(parts, deliveries, notReady().length === 0),
    sentence: () => sentenceOf(status()),
    listening(at) {
      url = at;
    },
    count(outcome) {
      deliveries[outcome] += 1;
      parts.loopLag.note();
    },
  };
}

function statusOf(parts: ViewParts, url: string, notReady: readonly string[]): Status {
  const { ledger, options, started } = parts;
  const stats = ledger.stats();
  return {
    version: options.version,
    pid: options.pid,
    home: options.home,
    url,
    startedAtMs: started.wallMs,
    uptimeMs: Math.round(parts.ports.clock.monoMs() - started.monoMs),
    notReady,
    safeMode: parts.boot.safeMode,
    accepting: ledger.health(),
    jobs: ledger.jobs.counts(),
    messagesQueued: ledger.messages.counts().waiting,
    writesWaiting: stats.writesWaiting,
    freeBytes: stats.freeBytes,
    sources: parts.sources(),
    channels: parts.channels(),
  };
}

function metricsOf(parts: ViewParts, deliveries: MetricsSnapshot['deliveries'], ready: boolean): MetricsSnapshot {
  const stats = parts.ledger.stats();
  const messages = parts.ledger.messages.counts();
  return {
    deliveries,
    jobs: parts.ledger.jobs.counts(),
    messagesWaiting: messages.waiting,
    messagesUnderWay: messages.underWay,
    deliveriesOpen: messages.openByChannel,
    commits: stats.commits,
    commitSecondsMax: stats.commitMsMax / 1_000,
    writesWaiting: stats.writesWaiting,
    freeBytes: stats.freeBytes,
    loopLagSecondsMax: parts.loopLag.maxMs / 1_000,
    ready,
    safeMode: parts.boot.safeMode,
    ...parts.ports.usage(),
  };
}

function sentenceOf(status: Status): string {
  const { queued = 0, dead = 0, failed = 0, parked = 0 } = status.jobs;
  const failing = status.channels.filter(({ state }) => state === 'failing').map(({ name }) => name);
  const well = failing.length === 0 ? 'All is well' : `Running, but a channel fails: ${failing.join(', ')}`;
  const trouble = status.notReady.length === 0 ? well : `Not ready: ${status.notReady.join('; ')}`;
  const counts = [
    `${queued} jobs wait`,
    `${status.messagesQueued} messages are held back`,
    ...(dead + failed > 0 ? [`${dead + failed} jobs were given up (kairos jobs)`] : []),
    ...(parked > 0 ? [`${parked} jobs wait for a model`] : []),
  ];
  return `${trouble}${status.safeMode ? ' (safe mode)' : ''}. Up ${formatDuration(status.uptimeMs)}; ${counts.join(', ')}.`;
}
