import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { listen, type HttpServer, type Routes } from '../../src/http/server.ts';
import { recordingLog, type LogLine } from '../ledger/make.ts';

export const TOKEN = 'correct-horse-battery-staple';

type Deps = Parameters<typeof listen>[1];

/** A real server on a free port. */
export async function serve(
  routes: readonly Routes[],
  deps: Partial<Deps> = {},
  hosts: readonly string[] = [],
): Promise<HttpServer & { readonly lines: LogLine[] }> {
  const log = recordingLog();
  const options = { host: '127.0.0.1', port: 0, hosts: [...hosts] };
  return { ...(await listen(options, { log, token: TOKEN, routes, ...deps })), lines: log.lines };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request with exactly these headers: fetch would set Host and Origin itself. */
export async function ask(
  server: { readonly port: number },
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const call = request({
    host: '127.0.0.1',
    port: server.port,
    path,
    method,
    headers,
    agent: false,
    signal: AbortSignal.timeout(10_000),
  });
  call.end(body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** A connection over which a test can say anything. */
export async function dial(server: { readonly port: number }, allowHalfOpen = true): Promise<Socket> {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

/** Everything that comes until the other side is done. */
export async function hear(socket: Socket): Promise<string> {
  let heard = '';
  socket.on('data', (chunk) => (heard += String(chunk)));
  await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  return heard;
}
