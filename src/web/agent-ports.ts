import type { Item } from '../core/agent.ts';
import type { RunFeed } from './run-feed.ts';

/** A page of a list, newest first. */
interface Page {
  readonly limit: number;
  readonly after?: number | undefined;
  readonly sinceMs?: number | undefined;
}

export type ApprovalState = 'pending' | 'allowed' | 'denied' | 'expired';

/** A question only a human may answer. Times are Unix milliseconds. */
export interface ApprovalRow {
  readonly id: number;
  /** `call`: may this be done; `question`: the agent asks. */
  readonly kind: 'call' | 'question';
  readonly state: ApprovalState;
  readonly jobId: number;
  readonly sessionId: number;
  readonly tool: string;
  /** Exactly what it is about, made safe to look at. */
  readonly shown: string;
  /** SHA-256 of the call: an answer holds for this one only. */
  readonly hash: string;
  readonly risk: string;
  readonly reason: string;
  readonly askedAtMs: number;
  readonly expiresAtMs: number;
  readonly decidedAtMs: number | null;
  readonly decidedBy: string | null;
  readonly answer: string | null;
}

/** One conversation of the agent. */
export interface SessionRow {
  readonly id: number;
  readonly key: string;
  readonly origin: string;
  readonly startedAtMs: number;
  readonly lastAtMs: number;
  readonly endedAtMs: number | null;
  readonly items: number;
  /** It has read text from outside. */
  readonly tainted: boolean;
  readonly spentMicroUsd: number;
  /** Relative to the home. */
  readonly path: string;
}

/** What was spent on one day, on one model. */
export interface CostRow {
  /** Local date. */
  readonly day: string;
  readonly model: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly microUsd: number;
}

export interface CostState {
  readonly todayMicroUsd: number;
  readonly dayMicroUsdMax: number;
  readonly runMicroUsdMax: number;
  /** Reserved by requests that are under way. */
  readonly reservedMicroUsd: number;
  /** Newest day first. */
  readonly days: readonly CostRow[];
}

/** How the agent stands. */
export interface AgentState {
  readonly on: boolean;
  /** Stopped by hand: since when, and why. */
  readonly stopped: { readonly sinceMs: number; readonly reason: string } | null;
  readonly approvalsPending: number;
}

export type UndoResult =
  | { readonly ok: true; readonly files: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** What the API needs of the agent. */
export interface AgentPort {
  state(): AgentState;
  /** Lets the agent begin nothing more and cuts off what runs, or lets it run again (undefined). */
  setStopped(reason: string | undefined): Promise<void>;
  readonly approvals: {
    list(page: Page & { readonly state?: ApprovalState | undefined }): readonly ApprovalRow[];
    find(id: number): ApprovalRow | undefined;
    /** @throws {KairosError} `STATE_CONFLICT` unless it is pending. */
    decide(
      id: number,
      verdict: 'allowed' | 'denied',
      given: { readonly by: string; readonly answer?: string | undefined },
    ): Promise<void>;
  };
  readonly sessions: {
    list(page: Page): readonly SessionRow[];
    find(id: number): SessionRow | undefined;
    items(id: number, limit: number): readonly Item[];
  };
  cost(days: number): CostState;
  readonly runs: RunFeed;
  undo(jobId: number): Promise<UndoResult>;
  patch(jobId: number): Promise<string | undefined>;
}
