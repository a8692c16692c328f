import { messageOf } from '../core/errors.ts';
import type { EventDraft } from '../core/event.ts';
import type { Loop } from '../core/loop.ts';
import type { Log } from '../core/ports.ts';
import type { Poller, PollStatus, PollTarget } from '../github/poller.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { TakePolled } from '../webhooks/polled.ts';
import type { Ports } from './options.ts';
import type { Settings } from './settings.ts';
import { troubleTeller } from './trouble.ts';

export interface PollingParts {
  readonly ports: Ports;
  readonly ledger: Pick<Ledger, 'polls'>;
  readonly settings: Pick<Settings, 'config' | 'github'>;
  /** What is polled only because something of it is followed, at this moment. */
  readonly followed: () => readonly PollTarget[];
  /** The door for what was found. */
  readonly take: TakePolled;
  /** Records what the owner has to be told. */
  readonly append: (draft: EventDraft) => Promise<unknown>;
}

/** GitHub being asked, until it is disposed. */
export interface Polling extends AsyncDisposable {
  /** undefined: nothing is polled. */
  status(): PollStatus | undefined;
  /** What is followed has changed. Begins to ask when there was nothing to ask for before. */
  refollow(): void;
}

/**
 * Begins to ask GitHub for what sources with `poll:` are to know, and for what is followed by asking. The GitHub client is
 * only loaded when there is something to ask for.
 */
export async function startPolling(parts: PollingParts): Promise<Polling> {
  const { ports, ledger, followed } = parts;
  const log = ports.log.child({ part: 'polling' });
  const targets = targetsOf(parts.settings);
  let poller = await begin(parts, targets, log);
  let stopped = false;
  const refollow = async (): Promise<void> => {
    if (stopped) return;
    // Where a feed was read to before it was given up says nothing about one that begins now.
    await ledger.polls.keepOnly(poller?.status().feeds.map(({ name }) => name) ?? []);
    if (poller === undefined) poller = await begin(parts, targets, log);
    else poller.include(followed());
  };
  let changes = Promise.resolve();
  return {
    status() {
      const status = poller?.status();
      return status === undefined || status.feeds.length === 0 ? undefined : status;
    },
    refollow() {
      changes = changes.then(refollow).catch((error: unknown) => {
        log.error({ error: messageOf(error) }, 'what is followed could not be taken up');
      });
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      await changes;
      await poller?.[Symbol.asyncDispose]();
    },
  };
}

/** undefined: there is nothing to ask for. What was polled before is forgotten either way. */
async function begin(
  parts: PollingParts,
  targets: readonly PollTarget[],
  log: Log,
): Promise<(Poller & Loop) | undefined> {
  const { ports, ledger, settings, take, append } = parts;
  const included = parts.followed();
  if (targets.length + included.length === 0) {
    await ledger.polls.keepOnly([]);
    return undefined;
  }
  const { startPoller } = await import('../github/poller.ts');
  if (!settings.github.hasToken)
    log.warn({}, 'GITHUB_TOKEN is missing: GitHub allows 60 requests an hour, and only about public repositories');
  const github = await settings.github.open();
  const onTrouble = troubleTeller('polling', 'Polling GitHub is held up.', { ports, append, log });
  return startPoller({ ...ports, targets, included, github, store: ledger.polls, take, log, onTrouble });
}

function targetsOf({ config }: PollingParts['settings']): PollTarget[] {
  return (config.sources ?? []).flatMap((source) => {
    if (source.kind !== 'github' || source.poll === undefined) return [];
    const { repositories, every, events } = source.poll;
    return [{ source: source.name, repositories, everyMs: every, events }];
  });
}
