import type { EventIdentity, Road } from '../core/event.ts';
import { fieldOf } from './fields.ts';

/** What is known of a delivery besides its payload. */
export interface Arrived {
  readonly type: string;
  readonly action: string | null;
  readonly receivedAtMs: number;
  readonly road: Road;
}

/** Where the payload says which object it is about, and when: a field of the payload, or null where the object happens but once. */
interface Rule {
  readonly object: readonly string[];
  /** Left out: the time of arrival. */
  readonly time?: string | null;
}

/**
 * What tells two roads' reports of one happening: only fields that webhooks and the polled API both carry. Objects with an
 * id of their own (a comment, a release, a run) need no time; a label can be set, taken off and set again.
 */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['push', { object: ['ref', 'after'], time: 'repository.pushed_at' }],
  [
    'pull_request',
    { object: ['pull_request.number', 'label.name', 'assignee.login'], time: 'pull_request.updated_at' },
  ],
  ['pull_request_review', { object: ['review.id'], time: null }],
  ['pull_request_review_comment', { object: ['comment.id'], time: null }],
  ['issues', { object: ['issue.number', 'label.name', 'assignee.login'], time: 'issue.updated_at' }],
  ['issue_comment', { object: ['comment.id'], time: null }],
  ['commit_comment', { object: ['comment.id'], time: null }],
  ['discussion', { object: ['discussion.number'], time: 'discussion.updated_at' }],
  ['release', { object: ['release.id'], time: null }],
  ['create', { object: ['ref_type', 'ref'], time: 'repository.pushed_at' }],
  ['delete', { object: ['ref_type', 'ref'], time: 'repository.pushed_at' }],
  ['fork', { object: ['forkee.id'], time: null }],
  ['star', { object: ['sender.login'], time: 'starred_at' }],
  ['member', { object: ['member.login'] }],
  ['public', { object: [] }],
  ['gollum', { object: ['pages.0.sha'] }],
  ['workflow_run', { object: ['workflow_run.id', 'workflow_run.run_attempt'], time: null }],
  ['check_run', { object: ['check_run.id'], time: null }],
]);

/** The actions whose label or assignee tells one from another; others carry the fields without meaning them. */
const WITH_OBJECT = new Set(['labeled', 'unlabeled', 'assigned', 'unassigned']);

/**
 * The identity of a GitHub event by its content; undefined for types that are only known by one road, and for a payload
 * that lacks what it takes. Pure; throws on no payload.
 */
export function identify({ type, action, receivedAtMs, road }: Arrived, payload: unknown): EventIdentity | undefined {
  const rule = RULES.get(type);
  const repository = textAt(payload, 'repository.full_name');
  if (rule === undefined || repository === undefined) return undefined;
  const parts = rule.object.map((path) => {
    const optional = path === 'label.name' || path === 'assignee.login';
    return optional && !WITH_OBJECT.has(action ?? '') ? '' : (textAt(payload, path) ?? (optional ? '' : undefined));
  });
  if (parts.includes(undefined)) return undefined;
  const key = JSON.stringify([type, action, repository.toLowerCase(), ...parts]);
  if (rule.time === null) return { key, road, happenedAtMs: null };
  const saidMs = rule.time === undefined ? undefined : timeOf(at(payload, rule.time));
  return { key, road, happenedAtMs: saidMs ?? receivedAtMs };
}

function at(payload: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>(fieldOf, payload);
}

function textAt(payload: unknown, path: string): string | undefined {
  const value = at(payload, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** GitHub writes ISO 8601, and in push payloads Unix seconds. */
function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'number' ? value * 1_000 : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? ms : undefined;
}
