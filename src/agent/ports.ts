import type { Item, Tool, ToolContext, Workspace } from '../core/agent.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Event } from '../core/event.ts';
import type { Effect, Job } from '../core/job.ts';
import type { MessageDraft } from '../core/message.ts';
import type { Clock, Log, Redact } from '../core/ports.ts';
import type { Assessment, RunFacts, ToolCall } from '../permissions/call.ts';
import type { MemoryWords } from './instructions.ts';
import type { AgentLimits } from './limits.ts';
import type { Block, ModelDelta, ModelReply, ModelRequest } from './model.ts';
import type { Progress } from './progress.ts';

/** What a request cost, in millionths of a dollar. What else the ledger needs of it passes through here unread. */
export interface RunCharge {
  readonly microUsd: number;
}

/** What became of a request: retries, fallback and money are behind it. */
export type Asked<Charge extends RunCharge = RunCharge> =
  | { readonly kind: 'reply'; readonly reply: ModelReply; readonly charge?: Charge | undefined }
  /** Not now: ask again then. */
  | { readonly kind: 'later'; readonly untilMs: number; readonly reason: string; readonly charge?: Charge | undefined }
  | {
      readonly kind: 'ended';
      readonly code: ErrorCode;
      /** In words for the owner. */
      readonly reason: string;
      readonly charge?: Charge | undefined;
      /** What had arrived when it was cut off. */
      readonly partial?: readonly Block[] | undefined;
    };

export interface AskContext {
  readonly jobId: number;
  readonly sessionId: number;
  /** The owner waits for the answer. */
  readonly reactive: boolean;
  /** What this run has spent so far. */
  readonly spentMicroUsd: number;
  readonly onDelta: (delta: ModelDelta) => void;
}

/** Asks the model once. Rejects only for defects. */
export type Ask<Charge extends RunCharge = RunCharge> = (
  request: ModelRequest,
  context: AskContext,
  signal: AbortSignal,
) => Promise<Asked<Charge>>;

/** What the gate says to a call. */
export type Judged =
  /** `flag`: the owner reads of it in the log and digest. */
  | { readonly kind: 'run'; readonly flag: boolean; readonly assessment: Assessment }
  | {
      readonly kind: 'ask';
      readonly reason: string;
      readonly assessment: Assessment;
      /** Exactly what the owner is shown. */
      readonly shown: string;
      /** SHA-256 of the call. */
      readonly hash: string;
      /** Where its path really leads, as it was shown: what an answer allows, whatever it leads to later. */
      readonly target?: string | undefined;
    }
  | { readonly kind: 'hand-back'; readonly reason: string };

/** The gate before every call. */
export interface Gate {
  judge(call: ToolCall, facts: RunFacts, run: GateRun): Promise<Judged>;
  /** A call is about to be made: what it may touch follows from this, until it is disposed. */
  begin(begun: BegunCall): Disposable;
}

/** A call that is under way. */
export interface BegunCall {
  readonly callId: string;
  readonly call: ToolCall;
  readonly assessment: Assessment;
  /** A human allowed it. */
  readonly approved: boolean;
  /** Where its path led when it was held against what the human saw. */
  readonly target?: string | undefined;
  readonly workspace: Workspace | undefined;
}

export interface GateRun {
  readonly workspace: Workspace | undefined;
  readonly items: readonly Item[];
  readonly signal: AbortSignal;
  readonly jobId: number;
  readonly sessionId: number;
  readonly spentMicroUsd: number;
}

/** What happens in a run, for whoever watches it live. Redacted. `publish` never throws. */
export type RunDelta =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool'; readonly tool: string; readonly text: string }
  | { readonly kind: 'result'; readonly tool: string; readonly isError: boolean; readonly text: string }
  | { readonly kind: 'waiting'; readonly text: string }
  | { readonly kind: 'end' };

export interface Feed {
  publish(jobId: number, delta: RunDelta): void;
}

/** What the conversation has come near to. It never becomes less. */
export interface SessionFacts {
  readonly tainted: boolean;
  readonly hasReadSecrets: boolean;
  readonly hasSent: boolean;
}

/** A question that was put to the owner about a call. */
export interface AskedApproval {
  readonly id: number;
  readonly kind: 'call' | 'question';
  readonly state: 'pending' | 'allowed' | 'denied' | 'expired';
  readonly shown: string;
  readonly hash: string;
  readonly expiresAtMs: number;
  readonly answer: string | null;
  readonly decidedBy: string | null;
}

/** A call without a result, as a run finds it when it is taken up again. */
export interface OpenCall {
  readonly begun: boolean;
  readonly approval: AskedApproval | undefined;
}

export interface StoredRun {
  readonly sessionId: number;
  /** How often its job was put back by hand. */
  readonly again: number;
  readonly items: Item[];
  readonly facts: SessionFacts;
  readonly progress: Progress;
  readonly open: ReadonlyMap<string, OpenCall>;
}

export interface RunBeginning {
  readonly jobId: number;
  readonly key: string;
  readonly origin: string;
  readonly folder: string;
  readonly continues: { readonly idleMs: number; readonly tokensMax: number } | undefined;
  readonly tainted: boolean;
  /** Come before the items where a conversation begins, and are left out where one goes on. */
  readonly opening?: readonly Item[] | undefined;
  readonly items: readonly Item[];
  readonly progress: Progress;
}

export interface ApprovalDraft {
  readonly kind: 'call' | 'question';
  readonly callId: string;
  readonly tool: string;
  readonly shown: string;
  readonly hash: string;
  readonly risk: string;
  readonly reason: string;
  readonly expiresAtMs: number;
  readonly message: (id: number) => MessageDraft;
}

/** One step of a run: recorded whole or not at all, so that after a crash money, calls and transcript add up. */
export interface RunStep<Charge extends RunCharge = RunCharge> {
  readonly jobId: number;
  readonly sessionId: number;
  readonly afterSeq: number;
  readonly items: readonly Item[];
  readonly progress: Progress;
  readonly ended: boolean;
  readonly facts: SessionFacts;
  readonly contextTokens?: number | undefined;
  readonly charge?: Charge | undefined;
  readonly begun?: { readonly callId: string; readonly tool: string; readonly hash: string } | undefined;
  readonly taken?: string | undefined;
  readonly approval?: ApprovalDraft | undefined;
  readonly effects?: readonly Effect[] | undefined;
}

/** What runs need of the ledger. */
export interface RunStore<Charge extends RunCharge = RunCharge> {
  find(jobId: number): StoredRun | undefined;
  begin(beginning: RunBeginning, nowMs: number): Promise<StoredRun>;
  record(step: RunStep<Charge>, nowMs: number): Promise<number | undefined>;
}

/** Keeps what a run changes in a workspace as a patch. Both may be called again for the same job. */
export interface Changes {
  begin(workspace: Workspace, jobId: number): Promise<void>;
  /** @param outside The run has read text from outside. */
  finish(jobId: number, outside: boolean): Promise<void>;
}

/** Everything the loop needs. Functions are asked each time: settings change while the daemon runs. */
export interface LoopPorts<Charge extends RunCharge = RunCharge> {
  readonly ask: Ask<Charge>;
  readonly gate: Gate;
  readonly tools: readonly Tool[];
  /** Puts a result that is too long into a file, and gives what stands for it: the same bytes for a call, always. */
  readonly shorten: (callId: string, tool: string, text: string, context: ToolContext) => Promise<string>;
  readonly changes: Changes;
  readonly store: RunStore<Charge>;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: Redact;
  readonly limits: () => AgentLimits;
  /** The model of a run. */
  readonly model: () => { readonly name: string; readonly outputTokensMax: number };
  readonly approvalMs: () => number;
  readonly afk: () => boolean;
  readonly timeZone: () => string;
  /** What a call should be told first, because it acts on something remembered that no longer holds. Never rejects. */
  readonly beforeActing?: ((call: ToolCall, items: readonly Item[]) => Promise<string | undefined>) | undefined;
}

/** What the handler needs besides. */
export interface RunPorts<Charge extends RunCharge = RunCharge> extends LoopPorts<Charge> {
  readonly events: { find(id: number): Event | undefined; body(id: number): Uint8Array | undefined };
  readonly sessions: { endConversation(key: string, nowMs: number): Promise<void> };
  readonly approvals: { expire(nowMs: number): Promise<number> };
  /** The conversation a job belongs to, such as `say` or `telegram:123`; undefined: it is one of its own. */
  readonly conversation: (job: Job, event: Event) => string | undefined;
  /** The channel an answer to this event goes to; undefined: all of them. */
  readonly replyChannel: (event: Event) => string | undefined;
  readonly workspace: (job: Job, event: Event) => Workspace | undefined;
  readonly home: string;
  readonly chat: () => { readonly idleMs: number; readonly tokensMax: number };
  /** What a new conversation is told of earlier ones. Never rejects. */
  readonly memory?: (() => Promise<MemoryWords>) | undefined;
}
