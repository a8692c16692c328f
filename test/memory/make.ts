import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Redact } from '../../src/core/ports.ts';
import { openDatabase } from '../../src/ledger/database.ts';
import { openGenerations } from '../../src/ledger/generations.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { createWriter } from '../../src/ledger/writer.ts';
import { bulletId } from '../../src/memory/bullet.ts';
import type { AddFact } from '../../src/memory/operations.ts';
import type { Author } from '../../src/memory/ports.ts';
import { openMemory, type MemoryOptions, type MemoryStore } from '../../src/memory/store.ts';
import { bulletsOf } from '../../src/memory/topic.ts';
import type { Memory } from '../../src/memory/tree.ts';
import { FakeClock } from '../fakes/clock.ts';
import { folder, recordingLog, type LogLine } from '../ledger/make.ts';

export const SECRET = 'hunter2-hunter2';
const redact: Redact = (text) => text.replaceAll(SECRET, '[redacted:TEST]');

/** A memory over a real ledger, in a home of its own. */
export interface Opened extends AsyncDisposable {
  readonly home: string;
  readonly memory: MemoryStore;
  readonly clock: FakeClock;
  readonly log: readonly LogLine[];
  /** Text of a file under `memory/`. */
  file(path: string): string;
  write(path: string, text: string): void;
  /** A second store over the same home, as after a restart. */
  again(options?: Partial<MemoryOptions>): Promise<MemoryStore>;
}

/** @param given Files of `memory/` that are there before the first look. */
export async function openTest(
  given: Readonly<Record<string, string>> = {},
  options: Partial<MemoryOptions> = {},
): Promise<Opened> {
  const home = folder();
  const clock = new FakeClock();
  const lines: LogLine[] = [];
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(home.path, 'memory', path)), { recursive: true });
    writeFileSync(join(home.path, 'memory', path), text);
  };
  for (const [path, text] of Object.entries(given)) write(path, text);
  const database = openDatabase(join(home.path, 'ledger.db'), process.platform);
  migrate(database);
  const writer = createWriter(database, { clock, onCommit() {}, onFailure() {} });
  const again = (more: Partial<MemoryOptions> = {}): Promise<MemoryStore> =>
    openMemory({
      home: home.path,
      ledger: openGenerations<Author>(database, writer),
      clock,
      log: recordingLog(lines),
      redact,
      timeZone: () => 'Europe/Berlin',
      ...options,
      ...more,
    });
  return {
    home: home.path,
    memory: await again(),
    clock,
    log: lines,
    file: (path) => readFileSync(join(home.path, 'memory', path), 'utf8'),
    write,
    again,
    async [Symbol.asyncDispose]() {
      await writer.close();
      database.close();
      home[Symbol.dispose]();
    },
  };
}

/** A topic file with these bullets. */
export function topicText(name: string, type: string, ...lines: readonly string[]): string {
  return `---\nname: ${name}\ntype: ${type}\ndescription: About ${name}\nmodified: 2026-10-01T00:00:00Z\n---\n${lines.map((line) => `${line}\n`).join('')}`;
}

export function fact(topic: string, text: string, more: Partial<AddFact> = {}): AddFact {
  return { kind: 'add', topic, type: 'project', text, src: ['s1'], trust: 'derived', ...more };
}

/** The id of the fact with these words. */
export function idOf(memory: Memory, topic: string, text: string): string {
  const found = memory.topics.find(({ name }) => name === topic);
  const bullet = found === undefined ? undefined : bulletsOf(found).find((each) => each.text === text);
  if (bullet === undefined) throw new Error(`no fact "${text}" in ${topic}`);
  return bulletId(topic, bullet);
}

/** Every file of the memory with its bytes; generations and notes left out. */
export function snapshot(home: string): Record<string, string> {
  const root = join(home, 'memory');
  const paths = [
    'MEMORY.md',
    ...['topics', 'archive'].flatMap((name) => list(join(root, name)).map((each) => `${name}/${each}`)),
  ];
  return Object.fromEntries(
    paths.flatMap((path) => {
      const bytes = read(join(root, path));
      return bytes === undefined ? [] : [[path, bytes.toString('latin1')]];
    }),
  );
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
