import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../core/ports.ts';
import { bulletsOf, isTopicName, parseTopic, type Topic } from '../topic.ts';
import type { Judged, Place, Verdict } from './claim.ts';
import { realDisk, type Disk } from './disk.ts';
import { createSkeptic, type Remembered, type Skeptic } from './skeptic.ts';

/** A claim of the memory and what came of looking; the public shape of `memory verify --json`. */
export interface Verified {
  readonly topic: string;
  /** The whole fact. */
  readonly text: string;
  /** What of it was looked at. */
  readonly claim: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly kind: string;
  readonly moved?: string | undefined;
}

export interface VerifyOptions {
  /** The home; its `memory/topics/` is read. */
  readonly home: string;
  readonly workspaces: readonly Place[];
  /** Directories of programs. */
  readonly programs: readonly string[];
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Default: the real one. */
  readonly disk?: Disk | undefined;
  /** Only this topic. */
  readonly topic?: string | undefined;
  /** Kept between calls, it spares reading what did not change. Default: a new one. */
  readonly skeptic?: Skeptic | undefined;
}

const FILE_BYTES_MAX = 1_048_576;
const TOPICS_MAX = 1_000;

/** Checks every claim of the memory against the workspaces, topics in order of their names. Reads only; works without a daemon. */
export function verifyMemory(options: VerifyOptions): readonly Verified[] {
  const { home, workspaces: places, programs, clock, disk = realDisk } = options;
  const topics = readTopics(home).filter(({ name }) => options.topic === undefined || name === options.topic);
  const skeptic = options.skeptic ?? createSkeptic({ places, disk, clock, programs });
  return verifyTopics(topics, skeptic);
}

/** The same for topics that were read already. */
export function verifyTopics(topics: readonly Topic[], skeptic: Skeptic): readonly Verified[] {
  const texts = topics.flatMap((topic) => rememberedOf(topic).map((remembered) => ({ topic: topic.name, remembered })));
  const judged = skeptic.check(texts.map(({ remembered }) => remembered));
  return texts.flatMap(({ topic, remembered }, index) =>
    (judged[index] ?? []).map((each) => shown(topic, remembered.text, each)),
  );
}

/** The facts of a topic as the skeptic takes them, in order; those that are over are not asked about. */
export function rememberedOf(topic: Topic): readonly Remembered[] {
  const about = `${topic.name} ${topic.description}`;
  const tastes = topic.type === 'user' || topic.type === 'feedback';
  return bulletsOf(topic).map(({ text, until }) => ({ text: until === undefined ? text : '', about, tastes }));
}

function shown(topic: string, text: string, { claim, verdict, reason, moved }: Judged): Verified {
  return {
    topic,
    text,
    claim: claim.holds ? claim.words : `no ${claim.words}`,
    verdict,
    reason,
    kind: claim.kind,
    ...(moved === undefined ? {} : { moved }),
  };
}

function readTopics(home: string): readonly Topic[] {
  const folder = join(home, 'memory', 'topics');
  let names: string[];
  try {
    names = readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .toSorted();
  } catch {
    return [];
  }
  return names.slice(0, TOPICS_MAX).flatMap((file) => {
    const name = file.slice(0, -3);
    if (!isTopicName(name)) return [];
    try {
      const text = readFileSync(join(folder, file), 'utf8');
      return text.length > FILE_BYTES_MAX ? [] : [parseTopic(name, text)];
    } catch {
      return [];
    }
  });
}
