import type { RecentRun } from '../budget/work.ts';
import type { Event, EventDraft } from '../core/event.ts';
import type { Job, JobDraft, JobState, Lane } from '../core/job.ts';
import type { Message, MessageState } from '../core/message.ts';
import type { Clock, Log, Random, Redact } from '../core/ports.ts';
import type { Subscription } from '../subscriptions/options.ts';
import type { AgentPort } from './agent-ports.ts';
import type { Feed } from './feed.ts';
import type { MemoryPort } from './memory-ports.ts';

/** A page of a list, newest first: rows below `after`, not older than `sinceMs`. */
export interface Page {
  readonly limit: number;
  readonly after?: number | undefined;
  readonly sinceMs?: number | undefined;
}

/** What became of a message on one channel. Times are Unix milliseconds. */
export interface DeliveryRecord {
  readonly channel: string;
  readonly state: string;
  readonly attempts: number;
  readonly nextAtMs: number | null;
  readonly attemptedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly error: string | null;
}

/** How a channel stands. */
export interface ChannelState {
  readonly name: string;
  /** `failing`: its last attempt failed, and it waits before the next. */
  readonly state: 'ready' | 'failing';
  /** Deliveries still to be made. */
  readonly open: number;
  /** Failures in a row. */
  readonly failures: number;
  /** What its last attempt met; a refusal of one message leaves the channel ready. */
  readonly lastError: string | null;
  /** 0 when it need not wait. */
  readonly retryInMs: number;
}

/** How the daemon is. */
export interface Status {
  readonly version: string;
  readonly pid: number;
  readonly home: string;
  readonly url: string;
  readonly startedAtMs: number;
  readonly uptimeMs: number;
  /** What is not ready, in words; empty when all is. */
  readonly notReady: readonly string[];
  readonly safeMode: boolean;
  /** Whether new events are accepted, and if not, why. */
  readonly accepting: { readonly ok: true } | { readonly ok: false; readonly code: string; readonly reason: string };
  readonly jobs: Partial<Record<JobState, number>>;
  readonly messagesQueued: number;
  readonly writesWaiting: number;
  readonly freeBytes: number;
  readonly sources: readonly string[];
  readonly channels: readonly ChannelState[];
  /** What runs at this moment, the foreground first. */
  readonly running: readonly RunningJob[];
  /** The schedule that is due next; null when none ever is. */
  readonly nextSchedule: { readonly name: string; readonly atMs: number } | null;
  /** What was decided to be missed in the last 24 hours. */
  readonly missed: { readonly runs: number; readonly schedules: number };
  /** null: nothing is polled. */
  readonly polling: PollingState | null;
  /** null: missed deliveries are not asked for. */
  readonly reconcile: readonly ReconcileState[] | null;
  /** Chats that are listened to without an open port. */
  readonly listening: readonly ListenerState[];
  /** The model that leads; null when there is none. */
  readonly model: string | null;
  /** Whether an outside address is told that all is well. */
  readonly heartbeat: boolean;
  /** The dream that is under way, and the last one that was; `dueAtMs`: when its time has come, null when none will be. */
  readonly dream: DreamStatus;
  /** Hands on other hosts, and what waits for some. */
  readonly workers?: WorkersState | undefined;
  /** How the daemon is, by its own care; null before it is listening. */
  readonly health: HealthStatus | null;
  /** The last backup; null: none is known. */
  readonly lastBackup: { readonly atMs: number; readonly ok: boolean } | null;
}

/** The daemon's own health. Bytes, milliseconds, Unix milliseconds. */
export interface HealthStatus {
  /** What is not well, the worst first, in words; empty when all is. */
  readonly ailments: readonly string[];
  readonly memory: {
    readonly residentBytes: number;
    readonly softBytes: number;
    readonly limitBytes: number;
    /** What the limit comes from. */
    readonly from: string;
  };
  readonly loopLag: { readonly p99Ms: number; readonly maxMs: number };
  /** When it last started itself anew, and why. */
  readonly lastRestart: { readonly atMs: number; readonly why: string } | null;
  /** Who starts it anew when it ends; null: nobody does, it does so itself. */
  readonly supervisor: string | null;
  readonly logPath: string | null;
}

/** Dreams in one line. Times are Unix milliseconds. */
export interface DreamStatus {
  readonly progress: { readonly phase: string; readonly done: number; readonly total: number } | null;
  readonly last: { readonly atMs: number; readonly outcome: string | null; readonly reason: string } | null;
  readonly dueAtMs: number | null;
}

/** A job in its lane. */
export interface RunningJob {
  readonly jobId: number;
  readonly kind: string;
  readonly origin: string;
  readonly lane: Lane;
  readonly startedAtMs: number | null;
}

/** How it goes with what is polled. */
export interface PollingState {
  readonly feeds: readonly {
    readonly name: string;
    readonly state: 'new' | 'ok' | 'refused' | 'failing';
    /** Why not ok; else empty. */
    readonly reason: string;
    readonly polledAtMs: number | null;
    readonly nextInMs: number;
  }[];
  /** Why nothing at all is asked at the moment; else empty. */
  readonly paused: string;
  readonly requestsLeft: number | null;
}

/** Work on other hosts. */
export interface WorkersState {
  /** Whether there is a Redis. */
  readonly on: boolean;
  /** Why nothing travels; null: all is well. */
  readonly trouble: string | null;
  /** Attempts that are out. */
  readonly offered: number;
  /** Workers that are there with another key. */
  readonly unreadable: number;
  readonly workers: readonly {
    readonly name: string;
    readonly labels: readonly string[];
    readonly concurrency: number;
    readonly running: number;
    readonly seenMs: number;
  }[];
  /** Due jobs that ask for a label. */
  readonly waiting: readonly { readonly label: string; readonly count: number; readonly served: boolean }[];
}

/** How it goes with asking for missed deliveries of one repository. */
export interface ReconcileState {
  readonly source: string;
  readonly repository: string;
  /** `no-rights`: the token may not see webhooks there. `no-hook`: none points here. */
  readonly state: 'new' | 'ok' | 'no-rights' | 'no-hook' | 'failing';
  /** Why not ok; else empty. */
  readonly reason: string;
  readonly checkedAtMs: number | null;
  /** Asked for since the start. */
  readonly askedCount: number;
}

/** How it goes with listening to a chat. */
export interface ListenerState {
  readonly name: string;
  readonly state: 'new' | 'ok' | 'refused' | 'failing';
  /** Why not ok; else empty. */
  readonly reason: string;
}

/** A schedule with its next runs, the last one and the newest that were missed. */
export interface ScheduleState {
  readonly name: string;
  readonly do: string;
  readonly words: string;
  readonly timeZone: string;
  readonly catchUp: string;
  readonly nextAtMs: readonly number[];
  /** The state of the job of its run, while that has not ended. */
  readonly unfinished: JobState | null;
  readonly lastRun: {
    readonly jobId: number;
    readonly scheduledForMs: number;
    readonly startedAtMs: number;
    readonly endedAtMs: number | null;
    readonly ended: string | null;
    readonly succeeded: boolean | null;
    readonly exitCode: number | null;
    readonly error: string | null;
    /** Relative to the home. */
    readonly outputPath: string | null;
  } | null;
  readonly missed: readonly {
    readonly fromMs: number;
    readonly throughMs: number;
    readonly count: number | null;
    readonly reason: string | null;
  }[];
}

/** What happens by the clock, and who may have it now. */
export interface SchedulesPort {
  /** In the order of the configuration. */
  names(): readonly string[];
  find(name: string): Promise<ScheduleState | undefined>;
  /** @returns the row number of the event. @throws {KairosError} `NOT_FOUND`, `STATE_CONFLICT` while one is under way. */
  runNow(name: string): Promise<number>;
}

/** What runs in which lane. */
export interface LanesUse {
  readonly foreground: { readonly jobId: number; readonly reactive: boolean; readonly heldMs: number } | null;
  readonly background: readonly number[];
}

/** One sliding window and how full it is. `freeAtMs` is null when there is a place now. */
export interface WindowUse {
  readonly perMs: number;
  readonly max: number;
  readonly used: number;
  readonly freeAtMs: number | null;
}

/** What holds messages back. Infinite times mean: only something from outside can change it. */
export interface BudgetUse {
  readonly blockingMs: number;
  readonly windows: readonly WindowUse[];
  readonly urgentWindows: readonly WindowUse[];
  /** `untilMs` is null outside quiet hours. */
  readonly quietHours: { readonly from: string; readonly to: string; readonly untilMs: number | null } | null;
  readonly mutes: readonly { readonly topic: string; readonly untilMs: number }[];
  readonly held: readonly { readonly id: number; readonly reason: string; readonly untilMs: number }[];
  /** When the next proactive message may leave; null when one may leave now. */
  readonly nextSlotAtMs: number | null;
  readonly channels: readonly ChannelState[];
}

/** What the API needs of the rest of the daemon. */
export interface ApiDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly redact: Redact;
  /** Time zone of all times in answers. */
  readonly timeZone: () => string;
  readonly status: () => Status;
  readonly budget: () => BudgetUse;
  readonly work: {
    lanes(): LanesUse;
    /** The last runs that ended well, newest first. */
    recentRuns(limit: number): readonly RecentRun[];
  };
  readonly schedules: SchedulesPort;
  readonly agent: AgentPort;
  /** undefined: there is no memory to be shown, and none of its routes. */
  readonly memory?: MemoryPort | undefined;
  readonly subscriptions: () => readonly Subscription[];
  readonly events: {
    list(page: Page): readonly Event[];
    find(id: number): Event | undefined;
    body(id: number): Uint8Array | undefined;
    append(draft: EventDraft): Promise<{ readonly id: number; readonly duplicate: boolean }>;
  };
  /** What is done about words of the owner: a rule answers, or the agent. */
  readonly jobFor: (text: string) => JobDraft;
  /** The jobs an event with this body leads to under the present subscriptions. */
  readonly match: (event: Event, body: Uint8Array, receivedAtMs: number) => Promise<readonly JobDraft[]>;
  readonly jobs: {
    list(page: Page & { readonly state?: JobState | undefined }): readonly Job[];
    find(id: number): Job | undefined;
    requeue(id: number, nowMs: number): Promise<Job>;
  };
  readonly messages: {
    list(page: Page & { readonly state?: MessageState | undefined }): readonly Message[];
    find(id: number): Message | undefined;
    deliveriesOf(id: number): readonly DeliveryRecord[];
  };
  /** An empty topic is everything; a time in the past ends the mute. */
  readonly mute: (topic: string, untilMs: number) => Promise<void>;
  /** Begins to stop the daemon; called after the answer has left. */
  readonly stop: () => void;
  /** Whether this is the API token; in constant time. */
  readonly isToken: (given: string) => boolean;
  readonly feed: Feed;
}
