import type { Operation } from '../memory/operations.ts';
import { bulletsOf, type Topic } from '../memory/topic.ts';
import type { Entry } from './board.ts';
import type { Cabinet } from './filing.ts';
import type { ConsolidateOptions, StaleFact } from './material.ts';
import { quoted, type Findings } from './settle.ts';

/** What a dream hands back. */
export interface Proposal {
  readonly operations: readonly Operation[];
  /** For the owner, a line each. */
  readonly report: readonly string[];
  readonly counts: {
    readonly added: number;
    readonly superseded: number;
    readonly archived: number;
    readonly conflicts: number;
    /** What the cap left for the next dream. */
    readonly waiting: number;
  };
}

/** Everything that was concluded. */
export interface Concluded {
  readonly topics: readonly Topic[];
  /** All that were in the memory, and all that are new. */
  readonly entries: readonly Entry[];
  readonly findings: Findings;
  readonly stale: readonly StaleFact[];
  readonly notes: readonly string[];
}

/** Says in operations what the entries came to. Facts leave a topic only as far as the cap goes; what is newer goes in all the same. */
export function propose(
  { topics, entries, findings, stale, notes }: Concluded,
  cabinet: Cabinet,
  options: ConsolidateOptions,
): Proposal {
  const room = allowances(topics, options.shrinkCap);
  const leaving = entries
    .filter((entry) => entry.bullet !== undefined && entry.gone !== undefined && !entry.fixed && entry.secret !== true)
    .toSorted(byWeight);
  const retired: Operation[] = [];
  const placed = new Map<Entry, Operation | undefined>();
  let waiting = 0;
  for (const entry of leaving) {
    const { bullet, gone } = entry;
    if (bullet === undefined || gone === undefined) continue;
    const next = lastOf(entry);
    const fresh =
      next !== undefined && next.bullet === undefined && next.src.length > 0 && !placed.has(next) ? next : undefined;
    if (!take(room, bullet)) {
      waiting += 1;
      if (fresh !== undefined) placed.set(fresh, beside(fresh, entry));
    } else if (fresh === undefined) {
      retired.push({ kind: 'archive', topic: bullet.topic, bullet: bullet.id, reason: gone.reason.slice(0, 200) });
    } else {
      placed.set(fresh, undefined);
      const { text, src } = fresh;
      retired.push({
        kind: 'supersede',
        topic: bullet.topic,
        bullet: bullet.id,
        text,
        src: src.slice(0, 8),
        ...sinceOf(fresh),
      });
    }
  }
  const added = entries
    .filter((entry) => entry.bullet === undefined && entry.gone === undefined && entry.src.length > 0)
    .flatMap((entry) => (placed.has(entry) ? (placed.get(entry) ?? []) : addition(entry, cabinet)));
  const { operations: told, report: toldReport } = conflicts(findings);
  const made = cabinet.made.map((topic): Operation => ({ kind: 'new-topic', ...topic }));
  const marks = stale.map(({ topic, bullet, reason, moved }): Operation => ({
    kind: 'mark-stale', topic, bullet, reason: reason.slice(0, 200), ...(moved === undefined ? {} : { moved: moved.slice(0, 200) }),
  })); // prettier-ignore
  const redacted = entries.flatMap(({ secret, bullet }): Operation[] =>
    secret === true && bullet !== undefined ? [{ kind: 'redact', topic: bullet.topic, bullet: bullet.id }] : [],
  );
  const operations = [...redacted, ...retired, ...made, ...added, ...told, ...marks].slice(0, options.operationsMax);
  return {
    operations,
    report: [
      ...notes,
      ...toldReport,
      ...(waiting === 0
        ? []
        : [
            `${waiting} facts are to leave, and wait for the next dream: a topic loses at most ${Math.round(options.shrinkCap * 100)} % in one`,
          ]),
    ],
    counts: {
      added: added.length,
      superseded: retired.filter(({ kind }) => kind === 'supersede').length,
      archived: retired.filter(({ kind }) => kind === 'archive').length,
      conflicts: told.length,
      waiting,
    },
  };
}

interface Allowance {
  facts: number;
  bytes: number;
}

/** As the validator counts: of the facts that are there now, the owner's among them. */
function allowances(topics: readonly Topic[], cap: number): Map<string, Allowance> {
  return new Map(
    topics.map((topic) => {
      const bullets = bulletsOf(topic);
      const bytes = bullets.reduce((sum, { raw }) => sum + Buffer.byteLength(raw), 0);
      return [topic.name, { facts: bullets.length * cap, bytes: bytes * cap }];
    }),
  );
}

function take(room: Map<string, Allowance>, { topic, bytes }: NonNullable<Entry['bullet']>): boolean {
  const left = room.get(topic);
  if (left === undefined || left.facts < 1 || left.bytes < bytes) return false;
  left.facts -= 1;
  left.bytes -= bytes;
  return true;
}

/** What is wrong goes before what is said twice; short before long, so that more of it fits. */
function byWeight(one: Entry, other: Entry): number {
  return rankOf(one) - rankOf(other) || (one.bullet?.bytes ?? 0) - (other.bullet?.bytes ?? 0);
}

function rankOf({ gone }: Entry): number {
  return gone?.weight === 'overtaken' ? 0 : 1;
}

/** What stands at the end of the chain of those that overtook it, if that is current. */
function lastOf(entry: Entry): Entry | undefined {
  let next = entry.gone?.by;
  for (let steps = 0; next?.gone !== undefined && steps < 100; steps += 1) next = next.gone.by;
  return next?.gone === undefined ? next : undefined;
}

/**
 * A newer fact whose elder may not leave tonight stands beside it until the next dream. Half of the bytes may go then, so it
 * must not be the shorter one, or a topic of two would keep both for ever.
 */
function beside(entry: Entry, older: Entry): Operation | undefined {
  const { bullet, type } = older;
  if (bullet === undefined || type === undefined) return undefined;
  const { src, since } = entry;
  const isShorter = Buffer.byteLength(entry.text) <= Buffer.byteLength(older.text) + 8;
  const text =
    isShorter && since !== undefined && !/\d{4}-\d\d-\d\d/.test(entry.text)
      ? `${entry.text} (since ${since})`
      : entry.text;
  return { kind: 'add', topic: bullet.topic, type, text, src: src.slice(0, 8), trust: 'derived', ...sinceOf(entry) };
}

function sinceOf({ since }: Entry): { readonly since?: string } {
  return since === undefined ? {} : { since };
}

function addition(entry: Entry, cabinet: Cabinet): Operation[] {
  const place = cabinet.file(entry);
  if (place === undefined) return [];
  const { text, src } = entry;
  return [
    {
      kind: 'add',
      topic: place.name,
      type: place.type,
      text,
      src: src.slice(0, 8),
      trust: 'derived',
      ...sinceOf(entry),
    },
  ];
}

function conflicts({ clashes, doubts }: Findings): { readonly operations: Operation[]; readonly report: string[] } {
  const told = new Map<string, Operation>();
  for (const { owners, entry } of clashes) {
    if (owners.bullet?.owners !== true || entry.src.length === 0) continue;
    const { topic, id: bullet } = owners.bullet;
    told.set(`${bullet} ${entry.text}`, {
      kind: 'conflict',
      topic,
      bullet,
      text: entry.text,
      src: entry.src.slice(0, 8),
      ...sinceOf(entry),
    });
  }
  const report = [
    ...clashes.map(
      ({ owners, entry }) => `You wrote ${quoted(owners)}; since then: ${quoted(entry)}. What you wrote stays.`,
    ),
    ...doubts.map(({ said, stands }) => `Not sure enough to change ${quoted(stands)}: ${quoted(said)}`),
  ];
  return { operations: [...told.values()], report: report.slice(0, 50) };
}
