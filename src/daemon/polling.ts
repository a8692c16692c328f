import { KairosError } from '../core/errors.ts';
import type { EventDraft } from '../core/event.ts';
import type { PollStatus } from '../github/poller.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SourceOptions } from '../webhooks/options.ts';
import type { TakePolled } from '../webhooks/polled.ts';
import type { DaemonOptions, Ports } from './options.ts';

export interface PollingParts {
  readonly options: DaemonOptions;
  readonly ports: Ports;
  readonly ledger: Pick<Ledger, 'polls'>;
  /** The door for what was found. */
  readonly take: TakePolled;
  /** Records what the owner has to be told. */
  readonly append: (draft: EventDraft) => Promise<unknown>;
}

/** GitHub being asked, until it is disposed. */
export interface Polling extends AsyncDisposable {
  status(): PollStatus;
}

type GitHubSource = Extract<SourceOptions, { kind: 'github' }>;

/**
 * Begins to ask GitHub for what sources with `poll:` are to know; undefined when there is none. The GitHub client is only
 * loaded when there is.
 *
 * @throws {KairosError} `CONFIG_INVALID` when `GITHUB_API_URL` is not an http(s) address.
 */
export async function startPolling(parts: PollingParts): Promise<Polling | undefined> {
  const { options, ports, ledger } = parts;
  const sources = (options.config.sources ?? []).filter((source): source is GitHubSource => source.kind === 'github');
  const targets = sources.flatMap(({ name, poll }) =>
    poll === undefined
      ? []
      : [{ source: name, repositories: poll.repositories, everyMs: poll.every, events: poll.events }],
  );
  if (targets.length === 0) {
    await ledger.polls.keepOnly([]);
    return undefined;
  }
  const { createGitHub } = await import('../github/client.ts');
  const { startPoller } = await import('../github/poller.ts');
  const log = ports.log.child({ part: 'polling' });
  const token = options.secrets.of('GITHUB_TOKEN');
  if (token === undefined)
    log.warn({}, 'GITHUB_TOKEN is missing: GitHub allows 60 requests an hour, and only about public repositories');
  const github = createGitHub({ ...ports, apiUrl: apiUrlOf(options.secrets.of('GITHUB_API_URL')), token });
  const onTrouble = (text: string): void => {
    parts.append(troubleEvent(ports.redactor.redact(text), ports.clock.wallMs())).catch((error: unknown) => {
      log.error({ error: String(error) }, 'the owner could not be told');
    });
  };
  return startPoller({ ...ports, targets, github, store: ledger.polls, take: parts.take, log, onTrouble });
}

function apiUrlOf(text: string | undefined): string | undefined {
  if (text === undefined || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))) return text;
  throw new KairosError(
    'CONFIG_INVALID',
    `GITHUB_API_URL must be an address such as https://github.example.com/api/v3, got ${JSON.stringify(text)}`,
  );
}

/** Everything the daemon says goes the same road: an event, a job, a message. */
function troubleEvent(text: string, nowMs: number): EventDraft {
  const told = `Polling GitHub is held up. ${text}`;
  return {
    source: 'kairosd',
    delivery: `polling:${nowMs}`,
    type: 'polling',
    action: null,
    trust: 'owner',
    receivedAtMs: nowMs,
    contentType: 'text/plain',
    body: Buffer.from(told),
    jobs: [
      {
        kind: 'notify',
        origin: 'kairosd',
        reactive: false,
        topic: 'polling',
        text: told,
        urgent: false,
        mayCoalesce: false,
      },
    ],
  };
}
