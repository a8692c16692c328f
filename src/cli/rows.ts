/** What the API answers, as far as the command line reads it. */
export interface EventRow {
  readonly id: string;
  readonly source: string;
  readonly delivery: string;
  readonly type: string;
  readonly action: string | null;
  readonly receivedAt: string;
  readonly jobs: readonly string[];
  readonly contentType: string;
  readonly bodyBytes: number;
  readonly body?: string | null;
  readonly bodyTruncated?: boolean;
}

export interface JobRow {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly attempts: number;
  readonly lane: string;
  readonly eventId: string | null;
  readonly eventCount: number;
  readonly error: string | null;
  readonly origin: string;
  readonly topic: string;
  readonly text: string;
  readonly createdAt: string;
  readonly dueAt: string;
  readonly endedAt: string | null;
}

export interface MessageRow {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly topic: string;
  readonly text: string;
  readonly queuedAt: string;
  readonly sentAt: string | null;
  readonly expiresAt: string;
  readonly attempts: number;
  readonly replyTo: string | null;
  readonly count: number;
  readonly reason: string | null;
  readonly into: string | null;
  readonly deliveries?: readonly DeliveryRow[];
}

export interface DeliveryRow {
  readonly channel: string;
  readonly state: string;
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly endedAt: string | null;
  readonly error: string | null;
}

/** How a channel stands. */
export interface ChannelRow {
  readonly name: string;
  readonly state: 'ready' | 'failing';
  readonly open: number;
  readonly failures: number;
  readonly lastError: string | null;
  readonly retryInMs: number;
}

/** Hands on other hosts. */
export interface WorkersRow {
  readonly on: boolean;
  readonly trouble: string | null;
  readonly offered: number;
  readonly unreadable: number;
  readonly workers: readonly {
    readonly name: string;
    readonly labels: readonly string[];
    readonly concurrency: number;
    readonly running: number;
  }[];
  readonly waiting: readonly { readonly label: string; readonly count: number; readonly served: boolean }[];
}

export interface StatusRow {
  readonly version: string;
  readonly pid: number;
  readonly home: string;
  readonly url: string;
  readonly startedAt: string;
  readonly uptimeMs: number;
  readonly ready: boolean;
  readonly notReady: readonly string[];
  readonly safeMode: boolean;
  readonly accepting: { readonly ok: boolean; readonly reason?: string };
  readonly jobs: Readonly<Record<string, number>>;
  readonly messages: { readonly queued: number };
  readonly freeBytes: number;
  readonly sources: readonly string[];
  readonly channels: readonly ChannelRow[];
  readonly running: readonly RunningRow[];
  readonly nextSchedule: { readonly name: string; readonly at: string } | null;
  readonly missed: { readonly runs: number; readonly schedules: number };
  readonly polling: PollingRow | null;
  readonly reconcile: ReconcileRow | null;
  readonly listening: readonly ListenerRow[];
  readonly agent: AgentRow;
  /** The model that leads. */
  readonly model: string | null;
  readonly heartbeat: boolean;
  readonly dream: DreamRow;
  readonly health: HealthRow | null;
  readonly lastBackup: { readonly at: string; readonly ok: boolean } | null;
  readonly workers?: WorkersRow;
}

/** The daemon's own health. */
export interface HealthRow {
  readonly ailments: readonly string[];
  readonly memory: { readonly residentBytes: number; readonly limitBytes: number; readonly from: string };
  readonly loopLag: { readonly p99Ms: number; readonly maxMs: number };
  readonly lastRestart: { readonly at: string; readonly why: string } | null;
  readonly supervisor: string | null;
  readonly logPath: string | null;
}

/** How dreams stand. */
export interface DreamRow {
  readonly progress: { readonly phase: string; readonly done: number; readonly total: number } | null;
  readonly last: { readonly at: string; readonly outcome: string | null; readonly reason: string } | null;
  readonly dueAt: string | null;
}

/** A job in its lane. */
export interface RunningRow {
  readonly jobId: string;
  readonly kind: string;
  readonly origin: string;
  readonly lane: string;
  readonly startedAt: string | null;
}

export interface PollingRow {
  readonly feeds: number;
  readonly paused: string;
  readonly requestsLeft: number | null;
  readonly polledAt: string | null;
  readonly troubledCount: number;
  readonly troubled: readonly { readonly name: string; readonly state: string; readonly reason: string }[];
}

/** Missed deliveries being asked for. */
export interface ReconcileRow {
  readonly repositories: number;
  readonly checkedAt: string | null;
  readonly asked: number;
  readonly troubledCount: number;
  readonly troubled: readonly { readonly repository: string; readonly state: string; readonly reason: string }[];
}

/** A chat that is listened to. */
export interface ListenerRow {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
}

export interface AgentRow {
  readonly on: boolean;
  readonly stopped: { readonly since: string; readonly reason: string } | null;
  readonly approvalsPending: number;
  readonly todayUsd: number;
  readonly dayUsdMax: number;
}

export interface ScheduleRow {
  readonly name: string;
  readonly do: string;
  readonly words: string;
  readonly timezone: string;
  readonly catchUp: string;
  readonly next: readonly string[];
  readonly unfinished: string | null;
  readonly lastRun: RunRow | null;
  readonly missed: readonly MissedRow[];
}

export interface RunRow {
  readonly jobId: string;
  readonly scheduledFor: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly ended: string | null;
  readonly succeeded: boolean | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  readonly output: string | null;
}

interface MissedRow {
  readonly from: string;
  readonly through: string;
  readonly count: number | null;
  readonly reason: string | null;
}
