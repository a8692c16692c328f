import { KairosError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { Routes } from './server.ts';

export interface HealthDeps {
  readonly clock: Clock;
  readonly version: string;
  readonly startedMonoMs: number;
  /** What is not ready, in words; empty when all is. */
  readonly notReady: () => readonly string[];
  /** The registry's text; only asked for when somebody scrapes. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/** `/healthz` (the process answers), `/readyz` (it does its work), `/metrics`. */
export function healthRoutes(deps: HealthDeps): Routes {
  return (app) => {
    app.get('/healthz', async () => ({
      status: 'ok',
      version: deps.version,
      uptimeMs: Math.round(deps.clock.monoMs() - deps.startedMonoMs),
    }));
    app.get('/readyz', async (_request, reply) => {
      const missing = deps.notReady();
      if (missing.length === 0) return { status: 'ready' };
      return reply.code(503).header('retry-after', '2').send({ status: 'not ready', notReady: missing });
    });
    app.get('/metrics', async (_request, reply) => {
      const { contentType, text } = await deps.metrics();
      if (text === '') throw new KairosError('INTERNAL', 'there are no metrics');
      return reply.type(contentType).send(text);
    });
  };
}
