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
}
