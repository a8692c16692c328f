import { bulletId, isOwners } from '../memory/bullet.ts';
import { holdsSecret } from '../memory/secrets.ts';
import { bulletsOf, type Topic } from '../memory/topic.ts';
import { createBoard, entryOf, type Board, type Entry } from './board.ts';
import { createCabinet } from './filing.ts';
import type { ConsolidateInput, ConsolidateOptions, Observation } from './material.ts';
import { propose, type Proposal } from './propose.ts';
import { settle, type Findings } from './settle.ts';
import { isInstruction, observationsOf, type Skipped } from './statements.ts';

/** Defaults of the public surface; `redact` must be given. */
export const CONSOLIDATE_DEFAULTS: Omit<ConsolidateOptions, 'redact'> = {
  shrinkCap: 0.5,
  linesMax: 200,
  bytesMax: 25_600,
  topicsMax: 100,
  factCharsMax: 500,
  factsMax: 5_000,
  operationsMax: 2_000,
};

/**
 * Merges what is known with what was said since, by rules alone. Only words of the owner become facts; a session in the same
 * material twice or in another order gives the same. Takes time in proportion to the material and the memory.
 */
export function consolidate(input: ConsolidateInput, options: ConsolidateOptions): Proposal {
  return startConsolidation(input, options).propose();
}

/** A consolidation that a model may have a say in before it becomes a proposal. */
export interface Consolidation {
  /** The facts as they stand now. */
  readonly entries: readonly Entry[];
  propose(): Proposal;
}

export function startConsolidation(input: ConsolidateInput, options: ConsolidateOptions): Consolidation {
  const findings: Findings = { clashes: [], doubts: [], repeated: 0, ended: [] };
  const known = input.topics.flatMap((topic) => entriesOf(topic, options));
  const { observations, notes } = gatherFacts(input, options);
  const fresh = observations.map(newEntry).filter(saysSomething);
  // The owner's words first: whatever else there is, is held against them.
  const [own, others] = [known.filter(({ fixed }) => fixed), known.filter(({ fixed }) => !fixed).toSorted(bySeen)];
  const board = createBoard();
  for (const entry of [...own, ...others.filter(({ outside }) => !outside), ...fresh]) {
    if (entry.gone === undefined) settle(board, entry, findings);
  }
  const last = untilQuiet(board, findings);
  settleOutside(last, others);
  const entries = [...new Set([...known, ...last.entries])];
  return {
    entries,
    propose: () =>
      propose(
        { topics: input.topics, entries, findings, stale: input.stale ?? [], notes },
        createCabinet(input.topics, entries.filter(isFresh), options),
        options,
      ),
  };
}

/** What outsiders said overtakes nothing of the owner's sessions: it goes when these say the same, or otherwise. */
function settleOutside(board: Board, others: readonly Entry[]): void {
  const known = createBoard();
  const findings: Findings = { clashes: [], doubts: [], repeated: 0, ended: [] };
  for (const entry of board.entries) if (entry.gone === undefined) known.add({ ...entry, fixed: true });
  for (const entry of others) if (entry.outside && entry.gone === undefined) settle(known, entry, findings);
}

function isFresh({ bullet, gone }: Entry): boolean {
  return bullet === undefined && gone === undefined;
}

const ROUNDS_MAX = 4;

/** Tidied words may match where the spoken ones did not: again, until nothing moves, so that the next dream finds nothing to do. */
function untilQuiet(first: Board, findings: Findings): Board {
  let board = first;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const current = board.entries.filter(({ gone }) => gone === undefined);
    const next = createBoard();
    // What only ended something is asked last: what took its place may have been said after it.
    const [ends, others] = [
      current.filter(({ profile }) => profile.ends),
      current.filter(({ profile }) => !profile.ends),
    ];
    for (const entry of [...others, ...ends]) settle(next, entry, findings);
    const moved =
      current.some(({ gone }) => gone !== undefined) || next.entries.some((entry) => !current.includes(entry));
    const gone = board.entries.filter((entry) => entry.gone !== undefined && entry.bullet !== undefined);
    board = next;
    for (const entry of gone) board.add(entry);
    if (!moved) break;
  }
  return board;
}

function entriesOf(topic: Topic, options: ConsolidateOptions): Entry[] {
  return bulletsOf(topic).map((bullet) => {
    const fixed = isOwners(bullet) || topic.problems.length > 0 || topic.trust === 'owner';
    const entry = entryOf({
      text: bullet.text,
      bullet: {
        topic: topic.name,
        id: bulletId(topic.name, bullet),
        bytes: Buffer.byteLength(bullet.raw),
        owners: isOwners(bullet),
      },
      type: topic.type,
      src: bullet.src,
      since: bullet.since,
      seen: bullet.since?.slice(0, 10) ?? '',
      fixed,
      outside: bullet.trust === 'outside' || (bullet.trust === undefined && topic.trust === 'outside'),
    });
    if (fixed) return entry;
    entry.gone = banned(entry);
    // It is held against nothing until the secret is out: what it says would be said again in other words.
    if (entry.gone !== undefined || !holdsSecret(entry.text, options.redact)) return entry;
    return { ...entry, secret: true, gone: { reason: 'it holds a secret', weight: 'overtaken' } };
  });
}

/** What should never have been remembered. */
function banned(entry: Entry): Entry['gone'] {
  if (entry.outside && (entry.type === 'user' || entry.type === 'feedback'))
    return leave('words from outside say nothing about the owner');
  if (entry.outside && isInstruction(entry.text)) return leave('words from outside that give instructions');
  return undefined;
}

function leave(reason: string): Entry['gone'] {
  return { reason, weight: 'overtaken' };
}

/** Where two were said on the same day, the order of the files. */
function bySeen(one: Entry, other: Entry): number {
  return one.seen < other.seen ? -1 : one.seen > other.seen ? 1 : 0;
}

function gatherFacts(
  input: ConsolidateInput,
  options: ConsolidateOptions,
): { observations: Observation[]; notes: string[] } {
  const skipped: Skipped = { secrets: 0, instructions: 0 };
  const found: (Observation & { readonly order: number })[] = [];
  let over = 0;
  for (const item of input.material) {
    for (const [order, observation] of observationsOf(item, options.redact, skipped).entries()) {
      if (observation.text.length > options.factCharsMax) continue;
      if (found.length < options.factsMax) found.push({ ...observation, order });
      else over += 1;
    }
  }
  const observations = found.toSorted(
    (one, other) =>
      compare(instantOf(one.at), instantOf(other.at)) || compare(one.source, other.source) || one.order - other.order,
  );
  const notes = [
    ...(skipped.secrets === 0 ? [] : [`${skipped.secrets} sentences hold secrets and were not remembered`]),
    ...(skipped.instructions === 0
      ? []
      : [
          `${skipped.instructions} sentences repeat what others said, or try to give instructions, and were not remembered`,
        ]),
    ...(over === 0 ? [] : [`${over} facts are more than one dream takes and were not read`]),
  ];
  return { observations, notes };
}

function newEntry(said: Observation): Entry {
  return entryOf({
    text: said.text,
    src: [said.source],
    since: said.since,
    seen: said.date,
    fixed: false,
    outside: false,
  });
}

/** "I have moved" is about nothing that could be found again. */
function saysSomething({ profile }: Entry): boolean {
  if (profile.values.length > 0 || profile.old.length > 0) return true;
  return [...profile.about.values()].reduce((sum, weight) => sum + weight, 0) >= 0.9;
}

/** Instants with different offsets compare by the moment; what is no instant by its text. */
function instantOf(at: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : String(ms).padStart(16, '0');
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
