import type { Clock } from '../core/ports.ts';
import { formatDuration } from '../core/units.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Status } from '../web/ports.ts';
import type { DeliveryOutcome } from '../webhooks/routes.ts';
import type { Boot } from './boot.ts';
import type { MetricsSnapshot } from './metrics.ts';

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
  readonly version: string;
  readonly pid: number;
  readonly home: string;
  readonly startedAtMs: number;
  readonly startedMonoMs: number;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly boot: Boot;
  readonly sources: readonly string[];
  readonly channels: readonly string[];
  readonly loopLag: { readonly maxMs: number; note(): void };
  /** Memory and processor time of this process. */
  readonly usage: () => { readonly residentBytes: number; readonly cpuSeconds: number };
}

export function createView(parts: ViewParts): View {
  let url = '';
  const deliveries: Record<DeliveryOutcome, number> = { accepted: 0, duplicate: 0, refused: 0, shed: 0 };
  const notReady = (): string[] => {
    const health = parts.ledger.health();
    return [...(url === '' ? ['ingress is not listening yet'] : []), ...(health.ok ? [] : [`ledger: ${health.reason}`])];
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
  const { ledger, clock } = parts;
  const stats = ledger.stats();
  return {
    version: parts.version,
    pid: parts.pid,
    home: parts.home,
    url,
    startedAtMs: parts.startedAtMs,
    uptimeMs: Math.round(clock.monoMs() - parts.startedMonoMs),
    notReady,
    safeMode: parts.boot.safeMode,
    accepting: ledger.health(),
    jobs: ledger.jobs.counts(),
    messagesQueued: ledger.messages.counts().waiting,
    writesWaiting: stats.writesWaiting,
    freeBytes: stats.freeBytes,
    sources: parts.sources,
    channels: parts.channels,
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
    ...parts.usage(),
  };
}

function sentenceOf(status: Status): string {
  const { queued = 0, dead = 0, failed = 0, parked = 0 } = status.jobs;
  const trouble = status.notReady.length === 0 ? 'All is well' : `Not ready: ${status.notReady.join('; ')}`;
  const counts = [
    `${queued} jobs wait`,
    `${status.messagesQueued} messages are held back`,
    ...(dead + failed > 0 ? [`${dead + failed} jobs were given up (kairos jobs)`] : []),
    ...(parked > 0 ? [`${parked} jobs wait for a model`] : []),
  ];
  return `${trouble}${status.safeMode ? ' (safe mode)' : ''}. Up ${formatDuration(status.uptimeMs)}; ${counts.join(', ')}.`;
}
