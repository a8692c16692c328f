import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { settle } from './clock.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** By the test's clock. */
  readonly atMs: number;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What goes wrong with one request. The `kept` ones take effect all the same: the far side has the message. `late`: it
 * takes effect only when the sender has given up waiting.
 */
export type Fault =
  | 'limited'
  | 'broken'
  | 'hangs'
  | 'closes'
  | 'kept, hangs'
  | 'kept, closes'
  | 'kept, late'
  | 'kept, garbage'
  | 'kept, huge';

export interface FaultyServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly Received[];
  /** The next request to such a path goes wrong. */
  fail(path: RegExp, fault: Fault): void;
  /** Requests that got no answer and wait for one. */
  readonly holding: number;
}

interface Service {
  /** A promise is a request that waits; it is forgotten when its sender goes away. */
  readonly answer: (received: Received) => Reply | Promise<Reply>;
  /** How it says that it gets too much: 30 seconds. */
  readonly limited: Reply;
  readonly nowMs: () => number;
}

const HUGE_BYTES = 5 * 1_048_576;

/** A service on a free port of the loopback that goes wrong when it is told to. */
export async function startFaultyServer(service: Service): Promise<FaultyServer> {
  const seen: Received[] = [];
  const faults: { path: RegExp; fault: Fault }[] = [];
  const held = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const body = Buffer.concat(chunks).toString('utf8');
      const received = { method, path, headers, body, atMs: service.nowMs() };
      seen.push(received);
      const index = faults.findIndex((one) => one.path.test(path));
      const fault = index < 0 ? undefined : faults.splice(index, 1)[0]?.fault;
      respond(response, received, fault);
    });
  });
  const respond = (response: ServerResponse, received: Received, fault: Fault | undefined): void => {
    if (fault === 'limited') return write(response, service.limited);
    if (fault === 'broken') return write(response, { status: 500, body: 'oops' });
    if (fault === 'closes') return void response.destroy();
    if (fault === 'hangs' || fault === 'kept, late') return hold(response, fault === 'hangs' ? undefined : received);
    const reply = service.answer(received);
    if (fault === 'kept, closes') return void response.destroy();
    if (fault === 'kept, garbage') return write(response, { status: 200, body: '<html>Please log in</html>' });
    if (fault === 'kept, huge')
      return write(response, { status: 200, body: `{"ok":true,"x":"${'x'.repeat(HUGE_BYTES)}"}` });
    if (fault === 'kept, hangs') return hold(response, undefined);
    if (reply instanceof Promise) void reply.then((late) => write(response, late));
    else write(response, reply);
  };
  const hold = (response: ServerResponse, late: Received | undefined): void => {
    held.add(response);
    response.on('close', () => {
      held.delete(response);
      if (late !== undefined) void service.answer(late);
    });
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    fail: (path, fault) => void faults.push({ path, fault }),
    get holding() {
      return held.size;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function write(response: ServerResponse, { status, headers = {}, body }: Reply): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(body);
}

const TURNS_MAX = 20_000;

/** Lets real I/O go on until something has come about. No time passes on the test's clock. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < TURNS_MAX && !condition(); turn += 1) await settle();
  if (!condition()) throw new Error('it did not come about');
}
