import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { KairosError } from '../core/errors.ts';
import { formatId } from '../core/units.ts';
import type { ApprovalRow, ApprovalState, CostRow, SessionRow } from './agent-ports.ts';
import { readBody } from './body.ts';
import type { ApiDeps } from './ports.ts';
import { found, idOf, readLimit, readPage, readState, textOf, toPage } from './query.ts';
import type { Views } from './views.ts';

const STATES: readonly ApprovalState[] = ['pending', 'allowed', 'denied', 'expired'];
const ANSWER_CHARS_MAX = 4_000;
/** Items of a session in one answer, the newest. */
const ITEMS_MAX = 2_000;
const MICRO = 1_000_000;

const decision = z.strictObject({
  decision: z.enum(['allow', 'deny']),
  /** The first characters of the hash that was shown: an answer to another call is refused. */
  hash: z
    .string()
    .regex(/^[0-9a-f]{6,64}$/, 'must be hexadecimal, 6 to 64 characters')
    .optional(),
  answer: z.string().max(ANSWER_CHARS_MAX).optional(),
});
const stop = z.strictObject({ reason: z.string().max(200).default('stopped by hand') });

/** Approvals, sessions, cost, the kill switch, and what a run changed. */
export function agentRoutes(app: FastifyInstance, deps: ApiDeps, views: Views): void {
  approvalRoutes(app, deps, views);
  sessionRoutes(app, deps, views);
  const { agent } = deps;
  app.get('/api/cost', async ({ query }) => {
    const cost = agent.cost(readLimit(textOf(query, 'limit')));
    return {
      todayUsd: cost.todayMicroUsd / MICRO,
      dayUsdMax: cost.dayMicroUsdMax / MICRO,
      runUsdMax: cost.runMicroUsdMax / MICRO,
      reservedUsd: cost.reservedMicroUsd / MICRO,
      items: cost.days.map(costView),
      next: null,
    };
  });
  app.post('/api/agent/stop', async ({ body }) => {
    await agent.setStopped(readBody(stop, body ?? {}).reason);
    return agentView(deps, views);
  });
  app.post('/api/agent/start', async () => {
    await agent.setStopped(undefined);
    return agentView(deps, views);
  });
  app.get('/api/jobs/:id/changes', async ({ params }) => {
    const id = idOf(params, 'j');
    found(deps.jobs.find(id), 'job', 'j', id);
    const patch = await agent.patch(id);
    if (patch === undefined)
      throw new KairosError('NOT_FOUND', `job ${formatId('j', id)} changed nothing that was kept`);
    return { id: formatId('j', id), patch: deps.redact(patch) };
  });
  app.post('/api/jobs/:id/undo', async ({ params }) => {
    const id = idOf(params, 'j');
    found(deps.jobs.find(id), 'job', 'j', id);
    const undone = await agent.undo(id);
    if (!undone.ok)
      throw new KairosError('STATE_CONFLICT', `job ${formatId('j', id)} can't be undone: ${undone.reason}`);
    return { id: formatId('j', id), files: undone.files };
  });
}

/** How the agent stands, for the status as well. */
export function agentView({ agent }: Pick<ApiDeps, 'agent'>, views: Pick<Views, 'instant'>): Record<string, unknown> {
  const { on, stopped, approvalsPending } = agent.state();
  return {
    on,
    stopped: stopped && { since: views.instant(stopped.sinceMs), reason: stopped.reason },
    approvalsPending,
  };
}

/** What it has cost today, and what it may. */
export function agentCost({ agent }: Pick<ApiDeps, 'agent'>): Record<string, unknown> {
  const { todayMicroUsd, dayMicroUsdMax } = agent.cost(1);
  return { todayUsd: todayMicroUsd / MICRO, dayUsdMax: dayMicroUsdMax / MICRO };
}

function approvalRoutes(app: FastifyInstance, { agent, clock, redact }: ApiDeps, views: Views): void {
  const view = (row: ApprovalRow) => approvalView(row, redact, views);
  app.get('/api/approvals', async ({ query }) => {
    const page = readPage(query, 'a', clock.wallMs());
    const rows = agent.approvals.list({ ...page, limit: page.limit + 1, state: readState(query, STATES) });
    return toPage(rows, page.limit, view);
  });
  app.get('/api/approvals/:id', async ({ params }) => {
    const id = idOf(params, 'a');
    return view(found(agent.approvals.find(id), 'approval', 'a', id));
  });
  app.post('/api/approvals/:id', async ({ params, body }) => {
    const id = idOf(params, 'a');
    const given = readBody(decision, body);
    const row = found(agent.approvals.find(id), 'approval', 'a', id);
    if (given.hash !== undefined && !row.hash.startsWith(given.hash)) {
      throw new KairosError(
        'STATE_CONFLICT',
        `${formatId('a', id)} is about another call than the one that was answered`,
      );
    }
    const verdict = given.decision === 'allow' ? 'allowed' : 'denied';
    await agent.approvals.decide(id, verdict, { by: 'api', answer: given.answer });
    return view(found(agent.approvals.find(id), 'approval', 'a', id));
  });
}

function approvalView(row: ApprovalRow, redact: (text: string) => string, views: Views): Record<string, unknown> {
  return {
    id: formatId('a', row.id),
    kind: row.kind,
    state: row.state,
    jobId: formatId('j', row.jobId),
    session: formatId('s', row.sessionId),
    tool: row.tool,
    shown: redact(row.shown),
    hash: row.hash,
    risk: row.risk,
    reason: redact(row.reason),
    askedAt: views.instant(row.askedAtMs),
    expiresAt: views.instant(row.expiresAtMs),
    decidedAt: row.decidedAtMs === null ? null : views.instant(row.decidedAtMs),
    decidedBy: row.decidedBy,
    answer: row.answer === null ? null : redact(row.answer),
  };
}

function sessionRoutes(app: FastifyInstance, { agent, clock, redact }: ApiDeps, views: Views): void {
  const view = (row: SessionRow) => sessionView(row, views);
  app.get('/api/sessions', async ({ query }) => {
    const page = readPage(query, 's', clock.wallMs());
    return toPage(agent.sessions.list({ ...page, limit: page.limit + 1 }), page.limit, view);
  });
  app.get('/api/sessions/:id', async ({ params }) => {
    const id = idOf(params, 's');
    const items = agent.sessions.items(id, ITEMS_MAX);
    return {
      ...view(found(agent.sessions.find(id), 'session', 's', id)),
      transcript: items
        .filter(({ opaque }) => opaque === undefined)
        .map(({ atMs, kind, text, tool, input, trust, eventId }) => ({
          at: views.instant(atMs),
          kind,
          text: redact(text),
          tool: tool ?? null,
          input: input === undefined ? null : redact(JSON.stringify(input)),
          trust,
          eventId: eventId === undefined ? null : formatId('e', eventId),
        })),
    };
  });
}

function sessionView(row: SessionRow, views: Views): Record<string, unknown> {
  return {
    id: formatId('s', row.id),
    key: row.key,
    origin: row.origin,
    startedAt: views.instant(row.startedAtMs),
    lastAt: views.instant(row.lastAtMs),
    endedAt: row.endedAtMs === null ? null : views.instant(row.endedAtMs),
    items: row.items,
    tainted: row.tainted,
    usd: row.spentMicroUsd / MICRO,
    path: row.path,
  };
}

function costView({ microUsd, ...row }: CostRow): Record<string, unknown> {
  return { ...row, usd: microUsd / MICRO };
}
