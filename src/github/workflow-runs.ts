import { z } from 'zod';
import { NO_DETAILS } from './details.ts';
import type { Feed } from './feed.ts';
import type { FeedPlace } from './repository-events.ts';
import { entries, instant, repositoryFields } from './shapes.ts';

const runShape = z.looseObject({
  id: z.number(),
  run_attempt: z.number().default(1),
  status: z.string().nullish(),
  created_at: instant,
  updated_at: instant,
  workflow_id: z.number().optional(),
  name: z.string().nullish(),
  path: z.string().optional(),
  actor: z.looseObject({}).nullish(),
  triggering_actor: z.looseObject({}).nullish(),
});
const pageShape = z.object({ workflow_runs: z.array(z.unknown()) });

/**
 * `GET /repos/{owner}/{repo}/actions/runs`: `workflow_run` with action `completed`, once for each attempt of a run. One
 * request a look tells of every branch and pull request, which is why this, and not check runs, is asked by default.
 * `requested` and `in_progress` are not told: a look a minute would see only some of them.
 */
export function workflowRuns({ source, repository, web }: FeedPlace): Feed {
  return {
    name: `${source} runs ${repository}`,
    path: (pageSize) => `/repos/${repository}/actions/runs?per_page=${pageSize}`,
    pagesMax: 5,
    details: () => NO_DETAILS,
    items: (payload) =>
      rawRuns(payload).map(({ raw, run }) => ({
        id: `workflow_run:${run.id}:${run.run_attempt}`,
        createdAtMs: run.created_at,
        happenedAtMs: run.updated_at,
        over: run.status === 'completed',
        async translate() {
          const sender = run.triggering_actor ?? run.actor;
          const workflow = { id: run.workflow_id, name: run.name, path: run.path };
          const repositoryNow = repositoryFields(repository, web);
          const rest = { workflow_run: raw, workflow, repository: repositoryNow, ...(sender ? { sender } : {}) };
          return { type: 'workflow_run', payload: { action: 'completed', ...rest } };
        },
      })),
  };
}

/** Each run as it came, beside what is read of it. */
function rawRuns(payload: unknown): { raw: unknown; run: z.output<typeof runShape> }[] {
  return (pageShape.safeParse(payload).data?.workflow_runs ?? []).flatMap((raw) =>
    entries([raw], runShape).map((run) => ({ raw, run })),
  );
}
