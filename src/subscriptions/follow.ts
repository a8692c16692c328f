import type { FollowChanges } from '../core/event.ts';
import type { JobDraft } from '../core/job.ts';
import { describeEvent } from './describe.ts';
import type { MatchEvent } from './match.ts';
import { numberOf, reader, repositoryOf } from './subject.ts';

/** One issue or pull request that is followed until it closes. */
export interface Follow {
  readonly id: number;
  /** owner/repo; case does not matter. */
  readonly repository: string;
  readonly number: number;
  /** The newest commit of a pull request, once it is known: checks name commits. */
  readonly headSha: string | null;
}

/** What follows from an event for those that follow its subject. */
export interface Followed {
  readonly jobs: readonly JobDraft[];
  /** undefined: nothing changes. */
  readonly changes: FollowChanges | undefined;
}

const REF =
  /^(?:https:\/\/[^/\s]{1,200}\/)?([A-Za-z0-9][A-Za-z0-9-]{0,38}\/(?!\.{1,2}[#/])[\w.-]{1,100})(?:#|\/(?:pull|issues)\/)([1-9]\d{0,8})(?:[/?#].*)?$/;

/** `owner/repo#123`, or the address of an issue or pull request; undefined when it is neither. */
export function parseRef(text: string): { readonly repository: string; readonly number: number } | undefined {
  const [, repository, number] = REF.exec(text.trim()) ?? [];
  return repository === undefined ? undefined : { repository, number: Number(number) };
}

/** How the events of something that is followed come here. */
export type FollowRoad = 'webhook' | 'poll' | 'follow';

/** What is known of the ways to a repository. */
export interface Ways {
  /** The polling that is configured reads it. */
  readonly polled: boolean;
  /** There is a source for GitHub's webhooks. */
  readonly webhook: boolean;
  /** Whether a webhook of the repository points here; undefined: it could not be seen. */
  readonly hooked: boolean | undefined;
  /** There is a token to ask with. */
  readonly token: boolean;
}

/** The cheapest way that works: what comes anyway, else polling for its sake; undefined when there is none. Pure. */
export function roadFor({ polled, webhook, hooked, token }: Ways): FollowRoad | undefined {
  if (polled) return 'poll';
  if (webhook && hooked === true) return 'webhook';
  if (token && (!webhook || hooked === false)) return 'follow';
  // It cannot be seen whether there is one; asking as well would tell everything twice.
  return webhook ? 'webhook' : undefined;
}

/** Type → actions that are told of. What labels, edits and pushes do is not. */
const TOLD: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['issue_comment', new Set(['created'])],
  ['pull_request_review', new Set(['submitted', 'dismissed'])],
  ['pull_request_review_comment', new Set(['created'])],
  ['pull_request', new Set(['closed', 'reopened', 'ready_for_review'])],
  ['issues', new Set(['closed', 'reopened', 'transferred', 'deleted'])],
  ['workflow_run', new Set(['completed'])],
  ['check_run', new Set(['completed'])],
]);
const CHECKS: ReadonlySet<string> = new Set(['workflow_run', 'check_run']);
const FAILED: ReadonlySet<string> = new Set(['failure', 'timed_out', 'startup_failure', 'action_required']);

const checkConclusion = reader('workflow_run.conclusion', 'check_run.conclusion');
const checkSha = reader('workflow_run.head_sha', 'check_run.head_sha');
const pullSha = reader('pull_request.head.sha');
const merged = reader('pull_request.merged');

/**
 * What an event leads to for follows: comments, reviews, failed checks, and its end, each a message of the topic
 * `owner/repo#123`. Nothing is told twice: where a subscription of the configuration tells of the event already
 * (`jobs`), the follow keeps still, and only ends. Pure; throws on no payload.
 */
export function matchFollows(
  follows: readonly Follow[],
  event: MatchEvent,
  payload: unknown,
  jobs: readonly JobDraft[],
): Followed {
  const concerned = follows.length === 0 ? [] : concernedBy(follows, event.type, payload);
  if (concerned.length === 0) return { jobs: [], changes: undefined };
  const sha = event.type === 'pull_request' ? pullSha(payload) : '';
  const how = endOf(event, payload);
  const ends = how === undefined ? [] : concerned.map(({ id }) => ({ id, how }));
  const heads = sha === '' ? [] : concerned.filter(({ headSha }) => headSha !== sha).map(({ id }) => ({ id, sha }));
  const changes = ends.length + heads.length === 0 ? undefined : { ends, heads };
  const told = jobs.some(({ kind }) => kind === 'notify');
  if (told || !isTold(event, payload)) return { jobs: [], changes };
  return { jobs: concerned.slice(0, 1).map((follow) => draft(follow, event, payload, how)), changes };
}

/** Whether an event is about something that is followed: for whoever reads more than that. */
export function isFollowed(follows: readonly Follow[], type: string, payload: unknown): boolean {
  return concernedBy(follows, type, payload).length > 0;
}

function concernedBy(follows: readonly Follow[], type: string, payload: unknown): readonly Follow[] {
  const repository = repositoryOf(payload).toLowerCase();
  if (repository === '') return [];
  const there = follows.filter((follow) => follow.repository.toLowerCase() === repository);
  if (there.length === 0) return [];
  const number = numberOf(payload);
  const sha = CHECKS.has(type) ? checkSha(payload) : '';
  // A check of a fork's branch names no pull request, only the commit.
  return there.filter((follow) => String(follow.number) === number || (sha !== '' && follow.headSha === sha));
}

function isTold({ type, action }: MatchEvent, payload: unknown): boolean {
  if (TOLD.get(type)?.has(action ?? '') !== true) return false;
  return !CHECKS.has(type) || FAILED.has(checkConclusion(payload));
}

function endOf({ type, action }: MatchEvent, payload: unknown): 'closed' | 'merged' | undefined {
  if (type === 'issues')
    return action === 'closed' || action === 'deleted' || action === 'transferred' ? 'closed' : undefined;
  if (type !== 'pull_request' || action !== 'closed') return undefined;
  return merged(payload) === 'true' ? 'merged' : 'closed';
}

/** The name under which jobs of follows are shown, and their work is counted. */
const FOLLOW_ORIGIN = 'follow';

function draft({ repository, number }: Follow, event: MatchEvent, payload: unknown, how: string | undefined): JobDraft {
  const text = describeEvent(event, payload);
  return {
    kind: 'notify',
    origin: FOLLOW_ORIGIN,
    reactive: false,
    topic: `${repository}#${number}`,
    text: how === undefined ? text : `${text} (no longer followed)`,
    urgent: false,
    // The last word is not to be put together with others that came before it and lose its place.
    mayCoalesce: how === undefined,
  };
}
