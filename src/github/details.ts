import { z } from 'zod';
import type { GitHub } from './client.ts';

/** What the event list leaves out and webhooks carry. Best effort: undefined when it cannot be had. */
export interface Details {
  /** The pull request as it is now. */
  pullRequest(number: number): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** The commits of a push, oldest first, as a push webhook lists them. */
  commits(before: string, after: string): Promise<readonly Readonly<Record<string, unknown>>[] | undefined>;
}

/** Questions for details in one look at one feed: a flood must not eat the allowance. */
const QUESTIONS_MAX = 30;
/** Below this share of the allowance nothing is asked that one can do without. */
const SPARE_SHARE = 0.25;
const COMMITS_MAX = 20;

const compareShape = z.object({
  commits: z.array(
    z.object({
      sha: z.string(),
      html_url: z.string().optional(),
      commit: z.object({ message: z.string(), author: z.looseObject({ date: z.string().optional() }).nullish() }),
      author: z.object({ login: z.string() }).nullish(),
    }),
  ),
});
const pullShape = z.looseObject({ number: z.number() });

/** Details of one repository, for one look: each question is asked once. */
export function createDetails(github: GitHub, repository: string, signal: AbortSignal): Details {
  const answers = new Map<string, Promise<unknown>>();
  const ask = (path: string): Promise<unknown> => {
    const known = answers.get(path);
    if (known !== undefined) return known;
    if (answers.size >= QUESTIONS_MAX || !affordable(github)) return Promise.resolve(undefined);
    const asked = github.get(`/repos/${repository}${path}`, signal).then((answer) => {
      return answer.kind === 'fresh' ? answer.payload : undefined;
    });
    answers.set(path, asked);
    return asked;
  };
  return {
    async pullRequest(number) {
      return pullShape.safeParse(await ask(`/pulls/${number}`)).data;
    },
    async commits(before, after) {
      const base = encodeURIComponent(before);
      const compared = await ask(`/compare/${base}...${encodeURIComponent(after)}?per_page=${COMMITS_MAX}`);
      return compareShape.safeParse(compared).data?.commits.map(({ sha, html_url, commit, author }) => ({
        id: sha,
        message: commit.message,
        timestamp: commit.author?.date,
        url: html_url,
        author: { ...commit.author, username: author?.login },
        distinct: true,
      }));
    },
  };
}

/** For feeds whose entries are whole. */
export const NO_DETAILS: Details = {
  pullRequest: () => Promise.resolve(undefined),
  commits: () => Promise.resolve(undefined),
};

function affordable(github: GitHub): boolean {
  const rate = github.rate();
  return github.pause() === undefined && (rate === undefined || rate.remaining > rate.limit * SPARE_SHARE);
}
