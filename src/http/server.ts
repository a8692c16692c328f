import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { asKairosError, KairosError, messageOf, problemOf, type ErrorCode } from '../core/errors.ts';
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
  /** For tests: shorter than the defaults. */
  readonly times?: Partial<HttpTimes>;
}

/** How long a client may take. */
interface HttpTimes {
  /** For its headers, then for a whole request; one that takes longer is cut off (slow loris). */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often that is looked at. */
  readonly checkMs: number;
  readonly keepAliveMs: number;
  /** At a stop, a connection that has sent nothing yet gets this long for its request. */
  readonly lingerMs: number;
  /** At a stop, answers under way get this long before their connections are cut. */
  readonly closeMs: number;
}

/** Our own API takes short JSON only. */
const API_BYTES_MAX = 262_144;
const TIMES: HttpTimes = {
  headersMs: 10_000,
  requestMs: 60_000,
  checkMs: 5_000,
  keepAliveMs: 65_000,
  lingerMs: 150,
  closeMs: 2_000,
};
/** Connections at a time; one more is closed at once. */
const CONNECTIONS_MAX = 4_096;
/** What a client is told to wait after a 503. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Listens. Routes are in place before the first connection is taken. Disposing stops accepting, then lets answers finish.
 *
 * @throws {KairosError} `PORT_TAKEN`; `CONFIG_INVALID` when the address can't be had for another reason.
 */
export async function listen(options: ServerOptions, deps: HttpDeps): Promise<HttpServer> {
  const times = { ...TIMES, ...deps.times };
  const app = createApp(options, deps, times);
  try {
    for (const routes of deps.routes) routes(app);
    await app.ready();
    const address = await bind(app.server, options, deps.inheritedFd);
    app.server.on('error', (error) => deps.log.error({ error: error.message }, 'server failed'));
    return { ...address, [Symbol.asyncDispose]: () => close(app, times) };
  } catch (error) {
    await app.close();
    throw error;
  }
}

function createApp(options: ServerOptions, deps: HttpDeps, times: HttpTimes): FastifyInstance {
  const answer = (thrown: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = fromFastify(thrown);
    if (error.code === 'INTERNAL')
      deps.log.error({ path: request.url, error: messageOf(error), stack: thrown.stack }, 'request failed');
    const problem = problemOf(error);
    if (problem.status === 503) void reply.header('retry-after', RETRY_AFTER_SECONDS);
    return reply.code(problem.status).type('application/problem+json').send(problem);
  };
  const app = Fastify({
    logger: false,
    bodyLimit: API_BYTES_MAX,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    requestTimeout: times.requestMs,
    keepAliveTimeout: times.keepAliveMs,
    return503OnClosing: false,
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => answerClientError(error, socket),
    frameworkErrors: (error, request, reply) => void answer(error, request, reply),
    http: { headersTimeout: times.headersMs, connectionsCheckingInterval: times.checkMs },
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  const guard = createGuard(deps.token, [...options.hosts, options.host]);
  app.addHook('onRequest', async (request) => guard(request));
  app.setErrorHandler(answer);
  app.setNotFoundHandler(() => {
    throw new KairosError('NOT_FOUND', 'there is nothing under this method and path');
  });
  return app;
}

/** Bodies are read with zod. Left to itself Fastify loads what compiles JSON schemas at every start: 100 modules, 3 MiB. */
function noSchemas(): never {
  throw new KairosError('INTERNAL', 'a route of kairosd has no JSON schema: read its body with zod');
}

async function bind(
  server: Server,
  options: ServerOptions,
  inheritedFd: number | undefined,
): Promise<{ readonly port: number; readonly url: string }> {
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => reject(bindError(cause, options));
    server.once('error', failed);
    const where = inheritedFd === undefined ? { host: options.host, port: options.port } : { fd: inheritedFd };
    server.listen({ ...where, backlog: 1_024 }, () => {
      server.off('error', failed);
      resolve();
    });
  });
  const taken = server.address();
  const bound = typeof taken === 'object' && taken !== null ? taken : { address: options.host, port: options.port };
  const host = inheritedFd === undefined ? options.host : bound.address;
  return { port: bound.port, url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}` };
}

function bindError(cause: NodeJS.ErrnoException, options: ServerOptions): KairosError {
  const { host, port } = options;
  if (cause.code === 'EADDRINUSE') return new KairosError('PORT_TAKEN', `port ${port} on ${host} is taken`, {}, cause);
  const named = 'server.host and server.port, or KAIROS_HOST and KAIROS_PORT';
  return new KairosError(
    'CONFIG_INVALID',
    `could not listen on ${host}:${port} (${cause.code ?? cause.message}): ${named}`,
    {},
    cause,
  );
}

/** How often a stop looks whether connections have become idle. */
const LOOK_MS = 20;

/**
 * Takes no more connections, then lets each that was taken have its answer. Node's own `close` would at once cut off those whose
 * request is still on its way, and GitHub does not send a delivery again.
 */
async function close(app: FastifyInstance, { lingerMs, closeMs }: HttpTimes): Promise<void> {
  const { server } = app;
  server.prependListener('request', (_request, response) => void response.setHeader('connection', 'close'));
  const connections = { areOver: false };
  // Of the class below the HTTP server: only that one does not cut off.
  NetServer.prototype.close.call(server, () => {
    connections.areOver = true;
  });
  await pause(0);
  for (let passedMs = 0; !connections.areOver; passedMs += LOOK_MS) {
    if (passedMs > closeMs) server.closeAllConnections();
    else if (passedMs > lingerMs) server.closeIdleConnections();
    await pause(LOOK_MS);
  }
  await app.close();
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
  if (thrown instanceof KairosError) return thrown;
  const code = FASTIFY_CODES[thrown.code ?? ''];
  if (code !== undefined) return new KairosError(code, thrown.message, {}, thrown);
  // Any other 4xx of the framework is about what the client sent; its text may quote that, so it stays inside.
  const { statusCode = 500 } = thrown;
  if (statusCode >= 400 && statusCode < 500)
    return new KairosError('INPUT_INVALID', "the request can't be read", {}, thrown);
  return asKairosError(thrown);
}

/** What never became a request: a body cut short, a header too long, a client too slow. The answer is written by hand. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // Node keeps the answer under way here; a second one would be read as its body.
  const { _httpMessage: underWay } = socket as Socket & { _httpMessage?: { readonly headersSent: boolean } };
  if (error.code === 'ECONNRESET' || !socket.writable || underWay?.headersSent === true) {
    socket.destroy();
    return;
  }
  const [status, phrase] = CLIENT_ERRORS[error.code ?? ''] ?? [400, 'Bad Request'];
  const problem = JSON.stringify({
    ...problemOf(new KairosError('BODY_CUT_SHORT', 'the request is not complete or not HTTP')),
    status,
  });
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(problem)}\r\nconnection: close\r\n\r\n${problem}`,
    () => socket.destroy(),
  );
}

const CLIENT_ERRORS: Readonly<Record<string, [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
};
