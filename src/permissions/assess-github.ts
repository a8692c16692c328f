import type { Json } from '../core/agent.ts';
import type { Assessment } from './call.ts';
import { assessed, notUnderstood, textOf, understand } from './understand.ts';

/**
 * `github {action, repo, …}`. Reads are LOW and bring outside text; what others see and the owner can take back (comment,
 * review, label, close) is MEDIUM and sends; approving, merging, deleting and every unknown action are HIGH.
 */
export function assessGithub(input: Json): Assessment {
  const fields = understand(input, ['action'], KEYS);
  if (fields === undefined) return notUnderstood('expected {action, repo, …} with known keys');
  const action = nameOf(textOf(fields, 'action'));
  const repo = textOf(fields, 'repo');
  if (!REPOSITORY.test(repo) && !(repo === '' && ANYWHERE.has(action)))
    return notUnderstood('expected repo as owner/name');
  const where = repo === '' ? 'GitHub' : repo;
  if (READS.has(action) || READING.test(action)) return assessed('LOW', `reads from ${where}`, { readsOutside: true });
  const approves = /^approve/i.test(textOf(fields, 'event')) || action.startsWith('approve');
  if (approves) return assessed('HIGH', `approves on ${where} in the owner's name`, { sends: true });
  if (WRITES.has(action)) return assessed('MEDIUM', `${action} on ${where}, for others to see`, { sends: true });
  return assessed('HIGH', `${action.slice(0, 40)} on ${where} is not among what can be taken back`, { sends: true });
}

const KEYS = words(
  'repo number body title labels label event path ref sha branch query state comments since side commit author base head id kind name reason assignee assignees check order sort',
);

const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[\w.-]{1,100}$/;
const ANYWHERE = new Set(
  words('search notifications list-notifications search-issues search-pulls search-code list-repos'),
);

const READS = new Set(
  words(`
  issue issues pull pulls pull-request pull-requests pr prs diff files comments reviews review-comments checks check-runs
  status commits commit compare file contents readme tree search search-issues search-pulls search-code repo repository
  notifications runs workflow-runs logs jobs releases branches tags labels milestones timeline events
`),
);
const READING = /^(get|list|read|view|show|search)-[a-z-]{1,40}$/;
const WRITES = new Set(
  words(`
  comment review close reopen label unlabel add-label add-labels remove-label react assign unassign request-review
  request-reviewers create-comment create-review create-issue open-issue close-issue close-pull reopen-issue reply
`),
);

/** `listIssues`, `list_issues` and `List Issues` are one action. */
function nameOf(action: string): string {
  return action
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[\s_.:]+/g, '-');
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
