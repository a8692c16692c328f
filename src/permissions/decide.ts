import type { Assessment, RunFacts, Verdict } from './call.ts';
import type { PermissionPolicy } from './options.ts';

/** Denials after which a run hands back to the owner (FACTS, "Permission gates": 3 in a row or 20 in all). */
const DENIALS_IN_A_ROW_MAX = 3;
const DENIALS_MAX = 20;

/**
 * What is done with a call. Pure, and monotone: nothing worse about a run ever makes the answer milder.
 *
 * LOW runs; MEDIUM goes by the policy for who began the run, and to a human while the owner is away; HIGH goes to a human,
 * and so does every call that mixes text from outside with secrets, or with a way out.
 *
 * @param canClassify Whether there is a fast model. Default false: `classify` means `ask`.
 */
export function decide(
  assessment: Assessment,
  facts: RunFacts,
  policy: PermissionPolicy,
  canClassify = false,
): Verdict {
  const spent = denialsSpent(facts);
  if (spent !== undefined) return { kind: 'hand-back', reason: spent };
  const mixed = mixture(assessment, facts);
  if (mixed !== undefined) return { kind: 'ask', reason: `${assessment.reason}; ${mixed}` };
  if (assessment.risk === 'HIGH') return { kind: 'ask', reason: assessment.reason };
  if (assessment.risk === 'LOW') return { kind: 'run', flag: false };
  if (facts.afk) return { kind: 'ask', reason: `${assessment.reason}; the owner is away` };
  const wanted = policy[facts.source];
  if (wanted === 'flag') return { kind: 'run', flag: true };
  if (wanted === 'classify' && canClassify) return { kind: 'classify' };
  return { kind: 'ask', reason: assessment.reason };
}

/**
 * Why this call may not follow what the run has already done; undefined when it may. Text from outside, secrets and a way
 * out never come together in one run without a human, in whatever order; and what such text asks for is sent only to
 * places of the owner's lists (which is what LOW says of a call that sends).
 */
export function mixture(assessment: Assessment, facts: RunFacts): string | undefined {
  const { readsOutside, readsSecrets, sends } = assessment;
  if (facts.tainted && readsSecrets) return 'the run has read text from outside and would now read a secret';
  if (facts.tainted && sends && assessment.risk !== 'LOW')
    return 'the run has read text from outside and would now send';
  const outside = facts.tainted || readsOutside;
  const secrets = facts.hasReadSecrets || readsSecrets;
  const sent = facts.hasSent || sends;
  const takesPart = readsOutside || readsSecrets || sends;
  if (takesPart && outside && secrets && sent)
    return 'the run would have read a secret, read text from outside and sent';
  return undefined;
}

function denialsSpent(facts: RunFacts): string | undefined {
  if (facts.denialsInARow >= DENIALS_IN_A_ROW_MAX) return `${facts.denialsInARow} calls in a row were denied`;
  if (facts.denials >= DENIALS_MAX) return `${facts.denials} calls were denied`;
  return undefined;
}
