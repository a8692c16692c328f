import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { KairosError } from '../core/errors.ts';
import { formatDuration, parseDurationMs, formatId } from '../core/units.ts';
import { readBody } from './body.ts';
import type { ApiDeps } from './ports.ts';
import { found, idOf } from './query.ts';
import type { Views } from './views.ts';

const SAY_CHARS_MAX = 8_000;
const CWD_CHARS_MAX = 4_096;
const TOPIC_CHARS_MAX = 200;
const MUTE_MS_MIN = 1_000;
const MUTE_MS_MAX = 30 * 86_400_000;
/** An event that was replayed more often than this is a loop, not a person. */
const REPLAYS_MAX = 1_000;

const say = z.strictObject({
  text: z.string().trim().min(1).max(SAY_CHARS_MAX),
  /** Where the owner stands: the workspace that is meant, if it is in one. */
  cwd: z.string().max(CWD_CHARS_MAX).optional(),
});
const topic = z.string().max(TOPIC_CHARS_MAX).default('');
const mute = z.strictObject({ duration: z.string().max(20), topic });
const unmute = z.strictObject({ topic });
const session = z.strictObject({ token: z.string().min(1).max(1_000) });

/** What a person may do: ask, put back, replay, mute, stop. */
export function actionRoutes(app: FastifyInstance, deps: ApiDeps, views: Views): void {
  app.post('/api/say', async ({ body }, reply) => {
    const id = await recordSay(deps, readBody(say, body));
    const event = found(deps.events.find(id), 'event', 'e', id);
    const job = deps.jobs.find(event.jobs[0] ?? 0);
    return reply.code(202).send({ event: views.event(event), job: job === undefined ? null : views.job(job) });
  });
  app.post('/api/jobs/:id/requeue', async ({ params }) => {
    return views.job(await deps.jobs.requeue(idOf(params, 'j'), deps.clock.wallMs()));
  });
  app.post('/api/events/:id/replay', async ({ params }, reply) => {
    const id = await replay(deps, idOf(params, 'e'));
    return reply.code(202).send({ event: views.event(found(deps.events.find(id), 'event', 'e', id)) });
  });
  app.post('/api/mute', async ({ body }) => {
    const asked = readBody(mute, body);
    const untilMs = deps.clock.wallMs() + readMuteMs(asked.duration);
    await deps.mute(asked.topic, untilMs);
    return { topic: asked.topic, until: views.instant(untilMs) };
  });
  app.post('/api/unmute', async ({ body }) => {
    const asked = readBody(unmute, body ?? {});
    await deps.mute(asked.topic, 0);
    return { topic: asked.topic, until: null };
  });
  app.post('/api/stop', async (_request, reply) => {
    reply.raw.once('close', deps.stop);
    return reply.code(202).send({ stopping: true, pid: deps.status().pid });
  });
  sessionRoutes(app, deps);
}

/** The page trades the token for a cookie that its scripts can't read and other sites can't send. */
function sessionRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post('/api/session', async ({ body }, reply) => {
    const { token } = readBody(session, body);
    if (!deps.isToken(token)) throw new KairosError('TOKEN_REFUSED', 'the API token is wrong');
    if (!/^[\w.~+/-]+$/.test(token)) {
      throw new KairosError(
        'INPUT_INVALID',
        'the API token has characters that a cookie cannot hold; use A-Z, a-z, 0-9, "-" and "_"',
      );
    }
    return reply.header('set-cookie', sessionCookie(token, 31_536_000)).code(204).send();
  });
  app.delete('/api/session', async (_request, reply) =>
    reply.header('set-cookie', sessionCookie('', 0)).code(204).send(),
  );
}

function sessionCookie(value: string, maxAgeSeconds: number): string {
  return `kairos_token=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}`;
}

async function recordSay(deps: ApiDeps, given: z.output<typeof say>): Promise<number> {
  // What the owner says is no delivery: nobody needs it back byte for byte.
  const { cwd } = given;
  const text = deps.redact(given.text);
  const plain = { contentType: 'text/plain; charset=utf-8', body: Buffer.from(text) };
  const { id } = await deps.events.append({
    source: 'say',
    delivery: `say:${Buffer.from(deps.random.bytes(12)).toString('hex')}`,
    type: 'say',
    action: null,
    // Whoever holds the API token is the owner.
    trust: 'owner',
    receivedAtMs: deps.clock.wallMs(),
    ...(cwd === undefined
      ? plain
      : { contentType: 'application/json', body: Buffer.from(JSON.stringify({ text, cwd })) }),
    jobs: [deps.jobFor(text)],
  });
  return id;
}

/** Records the body once more under a delivery id of its own, matched by the present subscriptions. @returns The new row. */
async function replay(deps: ApiDeps, id: number): Promise<number> {
  const event = found(deps.events.find(id), 'event', 'e', id);
  const body = deps.events.body(id);
  if (body === undefined) throw new KairosError('STATE_CONFLICT', `the body of ${formatId('e', id)} is no longer kept`);
  const receivedAtMs = deps.clock.wallMs();
  const { source, type, action, trust, contentType } = event;
  const jobs = await deps.match(event, body, receivedAtMs);
  for (let count = 1; count <= REPLAYS_MAX; count += 1) {
    const delivery = `replay:${formatId('e', id)}:${count}`;
    const draft = { source, delivery, type, action, trust, receivedAtMs, contentType, body, jobs };
    const appended = await deps.events.append(draft);
    if (!appended.duplicate) return appended.id;
  }
  throw new KairosError('STATE_CONFLICT', `${formatId('e', id)} was replayed ${REPLAYS_MAX} times already`);
}

function readMuteMs(text: string): number {
  const ms = /[a-z]$/.test(text) ? parseDurationMs(text) : undefined;
  if (ms !== undefined && ms >= MUTE_MS_MIN && ms <= MUTE_MS_MAX) return ms;
  const bounds = `${formatDuration(MUTE_MS_MIN)} to ${formatDuration(MUTE_MS_MAX)}`;
  throw new KairosError('INPUT_INVALID', `duration: expected ${bounds} such as 30m or 2h, got ${JSON.stringify(text)}`);
}
