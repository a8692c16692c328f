import { KairosError } from '../core/errors.ts';
import { reached, type Clock } from '../core/ports.ts';
import type { GitHub } from '../github/client.ts';
import type { PollTarget } from '../github/poller.ts';
import type { FollowRow, Follows } from '../ledger/follows.ts';
import { isFollowed, parseRef, roadFor, type FollowRoad } from '../subscriptions/follow.ts';
import type { FollowState, FollowsPort } from '../web/follow.ts';
import type { SourceOptions } from '../webhooks/options.ts';
import type { Settings } from './settings.ts';

export interface FollowParts {
  readonly follows: Follows;
  readonly clock: Clock;
  /** The sources of the configuration in force; without `sources:`, `github` when its secret is there. */
  readonly sources: () => readonly SourceOptions[];
  /** GitHub's client; undefined without a token. */
  readonly github: () => Promise<GitHub | undefined>;
  /** What is polled for the sake of follows has changed. */
  readonly onChange: () => void;
}

/** The ways to GitHub that the settings in force know. */
export function waysOf(live: {
  readonly settings: Pick<Settings, 'config' | 'sources' | 'github'>;
}): Pick<FollowParts, 'sources' | 'github'> {
  return {
    sources() {
      const { config, sources } = live.settings;
      return config.sources ?? (sources.has(IMPLICIT.name) ? [IMPLICIT] : []);
    },
    github: async () => (live.settings.github.hasToken ? live.settings.github.open() : undefined),
  };
}

const IMPLICIT: SourceOptions = { name: 'github', kind: 'github', trust: 'outside' };

/** Events that are polled for the sake of a follow carry this source; no subscription of the configuration sees them. */
export const FOLLOW_SOURCE = 'follow';

const EVENTS = [
  'issues',
  'issue_comment',
  'pull_request',
  'pull_request_review',
  'pull_request_review_comment',
  'workflow_run',
] as const;
const EVERY_MS = 60_000;
const LOOK_MS = 15_000;

/** What is followed, for the API and for polling. */
export interface Following extends FollowsPort {
  /** What is polled only because something of it is followed. */
  targets(): readonly PollTarget[];
}

/** `kairos subscribe`: one issue or pull request is followed until it closes. */
export function createFollows(parts: FollowParts): Following {
  const { follows, clock, onChange } = parts;
  return {
    list: () => follows.active().map(stateOf),
    targets: () => followTargets(follows),
    async add(asked) {
      const place = refOf(asked.ref);
      const known = follows.active().find((row) => isSame(row, place));
      if (known !== undefined) return { ...stateOf(known), note: 'It was followed already.' };
      const github = await parts.github();
      const { title, headSha } = await lookedUp(github, place);
      const road = await roadTo(parts.sources(), github, { ...place, poll: asked.poll });
      const row = await follows.add({ ...place, headSha, road, title, by: asked.by, sinceMs: clock.wallMs() });
      reached('follow.begun');
      if (road === 'follow') onChange();
      return { ...stateOf(row), note: NOTES[road] };
    },
    async remove(ref) {
      const { repository, number } = refOf(ref);
      const removed = await follows.remove(repository, number, clock.wallMs());
      if (!removed) throw new KairosError('NOT_FOUND', `${repository}#${number} is not followed`);
      onChange();
    },
  };
}

const NOTES: Readonly<Record<FollowRoad, string>> = {
  poll: 'Its events come by the polling that is configured.',
  webhook: 'Its events come as webhooks: the repository needs one that points here (kairos webhook add). Else: --poll.',
  follow: 'GitHub is asked about it every minute.',
};

/** What is polled only because something of it is followed. */
function followTargets(follows: Follows): readonly PollTarget[] {
  const polled = follows.active().filter(({ road }) => road === 'follow');
  const repositories = [...new Map(polled.map(({ repository }) => [repository.toLowerCase(), repository])).values()];
  if (repositories.length === 0) return [];
  const only = (type: string, payload: unknown): boolean => isFollowed(follows.active(), type, payload);
  return [{ source: FOLLOW_SOURCE, repositories, everyMs: EVERY_MS, events: EVENTS, only }];
}

interface Place {
  readonly repository: string;
  readonly number: number;
}

function refOf(text: string): Place {
  const place = parseRef(text);
  if (place !== undefined) return place;
  throw new KairosError(
    'INPUT_INVALID',
    `expected an issue or pull request such as octo/app#123 or its address, got ${JSON.stringify(text.slice(0, 200))}`,
  );
}

function isSame(row: FollowRow, { repository, number }: Place): boolean {
  return row.number === number && row.repository.toLowerCase() === repository.toLowerCase();
}

/** Without a token it is believed that it exists. @throws {KairosError} when it does not, or has closed. */
async function lookedUp(github: GitHub | undefined, place: Place): Promise<{ title: string; headSha: string | null }> {
  if (github === undefined) return { title: '', headSha: null };
  const { lookUp } = await import('../github/look-up.ts');
  const subject = await lookUp(github, place, AbortSignal.timeout(LOOK_MS));
  const name = `${place.repository}#${place.number}`;
  if ('reason' in subject) {
    // Not being able to ask now is no reason to refuse.
    if (subject.kind === 'later') return { title: '', headSha: null };
    throw new KairosError('NOT_FOUND', `${name} cannot be seen: ${subject.reason}`);
  }
  if (subject.state === 'closed')
    throw new KairosError('STATE_CONFLICT', `${name} has closed: there is nothing to follow`);
  return { title: subject.title.slice(0, 200), headSha: subject.headSha };
}

/** @throws {KairosError} `SECRET_MISSING` when there is no way to its events. */
async function roadTo(
  sources: readonly SourceOptions[],
  github: GitHub | undefined,
  { repository, number, poll }: Place & { readonly poll: boolean },
): Promise<FollowRoad> {
  const ours = sources.filter((source) => source.kind === 'github');
  const name = repository.toLowerCase();
  const polled = ours.some((source) => source.poll?.repositories.some((each) => each.toLowerCase() === name));
  const door = ours.find((source) => source.poll === undefined);
  if (poll && !polled && github !== undefined) return 'follow';
  const hooked = door === undefined || github === undefined ? undefined : await isHooked(github, repository, door.name);
  const road = roadFor({ polled, webhook: door !== undefined, hooked, token: github !== undefined });
  if (road !== undefined) return road;
  throw new KairosError(
    'SECRET_MISSING',
    `nothing of ${repository}#${number} comes here: expected GITHUB_TOKEN in secrets.env to ask GitHub with, or a source for its webhooks (kairos webhook add); got neither`,
  );
}

async function isHooked(github: GitHub, repository: string, source: string): Promise<boolean | undefined> {
  const { findHooks } = await import('../github/hook-deliveries.ts');
  const hooks = await findHooks(github, repository, source, AbortSignal.timeout(LOOK_MS));
  return hooks.kind === 'ok' ? hooks.value.length > 0 : undefined;
}

function stateOf({ repository, number, title, by, road, sinceMs }: FollowRow): FollowState {
  return { ref: `${repository}#${number}`, title, by, road, sinceMs };
}
