import { channel as diagnostics } from 'node:diagnostics_channel';
import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { reached, type Clock, type Fetch, type Log, type Random } from '../core/ports.ts';

/** What came in an envelope. */
export interface SocketDelivery {
  readonly kind: 'slack';
  readonly source: 'slack';
  readonly delivery: string;
  /** JSON, as UTF-8. */
  readonly body: Uint8Array;
}

export interface SlackSocketOptions {
  /** `xapp-…`, with the scope connections:write. */
  readonly appToken: string;
  /** `https://slack.com/api` */
  readonly apiRoot: string;
  readonly fetch: Fetch;
  readonly connect: (url: string) => WebSocket;
  /** Records one delivery; resolves when it is on disk, with what is to be said in the acknowledgement (JSON), if anything. */
  readonly take: (delivery: SocketDelivery) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Something a person has to put right, once until it is. Must not throw. */
  readonly onTrouble: (text: string) => void;
}

export interface SlackSocket extends Loop {
  status(): { readonly state: 'new' | 'ok' | 'refused' | 'failing'; readonly reason: string };
}

const OPEN_MS_MAX = 30_000;
/** Slack pings every few seconds; this long without one (after a first) is a line that is dead. */
const SILENT_MS_MAX = 60_000;
const BACKOFF = { failed: { firstMs: 1_000, mostMs: 60_000 }, refused: { firstMs: 60_000, mostMs: 900_000 } } as const;

/** How a connection, or the try to get one, ended. `refresh`: Slack wants another one now. */
type End =
  | { readonly kind: 'refresh' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Listens to Slack without an open port (Socket Mode): one connection, opened from here, over which deliveries come in
 * envelopes. An envelope is acknowledged when its delivery is on disk; what was not, Slack sends again.
 *
 * Source: docs.slack.dev, "Using Socket Mode" and "apps.connections.open".
 */
export function startSlackSocket(options: SlackSocketOptions): SlackSocket {
  const { clock, log, random, onTrouble } = options;
  let status: ReturnType<SlackSocket['status']> = { state: 'new', reason: '' };
  let failures = 0;
  let told = '';
  const onHello = (): void => {
    if (told !== '') log.info({}, 'listening to Slack goes on');
    failures = 0;
    told = '';
    status = { state: 'ok', reason: '' };
  };
  const step = async (signal: AbortSignal): Promise<number> => {
    const opened = await openAddress(options, signal);
    const end = typeof opened === 'string' ? await listen(opened, { ...options, onHello }, signal) : opened;
    if (signal.aborted || end.kind === 'refresh') return 0;
    failures += 1;
    status = { state: end.kind === 'failed' ? 'failing' : 'refused', reason: end.reason };
    if (told !== end.reason) {
      log.warn({ reason: end.reason }, 'listening to Slack is held up');
      if (end.kind === 'refused') onTrouble(end.reason);
    }
    told = end.reason;
    const { firstMs, mostMs } = BACKOFF[end.kind];
    return Math.round(Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 20)) * (0.5 + random.fraction() / 2));
  };
  const loop = startLoop({ name: 'slack', clock, log, step });
  return { ...loop, status: () => status };
}

const opening = z.object({ ok: z.boolean(), url: z.string().optional(), error: z.string().optional() });
/** What passes by itself; everything else needs a person. */
const PASSING = /^(ratelimited|internal_error|fatal_error|service_unavailable|request_timeout)$/;

async function openAddress(
  { appToken, apiRoot, fetch, clock }: SlackSocketOptions,
  signal: AbortSignal,
): Promise<string | End> {
  const over = new AbortController();
  const done = new AbortController();
  const stop = (): void => over.abort();
  signal.addEventListener('abort', stop, { once: true });
  void clock.sleep(OPEN_MS_MAX, done.signal).then(stop);
  try {
    const response = await fetch(`${apiRoot}/apps.connections.open`, {
      method: 'POST',
      headers: { authorization: `Bearer ${appToken}`, 'content-type': 'application/x-www-form-urlencoded' },
      redirect: 'manual',
      signal: over.signal,
    });
    if (!response.ok) return { kind: 'failed', reason: `apps.connections.open was answered ${response.status}` };
    const { data } = opening.safeParse(await response.json());
    if (data?.ok === true && /^wss?:\/\//.test(data.url ?? '')) return data.url ?? '';
    const code = /^[\w.-]{1,80}$/.exec(data?.error ?? '')?.[0] ?? 'something that is no answer';
    if (PASSING.test(code)) return { kind: 'failed', reason: `Slack says ${code}` };
    const advice = 'check SLACK_APP_TOKEN (xapp-…, with the scope connections:write) and that Socket Mode is on';
    return { kind: 'refused', reason: `Slack says ${code}: ${advice}` };
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error).replaceAll(appToken, '***') };
  } finally {
    done.abort();
    signal.removeEventListener('abort', stop);
  }
}

const frame = z.object({
  type: z.string(),
  reason: z.string().optional(),
  envelope_id: z.string().max(200).optional(),
  payload: z.unknown().optional(),
});

/** One connection, until it ends. What was being recorded when it ended is recorded; Slack sends it again, as a duplicate. */
async function listen(
  url: string,
  options: SlackSocketOptions & { readonly onHello: () => void },
  signal: AbortSignal,
): Promise<End> {
  const { connect, clock, log, onHello } = options;
  const socket = connect(url);
  const ended = Promise.withResolvers<End>();
  const over = new AbortController();
  const end = (how: End): void => ended.resolve(how);
  const taking = new Set<Promise<void>>();
  let lifeMs = clock.monoMs();
  let pinged = false;
  const onPing = (event: unknown): void => {
    if ((event as { websocket?: unknown }).websocket !== socket) return;
    pinged = true;
    lifeMs = clock.monoMs();
  };
  const pings = diagnostics('undici:websocket:ping');
  pings.subscribe(onPing);
  signal.addEventListener('abort', () => end({ kind: 'refresh' }), { once: true, signal: over.signal });
  if (signal.aborted) end({ kind: 'refresh' });
  socket.addEventListener('close', () => end({ kind: 'failed', reason: 'the connection to Slack was closed' }));
  socket.addEventListener('error', () => end({ kind: 'failed', reason: 'the connection to Slack broke' }));
  socket.addEventListener('message', ({ data }: { data: unknown }) => {
    lifeMs = clock.monoMs();
    const read = frame.safeParse(parse(data)).data;
    if (read?.type === 'hello') onHello();
    else if (read?.type === 'disconnect') end(disconnected(read.reason));
    else if (read?.envelope_id !== undefined) {
      const taken = acknowledge(socket, read.envelope_id, read.payload, options).catch((error: unknown) => {
        log.warn({ error: messageOf(error) }, 'a delivery of Slack could not be recorded; it comes again');
      });
      taking.add(taken);
      void taken.then(() => taking.delete(taken));
    }
  });
  void watch(() => (socket.readyState === 1 && !pinged ? Infinity : lifeMs + SILENT_MS_MAX), clock, over.signal).then(
    () => end({ kind: 'failed', reason: 'nothing was heard from Slack' }),
  );
  const how = await ended.promise;
  over.abort();
  pings.unsubscribe(onPing);
  await Promise.allSettled(taking);
  socket.close();
  return how;
}

function disconnected(reason: string | undefined): End {
  if (reason !== 'link_disabled') return { kind: 'refresh' };
  return {
    kind: 'refused',
    reason: 'Socket Mode was switched off for the app: switch it on, or take out SLACK_APP_TOKEN',
  };
}

async function acknowledge(
  socket: WebSocket,
  id: string,
  payload: unknown,
  { take }: SlackSocketOptions,
): Promise<void> {
  const body = Buffer.from(JSON.stringify(payload ?? null));
  const word = await take({ kind: 'slack', source: 'slack', delivery: `envelope:${id}`.slice(0, 200), body });
  reached('slack.taken');
  if (socket.readyState !== 1) return;
  socket.send(JSON.stringify({ envelope_id: id, ...(word !== undefined && word !== '' && { payload: parse(word) }) }));
}

/** Resolves when the moment has come; never when the signal aborts. A connection that does not open counts as silent. */
async function watch(dueMs: () => number, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const leftMs = dueMs() - clock.monoMs();
    if (leftMs <= 0) return;
    await clock.sleep(Math.min(leftMs, 30_000), signal);
  }
  await new Promise<never>(() => {});
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
