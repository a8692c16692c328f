import { z } from 'zod';
import { durationOption } from '../core/units.ts';

/** What can be polled, by the names webhooks use. `notification` exists only here. */
export const POLLED_EVENTS = [
  'push',
  'pull_request',
  'pull_request_review',
  'pull_request_review_comment',
  'issues',
  'issue_comment',
  'commit_comment',
  'discussion',
  'release',
  'create',
  'delete',
  'fork',
  'star',
  'member',
  'public',
  'gollum',
  'workflow_run',
  'check_run',
  'notification',
] as const;

type PolledEvent = (typeof POLLED_EVENTS)[number];

/** `check_run` costs a request for each open pull request, `notification` a token with that scope: both are to be asked for. */
const EVENTS_DEFAULT: readonly PolledEvent[] = POLLED_EVENTS.filter(
  (name) => name !== 'check_run' && name !== 'notification',
);

const REPOSITORY = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

/**
 * `poll:` of a GitHub source: its API is asked instead of, or beside, waiting for webhooks. Needs no tunnel and no
 * webhook secret; `GITHUB_TOKEN` raises the rate limit from 60 to 5 000 requests an hour and opens private repositories.
 */
export const pollOptions = z
  .strictObject({
    repositories: z
      .array(z.string().regex(REPOSITORY, 'must be owner/repo such as octo/app'))
      .max(100)
      .default([])
      .meta({ description: 'owner/repo of each repository to ask about; at most 100.' }),
    every: durationOption(60_000, { minMs: 10_000, maxMs: 86_400_000 }),
    events: z
      .array(z.enum(POLLED_EVENTS))
      .min(1)
      .max(POLLED_EVENTS.length)
      .default([...EVENTS_DEFAULT])
      .meta({ description: 'What to ask for, by the names of webhooks. Default: all but check_run and notification.' }),
  })
  .superRefine(({ repositories, events }, context) => {
    const folded = repositories.map((name) => name.toLowerCase());
    for (const [index, name] of folded.entries()) {
      const message = `must be unique, got ${JSON.stringify(repositories[index])} a second time`;
      if (folded.indexOf(name) < index) context.addIssue({ code: 'custom', message, path: ['repositories', index] });
    }
    if (repositories.length > 0 || events.every((name) => name === 'notification')) return;
    const message = 'must name at least one repository; only events: [notification] goes without';
    context.addIssue({ code: 'custom', message, path: ['repositories'] });
  })
  .meta({ description: 'Ask the GitHub API instead of, or beside, waiting for webhooks. See docs/polling.md.' });
