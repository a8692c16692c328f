import { githubDeliveries } from '../subscriptions/support.ts';
import { seconds } from './world.ts';

type Fields = Record<string, unknown>;

/** A recorded webhook, and the entry that the Events API lists for the same happening. */
export interface Twin {
  readonly type: string;
  readonly action: string | null;
  readonly payload: Fields;
  readonly entry: Fields;
  readonly repository: string;
  /** What the API answers when it is asked about the pull request. */
  readonly pull: Fields | undefined;
  readonly compare: { readonly range: string; readonly commits: readonly Fields[] } | undefined;
}

/**
 * Every recorded payload of a type and action that the Events API tells of, made into what the API has listed since October
 * 2025: pull requests reduced to number and ends, pushes without their commits, `merged` and `created` where webhooks say
 * `closed` and `submitted`.
 */
export function twins(atMs: number): Twin[] {
  return githubDeliveries().flatMap(({ event, payload }, index) => {
    const reduce = REDUCERS[event.type];
    const listed = LISTED[event.type];
    if (reduce === undefined || (listed !== undefined && !listed.includes(event.action ?? ''))) return [];
    const repository = payload['repository'] as Fields;
    const sender = payload['sender'] as Fields;
    const { type, fields } = reduce(payload);
    const pull = payload['pull_request'] as Fields | undefined;
    return {
      type: event.type,
      action: event.action,
      payload,
      repository: String(repository['full_name']),
      pull: pull && { ...pull, title: pull['title'] ?? 'A title' },
      compare: event.type === 'push' ? compareOf(payload) : undefined,
      entry: {
        id: String(9_000_000_000 - index),
        type,
        actor: { id: sender['id'], login: sender['login'] },
        repo: { id: repository['id'], name: repository['full_name'], url: repository['url'] },
        payload: fields,
        public: true,
        created_at: seconds(atMs),
      },
    };
  });
}

/** The actions the list knows; every action where it is not named here. */
const LISTED: Readonly<Record<string, readonly string[]>> = {
  pull_request: ['opened', 'closed', 'reopened', 'assigned', 'unassigned', 'labeled', 'unlabeled'],
  issues: ['opened', 'closed', 'reopened', 'assigned', 'unassigned', 'labeled', 'unlabeled'],
  issue_comment: ['created'],
  pull_request_review: ['submitted', 'dismissed'],
  pull_request_review_comment: ['created'],
  release: ['published'],
  star: ['created'],
  member: ['added'],
  discussion: ['created'],
};

type Reduce = (payload: Fields) => { type: string; fields: Fields };

const REDUCERS: Readonly<Record<string, Reduce>> = {
  push: ({ ref, before, after }) => ({
    type: 'PushEvent',
    fields: { repository_id: 1, push_id: 2, ref, before, head: after },
  }),
  pull_request: (payload) => {
    const pull = payload['pull_request'] as Fields;
    const merged = payload['action'] === 'closed' && pull['merged'] === true;
    return { type: 'PullRequestEvent', fields: { ...reduced(payload), ...(merged ? { action: 'merged' } : {}) } };
  },
  pull_request_review: (payload) => {
    const action = payload['action'] === 'submitted' ? 'created' : payload['action'];
    return { type: 'PullRequestReviewEvent', fields: { ...reduced(payload), action } };
  },
  pull_request_review_comment: (payload) => ({ type: 'PullRequestReviewCommentEvent', fields: reduced(payload) }),
  issues: (payload) => ({ type: 'IssuesEvent', fields: own(payload) }),
  issue_comment: (payload) => ({ type: 'IssueCommentEvent', fields: own(payload) }),
  commit_comment: ({ comment }) => ({ type: 'CommitCommentEvent', fields: { comment } }),
  discussion: (payload) => ({ type: 'DiscussionEvent', fields: own(payload) }),
  release: (payload) => ({ type: 'ReleaseEvent', fields: own(payload) }),
  create: (payload) => ({
    type: 'CreateEvent',
    fields: { ...own(payload), full_ref: `refs/heads/${String(payload['ref'])}` },
  }),
  delete: (payload) => ({ type: 'DeleteEvent', fields: own(payload) }),
  fork: ({ forkee }) => ({ type: 'ForkEvent', fields: { action: 'forked', forkee } }),
  star: () => ({ type: 'WatchEvent', fields: { action: 'started' } }),
  member: (payload) => ({ type: 'MemberEvent', fields: own(payload) }),
  public: () => ({ type: 'PublicEvent', fields: {} }),
  gollum: ({ pages }) => ({ type: 'GollumEvent', fields: { pages } }),
};

/** Without what surrounds it in a webhook. */
function own({
  repository: _r,
  sender: _s,
  organization: _o,
  installation: _i,
  enterprise: _e,
  ...fields
}: Fields): Fields {
  return fields;
}

function reduced(payload: Fields): Fields {
  const { url, id, number, head, base } = payload['pull_request'] as Record<string, Fields>;
  const ends = { head: { ref: head?.['ref'], sha: head?.['sha'] }, base: { ref: base?.['ref'], sha: base?.['sha'] } };
  return { ...own(payload), number, pull_request: { url, id, number, ...ends } };
}

function compareOf({ before, after, commits }: Fields): Twin['compare'] {
  return {
    range: `${String(before)}...${String(after)}`,
    commits: (commits as Fields[]).map(({ id, message, url, author }) => ({
      sha: id,
      html_url: url,
      commit: { message, author: { name: 'Mona' } },
      author: { login: (author as Fields)['username'] },
    })),
  };
}
