import type { Redact } from '../core/ports.ts';
import { isOwners, parseBullet, remark, renderBullet, type Bullet, type FactTrust } from './bullet.ts';
import { joinSources, problemOf, problemOfTrust } from './checks.ts';
import { overLimit, sizeOf, type MemoryLimits } from './limits.ts';
import type {
  AddFact,
  ArchiveFact,
  Change,
  DescribeTopic,
  MarkStale,
  MergeFacts,
  NewTopic,
  Operation,
  RedactFact,
  Refusal,
  StaleMark,
  SupersedeFact,
  TellConflict,
  ToldConflict,
} from './operations.ts';
import type { MarkChanges } from './ports.ts';
import { withoutSecrets } from './secrets.ts';
import { bulletsOf, lineOf, newTopic, type Topic } from './topic.ts';
import { INDEX_PATH, sha256Of, withTexts, type Memory } from './tree.ts';
import { createWorkbench, type Workbench } from './workbench.ts';

export interface DraftOptions {
  /** ISO 8601; its date becomes the `until` of what is overtaken. */
  readonly nowIso: string;
  readonly nowMs: number;
  readonly limits: MemoryLimits;
  readonly redact: Redact;
  /** Descriptions that kairosd wrote, by topic, as SHA-256. */
  readonly described: Readonly<Record<string, string>>;
}

/** What a batch of operations comes to. */
export interface Drafted {
  /** Files that are other than before. */
  readonly texts: ReadonlyMap<string, string>;
  readonly changes: readonly Change[];
  readonly refused: readonly Refusal[];
  readonly conflicts: readonly ToldConflict[];
  readonly marks: MarkChanges;
}

/** A memory that is being changed, one operation after the other. */
export interface Draft {
  /** One that is refused changes nothing. */
  apply(operation: Operation): void;
  finish(): Drafted;
}

/** An operation that is not done, with the reason. */
class Refused {
  readonly reason: string;
  readonly known: boolean;

  constructor(reason: string, known = false) {
    this.reason = reason;
    this.known = known;
  }
}

/** All of them at once: the memory as it would be. Pure. */
export function applyTo(
  memory: Memory,
  operations: readonly Operation[],
  options: DraftOptions,
): Drafted & { readonly memory: Memory } {
  const draft = startDraft(memory, options);
  for (const operation of operations) draft.apply(operation);
  const drafted = draft.finish();
  return { ...drafted, memory: withTexts(memory, drafted.texts) };
}

/** Begins to change a memory. Nothing is written anywhere: the result is texts. */
export function startDraft(memory: Memory, options: DraftOptions): Draft {
  const bench = createWorkbench(memory, options);
  const changes: Change[] = [];
  const refused: Refusal[] = [];
  const conflicts: ToldConflict[] = [];
  const stale: StaleMark[] = [];
  const described: Record<string, string> = {};
  const known = { ...options.described };
  let index = 0;
  const run = (operation: Operation): void => {
    const hands: Hands = { bench, options, known };
    const problem = problemOf(operation, options.limits, options.redact);
    if (problem !== undefined) throw new Refused(problem);
    const done = perform(operation, hands);
    changes.push(cleaned(done.change, options.redact));
    if (done.conflict !== undefined) {
      const ownersText = withoutSecrets(done.conflict.ownersText, options.redact);
      conflicts.push({ ...done.conflict, ownersText });
    }
    if (done.stale !== undefined) stale.push(done.stale);
    if (done.described !== undefined) {
      const [topic, description] = done.described;
      known[topic] = described[topic] = sha256Of(description);
    }
  };
  return {
    apply(operation) {
      try {
        run(operation);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        refused.push({ index, operation, reason: error.reason, ...(error.known ? { known: true } : {}) });
      }
      index += 1;
    },
    finish: () => ({ texts: bench.texts(), changes, refused, conflicts, marks: { stale, described } }),
  };
}

interface Hands {
  readonly bench: Workbench;
  readonly options: DraftOptions;
  readonly known: Readonly<Record<string, string>>;
}

interface Done {
  readonly change: Change;
  readonly conflict?: ToldConflict;
  readonly stale?: StaleMark;
  /** A topic and the description it has now. */
  readonly described?: readonly [string, string];
}

function perform(operation: Operation, hands: Hands): Done {
  switch (operation.kind) {
    case 'add':
      return add(operation, hands);
    case 'merge':
      return merge(operation, hands);
    case 'supersede':
      return supersede(operation, hands);
    case 'archive':
      return archive(operation, hands);
    case 'redact':
      return redactFact(operation, hands);
    case 'mark-stale':
      return markStale(operation, hands);
    case 'conflict':
      return tell(operation, hands);
    case 'describe':
      return describe(operation, hands);
    default:
      return makeTopic(operation, hands);
  }
}

function add(operation: AddFact, hands: Hands): Done {
  const { topic: name, type, text, src, trust, since } = operation;
  const { bench, options } = hands;
  const there = bench.find(name);
  // What a topic says of itself is always in the context: words from outside don't go there.
  const description = trust === 'outside' ? '' : text.trim().slice(0, 100);
  const fresh = there === undefined;
  const topic = there ?? newTopic({ name, type, description, modified: options.nowIso });
  demand(problemOfTrust(type, trust) ?? problemOfTrust(topic.type, trust));
  const same = bulletsOf(topic).find((bullet) => sameWords(bullet.text, text));
  if (same !== undefined) throw new Refused(`${name} says so already: ${same.text}`, true);
  put(hands, { ...topic, parts: [...topic.parts, bulletOf(topic, { text, src, trust, since })] }, fresh);
  const change: Change = { kind: 'add', topic: name, text, src };
  return fresh && description !== '' ? { change, described: [name, description] } : { change };
}

function merge(operation: MergeFacts, hands: Hands): Done {
  const { topic: name, text, since } = operation;
  const topic = topicOf(name, hands);
  const bullets = [...new Set(operation.bullets)].map((id) => machineBullet(topic, id, hands));
  if (bullets.length < 2) throw new Refused('merging takes two facts at least');
  const trust = bullets.some((bullet) => bullet.trust === 'outside') ? 'outside' : 'derived';
  demand(problemOfTrust(topic.type, trust));
  const src = joinSources(operation.src, ...bullets.map((bullet) => bullet.src));
  const earliest = bullets.flatMap((bullet) => bullet.since ?? []).toSorted()[0];
  const fact = bulletOf(topic, { text, src, trust, since: since ?? earliest });
  const gone = bullets.filter((bullet) => !sameWords(bullet.text, text));
  replace(hands, topic, bullets, fact, { gone, by: operation.src[0] });
  return { change: { kind: 'merge', topic: name, text, was: bullets.map((bullet) => bullet.text), src } };
}

function supersede(operation: SupersedeFact, hands: Hands): Done {
  const { topic: name, bullet: id, text, src, since, trust = 'derived' } = operation;
  const topic = topicOf(name, hands);
  const old = machineBullet(topic, id, hands);
  demand(problemOfTrust(topic.type, trust));
  if (trust === 'outside' && old.trust !== 'outside') {
    throw new Refused('text from outside overtakes nothing but text from outside');
  }
  if (sameWords(old.text, text)) throw new Refused('the new words are the old ones');
  const fact = bulletOf(topic, { text, src, trust, since });
  replace(hands, topic, [old], fact, { gone: [old], by: src[0] });
  return { change: { kind: 'supersede', topic: name, text, was: [old.text], src } };
}

function archive(operation: ArchiveFact, hands: Hands): Done {
  const { topic: name, bullet: id, reason } = operation;
  const topic = topicOf(name, hands);
  const old = machineBullet(topic, id, hands);
  replace(hands, topic, [old], undefined, { gone: [old], by: undefined });
  return { change: { kind: 'archive', topic: name, text: old.text, was: [old.text], reason } };
}

/** In its place: an archive would only be another file that the secret is in. */
function redactFact({ topic: name, bullet: id }: RedactFact, hands: Hands): Done {
  const { redact } = hands.options;
  const topic = topicOf(name, hands);
  const old = machineBullet(topic, id, hands);
  const text = withoutSecrets(old.text, redact);
  if (text === old.text) throw new Refused('it holds no secret');
  const { description: was } = topic;
  const description = hands.known[name] === sha256Of(was) ? withoutSecrets(was, redact) : was;
  const fact = { ...old, text, raw: lineOf(topic, renderBullet({ ...old, text })) };
  const parts = topic.parts.map((part) => (part === old ? { kind: 'bullet' as const, ...fact } : part));
  put(hands, { ...topic, description, parts }, false);
  const change: Change = { kind: 'redact', topic: name, text, src: old.src };
  return description === was ? { change } : { change, described: [name, description] };
}

/** Also for a fact of the owner's: its words stay where they are. */
function markStale(operation: MarkStale, hands: Hands): Done {
  const { topic: name, bullet: id, reason, moved } = operation;
  const bullet = bulletIn(topicOf(name, hands), id, hands);
  const stale = { topic: name, bullet: id, reason, moved: moved ?? null, atMs: hands.options.nowMs };
  return { change: { kind: 'mark-stale', topic: name, text: bullet.text, reason }, stale };
}

function tell(operation: TellConflict, hands: Hands): Done {
  const { topic, bullet: id, text, src, since } = operation;
  const bullet = bulletIn(topicOf(topic, hands), id, hands);
  const conflict = { topic, bullet: id, ownersText: bullet.text, text, src, ...(since === undefined ? {} : { since }) };
  return { change: { kind: 'conflict', topic, text, was: [bullet.text], src }, conflict };
}

function describe({ topic: name, description }: DescribeTopic, hands: Hands): Done {
  const topic = topicOf(name, hands);
  const { description: was } = topic;
  if (was !== '' && hands.known[name] !== sha256Of(was)) {
    throw new Refused(`a person described ${name}, and their words stay`);
  }
  put(hands, { ...topic, description }, false);
  return { change: { kind: 'describe', topic: name, text: description, was: [was] }, described: [name, description] };
}

function makeTopic({ name, type, description }: NewTopic, hands: Hands): Done {
  if (hands.bench.find(name) !== undefined) throw new Refused(`there is a topic ${name} already`);
  put(hands, newTopic({ name, type, description, modified: hands.options.nowIso }), true);
  return { change: { kind: 'new-topic', topic: name, text: description }, described: [name, description] };
}

interface Replaced {
  /** Those whose words go to the archive. */
  readonly gone: readonly Bullet[];
  readonly by: string | undefined;
}

/** Puts a fact in the place of the first of these; without one they just leave. */
function replace(
  hands: Hands,
  topic: Topic,
  bullets: readonly Bullet[],
  fact: Topic['parts'][number] | undefined,
  { gone, by }: Replaced,
): void {
  const [first] = bullets;
  const leave = new Set<unknown>(bullets);
  const parts = topic.parts.flatMap((part) => {
    if (part === first) return fact === undefined ? [] : [fact];
    return leave.has(part) ? [] : [part];
  });
  const { nowIso } = hands.options;
  const archived = hands.bench.archiveOf(topic);
  const until = nowIso.slice(0, 10);
  const added = gone.map((bullet) => {
    const kept = { ...bullet, text: withoutSecrets(bullet.text, hands.options.redact) };
    const ended = remark(kept, { until, ...(by === undefined ? {} : { by }) });
    return { kind: 'bullet' as const, ...ended, raw: lineOf(archived, ended.raw) };
  });
  const after = { ...archived, modified: nowIso, parts: [...archived.parts, ...added] };
  demand(hands.bench.problemOfArchive(after));
  put(hands, { ...topic, parts }, false);
  if (added.length > 0) hands.bench.putArchive(after);
}

/** @throws {Refused} when the topic, or with it the index, would be over the limits, and larger than it was. */
function put({ bench, options }: Hands, topic: Topic, listed: boolean): void {
  demand(bench.problemOfTopic(topic));
  const before = bench.find(topic.name);
  bench.put({ ...topic, modified: options.nowIso });
  if (!listed && before?.description === topic.description) return;
  const index = bench.index();
  const over = overLimit(INDEX_PATH, index, options.limits);
  if (over === undefined || sizeOf(index).bytes <= sizeOf(bench.indexBefore).bytes) return;
  bench.restore(topic.name, before);
  throw new Refused(over);
}

/** What is told of a change goes into the history, the log and the digest. */
function cleaned(change: Change, redact: Redact): Change {
  const text = withoutSecrets(change.text, redact);
  return change.was === undefined
    ? { ...change, text }
    : { ...change, text, was: change.was.map((each) => withoutSecrets(each, redact)) };
}

function topicOf(name: string, { bench }: Hands): Topic {
  const topic = bench.find(name);
  if (topic === undefined) throw new Refused(`there is no topic ${name}`);
  return topic;
}

function bulletIn(topic: Topic, id: string, { bench }: Hands): Bullet {
  const bullet = bulletsOf(topic).find((each) => bench.idOf(topic.name, each) === id);
  if (bullet === undefined) throw new Refused(`there is no fact ${id} in ${topic.name}; it may have been changed`);
  return bullet;
}

function machineBullet(topic: Topic, id: string, hands: Hands): Bullet {
  const bullet = bulletIn(topic, id, hands);
  if (!isOwners(bullet)) return bullet;
  throw new Refused(`${topic.name}: "${bullet.text.slice(0, 80)}" is the owner's own, and stays as it is`);
}

function bulletOf(
  topic: Topic,
  fact: { text: string; src: readonly string[]; trust: FactTrust; since?: string | undefined },
): Topic['parts'][number] {
  return { kind: 'bullet', ...parseBullet(lineOf(topic, renderBullet(fact))) };
}

function demand(problem: string | undefined): void {
  if (problem !== undefined) throw new Refused(problem);
}

function sameWords(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().toLowerCase().replace(/\.$/, '');
}
