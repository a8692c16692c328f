import { formatDuration } from '../core/units.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type {
  ChannelState,
  DreamStatus,
  HealthStatus,
  LanesUse,
  ListenerState,
  PollingState,
  ReconcileState,
  RunningJob,
  Status,
  WorkersState,
} from '../web/ports.ts';
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
  /** The doors are open, and everything that works has begun. */
  listening(url: string, moving: Moving): void;
  /** A delivery came to its end. */
  count(outcome: DeliveryOutcome): void;
}

/** What goes on by itself, as far as it is shown. */
export interface Moving {
  readonly hands: { lanes(): LanesUse; readonly workers: { snapshot(): WorkersState } };
  readonly clockwork: {
    next(): { readonly name: string; readonly atMs: number } | undefined;
    polling(): PollingState | undefined;
    reconcile(): readonly ReconcileState[] | undefined;
    listening(): readonly ListenerState[];
    heartbeat(): boolean;
  };
  readonly dreaming: { status(): DreamStatus };
  readonly care: { status(): HealthStatus };
  /** Scheduled backups, where there are any. */
  readonly backups?: { last(): Status['lastBackup'] } | undefined;
}

export interface ViewParts {
  readonly options: DaemonOptions;
  readonly ports: Ports;
  readonly sources: () => readonly string[];
  readonly channels: () => readonly ChannelState[];
  /** The model that leads; undefined when there is none. */
  readonly model: () => string | undefined;
  readonly started: { readonly wallMs: number; readonly monoMs: number };
  readonly ledger: Ledger;
  readonly boot: Boot;
  readonly loopLag: LoopLag;
}

export function createView(parts: ViewParts): View {
  let url = '';
  let moving: Moving | undefined;
  const deliveries: Record<DeliveryOutcome, number> = { accepted: 0, duplicate: 0, refused: 0, shed: 0 };
  const notReady = (): string[] => {
    const health = parts.ledger.health();
    return [
      ...(url === '' ? ['ingress is not listening yet'] : []),
      ...(health.ok ? [] : [`ledger: ${health.reason}`]),
    ];
  };
  const status = (): Status => ({
    ...statusOf(parts, url, notReady()),
    ...movingOf(parts, moving),
  });
  return {
    status,
    notReady,
    metrics: () => metricsOf(parts, deliveries, notReady().length === 0),
    sentence: () => sentenceOf(status()),
    listening(at, begun) {
      url = at;
      moving = begun;
    },
    count(outcome) {
      deliveries[outcome] += 1;
      parts.loopLag.note();
    },
  };
}

type Quiet = Omit<Status, keyof ReturnType<typeof movingOf>>;

function statusOf(parts: ViewParts, url: string, notReady: readonly string[]): Quiet {
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
    model: parts.model() ?? null,
  };
}

/** Missed runs are shown for this long. */
const LATELY_MS = 86_400_000;
const RUNNING_MAX = 20;

/** What runs, what is next, what was missed. Reads a few rows. */
function movingOf({ ledger, ports }: ViewParts, moving: Moving | undefined) {
  const lanes = moving?.hands.lanes() ?? { foreground: null, background: [] };
  const ids = lanes.foreground === null ? lanes.background : [lanes.foreground.jobId, ...lanes.background];
  return {
    running: ids.slice(0, RUNNING_MAX).flatMap((id): RunningJob[] => {
      const job = ledger.jobs.find(id);
      // A lane is free before that is on disk: here it counts as what it is.
      const lane = id === lanes.foreground?.jobId ? 'foreground' : 'background';
      return job === undefined
        ? []
        : [{ jobId: id, kind: job.kind, origin: job.origin, lane, startedAtMs: job.startedAtMs }];
    }),
    nextSchedule: moving?.clockwork.next() ?? null,
    missed: ledger.slots.missedSince(ports.clock.wallMs() - LATELY_MS),
    polling: moving?.clockwork.polling() ?? null,
    reconcile: moving?.clockwork.reconcile() ?? null,
    listening: moving?.clockwork.listening() ?? [],
    heartbeat: moving?.clockwork.heartbeat() ?? false,
    workers: moving?.hands.workers.snapshot(),
    dream: moving?.dreaming.status() ?? { progress: null, last: null, dueAtMs: null },
    health: moving?.care.status() ?? null,
    lastBackup: moving?.backups?.last() ?? null,
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
