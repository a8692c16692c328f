import { z } from 'zod';
import type { Answer, Validator } from './client.ts';
import { NO_DETAILS } from './details.ts';
import { lookAt, type Feed, type FeedDeps, type Look } from './feed.ts';
import type { FeedPlace } from './repository-events.ts';
import { entries, instant, repositoryFields } from './shapes.ts';

/** Open pull requests whose checks are asked for: those changed last. */
const PULLS_MAX = 20;
/** The name of the default branch is asked for again after so many looks. */
const LOOKS_PER_NAME = 60;

const stateShape = z.object({ sinceMs: z.number(), heads: z.record(z.string(), z.string()) });
const repositoryShape = z.object({ default_branch: z.string().regex(/^[\x21-\x7e]{1,250}$/) });
const pullShape = z.object({
  number: z.number(),
  head: z.object({ ref: z.string(), sha: z.string().regex(/^[0-9a-f]{40,64}$/) }),
});
const checkShape = z.looseObject({
  id: z.number(),
  status: z.string(),
  started_at: instant.nullish(),
  completed_at: instant.nullish(),
  check_suite: z.looseObject({}).nullish(),
  pull_requests: z.array(z.unknown()).nullish(),
});
const pageShape = z.object({ check_runs: z.array(z.unknown()) });

/** A commit that somebody watches: the tip of the default branch, or of an open pull request. */
interface Head {
  readonly slot: string;
  readonly ref: string;
  readonly branch: string;
  readonly number?: number;
}

/** Looks at the check runs of a repository. */
export type LookAtChecks = (pageSize: number, deps: FeedDeps, signal: AbortSignal) => Promise<Look>;

/**
 * `check_run` with action `completed`, of the default branch and of the 20 open pull requests changed last. GitHub has no
 * list of all check runs, so each of these heads is a request of its own (free while nothing changed): for the checks of
 * others than GitHub Actions. How far each was read is kept in one row.
 */
export function checkRuns(place: FeedPlace): { readonly name: string; readonly look: LookAtChecks } {
  const name = `${place.source} checks ${place.repository}`;
  const remembered = memory();
  let looks = 0;
  const look: LookAtChecks = async (pageSize, deps, signal) => {
    const ask = (path: string, again: boolean): Promise<Answer> => remembered(path, again, deps, signal);
    const pulls = await ask(
      `/repos/${place.repository}/pulls?state=open&sort=updated&direction=desc&per_page=${PULLS_MAX}`,
      true,
    );
    if (pulls.kind !== 'fresh') return stopped(pulls);
    const repository = await ask(`/repos/${place.repository}`, looks % LOOKS_PER_NAME === 0);
    if (repository.kind !== 'fresh') return stopped(repository);
    looks += 1;
    const state = readState(deps.store.load(name)) ?? { sinceMs: pulls.serverMs, heads: {} };
    const heads = headsOf(pulls.payload, repository.payload);
    const staged: Record<string, string> = {};
    const store = slots(state.heads, staged);
    const outcome = await lookAtHeads(heads, place, {
      pageSize,
      deps: { ...deps, store },
      signal,
      sinceMs: state.sinceMs,
    });
    const next = { sinceMs: state.sinceMs, heads: keep(heads, { ...state.heads, ...staged }) };
    if (Object.keys(staged).length > 0) await deps.store.save(name, JSON.stringify(next));
    return outcome;
  };
  return { name, look };
}

interface Looking {
  readonly pageSize: number;
  readonly deps: FeedDeps;
  readonly signal: AbortSignal;
  readonly sinceMs: number;
}

async function lookAtHeads(heads: readonly Head[], place: FeedPlace, looking: Looking): Promise<Look> {
  let found = 0;
  for (const head of heads) {
    const feed = feedOf(head, place, looking.sinceMs);
    const look = await lookAt(feed, looking.pageSize, looking.deps, looking.signal);
    // A commit that is gone by now says nothing of the others.
    if (look.kind === 'refused') continue;
    if (look.kind !== 'read') return look;
    found += look.found;
  }
  return { kind: 'read', found, pollIntervalMs: 0 };
}

function feedOf(head: Head, { repository, web }: FeedPlace, sinceMs: number): Feed {
  return {
    name: head.slot,
    path: (pageSize) => `/repos/${repository}/commits/${encodeURIComponent(head.ref)}/check-runs?per_page=${pageSize}`,
    pagesMax: 3,
    sinceMs,
    details: () => NO_DETAILS,
    items: (payload) =>
      (pageShape.safeParse(payload).data?.check_runs ?? []).flatMap((raw) =>
        entries([raw], checkShape).map((check) => ({
          id: `check_run:${check.id}`,
          createdAtMs: check.started_at ?? check.completed_at ?? 0,
          happenedAtMs: check.completed_at ?? 0,
          over: check.status === 'completed' && typeof check.completed_at === 'number',
          async translate() {
            const suite = { ...check.check_suite, head_branch: head.branch };
            const pulls = head.number === undefined ? (check.pull_requests ?? []) : [{ number: head.number }];
            const checkRun = { ...(raw as object), check_suite: suite, pull_requests: pulls };
            const payloadOf = {
              action: 'completed',
              check_run: checkRun,
              repository: repositoryFields(repository, web),
            };
            return { type: 'check_run', payload: payloadOf };
          },
        })),
      ),
  };
}

function headsOf(pulls: unknown, repository: unknown): Head[] {
  const branch = repositoryShape.safeParse(repository).data?.default_branch;
  const tips = entries(pulls, pullShape).map(({ number, head }) => {
    return { slot: `pull ${number}`, ref: head.sha, branch: head.ref, number };
  });
  return branch === undefined ? tips : [{ slot: 'branch', ref: branch, branch }, ...tips];
}

/** One row for all heads; the ones that are gone go with it. */
function slots(known: Readonly<Record<string, string>>, staged: Record<string, string>): FeedDeps['store'] {
  return {
    load: (slot) => staged[slot] ?? known[slot],
    async save(slot, state) {
      staged[slot] = state;
    },
  };
}

function keep(heads: readonly Head[], states: Readonly<Record<string, string>>): Record<string, string> {
  const slotsNow = new Set(heads.map(({ slot }) => slot));
  return Object.fromEntries(Object.entries(states).filter(([slot]) => slotsNow.has(slot)));
}

type Fresh = Extract<Answer, { kind: 'fresh' }>;

/** The last answer to each question, for as long as GitHub says that nothing changed. */
function memory() {
  const answers = new Map<string, Fresh>();
  return async (path: string, again: boolean, deps: FeedDeps, signal: AbortSignal): Promise<Answer> => {
    const known = answers.get(path);
    if (known !== undefined && !again) return known;
    const validator: Validator | undefined = known?.validator;
    const answer = await deps.github.get(path, signal, validator);
    if (answer.kind === 'unchanged' && known !== undefined) return known;
    if (answer.kind === 'fresh') answers.set(path, answer);
    return answer;
  };
}

function stopped(answer: Exclude<Answer, Fresh>): Look {
  return answer.kind === 'unchanged' ? { kind: 'later', reason: 'GitHub says nothing changed since never' } : answer;
}

function readState(text: string | undefined): z.output<typeof stateShape> | undefined {
  if (text === undefined) return undefined;
  try {
    return stateShape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
