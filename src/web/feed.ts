/** What can change, as far as somebody watching cares. */
export type FeedKind = 'event' | 'job' | 'message';

/** Row numbers of what changed, each once, the newest `CHANGES_MAX` of a kind. */
export type Changes = Readonly<Record<FeedKind, readonly number[]>>;

/** Between those who change rows and those who watch. Costs nothing while nobody watches. */
export interface Feed {
  /** Says that a row is new or different. Never throws, never waits. */
  changed(kind: FeedKind, id: number): void;
  /** Begins to collect and calls `wake` at each change, until the returned function is called. One watcher at a time. */
  watch(wake: () => void): () => void;
  /** What changed since the last call. */
  take(): Changes;
}

/** A storm of changes is shown by its newest rows; the counts in the status tell the rest. */
export const CHANGES_MAX = 100;

export function createFeed(): Feed {
  const pending: Record<FeedKind, Set<number>> = { event: new Set(), job: new Set(), message: new Set() };
  let wake: (() => void) | undefined;
  const take = (): Changes => {
    const changes = { event: [...pending.event], job: [...pending.job], message: [...pending.message] };
    for (const ids of Object.values(pending)) ids.clear();
    return changes;
  };
  return {
    changed(kind, id) {
      if (wake === undefined) return;
      const ids = pending[kind];
      ids.delete(id);
      ids.add(id);
      if (ids.size > CHANGES_MAX) ids.delete(ids.values().next().value as number);
      wake();
    },
    watch(wakeWatcher) {
      take();
      wake = wakeWatcher;
      return () => {
        if (wake === wakeWatcher) wake = undefined;
      };
    },
    take,
  };
}
