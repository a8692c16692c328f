import { workStatistics, type RecentRun } from '../budget/work.ts';
import { formatId } from '../core/units.ts';
import type { LanesUse, ListenerState, PollingState, ReconcileState, RunningJob, ScheduleState } from './ports.ts';

/** How instants and texts are shown. */
export interface Shown {
  readonly instant: (ms: number) => string;
  readonly instantOrNull: (ms: number | null) => string | null;
  readonly textOrNull: (text: string | null) => string | null;
}

export function scheduleView(
  { nextAtMs, lastRun, timeZone, missed, ...state }: ScheduleState,
  { instant, instantOrNull, textOrNull }: Shown,
): Record<string, unknown> {
  return {
    name: state.name,
    do: state.do,
    words: state.words,
    timezone: timeZone,
    catchUp: state.catchUp,
    next: nextAtMs.map(instant),
    unfinished: state.unfinished,
    lastRun: lastRun && {
      jobId: formatId('j', lastRun.jobId),
      scheduledFor: instant(lastRun.scheduledForMs),
      startedAt: instant(lastRun.startedAtMs),
      endedAt: instantOrNull(lastRun.endedAtMs),
      ended: lastRun.ended,
      succeeded: lastRun.succeeded,
      exitCode: lastRun.exitCode,
      error: textOrNull(lastRun.error),
      output: lastRun.outputPath,
    },
    missed: missed.map(({ fromMs, throughMs, count, reason }) => ({
      from: instant(fromMs),
      through: instant(throughMs),
      count,
      reason: textOrNull(reason),
    })),
  };
}

/** The lanes and how the last runs of each origin went: what `kairos budget` shows beside the windows. */
export function workView({ foreground, background }: LanesUse, recent: readonly RecentRun[]): Record<string, unknown> {
  return {
    foreground: foreground && { ...foreground, jobId: formatId('j', foreground.jobId) },
    background: background.map((id) => formatId('j', id)),
    work: workStatistics(recent),
  };
}

export function runningView({ jobId, startedAtMs, ...job }: RunningJob, { instantOrNull }: Shown): object {
  return { jobId: formatId('j', jobId), ...job, startedAt: instantOrNull(startedAtMs) };
}

/** Feeds that are not well, at most this many by name. */
const TROUBLED_MAX = 20;

/** Hundreds of feeds may be polled: counted, and only those in trouble by name. */
export function pollingView(
  { feeds, paused, requestsLeft }: PollingState,
  { instantOrNull, textOrNull }: Shown,
): Record<string, unknown> {
  const polledAtMs = Math.max(-1, ...feeds.map((feed) => feed.polledAtMs ?? -1));
  const troubled = feeds.filter(({ state }) => state === 'refused' || state === 'failing');
  return {
    feeds: feeds.length,
    paused: textOrNull(paused),
    requestsLeft,
    polledAt: polledAtMs < 0 ? null : instantOrNull(polledAtMs),
    nextInMs: feeds.length === 0 ? null : Math.min(...feeds.map(({ nextInMs }) => nextInMs)),
    troubledCount: troubled.length,
    troubled: troubled
      .slice(0, TROUBLED_MAX)
      .map(({ name, state, reason }) => ({ name, state, reason: textOrNull(reason) })),
  };
}

/** As with feeds: counted, and only those in trouble by name. */
export function reconcileView(
  places: readonly ReconcileState[],
  { instantOrNull, textOrNull }: Shown,
): Record<string, unknown> {
  const checkedAtMs = Math.max(-1, ...places.map((place) => place.checkedAtMs ?? -1));
  const troubled = places.filter(({ state }) => state !== 'new' && state !== 'ok');
  return {
    repositories: places.length,
    checkedAt: checkedAtMs < 0 ? null : instantOrNull(checkedAtMs),
    asked: places.reduce((sum, { askedCount }) => sum + askedCount, 0),
    troubledCount: troubled.length,
    troubled: troubled.slice(0, TROUBLED_MAX).map(({ source, repository, state, reason }) => {
      return { source, repository, state, reason: textOrNull(reason) };
    }),
  };
}

export function listenerView({ name, state, reason }: ListenerState, { textOrNull }: Shown): Record<string, unknown> {
  return { name, state, reason: textOrNull(reason) };
}
