import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A content block in the words of the Messages API. */
export type ApiBlock = Readonly<Record<string, unknown>> & { readonly type: string };

export type ScriptedReply =
  | {
      readonly blocks?: readonly ApiBlock[];
      /** `stop_reason`; default `tool_use` with a tool use, else `end_turn`. null: none is told. */
      readonly stop?: string | null;
      /** The usage of `message_start`; undefined: the field is missing, as with some local servers. */
      readonly usage?: Readonly<Record<string, unknown>> | undefined;
      /** The usage of `message_delta`. */
      readonly finalUsage?: Readonly<Record<string, unknown>> | undefined;
      /** After so many events the connection breaks. */
      readonly cutAfter?: number;
      /** After so many events nothing more comes, and the connection stays. */
      readonly silentAfter?: number;
      /** After so many events the stream holds an error of this type. */
      readonly errorAfter?: { readonly events: number; readonly type: string };
      /** After so many events it waits for this, then it goes on. */
      readonly pauseAfter?: { readonly events: number; readonly until: Promise<unknown> };
      /** Without `message_stop`. */
      readonly unfinished?: boolean;
    }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  | { readonly fault: 'closes' | 'hangs' };

/** What tests look at of a request. */
export interface ApiRequest {
  readonly model: string;
  readonly max_tokens: number;
  readonly messages: readonly { readonly role: string; readonly content: readonly ApiBlock[] }[];
  readonly system?: readonly ApiBlock[];
  readonly tools?: readonly Readonly<Record<string, unknown>>[];
}

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The JSON body exactly as it came. */
  readonly raw: string;
  /** Read as a request to `/v1/messages`. */
  readonly body: ApiRequest;
}

export interface MessagesServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Adds replies, given in order, one a request. */
  add(...replies: readonly ScriptedReply[]): void;
  /** Connections that are held open without an end. */
  readonly held: number;
}

/** A server of the Messages API for what aimock cannot say: statuses and headers as they are, cut and silent streams, cache counters, signed blocks. */
export async function startMessagesServer(
  script: readonly ScriptedReply[] | ((request: ReceivedRequest, index: number) => ScriptedReply) = [],
): Promise<MessagesServer> {
  const queue = typeof script === 'function' ? [] : [...script];
  const requests: ReceivedRequest[] = [];
  const held = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8');
      const received = {
        path: request.url ?? '',
        headers: request.headers,
        raw,
        body: JSON.parse(raw === '' ? '{}' : raw) as ApiRequest,
      };
      requests.push(received);
      const reply = typeof script === 'function' ? script(received, requests.length - 1) : queue.shift();
      answer(response, received, reply ?? { status: 500, body: errorBody('api_error', 'the script is over') });
    });
  });
  const answer = (response: ServerResponse, { body }: ReceivedRequest, reply: ScriptedReply): void => {
    if ('fault' in reply) return reply.fault === 'closes' ? void response.destroy() : hold(response);
    if ('status' in reply) {
      response.writeHead(reply.status, {
        'content-type': 'application/json',
        'request-id': 'req_scripted',
        ...reply.headers,
      });
      return void response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': 'req_scripted' });
    const events = eventsOf(reply, body.model);
    const upTo = reply.cutAfter ?? reply.silentAfter ?? reply.errorAfter?.events ?? events.length;
    const send = (event: ApiBlock): void =>
      void response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (reply.pauseAfter !== undefined) {
      const { events: count, until } = reply.pauseAfter;
      for (const event of events.slice(0, count)) send(event);
      return void until.then(() => {
        for (const event of events.slice(count)) send(event);
        response.end();
      });
    }
    for (const event of events.slice(0, upTo)) send(event);
    if (reply.errorAfter !== undefined)
      send({ type: 'error', error: { type: reply.errorAfter.type, message: 'scripted' } });
    if (reply.silentAfter !== undefined) return hold(response);
    if (reply.cutAfter === undefined) return void response.end();
    // What was written must leave before the connection breaks.
    response.write(': last words\n\n', () => setImmediate(() => response.destroy()));
  };
  const hold = (response: ServerResponse): void => {
    held.add(response);
    response.on('close', () => held.delete(response));
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    add: (...replies) => void queue.push(...replies),
    get held() {
      return held.size;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The body of an error as the API writes it. */
export function errorBody(type: string, message: string, details?: Readonly<Record<string, unknown>>) {
  return { type: 'error', error: { type, message, ...(details === undefined ? {} : { details }) } };
}

/** A streamed text block. */
export function text(value: string): ApiBlock {
  return { type: 'text', text: value };
}

export function toolUse(name: string, input: unknown, id = `toolu_${name}`): ApiBlock {
  return { type: 'tool_use', id, name, input };
}

/** A whole reply as the bytes of its stream, for those who serve it without a socket. */
export function streamOf(reply: Extract<ScriptedReply, { readonly unfinished?: boolean }>, model: string): string {
  return eventsOf(reply, model)
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('');
}

function eventsOf(reply: Extract<ScriptedReply, { readonly unfinished?: boolean }>, model: string): ApiBlock[] {
  const blocks = reply.blocks ?? [];
  const usage = 'usage' in reply ? reply.usage : { input_tokens: 10, output_tokens: 1 };
  const start = {
    id: 'msg_scripted',
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    usage,
  };
  const inferred = blocks.some(({ type }) => type === 'tool_use') ? 'tool_use' : 'end_turn';
  const stop = reply.stop === undefined ? inferred : reply.stop;
  const finalUsage = 'finalUsage' in reply ? reply.finalUsage : { output_tokens: 5 };
  return [
    { type: 'message_start', message: start },
    { type: 'ping' },
    ...blocks.flatMap((block, index) => blockEvents(block, index)),
    { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage: finalUsage },
    ...(reply.unfinished === true ? [] : [{ type: 'message_stop' }]),
  ];
}

/** A start, two deltas of each kind, a stop. */
function blockEvents(block: ApiBlock, index: number): ApiBlock[] {
  const delta = (value: ApiBlock): ApiBlock => ({ type: 'content_block_delta', index, delta: value });
  const halves = (value: string): string[] => [value.slice(0, value.length / 2), value.slice(value.length / 2)];
  const begin = (value: ApiBlock): ApiBlock => ({ type: 'content_block_start', index, content_block: value });
  const end = { type: 'content_block_stop', index };
  switch (block.type) {
    case 'text':
      return [
        begin({ ...block, text: '' }),
        ...halves(String(block['text'])).map((half) => delta({ type: 'text_delta', text: half })),
        end,
      ];
    case 'thinking':
      return [
        begin({ type: 'thinking', thinking: '', signature: '' }),
        ...halves(String(block['thinking'])).map((half) => delta({ type: 'thinking_delta', thinking: half })),
        delta({ type: 'signature_delta', signature: block['signature'] }),
        end,
      ];
    case 'tool_use': {
      const json = typeof block['input'] === 'string' ? block['input'] : JSON.stringify(block['input']);
      return [
        begin({ ...block, input: {} }),
        ...halves(json).map((half) => delta({ type: 'input_json_delta', partial_json: half })),
        end,
      ];
    }
    default:
      return [begin(block), end];
  }
}
