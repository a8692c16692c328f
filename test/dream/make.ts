import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/daemon/system.ts';
import { dreamOptions, type DreamOptions } from '../../src/dream/options.ts';
import type { DreamPorts } from '../../src/dream/ports.ts';
import type { DreamReport } from '../../src/dream/report.ts';
import { createDreamer, type Dreamer } from '../../src/dream/run.ts';
import { openDreams, type Dreams } from '../../src/ledger/dreams.ts';
import { openDatabase, type Database } from '../../src/ledger/database.ts';
import { openGenerations } from '../../src/ledger/generations.ts';
import { takeLock } from '../../src/ledger/lock.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { createWriter } from '../../src/ledger/writer.ts';
import { MEMORY_LIMITS } from '../../src/memory/limits.ts';
import type { Author } from '../../src/memory/ports.ts';
import { openMemory, type MemoryOptions, type MemoryStore } from '../../src/memory/store.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import type { Sandbox } from '../../src/tools/confinement.ts';
import { FakeClock } from '../fakes/clock.ts';
import { folder, recordingLog, type LogLine } from '../ledger/make.ts';

export const SECRET = 'correct-horse-battery-staple';

/** No sandbox of the system: Node's own model alone. The jail itself has its own test. */
const bare: Sandbox = {
  kind: 'none',
  reason: 'a test',
  path: '',
  home: '/nonexistent',
  wrap: ([program, ...args], { env }) => ({ program, args, env }),
};

/** The wall stands still until it is moved; time for deadlines is real. */
export class WallClock extends FakeClock {
  override monoMs(): number {
    return systemClock.monoMs();
  }

  override sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs, signal);
  }
}

export interface Dreaming extends AsyncDisposable {
  readonly home: string;
  readonly clock: WallClock;
  readonly dreamer: Dreamer;
  readonly dreams: Dreams<DreamReport | null>;
  readonly memory: MemoryStore;
  readonly database: Database;
  readonly log: readonly LogLine[];
  write(path: string, text: string): void;
  file(path: string): string;
  /** A session of these words of the owner's, ended unless said otherwise. */
  session(id: string, words: readonly string[], more?: SessionMore): void;
}

export interface SessionMore {
  readonly day?: string;
  readonly open?: boolean;
  readonly lines?: readonly Readonly<Record<string, unknown>>[];
}

export interface DreamingOptions {
  readonly options?: Partial<DreamOptions>;
  readonly ports?: Partial<DreamPorts>;
  readonly memory?: Partial<MemoryOptions>;
}

/** A dreamer over a real ledger, a real memory and real workers, in a home of its own. */
export async function dreaming({
  options = {},
  ports = {},
  memory: more = {},
}: DreamingOptions = {}): Promise<Dreaming> {
  const home = folder();
  const clock = new WallClock();
  const lines: LogLine[] = [];
  const database = openDatabase(join(home.path, 'ledger.db'), process.platform);
  migrate(database);
  const writer = createWriter(database, { clock, onCommit() {}, onFailure() {} });
  const { redact } = createRedactor([{ name: 'TEST', value: SECRET }]);
  const dreams = openDreams<DreamReport | null>(database, writer);
  const memory = await openMemory({
    home: home.path,
    ledger: openGenerations<Author>(database, writer),
    clock,
    log: recordingLog(lines),
    redact,
    timeZone: () => 'Europe/Berlin',
    ...more,
  });
  const given: DreamPorts = {
    home: home.path,
    clock,
    log: recordingLog(lines),
    redact,
    timeZone: () => 'Europe/Berlin',
    options: () => ({ ...dreamOptions.parse({}), ...options }),
    night: () => undefined,
    idleSinceMs: () => 0,
    limits: () => MEMORY_LIMITS,
    store: dreams,
    memory,
    stale: () => Promise.resolve([]),
    isEvent: () => false,
    lock: () => takeLock(home.path, 'dream.lock', 'a test'),
    model: () => undefined,
    sandbox: () => Promise.resolve(bare),
    nodePath: process.execPath,
    workspaces: () => [],
    ...ports,
  };
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(home.path, path)), { recursive: true });
    writeFileSync(join(home.path, path), text);
  };
  return {
    home: home.path,
    clock,
    dreamer: createDreamer(given),
    dreams,
    memory,
    database,
    log: lines,
    write,
    file: (path) => readFileSync(join(home.path, path), 'utf8'),
    session: (id, words, extra) => write(...sessionFile(id, words, extra)),
    async [Symbol.asyncDispose]() {
      await memory.idle();
      await writer.close();
      database.close();
      home[Symbol.dispose]();
    },
  };
}

/** Path and text of a transcript. */
export function sessionFile(
  id: string,
  words: readonly string[],
  { day = '2026-11-01', open = false, lines = [] }: SessionMore = {},
): [path: string, text: string] {
  const at = `${day}T10:00:00+01:00`;
  const all = [
    { at, kind: 'meta', text: '', session: id, startedAt: at, origin: 'say' },
    ...words.map((text) => ({ at, kind: 'user', text, trust: 'owner' })),
    ...lines,
    ...(open ? [] : [{ at, kind: 'meta', text: '', endedAt: at }]),
  ];
  const path = `sessions/${day.slice(0, 4)}/${day.slice(5, 7)}/${id}.jsonl`;
  return [path, all.map((line) => `${JSON.stringify(line)}\n`).join('')];
}
