import type { Trust } from './event.ts';
import type { Effect } from './job.ts';

/** Whose words an item of a conversation holds. `tool`: output of a tool over the owner's own files; `outside`: anybody's. */
export type ItemTrust = 'owner' | 'agent' | 'tool' | 'outside';

/** Jsonable data; what a tool is called with. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * One line of a session's transcript, already redacted: what the model was told and said is exactly this, so that a run
 * which is taken up again sends the same bytes. Never changed afterwards.
 */
export interface Item {
  readonly atMs: number;
  /**
   * `user` the owner's words or the prompt of the configuration; `event` data that came with it, mostly from outside;
   * `note` what kairosd adds for people (never sent to the model); the rest as their names say.
   */
  readonly kind: 'meta' | 'user' | 'assistant' | 'tool_use' | 'tool_result' | 'event' | 'note';
  readonly text: string;
  readonly trust: ItemTrust;
  /** The tool of a `tool_use` or `tool_result`. */
  readonly tool?: string | undefined;
  readonly input?: Json | undefined;
  /** Ties a `tool_result` to its `tool_use`. */
  readonly callId?: string | undefined;
  readonly isError?: boolean | undefined;
  readonly eventId?: number | undefined;
  /** A block of the provider that must be sent back as it is, and only to the model that made it (thinking). */
  readonly opaque?: { readonly model: string; readonly block: Json } | undefined;
}

/** Tokens of one request, as the API counts them. `input` is what came after the last cache breakpoint. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheReadTokens: number;
}

/** A directory the agent may work in. */
export interface Workspace {
  readonly name: string;
  /** Absolute and canonical. */
  readonly path: string;
  /** `outside`: somebody else's checkout; reading it taints a run. */
  readonly trust: Trust;
}

/** What a run may use while it makes one call. */
export interface ToolContext {
  readonly jobId: number;
  readonly sessionId: number;
  /** Unique in the session; names files and records that belong to this call. */
  readonly callId: string;
  /** Relative paths start here. undefined: the run has no workspace. */
  readonly workspace: Workspace | undefined;
  readonly signal: AbortSignal;
  /** What the conversation holds so far, oldest first: for answers that need not repeat it. */
  readonly items: readonly Item[];
  /** The event behind the run, if there is one. */
  readonly eventId: number | null;
  /** The owner asked, and an answer is expected at once. */
  readonly reactive: boolean;
  /** The run has read text from outside. */
  readonly tainted: boolean;
}

/** What a call came to. Whatever went wrong in an expected way is a result with `isError`, for the model to read. */
export interface ToolResult {
  /** For the model; the loop redacts and, if it is too long, offloads it. */
  readonly text: string;
  readonly isError?: boolean | undefined;
  /** Default `tool`. `outside` taints the run. */
  readonly trust?: Extract<ItemTrust, 'tool' | 'outside'> | undefined;
  /** Rows to be written in the transaction that records the result. */
  readonly effects?: readonly Effect[] | undefined;
  /** The run is laid aside and goes on at this time, with `text` as the result. */
  readonly sleepUntilMs?: number | undefined;
  /** The run is laid aside until the owner has answered this question; the answer is the result. */
  readonly question?: string | undefined;
}

/** A tool as the agent sees it. Its schema and words never change while the daemon runs: they are part of the cached prefix. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the input. */
  readonly inputSchema: Json;
  /** Reads what the model sent. A message says what was expected and what came. */
  parse(input: unknown): { readonly ok: true; readonly input: Json } | { readonly ok: false; readonly message: string };
  /** Called only with what `parse` gave, after the gate let it through. Rejects only for defects. */
  run(input: Json, context: ToolContext): Promise<ToolResult>;
}
