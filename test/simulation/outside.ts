import { createHash } from 'node:crypto';
import type { Fetch } from '../../src/core/ports.ts';
import { inputTokensOf, OUTPUT_TOKENS } from '../../proof/lib/agent-script.ts';
import {
  errorBody,
  streamOf,
  text,
  toolUse,
  type ReceivedRequest,
  type ScriptedReply,
} from '../fakes/messages-server.ts';

/** How the owner's end of the channel behaves. */
export const CHANNEL_MODES = ['well', 'fails', 'asks-for-time', 'hangs', 'breaks-off'] as const;
export type ChannelMode = (typeof CHANNEL_MODES)[number];

/** How the model behaves. */
export const MODEL_MODES = ['well', 'limited', 'overloaded', 'hangs', 'cut'] as const;
export type ModelMode = (typeof MODEL_MODES)[number];

export const CHANNEL_URL = 'http://owner.invalid/hook';
export const MODEL_URL = 'http://model.invalid';

/** In micro-dollars, by the list price of the lead model: $4 and $20 a million tokens. */
const INPUT_PRICE = 4;
const OUTPUT_PRICE = 20;

/** A request that reached the owner's end of the channel. */
export interface Receipt {
  readonly trueMs: number;
  readonly wallMs: number;
  readonly key: string;
  /** SHA-256 of the body. */
  readonly body: string;
  readonly id: string;
  readonly kind: string;
  readonly topic: string;
  readonly replyTo: string | null;
  readonly text: string;
  readonly mode: ChannelMode;
}

/** What is not the daemon: it outlives every one of its lives. */
export interface Outside {
  readonly receipts: Receipt[];
  readonly requests: ReceivedRequest[];
  /** What the model would ask for all that it answered, in micro-dollars. */
  microUsd: number;
  channel: ChannelMode;
  model: ModelMode;
}

interface Moment {
  readonly trueMs: number;
  wallMs(): number;
}

/** @param isDead Once the life it serves has ended, nothing of it reaches the outside. */
export function outsideFetch(outside: Outside, clock: Moment, isDead: () => boolean): Fetch {
  return async (url, init) => {
    if (isDead()) return forEver(init);
    if (url.startsWith(MODEL_URL)) return model(outside, init);
    return channel(outside, clock, init);
  };
}

function channel({ receipts, channel: mode }: Outside, clock: Moment, init: RequestInit): Promise<Response> {
  const raw = init.body as string;
  const { data } = JSON.parse(raw) as { data: Omit<Receipt, 'trueMs' | 'wallMs' | 'key' | 'body' | 'mode'> };
  const { id, kind, topic, replyTo, text: words } = data;
  const key = (init.headers as Record<string, string>)['idempotency-key'] ?? '';
  const body = createHash('sha256').update(raw).digest('hex');
  const { trueMs } = clock;
  receipts.push({ trueMs, wallMs: clock.wallMs(), key, body, id, kind, topic, replyTo, text: words, mode });
  if (mode === 'hangs') return forEver(init);
  if (mode === 'breaks-off') return Promise.reject(new Error('the connection broke off'));
  if (mode === 'asks-for-time') return answer(429, { 'retry-after': '45' });
  return answer(mode === 'fails' ? 500 : 200, {});
}

function answer(status: number, headers: Readonly<Record<string, string>>, body: string | null = null) {
  return Promise.resolve(new Response(body, { status, headers }));
}

function forEver({ signal }: RequestInit): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new Error('given up'));
    if (signal?.aborted === true) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}

function model(outside: Outside, init: RequestInit): Promise<Response> {
  const raw = init.body as string;
  const json = { 'content-type': 'application/json' };
  switch (outside.model) {
    case 'limited':
      return answer(429, { ...json, 'retry-after': '20' }, JSON.stringify(errorBody('rate_limit_error', 'slow down')));
    case 'overloaded':
      return answer(529, json, JSON.stringify(errorBody('overloaded_error', 'later')));
    case 'hangs':
      return forEver(init);
    case 'cut':
    case 'well':
      break;
  }
  const request = { path: '/v1/messages', headers: {}, raw, body: JSON.parse(raw) as ReceivedRequest['body'] };
  outside.requests.push(request);
  const cut = outside.model === 'cut';
  outside.microUsd += inputTokensOf(raw) * INPUT_PRICE + (cut ? 1 : OUTPUT_TOKENS) * OUTPUT_PRICE;
  const words = streamOf(plannedReply(request), request.body.model);
  const whole = cut ? words.slice(0, Math.floor(words.length * 0.6)) : words;
  return answer(200, { 'content-type': 'text/event-stream', 'request-id': 'req_simulated' }, whole);
}

/** What the model does when it is asked "DO what number": a request that comes again is answered again. */
function plannedReply({
  body,
  raw,
}: ReceivedRequest): Exclude<ScriptedReply, { readonly status: number } | { readonly fault: string }> {
  const usage = { input_tokens: inputTokensOf(raw), output_tokens: 1 };
  const finalUsage = { output_tokens: OUTPUT_TOKENS };
  let plan = { what: 'words', number: 0, step: 0 };
  for (const { content } of body.messages)
    for (const block of content) {
      const [, what, number] = /DO (\w+) (\d+)/.exec(String(block['text'])) ?? [];
      if (what !== undefined) plan = { what, number: Number(number), step: 0 };
      else if (block.type === 'tool_result') plan = { ...plan, step: plan.step + 1 };
    }
  const id = `toolu_${plan.number}_${plan.step}`;
  const call = plan.step > 0 ? undefined : callOf(plan.what, plan.number, id);
  const blocks = call === undefined ? [text(`Plan ${plan.number} is done.`)] : [text('Now this.'), call];
  return { blocks, usage, finalUsage };
}

function callOf(what: string, number: number, id: string) {
  if (what === 'tell') return toolUse('notify', { text: `Found ${id}.`, topic: id }, id);
  if (what === 'dangerous')
    return toolUse('shell', { command: `echo ${id} >> log.txt; curl -s http://127.0.0.1:9/` }, id);
  if (what !== 'remember') return undefined;
  return toolUse('memory', { action: 'remember', topic: 'shop', type: 'project', text: factOf(number) }, id);
}

/** A fact that nothing contradicts. */
export function factOf(number: number): string {
  return `Shelf ${number} holds article ${createHash('sha256').update(`article ${number}`).digest('hex').slice(0, 8)}.`;
}
