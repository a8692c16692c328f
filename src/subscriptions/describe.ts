import { cut, plainLine } from './plain.ts';
import { authorOf, branchOf, numberOf, reader, repositoryOf } from './subject.ts';
import type { TemplateEvent } from './template.ts';

/** What happened, in a few words, and what it is called. */
interface Happening {
  readonly what: string;
  readonly title?: string;
  readonly url?: string;
}
type Describe = (payload: unknown, action: string) => Happening;

/** Longest default text in UTF-16 units: a phone shows it whole. */
const LINE_CHARS_MAX = 300;
const TITLE_CHARS_MAX = 120;
const URL_CHARS_MAX = 140;

/**
 * One readable line for any event, such as `octo/app#7 pull request opened by mona: Fix the door https://…`. Common
 * GitHub events have words of their own, every other event gets its type and action, and what title and address can
 * be found. Plain text of at most 300 characters, never empty.
 */
export function describeEvent(event: TemplateEvent, payload: unknown): string {
  const action = words(event.action ?? '');
  const describe = DESCRIPTIONS.get(event.type);
  const happening = describe?.(payload, action) ?? { what: `${words(event.type)} ${action}` };
  const url = happening.url ?? anyUrl(payload, URL_CHARS_MAX + 1);
  const author = authorOf(payload, 60);
  const lead = plainLine(
    `${placeOf(event, payload)} ${happening.what.trim()}${author === '' ? '' : ` by ${author}`}`,
    220,
  );
  const tail =
    url === '' || url.length > URL_CHARS_MAX || lead.length + url.length + 3 > LINE_CHARS_MAX ? '' : ` ${url}`;
  const title = plainLine(happening.title ?? anyTitle(payload, TITLE_CHARS_MAX), TITLE_CHARS_MAX);
  const room = LINE_CHARS_MAX - lead.length - tail.length - 2;
  return title === '' || room < 8 ? `${lead}${tail}` : `${lead}: ${cut(title, room)}${tail}`;
}

function placeOf(event: TemplateEvent, payload: unknown): string {
  const repository = repositoryOf(payload, 120);
  if (repository === '') return plainLine(event.source, 64) || 'event';
  const number = numberOf(payload, 12);
  if (number !== '') return `${repository}#${number}`;
  const branch = BRANCH_TYPES.has(event.type) ? cut(branchOf(payload), 60) : '';
  return branch === '' ? repository : `${repository} ${branch}`;
}

/** `workflow_run` → "workflow run". */
function words(name: string): string {
  return plainLine(name.slice(0, 80).replaceAll('_', ' '), 80);
}

const BRANCH_TYPES = new Set([
  'push',
  'workflow_run',
  'workflow_job',
  'check_run',
  'check_suite',
  'status',
  'deployment',
]);

// Where a payload of any sender tends to say what it is about, and where it can be seen.
const anyTitle = reader(
  'title',
  'subject',
  'summary',
  'message.text',
  'message',
  'text',
  'event.text',
  'data.title',
  'data.subject',
  'data.message',
  'data.text',
  'data.name',
  'object_attributes.title',
  'alert.rule.description',
  'alert.security_advisory.summary',
  'security_advisory.summary',
  'discussion.title',
  'milestone.title',
  'project_card.note',
  'label.name',
  'team.name',
  'project.name',
  'package.name',
  'member.login',
  'name',
);
const anyUrl = reader(
  'html_url',
  'url',
  'data.url',
  'data.html_url',
  'object_attributes.url',
  'comment.html_url',
  'discussion.html_url',
  'alert.html_url',
  'milestone.html_url',
  'project.html_url',
  'package.html_url',
  'team.html_url',
  'pages[0].html_url',
  'repository.html_url',
);

const pullTitle = reader('pull_request.title');
const pullUrl = reader('pull_request.html_url');
const issueTitle = reader('issue.title');
const issueUrl = reader('issue.html_url');
const issueKind = reader('issue.pull_request.html_url');
const commentBody = reader('comment.body');
const commentUrl = reader('comment.html_url');
const labelName = reader('label.name');
const assigneeName = reader('assignee.login');
const merged = reader('pull_request.merged');
const reviewState = reader('review.state');
const reviewBody = reader('review.body');
const reviewUrl = reader('review.html_url');
const headMessage = reader('head_commit.message');
const commitCount = reader('commits.length');
const flag = (name: string): ((payload: unknown) => boolean) => {
  const read = reader(name);
  return (payload) => read(payload) === 'true';
};
const wasDeleted = flag('deleted');
const wasCreated = flag('created');
const wasForced = flag('forced');
const compareUrl = reader('compare');
const statusContext = reader('context');
const statusState = reader('state');
const statusText = reader('description');
const statusUrl = reader('target_url', 'commit.html_url');
const releaseName = reader('release.name', 'release.tag_name');
const releaseTag = reader('release.tag_name');
const releaseUrl = reader('release.html_url');
const refName = reader('ref');
const refType = reader('ref_type');
const forkName = reader('forkee.full_name');
const forkUrl = reader('forkee.html_url');

/** A run of CI: its conclusion once it has one, else its state. */
function ciRun(type: string, noun: string): Describe {
  const name = reader(`${type}.name`, `${type}.app.name`);
  const state = reader(`${type}.conclusion`, `${type}.status`, `${type}.state`);
  const title = reader(`${type}.display_title`, `${type}.output.title`, `${type}.head_commit.message`);
  const url = reader(`${type}.html_url`);
  return (payload, action) => ({
    what: [noun, quoted(name(payload, 60)), words(state(payload)) || action].filter(Boolean).join(' '),
    title: title(payload),
    url: url(payload),
  });
}

function quoted(name: string): string {
  return name === '' ? '' : `"${name}"`;
}

/** What an action was done with: the label or the person. */
function withWhom(payload: unknown, action: string): string {
  const object = action.endsWith('labeled')
    ? quoted(labelName(payload, 60))
    : action.endsWith('assigned')
      ? assigneeName(payload, 60)
      : '';
  return object === '' ? action : `${action} ${object}`;
}

function push(payload: unknown): Happening {
  const count = Number(commitCount(payload) || '0');
  const commits = `${count} ${count === 1 ? 'commit' : 'commits'}`;
  if (wasDeleted(payload)) return { what: 'deleted', title: '' };
  const verb = wasForced(payload) ? 'force-pushed' : 'pushed';
  return {
    what: wasCreated(payload) && count === 0 ? 'created' : `${commits} ${verb}`,
    title: headMessage(payload, TITLE_CHARS_MAX),
    url: compareUrl(payload),
  };
}

const review: Describe = (payload, action) => ({
  what: `pull request review ${words(reviewState(payload)) || action}`,
  title: reviewBody(payload) || pullTitle(payload),
  url: reviewUrl(payload),
});

const issueComment: Describe = (payload, action) => ({
  what: `comment ${action} on ${issueKind(payload) === '' ? 'issue' : 'pull request'}`,
  title: commentBody(payload) || issueTitle(payload),
  url: commentUrl(payload),
});

const comment =
  (noun: string): Describe =>
  (payload, action) => ({ what: `${noun} ${action}`, title: commentBody(payload), url: commentUrl(payload) });

const DESCRIPTIONS: ReadonlyMap<string, Describe> = new Map<string, Describe>([
  ['push', push],
  [
    'pull_request',
    (payload, action) => ({
      what: `pull request ${action === 'closed' && merged(payload) === 'true' ? 'merged' : withWhom(payload, action)}`,
      title: pullTitle(payload),
      url: pullUrl(payload),
    }),
  ],
  ['pull_request_review', review],
  ['pull_request_review_comment', comment('review comment')],
  ['commit_comment', comment('commit comment')],
  [
    'issues',
    (payload, action) => ({
      what: `issue ${withWhom(payload, action)}`,
      title: issueTitle(payload),
      url: issueUrl(payload),
    }),
  ],
  ['issue_comment', issueComment],
  ['workflow_run', ciRun('workflow_run', 'workflow')],
  ['workflow_job', ciRun('workflow_job', 'job')],
  ['check_run', ciRun('check_run', 'check')],
  ['check_suite', ciRun('check_suite', 'check suite')],
  ['deployment_status', ciRun('deployment_status', 'deployment')],
  [
    'status',
    (payload) => ({
      what: `status ${quoted(statusContext(payload, 60))} ${words(statusState(payload))}`,
      title: statusText(payload),
      url: statusUrl(payload),
    }),
  ],
  [
    'pull_request_review_thread',
    (payload, action) => ({ what: `review thread ${action}`, title: pullTitle(payload), url: pullUrl(payload) }),
  ],
  [
    'release',
    (payload, action) => ({
      what: `release ${releaseTag(payload, 60)} ${action}`,
      title: releaseName(payload),
      url: releaseUrl(payload),
    }),
  ],
  ['create', (payload) => ({ what: `${refType(payload, 20) || 'ref'} ${refName(payload, 80)} created`, title: '' })],
  ['delete', (payload) => ({ what: `${refType(payload, 20) || 'ref'} ${refName(payload, 80)} deleted`, title: '' })],
  [
    'fork',
    (payload) => ({
      what: `forked to ${forkName(payload, 80) || 'another repository'}`,
      title: '',
      url: forkUrl(payload),
    }),
  ],
  ['star', (_payload, action) => ({ what: action === 'deleted' ? 'star removed' : 'starred', title: '' })],
  ['watch', () => ({ what: 'watched', title: '' })],
  ['public', () => ({ what: 'made public', title: '' })],
  ['ping', () => ({ what: 'webhook works (ping)', title: '' })],
]);
