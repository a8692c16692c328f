import type { Details } from './details.ts';
import type { Happening } from './feed.ts';
import { objectAt, repositoryFields, type Fields, type RepositoryEvent } from './shapes.ts';

/** The name of the webhook for a type of the Events API: `IssueCommentEvent` → `issue_comment`. */
export function typeOf(eventType: string): string {
  if (eventType === 'WatchEvent') return 'star';
  const name = eventType.replace(/Event$/, '');
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
}

/**
 * An entry of the event list as the webhook that tells of the same: same type and action, same fields as far as they can be
 * had. The list leaves out much of pull requests and pushes (since October 2025); `details` fetches it where it is needed.
 *
 * Sources: docs.github.com, "GitHub event types" and "Webhook events and payloads".
 */
export async function translate(event: RepositoryEvent, web: string, details: Details): Promise<Happening> {
  const type = typeOf(event.type);
  const place: Place = { url: `${web}/${event.repo.name}`, web };
  const payload: Fields = event.payload ?? {};
  const adapt = ADAPTERS.get(type) ?? ((fields: Fields) => fields);
  const adapted = await adapt(payload, place, details);
  // Last, so that nothing in the payload can pose as another repository or person.
  return { type, payload: { ...adapted, ...surroundings(event, web) } };
}

interface Place {
  /** Of the repository, for people. */
  readonly url: string;
  readonly web: string;
}

type Adapt = (payload: Fields, place: Place, details: Details) => Fields | Promise<Fields>;

function surroundings({ repo, actor, org, public: isPublic }: RepositoryEvent, web: string): Fields {
  const more = { ...(repo.id === undefined ? {} : { id: repo.id }), private: isPublic === false, url: repo['url'] };
  const sender = actor && { ...actor, html_url: `${web}/${actor.login}`, type: botOrUser(actor.login) };
  return {
    repository: repositoryFields(repo.name, web, more),
    ...(sender ? { sender } : {}),
    ...(org ? { organization: org } : {}),
  };
}

function botOrUser(login: string): string {
  return login.endsWith('[bot]') ? 'Bot' : 'User';
}

const ADAPTERS: ReadonlyMap<string, Adapt> = new Map<string, Adapt>([
  ['push', push],
  ['pull_request', pullRequest],
  ['pull_request_review', review],
  ['pull_request_review_comment', withPull],
  ['issues', (payload, place) => withUrl(payload, 'issue', `${place.url}/issues`)],
  ['issue_comment', (payload, place) => withUrl(payload, 'issue', `${place.url}/issues`)],
  // Nothing else can happen to them in the list.
  ['commit_comment', (payload) => ({ action: 'created', ...payload })],
  ['star', () => ({ action: 'created' })],
  ['fork', fork],
  ['create', withoutAction],
  ['delete', withoutAction],
  ['public', withoutAction],
  ['gollum', withoutAction],
]);

const NO_COMMIT = /^0+$/;

async function push(payload: Fields, place: Place, details: Details): Promise<Fields> {
  const before = textOf(payload['before']);
  const after = textOf(payload['head']);
  const created = NO_COMMIT.test(before);
  const deleted = NO_COMMIT.test(after);
  const commits =
    listedCommits(payload) ?? (created || deleted ? undefined : await details.commits(before, after)) ?? [];
  return {
    ref: payload['ref'],
    before,
    after,
    created,
    deleted,
    // The list does not say; a webhook does.
    forced: false,
    compare:
      created || deleted ? `${place.url}/commit/${after}` : `${place.url}/compare/${short(before)}...${short(after)}`,
    commits,
    head_commit: commits.at(-1) ?? null,
  };
}

/** GitHub Enterprise Server still lists a push's commits. */
function listedCommits(payload: Fields): readonly Fields[] | undefined {
  const commits = payload['commits'];
  if (!Array.isArray(commits)) return undefined;
  return (commits as Fields[]).map(({ sha, ...commit }) => ({ id: sha, ...commit }));
}

function short(sha: string): string {
  return sha.slice(0, 12);
}

/** What the list calls `merged` is, to a webhook, closed and merged. */
async function pullRequest(payload: Fields, place: Place, details: Details): Promise<Fields> {
  const full = await withPull(payload, place, details);
  const pull = objectAt(full, 'pull_request');
  const said = payload['action'];
  const action = said === 'merged' ? 'closed' : said;
  // The details are of now; the event is of then.
  const then =
    action === 'closed'
      ? { state: 'closed', merged: said === 'merged' || pull['merged'] === true }
      : action === 'opened' || action === 'reopened'
        ? { state: 'open', merged: false }
        : {};
  return { ...full, action, pull_request: { ...pull, ...then } };
}

const REVIEW_ACTIONS: ReadonlyMap<unknown, string> = new Map([
  ['created', 'submitted'],
  ['updated', 'edited'],
]);

async function review(payload: Fields, place: Place, details: Details): Promise<Fields> {
  const full = await withPull(payload, place, details);
  return { ...full, action: REVIEW_ACTIONS.get(payload['action']) ?? payload['action'] };
}

/** With title, author and address of the pull request, which the list leaves out. */
async function withPull(payload: Fields, place: Place, details: Details): Promise<Fields> {
  const pull = objectAt(payload, 'pull_request');
  const number = pull['number'] ?? payload['number'];
  if (typeof number !== 'number') return payload;
  const full = pull['title'] === undefined ? await details.pullRequest(number) : undefined;
  const known = { number, html_url: `${place.url}/pull/${number}` };
  const ends = { head: endOf('head', pull, full), base: endOf('base', pull, full) };
  return { ...payload, number, pull_request: { ...known, ...full, ...pull, ...ends } };
}

/** Ref and commit as they were then, the repository as it is described more fully now. */
function endOf(key: 'head' | 'base', then: Fields, now: Fields = {}): Fields {
  const [old, current] = [objectAt(then, key), objectAt(now, key)];
  return { ...current, ...old, repo: current['repo'] ?? old['repo'] };
}

function withUrl(payload: Fields, key: string, base: string): Fields {
  const object = objectAt(payload, key);
  return { ...payload, [key]: { html_url: `${base}/${textOf(object['number'])}`, ...object } };
}

function fork(payload: Fields, { web }: Place): Fields {
  const forkee = objectAt(payload, 'forkee');
  const name = textOf(forkee['full_name']);
  return { forkee: { ...forkee, ...(name === '' ? {} : { html_url: `${web}/${name}` }) } };
}

/** Webhooks of these kinds have no action; the list gives some of them one. */
function withoutAction(payload: Fields): Fields {
  return Object.fromEntries(Object.entries(payload).filter(([key]) => key !== 'action'));
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
