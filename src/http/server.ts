import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { asKairosError, KairosError, problemOf, type ErrorCode } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { createGuard } from './guard.ts';
import type { ServerOptions } from './options.ts';

/** What another room adds to the server. */
export type Routes = (app: FastifyInstance) => void;

export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:7717`, with the port that was really taken. */
  readonly url: string;
  readonly port: number;
}

export interface HttpDeps {
  readonly log: Log;
  readonly token: string;
  readonly routes: readonly Routes[];
  /** A listening socket that was inherited (systemd's `LISTEN_FDS`), instead of an address. */
  readonly inheritedFd?: number | undefined;
}

/** Deliveries are at most 25 MiB (GitHub's own limit). */
export const BODY_BYTES_MAX = 26_214_400;
/** Our own API takes short JSON only. */
const API_BYTES_MAX = 262_144;
/** A client that takes longer for its headers, or for a whole request, is cut off (slow loris). */
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
const CHECK_MS = 2_000;
const KEEP_ALIVE_MS = 65_000;
/** At a stop, answers under way get this long before their connections are cut. */
const CLOSE_MS = 2_000;

/** Listens. Routes are in place before the first connection is taken. Disposing stops accepting, then lets answers finish. */
export async function listen(options: ServerOptions, deps: HttpDeps): Promise<HttpServer> {
  const app = Fastify({
    logger: false,
    bodyLimit: API_BYTES_MAX,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => answerClientError(error, socket),
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_MS },
  });
  const guard = createGuard(deps.token, [...options.hosts, options.host]);
  app.addHook('onRequest', async (request) => guard(request));
  app.setErrorHandler((thrown: FastifyError, request, reply) => {
    const error = fromFastify(thrown);
    if (error.code === 'INTERNAL') deps.log.error({ path: request.url, error: error.message, stack: thrown.stack }, 'request failed');
    const problem = problemOf(error);
    return reply.code(problem.status).type('application/problem+json').send(problem);
  });
  app.setNotFoundHandler((request) => {
    throw new KairosError('NOT_FOUND', `there is no ${request.method} ${request.url.split('?', 1)[0]}`);
  });
  for (const routes of deps.routes) routes(app);
  await app.ready();
  const port = await bind(app.server, options, deps.inheritedFd);
  return {
    port,
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    [Symbol.asyncDispose]: () => close(app),
  };
}

async function bind(server: Server, options: ServerOptions, inheritedFd: number | undefined): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(bindError(cause, options)));
    const where = inheritedFd === undefined ? { host: options.host, port: options.port } : { fd: inheritedFd };
    server.listen({ ...where, backlog: 1_024 }, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : options.port;
}

function bindError(cause: NodeJS.ErrnoException, options: ServerOptions): KairosError {
  const taken = cause.code === 'EADDRINUSE';
  const what = taken ? `port ${options.port} on ${options.host} is taken` : `could not listen on ${options.host}:${options.port}`;
  return new KairosError('CONFIG_INVALID', `${what}; set server.port or KAIROS_PORT (0 picks a free one)`, {}, cause);
}

async function close(app: FastifyInstance): Promise<void> {
  app.server.closeIdleConnections();
  const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
  await app.close();
  clearTimeout(cut);
}

const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_REFUSED',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'BODY_CUT_SHORT',
  FST_ERR_CTP_INVALID_JSON_BODY: 'INPUT_INVALID',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'INPUT_INVALID',
  FST_ERR_VALIDATION: 'INPUT_INVALID',
};

function fromFastify(thrown: FastifyError): KairosError {
  const code = FASTIFY_CODES[thrown.code ?? ''];
  return code === undefined ? asKairosError(thrown) : new KairosError(code, thrown.message, {}, thrown);
}

/** What never became a request: a body cut short, a header too long, a client too slow. The answer is written by hand. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase] = CLIENT_ERRORS[error.code ?? ''] ?? [400, 'Bad Request'];
  const problem = JSON.stringify({ ...problemOf(new KairosError('BODY_CUT_SHORT', 'the request is not complete or not HTTP')), status });
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(problem)}\r\nconnection: close\r\n\r\n${problem}`,
    () => socket.destroy(),
  );
}

const CLIENT_ERRORS: Readonly<Record<string, [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
};
