import type { FastifyInstance } from 'fastify';
import type { JobState } from '../core/job.ts';
import type { MessageState } from '../core/message.ts';
import { actionRoutes } from './actions.ts';
import { agentCost, agentRoutes, agentView } from './agent.ts';
import { bodyText } from './body.ts';
import { memoryRoutes } from './memory.ts';
import type { ApiDeps } from './ports.ts';
import { found, idOf, readPage, readState, toPage } from './query.ts';
import { runStreamRoutes } from './run-stream.ts';
import { scheduleRoutes } from './schedules.ts';
import { streamRoutes } from './stream.ts';
import { createViews, type Views } from './views.ts';
import { workView } from './work-views.ts';

const JOB_STATES: readonly JobState[] = ['queued', 'running', 'succeeded', 'failed', 'dead', 'parked'];
const MESSAGE_STATES: readonly MessageState[] = ['queued', 'sent', 'coalesced', 'withdrawn', 'expired', 'failed'];
/** Runs that the statistics of work are made of. */
const RECENT_RUNS = 500;

/**
 * Everything under `/api`: what is, as JSON, and what a person may do about it. The server in front checks the token
 * and renders what the handlers throw. Lists are newest first, `{items, next}`; times ISO 8601 in the configured zone.
 */
export function apiRoutes(deps: ApiDeps): (app: FastifyInstance) => void {
  const views = createViews(deps.timeZone, deps.redact);
  return (app) => {
    app.get('/api/status', async () => {
      return { ...views.status(deps.status()), agent: { ...agentView(deps, views), ...agentCost(deps) } };
    });
    app.get('/api/budget', async () => ({
      ...views.budget(deps.budget(), (id) => deps.messages.find(id)),
      ...workView(deps.work.lanes(), deps.work.recentRuns(RECENT_RUNS)),
    }));
    app.get('/api/subscriptions', async () => ({ items: deps.subscriptions(), next: null }));
    eventRoutes(app, deps, views);
    jobRoutes(app, deps, views);
    messageRoutes(app, deps, views);
    scheduleRoutes(app, deps, views);
    actionRoutes(app, deps, views);
    agentRoutes(app, deps, views);
    memoryRoutes(app, deps);
    streamRoutes(app, deps, views);
    runStreamRoutes(app, deps, views);
  };
}

function eventRoutes(app: FastifyInstance, deps: ApiDeps, views: Views): void {
  app.get('/api/events', async ({ query }) => {
    const page = readPage(query, 'e', deps.clock.wallMs());
    return toPage(deps.events.list({ ...page, limit: page.limit + 1 }), page.limit, views.event);
  });
  app.get('/api/events/:id', async ({ params }) => {
    const id = idOf(params, 'e');
    const event = found(deps.events.find(id), 'event', 'e', id);
    return { ...views.event(event), ...bodyText(deps.events.body(id), deps.redact) };
  });
}

function jobRoutes(app: FastifyInstance, deps: ApiDeps, views: Views): void {
  app.get('/api/jobs', async ({ query }) => {
    const page = readPage(query, 'j', deps.clock.wallMs());
    const state = readState(query, JOB_STATES);
    return toPage(deps.jobs.list({ ...page, limit: page.limit + 1, state }), page.limit, views.job);
  });
  app.get('/api/jobs/:id', async ({ params }) => {
    const id = idOf(params, 'j');
    return views.job(found(deps.jobs.find(id), 'job', 'j', id));
  });
}

function messageRoutes(app: FastifyInstance, deps: ApiDeps, views: Views): void {
  app.get('/api/messages', async ({ query }) => {
    const page = readPage(query, 'm', deps.clock.wallMs());
    const state = readState(query, MESSAGE_STATES);
    return toPage(deps.messages.list({ ...page, limit: page.limit + 1, state }), page.limit, views.message);
  });
  app.get('/api/messages/:id', async ({ params }) => {
    const id = idOf(params, 'm');
    const message = found(deps.messages.find(id), 'message', 'm', id);
    return { ...views.message(message), deliveries: deps.messages.deliveriesOf(id).map(views.delivery) };
  });
}
