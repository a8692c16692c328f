import { KairosError } from '../../src/core/errors.ts';
import { createAnthropic, type AnthropicOptions } from '../../src/agent/anthropic.ts';
import type { Model, ModelDelta, ModelReply, ModelRequest } from '../../src/agent/model.ts';
import { FakeClock } from '../fakes/clock.ts';
import { recordingLog } from '../ledger/make.ts';

export const KEY = 'sk-ant-test-0123456789abcdef';

/** The adapter against a server. */
export function modelAt(url: string, options: Partial<AnthropicOptions> = {}): Model {
  return createAnthropic({
    apiKey: KEY,
    baseUrl: url,
    cacheTtl: '5m',
    fetch,
    clock: new FakeClock(),
    log: recordingLog(),
    ...options,
  });
}

export function request(given: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: 'claude-opus-5-5',
    system: 'You are kairosd.',
    tools: [],
    turns: [{ role: 'user', blocks: [{ kind: 'text', text: 'Hello' }] }],
    outputTokensMax: 1_000,
    ...given,
  };
}

/** Asks, and gathers what arrived meanwhile. */
export async function ask(model: Model, given: Partial<ModelRequest> = {}, signal = new AbortController().signal) {
  const deltas: ModelDelta[] = [];
  const reply: ModelReply = await model.complete(request(given), (delta) => deltas.push(delta), signal);
  return { reply, deltas };
}

/** The error a promise ends with. */
export async function failure(promise: Promise<unknown>): Promise<KairosError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof KairosError) return thrown;
  throw new Error(`a KairosError was expected, got ${String(thrown)}`);
}
