import { messageOf } from '../core/errors.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { reached, type Clock, type Log, type Random } from '../core/ports.ts';
import { checkRuns } from './check-runs.ts';
import type { GitHub } from './client.ts';
import { lookAt, type Feed, type FeedDeps, type Found, type Look, type PollStore } from './feed.ts';
import { notifications } from './notifications.ts';
import { backoffMs } from './pace.ts';
import { repositoryEvents } from './repository-events.ts';
import { workflowRuns } from './workflow-runs.ts';

/** A source that is to be polled. */
export interface PollTarget {
  /** The name of the source; its subscriptions see the events. */
  readonly source: string;
  readonly repositories: readonly string[];
  /** GitHub may ask for more. */
  readonly everyMs: number;
  /** By the names of webhooks. */
  readonly events: readonly string[];
  /** Whether something that was found is to be taken; left out: all of it is. */
  readonly only?: (type: string, payload: unknown) => boolean;
}

/** What was found, in the shape of a delivery. */
export interface PolledBody {
  readonly source: string;
  readonly delivery: string;
  readonly type: string;
  readonly happenedAtMs: number;
  /** JSON, as UTF-8. */
  readonly body: Uint8Array;
}

export interface PollerOptions {
  readonly targets: readonly PollTarget[];
  /** What is polled besides, at the start: see `Poller.include`. */
  readonly included?: readonly PollTarget[] | undefined;
  readonly github: GitHub;
  readonly store: PollStore & { keepOnly(names: readonly string[]): Promise<void> };
  /** Records one event; resolves when it is on disk. A delivery taken before is no error. */
  readonly take: (polled: PolledBody) => Promise<unknown>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Something a person has to put right, once until it is: a wrong name, a refused token. Must not throw. */
  readonly onTrouble?: (text: string) => void;
}

/** How it goes with one feed. */
export interface FeedStatus {
  readonly name: string;
  readonly state: 'new' | 'ok' | 'refused' | 'failing';
  /** Why not ok; else empty. */
  readonly reason: string;
  readonly polledAtMs: number | null;
  readonly nextInMs: number;
}

export interface PollStatus {
  readonly feeds: readonly FeedStatus[];
  /** Why nothing at all is asked at the moment; else empty. */
  readonly paused: string;
  readonly requestsLeft: number | null;
}

export interface Poller {
  /** Asks what is due first, one feed. @returns How long until the next is due. Throws nothing. */
  step(signal: AbortSignal): Promise<number>;
  status(): PollStatus;
  /** Sets what is polled besides the targets of the start, in place of what was set before. What stays goes on where it is. */
  include(targets: readonly PollTarget[]): void;
}

const PAGE_SIZES = [100, 30, 10] as const;
const REFUSED = { firstMs: 900_000, mostMs: 3_600_000 };
const FAILED = { firstMs: 60_000, mostMs: 900_000 };

interface Turn {
  readonly name: string;
  readonly everyMs: number;
  readonly look: (pageSize: number, deps: FeedDeps, signal: AbortSignal) => Promise<Look>;
  readonly take: FeedDeps['take'];
  dueMs: number;
  /** Which of the page sizes. */
  size: number;
  failures: number;
  state: FeedStatus['state'];
  reason: string;
  polledAtMs: number | null;
}

/** Polls until disposed; undefined when nothing is to be polled. What is no longer polled is forgotten either way. */
export async function startPoller(options: PollerOptions): Promise<(Poller & Loop) | undefined> {
  const poller = createPoller(options);
  poller.include(options.included ?? []);
  const names = poller.status().feeds.map(({ name }) => name);
  await options.store.keepOnly(names);
  if (names.length === 0) return undefined;
  const { clock, log } = options;
  const loop = startLoop({ name: 'poller', clock, log, step: (signal) => poller.step(signal) });
  const include = (targets: readonly PollTarget[]): void => {
    poller.include(targets);
    loop.wake();
  };
  return { ...poller, ...loop, include };
}

/**
 * One poller for everything: it asks one question at a time, whatever has waited longest first, so that many repositories
 * cost GitHub no more at once than one, and a silent one holds up nobody for long.
 */
export function createPoller(options: PollerOptions): Poller {
  const { clock, random, github, store, log } = options;
  const fixed = options.targets.flatMap((target) => turnsOf(target, options));
  let turns: readonly Turn[] = fixed;
  const told = new Map<string, string>();

  const trouble = (key: string, reason: string, needsPerson: boolean): void => {
    if (told.get(key) === reason) return;
    told.set(key, reason);
    log.warn({ feed: key, reason }, 'polling is held up');
    if (needsPerson) options.onTrouble?.(key === '' ? reason : `${key}: ${reason}`);
  };
  const well = (key: string): void => {
    if (told.delete(key)) log.info({ feed: key }, 'polling goes on');
  };
  const settle = (turn: Turn, look: Look): void => {
    const nowMs = clock.monoMs();
    if (look.kind === 'read' && look.found > 0) reached('poll.recorded');
    if (look.kind === 'too-large' && turn.size < PAGE_SIZES.length - 1) {
      turn.size += 1;
      turn.dueMs = nowMs;
    } else if (look.kind === 'read') {
      const everyMs = Math.max(turn.everyMs, look.pollIntervalMs);
      Object.assign(turn, { state: 'ok', reason: '', failures: 0, polledAtMs: clock.wallMs() });
      turn.dueMs = nowMs + everyMs * (1 + random.fraction() / 20);
      well(turn.name);
      if (look.found > 0) log.info({ feed: turn.name, found: look.found }, 'polled');
    } else {
      const refused = look.kind !== 'later';
      const reason = look.kind === 'too-large' ? 'even ten entries are over 5 MiB' : look.reason;
      turn.failures += 1;
      Object.assign(turn, { state: refused ? 'refused' : 'failing', reason });
      turn.dueMs = nowMs + backoffMs(turn.failures, random, refused ? REFUSED : FAILED);
      // What holds up everything is told once, not by each feed.
      if (github.pause() === undefined || refused) trouble(turn.name, reason, refused);
    }
  };

  return {
    async step(signal) {
      const pause = github.pause();
      if (pause !== undefined) {
        trouble('', pause.reason, pause.reason.includes('GITHUB_TOKEN'));
        return pause.leftMs;
      }
      const turn = turns.toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (turn === undefined) return FAILED.mostMs;
      const waitMs = turn.dueMs - clock.monoMs();
      if (waitMs > 0) return Math.ceil(waitMs);
      const look = await lookOnce(turn, { github, store, take: turn.take }, signal);
      if (signal.aborted) return 0;
      settle(turn, look);
      if (github.pause() === undefined) well('');
      return 0;
    },
    include(targets) {
      const known = new Map(turns.map((turn) => [turn.name, turn]));
      const more = targets.flatMap((target) => turnsOf(target, options));
      turns = [...fixed, ...more.map((turn) => known.get(turn.name) ?? turn)];
    },
    status: () => ({
      feeds: turns.map((turn) => statusOf(turn, clock.monoMs())),
      paused: github.pause()?.reason ?? '',
      requestsLeft: github.rate()?.remaining ?? null,
    }),
  };
}

/** The ledger's refusal (a full disk, say) is no reason to ask GitHub every second. */
async function lookOnce(turn: Turn, deps: FeedDeps, signal: AbortSignal): Promise<Look> {
  try {
    return await turn.look(PAGE_SIZES[turn.size] ?? 10, deps, signal);
  } catch (error) {
    return { kind: 'later', reason: messageOf(error) };
  }
}

function statusOf({ name, state, reason, polledAtMs, dueMs }: Turn, nowMs: number): FeedStatus {
  return { name, state, reason, polledAtMs, nextInMs: Math.max(0, Math.ceil(dueMs - nowMs)) };
}

function turnsOf({ source, repositories, everyMs, events, only }: PollTarget, options: PollerOptions): Turn[] {
  const wanted = new Set(events);
  const { web } = options.github;
  const listed = events.some((name) => !['workflow_run', 'check_run', 'notification'].includes(name));
  const take = taker(source, options.take, only);
  const turn = (name: string, look: Turn['look']): Turn => {
    const common = { dueMs: -Infinity, size: 0, failures: 0, state: 'new', reason: '', polledAtMs: null } as const;
    return { ...common, name, everyMs, look, take };
  };
  const ofFeed = (feed: Feed): Turn => turn(feed.name, (size, deps, signal) => lookAt(feed, size, deps, signal));
  return [
    ...repositories.flatMap((repository) => {
      const place = { source, repository, web, wanted };
      const checks = checkRuns(place);
      return [
        ...(listed ? [ofFeed(repositoryEvents(place))] : []),
        ...(wanted.has('workflow_run') ? [ofFeed(workflowRuns(place))] : []),
        ...(wanted.has('check_run') ? [turn(checks.name, checks.look)] : []),
      ];
    }),
    ...(wanted.has('notification') ? [ofFeed(notifications({ source, web }))] : []),
  ];
}

/** Events of one look share commits; all must be on disk before anything is remembered as read. */
function taker(source: string, take: PollerOptions['take'], only: PollTarget['only'] = () => true): FeedDeps['take'] {
  return async (found: readonly Found[]) => {
    const wanted = found.filter(({ type, payload }) => only(type, payload));
    const taken = wanted.map(({ delivery, type, happenedAtMs, payload }) =>
      take({ source, delivery, type, happenedAtMs, body: Buffer.from(JSON.stringify(payload)) }),
    );
    const settled = await Promise.allSettled(taken);
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
}
