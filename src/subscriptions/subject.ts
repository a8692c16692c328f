import { parsePath, someAt, type Path } from './path.ts';
import { plainLine } from './plain.ts';
import { scalarText, type TemplateEvent } from './template.ts';

/** Reads the first of some paths that holds a text or number: its first line, made plain; empty when there is none. */
export type Reader = (payload: unknown, charsMax?: number) => string;

/** A reader of the first of these paths that has something to read. */
export function reader(...texts: readonly string[]): Reader {
  const paths = texts.map((text) => parsePath(text) as Path);
  return (payload, charsMax = 200) => {
    for (const path of paths) {
      const text = plainLine(textAt(payload, path), charsMax);
      if (text !== '') return text;
    }
    return '';
  };
}

function textAt(payload: unknown, path: Path): string {
  let text = '';
  someAt(payload, path, (value) => (text = scalarText(value) ?? '') !== '');
  return /\S[^\r\n]*/.exec(text)?.[0] ?? '';
}

/** `owner/name` of the repository an event is about: GitHub's or GitLab's field; empty when there is none. */
export const repositoryOf: Reader = reader('repository.full_name', 'project.path_with_namespace');

/** The login of who caused an event: GitHub's or GitLab's field; empty when there is none. */
export const authorOf: Reader = reader('sender.login', 'user.username', 'user_username');

/** Number of the pull request or issue an event is about; empty when there is none. */
export const numberOf: Reader = reader(
  'pull_request.number',
  'issue.number',
  'discussion.number',
  'workflow_run.pull_requests[0].number',
  'check_run.pull_requests[0].number',
  'check_suite.pull_requests[0].number',
  'check_run.check_suite.pull_requests[0].number',
  'object_attributes.iid',
);

const ref = reader('ref', 'branches[0].name', 'deployment.ref');
const head = reader(
  'workflow_run.head_branch',
  'workflow_job.head_branch',
  'check_run.check_suite.head_branch',
  'check_suite.head_branch',
);

/** The branch or tag an event is about, without `refs/heads/`; empty when there is none. */
export function branchOf(payload: unknown): string {
  return head(payload) || ref(payload).replace(/^refs\/(?:heads|tags)\//, '');
}

/**
 * What belongs together when the owner does not say: everything about one pull request or issue, else about one
 * branch, else all events of one type of one repository (`github:star:octo/app`). So four failing checks of one pull
 * request are one message.
 */
export function defaultTopic(event: TemplateEvent, payload: unknown): string {
  const repository = repositoryOf(payload);
  if (repository === '') return `${event.source}:${plainLine(event.type, 100)}`;
  const number = numberOf(payload);
  if (number !== '') return `${event.source}:${repository}#${number}`;
  const branch = branchOf(payload);
  if (branch !== '') return `${event.source}:${repository}@${branch}`;
  return `${event.source}:${plainLine(event.type, 100)}:${repository}`;
}
