import type { Redact } from '../core/ports.ts';
import { bulletId, isOwners, type Bullet } from '../memory/bullet.ts';
import { problemOf, problemOfTrust } from '../memory/checks.ts';
import type { MemoryLimits } from '../memory/limits.ts';
import type { Operation } from '../memory/operations.ts';
import { holdsSecret } from '../memory/secrets.ts';
import { bulletsOf, type Topic, type TopicType } from '../memory/topic.ts';
import type { SourceTrust } from './fork.ts';
import { OPERATIONS_MAX } from './messages.ts';

export interface ValidateContext {
  /** The memory that the proposal is about. */
  readonly topics: readonly Topic[];
  /** What was read, by source, with whose words it holds. */
  readonly sources: ReadonlyMap<string, ReadonlySet<SourceTrust>>;
  /** Whether this is a source that was given to be read: a session, a day, or an event the home knows. */
  readonly isGiven: (source: string) => boolean;
  /** Facts whose claims no longer hold, as `topic bullet`. */
  readonly stale: ReadonlySet<string>;
  readonly limits: MemoryLimits;
  /** The share of a topic's facts, and of their bytes, that may stop being current. */
  readonly shrinkCap: number;
  readonly redact: Redact;
}

/** An operation that is not applied, and why. */
export interface Rejection {
  readonly operation: Operation;
  readonly topic: string;
  /** The whole topic would have lost too much: what was to retire its facts waits for the next dream. */
  readonly section: boolean;
  readonly reason: string;
}

export interface Validated {
  readonly accepted: readonly Operation[];
  readonly rejected: readonly Rejection[];
}

/** Looks at a proposal piece by piece, so that nobody has to wait for the whole of it. */
export interface Validator {
  check(operation: Operation): void;
  finish(): Validated;
}

/**
 * Stands between a proposal and the memory, in the daemon: the worker has read text from anybody, and perhaps a model has had
 * a say. What breaks a rule is rejected by itself, with the reason; a topic that would lose more than its share loses
 * nothing. Whatever is accepted still has to pass the store, which holds the limits of the files. Pure.
 */
export function createValidator(context: ValidateContext): Validator {
  const topics = new Map(context.topics.map((topic) => [topic.name, topicFacts(topic)]));
  const bySource = new Set(context.topics.flatMap((topic) => bulletsOf(topic).flatMap(({ src }) => src)));
  const accepted: Operation[] = [];
  const rejected: Rejection[] = [];
  const retired = new Map<string, Set<string>>();
  let count = 0;
  return {
    check(operation) {
      count += 1;
      const reason =
        count > OPERATIONS_MAX
          ? `a proposal has at most ${OPERATIONS_MAX} operations`
          : problemWith(operation, { context, topics, retired, bySource });
      if (reason !== undefined) {
        rejected.push(rejection(operation, reason, false));
        return;
      }
      accepted.push(operation);
      if (operation.kind === 'new-topic') topics.set(operation.name, { type: operation.type, bullets: new Map() });
      if (operation.kind === 'add' && !topics.has(operation.topic)) {
        topics.set(operation.topic, { type: operation.type, bullets: new Map() });
      }
      for (const id of retiredBy(operation)) {
        const topic = nameOf(operation);
        retired.set(topic, (retired.get(topic) ?? new Set()).add(id));
      }
    },
    finish() {
      const over = new Map<string, string>();
      for (const [topic, ids] of retired) {
        const reason = overCap(topic, topics.get(topic)?.bullets ?? new Map(), ids, context.shrinkCap);
        if (reason !== undefined) over.set(topic, reason);
      }
      const isOver = (operation: Operation): boolean => over.has(nameOf(operation)) && retiredBy(operation).length > 0;
      return {
        accepted: accepted.filter((operation) => !isOver(operation)),
        rejected: [
          ...rejected,
          ...accepted.filter(isOver).map((operation) => rejection(operation, over.get(nameOf(operation)) ?? '', true)),
        ],
      };
    },
  };
}

interface TopicFacts {
  readonly type: TopicType;
  readonly bullets: ReadonlyMap<string, Bullet>;
}

interface Looked {
  readonly context: ValidateContext;
  readonly topics: ReadonlyMap<string, TopicFacts>;
  readonly retired: ReadonlyMap<string, ReadonlySet<string>>;
  /** Sources of facts that are in the memory. */
  readonly bySource: ReadonlySet<string>;
}

function topicFacts(topic: Topic): TopicFacts {
  return {
    type: topic.type,
    bullets: new Map(bulletsOf(topic).map((bullet) => [bulletId(topic.name, bullet), bullet])),
  };
}

function nameOf(operation: Operation): string {
  return operation.kind === 'new-topic' ? operation.name : operation.topic;
}

function rejection(operation: Operation, reason: string, section: boolean): Rejection {
  return { operation, topic: nameOf(operation).slice(0, 80), section, reason };
}

/** The facts that would no longer be current. */
function retiredBy(operation: Operation): readonly string[] {
  if (operation.kind === 'merge') return operation.bullets;
  return operation.kind === 'supersede' || operation.kind === 'archive' ? [operation.bullet] : [];
}

function problemWith(operation: Operation, looked: Looked): string | undefined {
  const { limits, redact } = looked.context;
  return (
    problemOf(operation, limits, redact) ??
    problemOfBullets(operation, looked) ??
    problemOfSources(operation, looked) ??
    problemOfOrigin(operation, looked)
  );
}

function problemOfBullets(operation: Operation, { context, topics, retired }: Looked): string | undefined {
  const name = nameOf(operation);
  const topic = topics.get(name);
  if (topic === undefined) {
    return operation.kind === 'add' || operation.kind === 'new-topic' ? undefined : `there is no topic ${name}`;
  }
  if (operation.kind === 'mark-stale' && !context.stale.has(`${name} ${operation.bullet}`)) {
    return `nobody has found that the fact ${operation.bullet} of ${name} no longer holds`;
  }
  if (operation.kind === 'conflict') {
    const bullet = topic.bullets.get(operation.bullet);
    if (bullet === undefined) return noBullet(name, operation.bullet);
    return isOwners(bullet) ? undefined : `the fact ${operation.bullet} of ${name} is not the owner's own`;
  }
  for (const id of operation.kind === 'redact' ? [operation.bullet] : retiredBy(operation)) {
    const bullet = topic.bullets.get(id);
    if (bullet === undefined) return noBullet(name, id);
    if (operation.kind === 'redact' && !holdsSecret(bullet.text, context.redact)) {
      return `the fact ${id} of ${name} holds no secret`;
    }
    if (isOwners(bullet)) return `the fact ${id} of ${name} is the owner's own, and stays as it is`;
    if (retired.get(name)?.has(id) === true) return `the fact ${id} of ${name} is named twice`;
  }
  if (operation.kind === 'merge' && new Set(operation.bullets).size < 2) return 'merging takes two facts at least';
  return undefined;
}

function noBullet(topic: string, id: string): string {
  return `there is no fact ${JSON.stringify(id.slice(0, 20))} in ${topic}`;
}

/** A source that was invented vouches for nothing. What is in the memory already brings its own: facts that become one, and what is held against the owner's. */
function problemOfSources(operation: Operation, { context, bySource, topics }: Looked): string | undefined {
  if (!('src' in operation)) return undefined;
  if (operation.src.length === 0) return 'a fact needs a source';
  const old =
    operation.kind === 'merge'
      ? new Set(operation.bullets.flatMap((id) => topics.get(operation.topic)?.bullets.get(id)?.src ?? []))
      : operation.kind === 'conflict'
        ? bySource
        : new Set<string>();
  const isKnown = (id: string): boolean => old.has(id) || (context.sources.has(id) && context.isGiven(id));
  const unknown = operation.src.find((id) => !isKnown(id));
  return unknown === undefined ? undefined : `the source ${JSON.stringify(unknown.slice(0, 80))} is none that was read`;
}

/** Words from outside stay words from outside, and never say what the owner is like or wants. */
function problemOfOrigin(operation: Operation, { context, topics }: Looked): string | undefined {
  if (operation.kind !== 'add' && operation.kind !== 'supersede' && operation.kind !== 'merge') return undefined;
  const type = topics.get(operation.topic)?.type ?? (operation.kind === 'add' ? operation.type : 'project');
  const trust = operation.kind === 'merge' ? 'derived' : (operation.trust ?? 'derived');
  if (trust === 'owner') return "a dream can't speak for the owner";
  const isOwn = operation.src.some((id) => context.sources.get(id)?.has('owner') === true);
  if (trust === 'derived' && !isOwn && operation.kind !== 'merge') {
    return `none of its sources (${operation.src.join(', ').slice(0, 100)}) holds words of the owner: it is from outside`;
  }
  const mixed = operation.kind === 'merge' ? mergedTrust(operation.topic, operation.bullets, topics) : trust;
  return problemOfTrust(type, mixed) ?? (operation.kind === 'add' ? problemOfTrust(operation.type, mixed) : undefined);
}

function mergedTrust(
  topic: string,
  ids: readonly string[],
  topics: ReadonlyMap<string, TopicFacts>,
): 'derived' | 'outside' {
  return ids.some((id) => topics.get(topic)?.bullets.get(id)?.trust === 'outside') ? 'outside' : 'derived';
}

/** @returns why, when a topic would lose more than its share of facts or bytes. */
function overCap(
  topic: string,
  bullets: ReadonlyMap<string, Bullet>,
  gone: ReadonlySet<string>,
  cap: number,
): string | undefined {
  const all = [...bullets.values()].reduce((sum, bullet) => sum + bytesOf(bullet), 0);
  const lost = [...bullets].reduce((sum, [id, bullet]) => (gone.has(id) ? sum + bytesOf(bullet) : sum), 0);
  if (gone.size <= bullets.size * cap && lost <= all * cap) return undefined;
  const share = `${gone.size} of ${bullets.size} facts, ${lost} of ${all} bytes`;
  return `${topic} would lose ${share} in one night, and at most ${Math.round(cap * 100)} % may stop being current: nothing of it does`;
}

function bytesOf({ raw }: Bullet): number {
  return Buffer.byteLength(raw);
}
