import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { asKairosError, KairosError, messageOf, problemOf } from '../core/errors.ts';
import type { EventDraft, Trust } from '../core/event.ts';
import { formatId } from '../core/units.ts';
import type { JobDraft } from '../core/job.ts';
import { reached, type Clock, type Log, type Random } from '../core/ports.ts';
import type { Follow } from '../subscriptions/follow.ts';
import type { Matcher } from '../subscriptions/match.ts';
import { createBodyReader, type BodyReader } from './body.ts';
import { INLINE_BYTES_MAX, interpret, type Delivery, type Hear, type Interpretation } from './interpret.ts';
import { acceptsContentType } from './payload.ts';
import type { PreparedSource } from './options.ts';
import type { Check } from './source.ts';

/** What became of a delivery, for the metrics. */
export type DeliveryOutcome = 'accepted' | 'duplicate' | 'refused' | 'shed';

/** Reads a verified delivery: at once when it is small, off the event loop when it is large. */
export type DeliveryReader = (delivery: Delivery) => Interpretation | Promise<Interpretation>;

/**
 * @param hear Listens for words of the owner. Nobody says anything in a body that is too large to be read at once.
 * @param followed What is followed at this moment; asked for each delivery of GitHub's.
 */
export function deliveryReader(
  match: Matcher,
  thread: { interpret(delivery: Delivery): Promise<Interpretation> },
  hear?: Hear,
  followed?: () => readonly Follow[],
): DeliveryReader {
  const withFollows = (delivery: Delivery): Delivery => {
    const follows = delivery.kind === 'github' ? (followed?.() ?? []) : [];
    return follows.length === 0 ? delivery : { ...delivery, followed: follows };
  };
  return (delivery) =>
    delivery.body.byteLength > INLINE_BYTES_MAX
      ? thread.interpret(withFollows(delivery))
      : interpret(withFollows(delivery), match, hear);
}

export interface WebhookDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** A configured source by its name. */
  readonly source: (name: string) => PreparedSource | undefined;
  /** Records the event and its jobs; resolves when they are on disk. */
  readonly append: (draft: EventDraft) => Promise<{ readonly id: number; readonly duplicate: boolean }>;
  /** Reads and matches a verified delivery. */
  readonly read: DeliveryReader;
  /** Whether this source sends more than should become a job each. */
  readonly inStorm: (source: string, monoMs: number) => boolean;
  readonly count: (outcome: DeliveryOutcome) => void;
  /** Whether this is the API token: a refusal of what its holder sends (`kairos doctor`) is no warning and is not counted. */
  readonly isToken: (given: string) => boolean;
}

/** The header in which `kairos doctor` shows the API token. Only looked at in what is refused anyway. */
export const TOKEN_HEADER = 'x-kairos-token';

const RETRY_AFTER_SECONDS = 5;

/**
 * `POST /webhooks/:source`: 404 unknown source, 413 too large, 401 not signed, 415 not a type we read, then commit, then
 * 202 (200 for a delivery id already taken, and for a ping). A complete, signed body that does not parse is taken as it is.
 *
 * Requests are handled before Fastify reads a body: the raw bytes are needed, in pieces, and the answer is short.
 */
export function webhookRoutes(deps: WebhookDeps): (app: FastifyInstance) => void {
  const bodies = createBodyReader();
  return (app) => {
    app.post('/webhooks/:source', {
      onRequest(request, reply) {
        reply.hijack();
        const { source } = request.params as { source: string };
        receive(deps, bodies, { name: source, request: request.raw, response: reply.raw });
      },
      // Never reached: the hook above has taken the request over.
      handler: async () => undefined,
    });
  };
}

interface Exchange {
  readonly name: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function receive(deps: WebhookDeps, bodies: BodyReader, exchange: Exchange): void {
  const { request, name } = exchange;
  const source = deps.source(name);
  if (source === undefined) return refuse(deps, exchange, new KairosError('SOURCE_UNKNOWN', 'there is no such source'));
  const nowMs = deps.clock.wallMs();
  const check = source.verifier.begin(request.headers, nowMs);
  bodies.read(
    request,
    (chunk) => check?.update(chunk),
    (result) => {
      if (result instanceof KairosError) return refuse(deps, exchange, result);
      take(deps, exchange, { source, check, body: result, nowMs }).catch((error: unknown) =>
        refuse(deps, exchange, asKairosError(error)),
      );
    },
  );
}

interface Arrival {
  readonly source: PreparedSource;
  readonly check: Check | undefined;
  readonly body: Buffer;
  readonly nowMs: number;
}

/** From a whole body to the answer. @throws {KairosError} what is to be answered instead. */
async function take(deps: WebhookDeps, exchange: Exchange, { source, check, body, nowMs }: Arrival): Promise<void> {
  const { headers } = exchange.request;
  if (check?.verify() !== true)
    throw new KairosError('SIGNATURE_REFUSED', 'the delivery is not signed as it should be');
  const contentType = headers['content-type'] ?? '';
  if (!acceptsContentType(contentType))
    throw new KairosError('MEDIA_TYPE_REFUSED', 'the content type is not one of those');
  const { kind, name, trust } = source;
  const road = source.polled ? 'webhook' : undefined;
  const pending = deps.read({ kind, source: name, trust, receivedAtMs: nowMs, headers, body, road });
  // Only a large body is worth a turn of the event loop.
  const read = pending instanceof Promise ? await pending : pending;
  if (read.reply !== undefined) return answer(exchange.response, 200, read.reply.contentType, read.reply.body);
  const recorded = await record(deps, { source: source.name, trust: source.trust, nowMs, contentType, body }, read);
  // Slack wants an empty 200 where somebody speaks to us; elsewhere it is a delivery like any other.
  const receipt = read.heard === undefined ? undefined : (read.heard.receipt ?? read.receipt);
  if (receipt !== undefined || recorded === undefined) {
    return answer(exchange.response, 200, receipt?.contentType ?? 'application/json', receipt?.body ?? '{}');
  }
  const { id, duplicate } = recorded;
  answer(
    exchange.response,
    duplicate || read.ping ? 200 : 202,
    'application/json',
    `{"id":"${formatId('e', id)}","duplicate":${duplicate}}`,
  );
}

/** A delivery on its way to the ledger. */
export interface Recordable {
  readonly source: string;
  readonly trust: Trust;
  readonly nowMs: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Records what was read; what the owner said in person passes every storm. @returns undefined when it was dropped. */
export async function record(
  deps: Pick<WebhookDeps, 'clock' | 'random' | 'append' | 'inStorm' | 'count'>,
  { source, trust, nowMs, contentType, body }: Recordable,
  read: Interpretation,
): Promise<{ readonly id: number; readonly duplicate: boolean } | undefined> {
  const { heard } = read;
  if (heard?.dropped === true) {
    heard.afterwards?.();
    return undefined;
  }
  const unnamed = (): string => `unnamed:${Buffer.from(deps.random.bytes(16)).toString('hex')}`;
  const appended = await deps.append({
    source,
    delivery: heard?.delivery ?? read.delivery ?? unnamed(),
    type: read.type,
    action: read.action,
    trust: heard?.trust ?? trust,
    receivedAtMs: nowMs,
    contentType,
    body,
    jobs: heard?.jobs ?? coalescing(deps, source, read.jobs),
    identity: read.identity,
    follows: read.follows,
    by: heard?.by,
  });
  reached('webhook.taken');
  deps.count(appended.duplicate ? 'duplicate' : 'accepted');
  if (!appended.duplicate) heard?.afterwards?.();
  return appended;
}

/** In a storm, what waits under the same topic takes the new event in. */
export function coalescing(
  deps: Pick<WebhookDeps, 'clock' | 'inStorm'>,
  source: string,
  jobs: readonly JobDraft[],
): readonly JobDraft[] {
  if (jobs.length === 0) return jobs;
  const mayCoalesce = deps.inStorm(source, deps.clock.monoMs());
  return jobs.map((job) => ({ ...job, mayCoalesce }));
}

function answer(response: ServerResponse, status: number, contentType: string, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** A refusal; what has not been read yet of the request is not waited for. */
function refuse(deps: WebhookDeps, { name, request, response }: Exchange, error: KairosError): void {
  const problem = problemOf(error);
  const shed = problem.status === 503;
  const given = request.headers[TOKEN_HEADER];
  const selfTest = problem.status < 500 && typeof given === 'string' && deps.isToken(given);
  if (!selfTest) deps.count(shed ? 'shed' : 'refused');
  if (selfTest) deps.log.debug({ source: name, code: error.code }, 'self-test refused, as it should be');
  else if (error.code === 'INTERNAL') deps.log.error({ source: name, error: messageOf(error) }, 'delivery failed');
  else deps.log.warn({ source: name, code: error.code, error: error.message }, 'delivery refused');
  if (response.destroyed || response.headersSent) return;
  if (shed) response.setHeader('retry-after', RETRY_AFTER_SECONDS);
  if (!request.complete) response.setHeader('connection', 'close');
  answer(response, problem.status, 'application/problem+json', JSON.stringify(problem));
}
