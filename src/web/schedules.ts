import type { FastifyInstance } from 'fastify';
import { KairosError } from '../core/errors.ts';
import type { ApiDeps, ScheduleState } from './ports.ts';
import { found, readLimit, textOf } from './query.ts';
import type { Views } from './views.ts';

/**
 * `GET /api/schedules`, in the order of the configuration (`after` and `next` are names), `GET /api/schedules/:name`, and
 * `POST /api/schedules/:name/run`, answered 202 with the event and its job once they are recorded.
 */
export function scheduleRoutes(app: FastifyInstance, deps: ApiDeps, views: Views): void {
  const { schedules } = deps;
  app.get('/api/schedules', async ({ query }) => {
    const limit = readLimit(textOf(query, 'limit'));
    const names = schedules.names();
    const from = startOf(names, textOf(query, 'after'));
    const page = names.slice(from, from + limit);
    const states = await Promise.all(page.map((name) => schedules.find(name)));
    // One that a new configuration has just taken away is left out.
    const items = states.filter((state) => state !== undefined).map(views.schedule);
    return { items, next: from + limit < names.length ? (page.at(-1) ?? null) : null };
  });
  app.get('/api/schedules/:name', async ({ params }) => views.schedule(await findSchedule(deps, nameOf(params))));
  app.post('/api/schedules/:name/run', async ({ params }, reply) => {
    const id = await schedules.runNow(nameOf(params));
    const event = found(deps.events.find(id), 'event', 'e', id);
    const job = deps.jobs.find(event.jobs[0] ?? 0);
    return reply.code(202).send({ event: views.event(event), job: job === undefined ? null : views.job(job) });
  });
}

function startOf(names: readonly string[], after: string | undefined): number {
  if (after === undefined) return 0;
  const index = names.indexOf(after);
  if (index >= 0) return index + 1;
  const got = JSON.stringify(after.slice(0, 60));
  throw new KairosError('INPUT_INVALID', `after: expected the name of a schedule, got ${got}`);
}

async function findSchedule({ schedules }: ApiDeps, name: string): Promise<ScheduleState> {
  const state = await schedules.find(name);
  if (state !== undefined) return state;
  throw new KairosError('NOT_FOUND', `there is no schedule ${JSON.stringify(name.slice(0, 80))}`);
}

function nameOf(params: unknown): string {
  return (params as { name: string }).name;
}
