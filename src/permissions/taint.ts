import type { ItemTrust } from '../core/agent.ts';
import type { Assessment, RunFacts } from './call.ts';

/** What is known of a run after a call that was let through, whatever came of it: also a failed one may have read or sent. */
export function after(facts: RunFacts, assessment: Assessment, trust: ItemTrust): RunFacts {
  return {
    ...facts,
    tainted: facts.tainted || assessment.readsOutside || trust === 'outside',
    hasReadSecrets: facts.hasReadSecrets || assessment.readsSecrets,
    hasSent: facts.hasSent || assessment.sends,
    denialsInARow: 0,
  };
}

/** What is known after a call that a human, or the classifier in their stead, did not let through. */
export function afterDenial(facts: RunFacts): RunFacts {
  return { ...facts, denials: facts.denials + 1, denialsInARow: facts.denialsInARow + 1 };
}

/** What is known of a run before its first call. What came from outside taints it from the start. */
export function factsAtStart(source: RunFacts['source'], afk: boolean): RunFacts {
  return {
    source,
    afk,
    tainted: source === 'outside',
    hasReadSecrets: false,
    hasSent: false,
    denialsInARow: 0,
    denials: 0,
  };
}
