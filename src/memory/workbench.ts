import { bulletId, type Bullet } from './bullet.ts';
import { renderIndex } from './index-file.ts';
import { overLimit, sizeOf, type MemoryLimits } from './limits.ts';
import { newTopic, renderTopic, type Topic } from './topic.ts';
import { INDEX_PATH, pathOf, unreadableTopics, type Memory } from './tree.ts';

/** An archive is never read whole into a prompt; this keeps it a file that an editor opens. */
const ARCHIVE_BYTES_MAX = 524_288;

/** The topics of a memory while they are being changed. */
export interface Workbench {
  readonly indexBefore: string;
  find(name: string): Topic | undefined;
  put(topic: Topic): void;
  /** Takes back the last `put` of a topic. */
  restore(name: string, before: Topic | undefined): void;
  archiveOf(topic: Topic): Topic;
  putArchive(topic: Topic): void;
  idOf(topic: string, bullet: Pick<Bullet, 'raw'>): string;
  /** Why this topic can't be written so; undefined: it can. */
  problemOfTopic(topic: Topic): string | undefined;
  problemOfArchive(archive: Topic): string | undefined;
  /** The index as it would be. */
  index(): string;
  /** Files that are other than before. */
  texts(): ReadonlyMap<string, string>;
}

interface WorkbenchOptions {
  readonly limits: MemoryLimits;
  readonly nowIso: string;
}

interface Size {
  readonly lines: number;
  readonly bytes: number;
}

export function createWorkbench(memory: Memory, options: WorkbenchOptions): Workbench {
  return new TopicBench(memory, options);
}

class TopicBench implements Workbench {
  readonly indexBefore: string;
  readonly #memory: Memory;
  readonly #options: WorkbenchOptions;
  readonly #topics: Map<string, Topic>;
  readonly #archives: Map<string, Topic>;
  readonly #touched = { topics: new Set<string>(), archives: new Set<string>() };
  /** What is wrong, by path. */
  readonly #broken: ReadonlyMap<string, string>;
  readonly #unreadable: ReadonlySet<string>;
  readonly #ids = new Map<string, string>();
  readonly #fronts = new Map<string, Size>();

  constructor(memory: Memory, options: WorkbenchOptions) {
    this.#memory = memory;
    this.#options = options;
    this.indexBefore = memory.index;
    this.#topics = new Map(memory.topics.map((topic) => [topic.name, topic]));
    this.#archives = new Map(memory.archive.map((topic) => [topic.name, topic]));
    this.#broken = new Map(memory.problems.map(({ path, problem }) => [path, problem]));
    this.#unreadable = unreadableTopics(memory);
  }

  find(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  put(topic: Topic): void {
    this.#topics.set(topic.name, topic);
    this.#touched.topics.add(topic.name);
  }

  restore(name: string, before: Topic | undefined): void {
    if (before !== undefined) this.#topics.set(name, before);
    else this.#topics.delete(name);
  }

  archiveOf({ name, type }: Topic): Topic {
    const description = `What is no longer so of ${name}`;
    return this.#archives.get(name) ?? newTopic({ name, type, description, modified: this.#options.nowIso });
  }

  putArchive(archive: Topic): void {
    this.#archives.set(archive.name, archive);
    this.#touched.archives.add(archive.name);
  }

  idOf(topic: string, bullet: Pick<Bullet, 'raw'>): string {
    const key = `${topic}\n${bullet.raw}`;
    const id = this.#ids.get(key) ?? bulletId(topic, bullet);
    this.#ids.set(key, id);
    return id;
  }

  problemOfTopic(topic: Topic): string | undefined {
    const path = pathOf('topics', topic.name);
    const before = this.#topics.get(topic.name);
    const { limits } = this.#options;
    const cannot = this.#brokenIn(path);
    if (cannot !== undefined) return cannot;
    const count = this.#topics.size + this.#unreadable.size;
    if (before === undefined && count >= limits.topicsMax) {
      return `there may be ${limits.topicsMax} topics, and there are ${count}: put it into one of them, or merge two`;
    }
    const { lines, bytes } = this.#size(topic);
    const was = before === undefined ? { lines: 0, bytes: 0 } : this.#size(before);
    const fits = lines <= limits.linesMax && bytes <= limits.bytesMax;
    if (fits || (lines <= was.lines && bytes <= was.bytes)) return undefined;
    return overLimit(`memory/${path}`, renderTopic(topic), limits);
  }

  problemOfArchive(archive: Topic): string | undefined {
    const path = pathOf('archive', archive.name);
    const cannot = this.#brokenIn(path);
    if (cannot !== undefined || this.#size(archive).bytes <= ARCHIVE_BYTES_MAX) return cannot;
    return `memory/${path} may have ${ARCHIVE_BYTES_MAX} bytes: move what is old in it to a place of your own`;
  }

  index(): string {
    const { index: text, topics } = this.#memory;
    const basis = { text, topics, unreadable: this.#unreadable };
    return renderIndex([...this.#topics.values()], basis, this.#options.limits);
  }

  texts(): ReadonlyMap<string, string> {
    const texts = new Map<string, string>();
    const set = (path: string, text: string): void => {
      if (this.#memory.files.get(path)?.text !== text) texts.set(path, text);
    };
    const before = new Set(this.#memory.topics);
    for (const name of this.#touched.topics) {
      const topic = this.#topics.get(name);
      if (topic !== undefined && !before.has(topic)) set(pathOf('topics', name), renderTopic(topic));
    }
    for (const name of this.#touched.archives) {
      const archive = this.#archives.get(name);
      if (archive !== undefined) set(pathOf('archive', name), renderTopic(archive));
    }
    if (texts.size > 0 && this.#brokenIn(INDEX_PATH) === undefined) set(INDEX_PATH, this.index());
    return texts;
  }

  #brokenIn(path: string): string | undefined {
    const problem = this.#broken.get(path) ?? this.#broken.get(path.split('/')[0] ?? '') ?? this.#broken.get('.');
    return problem === undefined ? undefined : `memory/${path} can't be written by kairosd: ${problem}`;
  }

  /** The size of its file, without writing the front matter anew each time. */
  #size(topic: Topic): Size {
    const key = `${topic.name}\n${topic.description}`;
    const front = this.#fronts.get(key) ?? sizeOf(renderTopic({ ...topic, modified: this.#options.nowIso, parts: [] }));
    this.#fronts.set(key, front);
    let { lines, bytes } = front;
    for (const { raw } of topic.parts) {
      lines += raw.split('\n').length;
      bytes += Buffer.byteLength(raw) + 1;
    }
    return { lines, bytes };
  }
}
