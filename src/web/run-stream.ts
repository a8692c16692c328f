import type { FastifyInstance } from 'fastify';
import { KairosError } from '../core/errors.ts';
import type { ApiDeps } from './ports.ts';
import { found, idOf } from './query.ts';
import type { RunDelta } from './run-feed.ts';
import { frame, HEARTBEAT, HEARTBEAT_MS, openStream, sendFrames } from './sse.ts';
import type { Views } from './views.ts';

/** Runs that may be watched at once. */
const WATCHERS_MAX = 32;

/**
 * `GET /api/jobs/:id/stream`: server-sent events of one run, `text`, `tool`, `result` and `waiting`, and last `end` with the
 * job. A job that has ended answers with `end` at once.
 */
export function runStreamRoutes(app: FastifyInstance, deps: ApiDeps, views: Views): void {
  const open = new Set<() => void>();
  app.get('/api/jobs/:id/stream', ({ params }, reply) => {
    const id = idOf(params, 'j');
    const job = found(deps.jobs.find(id), 'job', 'j', id);
    if (open.size >= WATCHERS_MAX) throw new KairosError('OVERLOADED', `at most ${WATCHERS_MAX} may watch at once`);
    reply.hijack();
    const client = reply.raw;
    const write = (text: string): void => sendFrames(client, text);
    const done = new AbortController();
    const close = (): void => {
      open.delete(close);
      done.abort();
      client.end();
    };
    openStream(client);
    client.once('close', close);
    open.add(close);
    const end = (): void => {
      write(frame('end', views.job(deps.jobs.find(id) ?? job)));
      close();
    };
    // A parked one has no end, and nobody works on it.
    if (job.state !== 'queued' && job.state !== 'running') return end();
    const unwatch = deps.agent.runs.watch(id, (delta) =>
      delta.kind === 'end' ? end() : write(deltaFrame(delta, deps.redact)),
    );
    done.signal.addEventListener('abort', unwatch, { once: true });
    void keepOpen(deps, done.signal, () => write(HEARTBEAT));
  });
  // An open stream would hold a closing server for ever.
  app.addHook('preClose', async () => {
    for (const close of open) close();
  });
}

async function keepOpen({ clock }: ApiDeps, signal: AbortSignal, beat: () => void): Promise<void> {
  for (;;) {
    await clock.sleep(HEARTBEAT_MS, signal);
    if (signal.aborted) return;
    beat();
  }
}

function deltaFrame({ kind, ...delta }: Exclude<RunDelta, { kind: 'end' }>, redact: (text: string) => string): string {
  return frame(kind, { ...delta, text: redact(delta.text) });
}
