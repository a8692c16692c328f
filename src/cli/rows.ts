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
  readonly heartbeat: boolean;
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
