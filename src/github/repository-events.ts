import { createDetails } from './details.ts';
import type { Feed } from './feed.ts';
import { entries, eventShape } from './shapes.ts';
import { translate, typeOf } from './translate.ts';

/** GitHub keeps at most 300 events of a repository. */
const EVENTS_LISTED = 300;

export interface FeedPlace {
  /** The name of the source: what two sources ask is remembered apart. */
  readonly source: string;
  /** owner/repo. */
  readonly repository: string;
  /** Where people look at it: `https://github.com`. */
  readonly web: string;
  /** What was asked for, by the names of webhooks. */
  readonly wanted: ReadonlySet<string>;
}

/**
 * `GET /repos/{owner}/{repo}/events`: pushes, pull requests, issues, comments, releases, branches, stars, forks. One
 * request a look, none of the allowance when nothing is new.
 */
export function repositoryEvents({ source, repository, web, wanted }: FeedPlace): Feed {
  return {
    name: `${source} events ${repository}`,
    path: (pageSize) => `/repos/${repository}/events?per_page=${pageSize}`,
    // Smaller pages only come about by answers that are too large.
    pagesMax: EVENTS_LISTED / 10,
    details: (github, signal) => createDetails(github, repository, signal),
    items: (payload) =>
      entries(payload, eventShape).map((event) => ({
        id: event.id,
        createdAtMs: event.created_at,
        happenedAtMs: event.created_at,
        over: true,
        async translate(details) {
          return wanted.has(typeOf(event.type)) ? translate(event, web, details) : undefined;
        },
      })),
  };
}
