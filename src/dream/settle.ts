import { entryOf, type Board, type Entry } from './board.ts';
import { overtake, settled } from './compose.ts';
import { isAlone } from './profile.ts';
import { relate, type Related } from './similar.ts';

/** Something speaks against words of the owner's. */
export interface Clash {
  readonly owners: Entry;
  readonly entry: Entry;
}

/** What a dream has concluded besides the state of the entries. */
export interface Findings {
  readonly clashes: Clash[];
  /** Said for unsure, against a fact that stands. */
  readonly doubts: { readonly said: Entry; readonly stands: Entry }[];
  /** Times a fact was said again. */
  repeated: number;
  /** Taken away, with nothing in their place so far. */
  readonly ended: Entry[];
}

interface Match extends Related {
  readonly entry: Entry;
}

/**
 * Holds a fact against what is known, and puts it on the board when it is current. The newer overtakes the older, the
 * clearer the vaguer; the owner's own words are never overtaken. A fact that says that something ended takes it away.
 */
export function settle(board: Board, entry: Entry, findings: Findings): void {
  const matches = board
    .near(entry.profile)
    .filter((other) => other !== entry)
    .map((other): Match => ({ entry: other, ...relate(entry.profile, other.profile) }))
    .filter(({ relation }) => relation !== 'none')
    .toSorted((one, other) => other.score - one.score);
  if (entry.fixed) return board.add(entry);
  if (entry.profile.ends && entry.bullet === undefined && matches.every((match) => !match.entry.fixed))
    return takeAway(board, entry, matches, findings);
  if (matches.length === 0) return put(board, tidied(entry), findings);
  if (againstOwner(entry, matches, findings)) return;
  const free = matches.filter((match) => !match.entry.fixed);
  if (entry.profile.hedged) return doubt(board, entry, free, findings);
  const updates = targetsOf(free, entry);
  const [same] = free.filter(({ relation }) => relation === 'same' || relation === 'more');
  if (same !== undefined) return again(board, entry, same, updates, findings);
  const [first] = updates;
  if (first === undefined) return put(board, tidied(entry), findings);
  if (first.entry.seen > entry.seen) return leave(entry, `older than ${quoted(first.entry)}`, first.entry, 'overtaken');
  const text = entry.bullet === undefined ? overtake(first.entry, entry) : entry.text;
  const now = text === entry.text ? entry : entryOf({ ...entry, text });
  for (const { entry: older } of updates) leave(older, `overtaken by ${quoted(now)}`, now, 'overtaken');
  board.add(now);
}

/** What a person reads in a reason. */
export function quoted({ text }: Pick<Entry, 'text'>): string {
  return `“${text.length > 120 ? `${text.slice(0, 119)}…` : text}”`;
}

function leave(entry: Entry, reason: string, by: Entry | undefined, weight: 'overtaken' | 'repeated'): void {
  entry.gone ??= { reason, by, weight };
}

/** Puts a fact on the board; where it takes the place of one that was ended before, it overtakes that one. */
function put(board: Board, entry: Entry, { ended }: Findings): void {
  const [value] = entry.profile.values;
  const place = ended.findIndex(({ profile }) =>
    profile.values.some(({ kind }) => kind === value?.kind && isAlone(kind)),
  );
  const [older] = place < 0 || entry.bullet !== undefined || entry.profile.hedged ? [] : ended.splice(place, 1);
  if (older?.gone !== undefined) older.gone = { ...older.gone, by: entry };
  board.add(entry);
}

/** A new fact without "now"; one that is in the memory keeps its words. */
function tidied(entry: Entry): Entry {
  if (entry.bullet !== undefined || entry.profile.ends) return entry;
  const text = settled(entry.text, entry.profile.old);
  return text === entry.text ? entry : entryOf({ ...entry, text });
}

function againstOwner(entry: Entry, matches: readonly Match[], findings: Findings): boolean {
  const [match] = matches.filter(({ entry: other, relation }) => other.fixed && relation !== 'more');
  if (match === undefined) return false;
  if (match.relation === 'same') {
    leave(entry, `the owner wrote it: ${quoted(match.entry)}`, match.entry, 'repeated');
    return true;
  }
  if (!entry.profile.hedged) findings.clashes.push({ owners: match.entry, entry });
  leave(entry, `the owner wrote otherwise: ${quoted(match.entry)}`, match.entry, 'overtaken');
  return true;
}

function takeAway(board: Board, entry: Entry, matches: readonly Match[], findings: Findings): void {
  const ended = matches.filter(({ relation, entry: other }) => relation === 'update' && other.seen <= entry.seen);
  const isKnown = board.entries.some(
    ({ gone, profile }) =>
      gone !== undefined &&
      profile.values.some(({ canon }) => entry.profile.old.some((value) => value.canon === canon)),
  );
  // What replaced it was said in the same breath.
  const isReplaced = entry.profile.old.some(
    ({ kind }) =>
      isAlone(kind) &&
      board.near(entry.profile).some(({ profile }) => profile.values.some((value) => value.kind === kind)),
  );
  if (ended.length === 0 && (isKnown || isReplaced))
    return leave(entry, 'it only ended something', undefined, 'repeated');
  if (ended.length === 0) return board.add(entry);
  for (const { entry: older } of ended) {
    leave(older, `no longer so: ${quoted(entry)}`, undefined, 'overtaken');
    findings.ended.push(older);
  }
  leave(entry, 'it only ended something', undefined, 'repeated');
}

function doubt(board: Board, entry: Entry, matches: readonly Match[], findings: Findings): void {
  const [match] = matches;
  if (match === undefined) return board.add(entry);
  if (match.relation === 'update') findings.doubts.push({ said: entry, stands: match.entry });
  if (entry.bullet === undefined || match.relation !== 'update')
    leave(entry, `less sure than ${quoted(match.entry)}`, match.entry, 'repeated');
  else board.add(entry);
}

/** Said again: the clearer and fuller words stay. */
function again(board: Board, entry: Entry, match: Match, updates: readonly Match[], findings: Findings): void {
  const { entry: known, relation } = match;
  findings.repeated += 1;
  for (const { entry: older } of updates)
    if (older.seen < entry.seen) leave(older, `overtaken by ${quoted(entry)}`, known, 'overtaken');
  if (!isBetter(entry, known, relation)) return leave(entry, `says the same as ${quoted(known)}`, known, 'repeated');
  const now = tidied(entry);
  leave(known, `says the same as ${quoted(now)}`, now, known.profile.hedged ? 'overtaken' : 'repeated');
  board.add(now);
}

function isBetter(entry: Entry, known: Entry, relation: Related['relation']): boolean {
  if (known.profile.hedged !== entry.profile.hedged) return known.profile.hedged;
  if (relation === 'more') return true;
  // What is in the memory already stays, unless both are: then the better supported, fuller, newer one.
  if (entry.bullet === undefined || known.bullet === undefined) return false;
  const [one, other] = [entry.profile, known.profile];
  const old = other.old.length - one.old.length;
  if (old !== 0) return old > 0;
  const values = one.values.length - other.values.length;
  if (values !== 0) return values > 0;
  const support = entry.src.length - known.src.length;
  return support === 0 ? entry.seen > known.seen && entry.text.length >= known.text.length : support > 0;
}

/** Which of the older facts it overtakes: all that it names, or that can't hold beside it; of vague likenesses the nearest. */
function targetsOf(matches: readonly Match[], entry: Entry): readonly Match[] {
  const updates = matches.filter(({ relation, entry: other }) => relation === 'update' && other !== entry);
  const best = updates[0]?.score ?? 0;
  // Who overtakes one that says Monday overtakes the others that say Monday.
  const gone = new Set(updates[0]?.entry.profile.values.map(({ canon }) => canon));
  const saysSo = ({ entry: other }: Match): boolean =>
    other.profile.values.length > 0 && other.profile.values.every(({ canon }) => gone.has(canon));
  return updates.filter(
    (match) => match.score >= Math.min(0.9, best - 0.06) || (match.score >= best - 0.3 && saysSo(match)),
  );
}
