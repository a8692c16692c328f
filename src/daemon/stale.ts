import type { Clock } from '../core/ports.ts';
import type { StaleFact } from '../dream/material.ts';
import { bulletId } from '../memory/bullet.ts';
import type { Place } from '../memory/claims/claim.ts';
import { rememberedOf } from '../memory/claims/verify.ts';
import type { StaleMark } from '../memory/operations.ts';
import { createSkepticThread } from '../memory/skeptic-thread.ts';
import type { MemoryStore } from '../memory/store.ts';
import { bulletsOf, type Topic } from '../memory/topic.ts';

/** Looks for facts that no longer hold, before a dream marks them. */
export interface StaleFinder {
  /** Those that are not marked so already. Nothing is written. */
  find(): Promise<readonly StaleFact[]>;
  /** Takes the marks away from facts that were found to hold again. */
  settle(): Promise<void>;
}

export interface StaleFinderParts {
  readonly store: Pick<MemoryStore, 'read' | 'stale' | 'holdAgain'>;
  /** Workspaces of the owner. */
  readonly places: () => readonly Place[];
  /** Directories of programs. */
  readonly programs: readonly string[];
  readonly clock: Clock;
}

/** Nobody waits for a dream. */
const DEADLINE_MS = 30_000;
const REASON_CHARS_MAX = 200;

/** Every claim of every topic is looked up in the workspaces, in a thread of its own. Without an answer in time nothing is stale. */
export function createStaleFinder({ store, places, programs, clock }: StaleFinderParts): StaleFinder {
  let held: readonly StaleMark[] = [];
  return {
    async find() {
      held = [];
      const where = places();
      if (where.length === 0) return [];
      const { topics } = await store.read();
      const marks = await store.stale();
      await using skeptic = createSkepticThread({ places: where, programs, clock, deadlineMs: DEADLINE_MS });
      const judged = await skeptic.check(topics.flatMap(rememberedOf));
      if (judged === undefined) return [];
      const facts = topics.flatMap((topic) => idsOf(topic));
      const stale = facts.flatMap((fact, index): StaleFact[] => {
        const broken = (judged[index] ?? []).filter(({ verdict }) => verdict === 'stale');
        if (broken.length === 0) return [];
        const reason = broken
          .map((each) => each.reason)
          .join('; ')
          .slice(0, REASON_CHARS_MAX);
        return [{ ...fact, reason, moved: broken.find(({ moved }) => moved !== undefined)?.moved }];
      });
      held = marks.filter((mark) => !stale.some((fact) => isSame(fact, mark)));
      return stale.filter((fact) => !marks.some((mark) => isSame(fact, mark) && mark.reason === fact.reason));
    },
    async settle() {
      if (held.length > 0) await store.holdAgain(held);
      held = [];
    },
  };
}

function idsOf(topic: Topic): { readonly topic: string; readonly bullet: string }[] {
  return bulletsOf(topic).map((bullet) => ({ topic: topic.name, bullet: bulletId(topic.name, bullet) }));
}

function isSame(one: { topic: string; bullet: string }, other: { topic: string; bullet: string }): boolean {
  return one.topic === other.topic && one.bullet === other.bullet;
}
