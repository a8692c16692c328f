import type { JobState } from '../core/job.ts';

/** The daemon in numbers, read when somebody scrapes. */
export interface MetricsSnapshot {
  readonly deliveries: Readonly<Record<string, number>>;
  readonly jobs: Partial<Record<JobState, number>>;
  readonly messagesWaiting: number;
  readonly messagesUnderWay: number;
  readonly deliveriesOpen: Readonly<Record<string, number>>;
  readonly commits: number;
  readonly commitSecondsMax: number;
  readonly writesWaiting: number;
  readonly freeBytes: number;
  readonly loopLagSecondsMax: number;
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  readonly ready: boolean;
  readonly safeMode: boolean;
}

/**
 * The Prometheus text. prom-client is loaded at the first scrape: an installation that nobody scrapes does not carry it.
 */
export async function renderMetrics(snapshot: MetricsSnapshot): Promise<{ contentType: string; text: string }> {
  const { Registry, Gauge, Counter } = await import('prom-client');
  const registry = new Registry();
  const gauge = (name: string, help: string, value: number): void =>
    new Gauge({ name: `kairosd_${name}`, help, registers: [registry] }).set(value);
  const byLabel = (name: string, help: string, label: string, values: Readonly<Record<string, number>>): void => {
    const metric = new Gauge({ name: `kairosd_${name}`, help, labelNames: [label], registers: [registry] });
    for (const [key, value] of Object.entries(values)) metric.set({ [label]: key }, value);
  };
  const deliveries = new Counter({
    name: 'kairosd_deliveries_total',
    help: 'Deliveries since the start, by what became of them',
    labelNames: ['outcome'],
    registers: [registry],
  });
  for (const [outcome, count] of Object.entries(snapshot.deliveries)) deliveries.inc({ outcome }, count);
  new Counter({ name: 'kairosd_ledger_commits_total', help: 'Commits since the start', registers: [registry] }).inc(
    snapshot.commits,
  );
  gauge('ledger_commit_seconds_max', 'Longest commit since the start', snapshot.commitSecondsMax);
  gauge('ledger_writes_waiting', 'Writes waiting for a commit', snapshot.writesWaiting);
  gauge('disk_free_bytes', 'Free space where the home is', snapshot.freeBytes);
  gauge('event_loop_lag_seconds_max', 'Longest stall of the event loop since the start', snapshot.loopLagSecondsMax);
  gauge('ready', '1 when the daemon does its work', snapshot.ready ? 1 : 0);
  gauge('safe_mode', '1 in safe mode', snapshot.safeMode ? 1 : 0);
  byLabel('jobs', 'Jobs that are not done, by state', 'state', snapshot.jobs);
  gauge('messages_waiting', 'Messages held back', snapshot.messagesWaiting);
  gauge('messages_under_way', 'Messages let go that no channel has yet', snapshot.messagesUnderWay);
  byLabel('deliveries_open', 'Deliveries still to be made, by channel', 'channel', snapshot.deliveriesOpen);
  gauge('resident_memory_bytes', 'Memory of the process', snapshot.residentBytes);
  gauge('cpu_seconds', 'Processor time since the start', snapshot.cpuSeconds);
  return { contentType: registry.contentType, text: await registry.metrics() };
}
