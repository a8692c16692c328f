import type { Json, Usage } from '../core/agent.ts';

/** A piece of a turn, as both sides write it. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool-use'; readonly id: string; readonly name: string; readonly input: Json }
  | { readonly kind: 'tool-result'; readonly id: string; readonly text: string; readonly isError: boolean }
  /** A block of the provider that is sent back unchanged, to the model that made it only (thinking). */
  | { readonly kind: 'opaque'; readonly model: string; readonly block: Json };

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly blocks: readonly Block[];
  /** The prefix up to here is worth caching. At most two turns bear it; tools and system have a mark of their own. */
  readonly cached?: boolean | undefined;
}

export interface ToolSchema {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Json;
}

export interface ModelRequest {
  readonly model: string;
  /** The standing instructions; never changes within a session. */
  readonly system: string;
  readonly tools: readonly ToolSchema[];
  readonly turns: readonly Turn[];
  readonly outputTokensMax: number;
}

/** What arrives while the model writes. */
export type ModelDelta =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool'; readonly name: string };

export interface ModelReply {
  readonly blocks: readonly Block[];
  /** `pause`: send it back as it is and go on. `refusal`: the model will not. `too-long`: the window is full. */
  readonly stop: 'end' | 'tool-use' | 'length' | 'pause' | 'refusal' | 'too-long';
  readonly usage: Usage;
  /** The model that answered, as the API names it. */
  readonly model: string;
  /** Id of the request at the provider, for its support. */
  readonly requestId: string | null;
}

/**
 * A model, one request at a time: no retries, no budget (see ask.ts).
 *
 * @throws {KairosError} `MODEL_LIMITED` (429 with `retry-after`), `MODEL_SPEND_CAP` (final), `MODEL_OVERLOADED` (529, 503),
 *   `MODEL_UNREACHABLE` (network, 5xx, cut stream), `MODEL_REFUSED` (401, 403, 404, other 400), `MODEL_TOO_LONG`,
 *   `MODEL_ABORTED`. `detail.retryAfterMs` where the API named one; `detail.partial`, the blocks that had arrived, where a
 *   stream broke or was aborted; `detail.usage` as far as it was counted.
 */
export interface Model {
  complete(request: ModelRequest, onDelta: (delta: ModelDelta) => void, signal: AbortSignal): Promise<ModelReply>;
}
