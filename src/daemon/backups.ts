import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { BackupOptions } from '../backup/options.ts';
import { lastBackup, newestBackupMs } from '../backup/record.ts';
import { dueMs } from '../backup/due.ts';
import { messageOf } from '../core/errors.ts';
import type { EventDraft } from '../core/event.ts';
import { startLoop } from '../core/loop.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { DaemonOptions, Ports } from './options.ts';
import type { Secrets } from './secrets.ts';
import { troubleTeller } from './trouble.ts';

export interface BackupsParts {
  readonly options: Pick<DaemonOptions, 'home' | 'config' | 'token' | 'commandEnv' | 'selfArgv'>;
  readonly ports: Pick<Ports, 'clock' | 'log' | 'redactor'>;
  readonly ledger: Pick<Ledger, 'journal' | 'health'>;
  readonly live: {
    readonly settings: { readonly config: { readonly backup: BackupOptions }; readonly secrets: Secrets };
  };
  /** Records what the owner has to be told. */
  readonly append: (draft: EventDraft) => Promise<unknown>;
  /** While true nothing begins: safe mode. */
  readonly held: () => boolean;
  /** A row of the daily log was written. */
  readonly onEnd: () => void;
}

/** Scheduled backups at work. */
export interface Backups extends AsyncDisposable {
  /** The newest backup that was verified, and whether the last scheduled one came about; null: none is known. */
  last(): { readonly atMs: number; readonly ok: boolean } | null;
}

const LOOK_MS = 60_000;
/** A start has other things to do first; what was missed is made up for after it. */
const SETTLE_MS = 10 * 60_000;
const RETRY_MS = 3_600_000;
const ATTEMPTS_MAX = 3;
/** From SIGTERM, which clears away what is half done, to SIGKILL. */
const TERM_MS = 5_000;
const OUTPUT_CHARS_MAX = 65_536;

/**
 * Makes the daily backup, in a process of its own with low priority: the daemon only starts it, waits, and tells of it. The
 * secrets it must look for go over its stdin, not into its environment.
 */
export function startBackups(parts: BackupsParts): Backups {
  const { options, ports, live, held } = parts;
  const program = options.selfArgv;
  const { clock } = ports;
  const log = ports.log.child({ part: 'backup' });
  const tell = troubleTeller('backup', 'The daily backup could not be made.', { ports, append: parts.append, log });
  const startedMs = clock.monoMs();
  let tried = { dueMs: 0, count: 0, atMs: -Infinity };
  let failed = false;
  const step = async (signal: AbortSignal): Promise<number> => {
    const { backup } = live.settings.config;
    if (program === undefined || !backup.enabled || held() || !parts.ledger.health().ok) return LOOK_MS;
    if (clock.monoMs() - startedMs < SETTLE_MS) return LOOK_MS;
    const due = await dueNow(parts, backup);
    if (due === undefined) return LOOK_MS;
    if (tried.dueMs !== due) tried = { dueMs: due, count: 0, atMs: -Infinity };
    if (tried.count >= ATTEMPTS_MAX || clock.monoMs() - tried.atMs < RETRY_MS) return LOOK_MS;
    tried = { dueMs: due, count: tried.count + 1, atMs: clock.monoMs() };
    const outcome = await runOne(parts, { backup, program, signal });
    if (signal.aborted) return LOOK_MS;
    failed = !outcome.ok;
    log.info({ ok: outcome.ok, attempt: tried.count, text: outcome.text }, 'scheduled backup');
    if (outcome.ok) {
      tried = { ...tried, count: ATTEMPTS_MAX };
      await parts.ledger.journal.append({ kind: 'backup', ref: '', text: outcome.text }, clock.wallMs());
      parts.onEnd();
    } else if (tried.count === ATTEMPTS_MAX || outcome.final) {
      tried = { ...tried, count: ATTEMPTS_MAX };
      await parts.ledger.journal.append({ kind: 'backup', ref: '', text: `failed: ${outcome.text}` }, clock.wallMs());
      parts.onEnd();
      tell(outcome.text);
    }
    return LOOK_MS;
  };
  const loop = startLoop({ name: 'backup', clock, log, step });
  return {
    last() {
      const known = lastBackup(options.home);
      return known === undefined ? null : { atMs: Date.parse(known.at), ok: !failed };
    },
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}

async function dueNow({ options, ports }: BackupsParts, backup: BackupOptions): Promise<number | undefined> {
  const nowMs = ports.clock.wallMs();
  const newestMs = await newestBackupMs(directoryOf(options.home, backup), nowMs);
  const { birthtimeMs } = statSync(join(options.home, 'ledger.db'));
  return dueMs({
    at: backup.at,
    timeZone: options.config.timezone,
    nowMs,
    newestMs,
    bornMs: birthtimeMs,
  });
}

function directoryOf(home: string, { directory }: BackupOptions): string {
  return isAbsolute(directory) ? directory : join(home, directory);
}

interface Outcome {
  readonly ok: boolean;
  readonly text: string;
  /** Trying again an hour later would not help. */
  readonly final: boolean;
}

interface Run {
  readonly backup: BackupOptions;
  readonly program: readonly string[];
  readonly signal: AbortSignal;
}

async function runOne(parts: BackupsParts, run: Run): Promise<Outcome> {
  const { home } = parts.options;
  const directory = directoryOf(home, run.backup);
  const bytes = sizeOf(join(home, 'ledger.db'));
  if (bytes > run.backup.homeMaxBytes) {
    const text = `The ledger has ${bytes} bytes, and backup.homeMaxBytes is ${run.backup.homeMaxBytes}: raise it, or make backups by hand.`;
    return { ok: false, text, final: true };
  }
  try {
    // A directory of ours is made; another one may be a disk that is not mounted.
    if (!isAbsolute(run.backup.directory)) await mkdir(directory, { recursive: true, mode: 0o700 });
    if (!existsSync(directory))
      return { ok: false, text: `${directory} is not there: is its disk mounted?`, final: false };
    const { code, output } = await runChild(parts, directory, run);
    return { ...read(output, code), final: false };
  } catch (error) {
    return { ok: false, text: messageOf(error), final: false };
  }
}

function runChild(
  { options, ports, live }: BackupsParts,
  directory: string,
  { backup, program, signal }: Run,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const [file = '', ...first] = program;
  const flags = [
    '--home',
    options.home,
    '--scheduled',
    '--secrets-from-stdin',
    '--keep',
    String(backup.keep),
    '--json',
  ];
  const child = spawn(file, [...first, 'backup', directory, ...flags], {
    cwd: options.home,
    // The pipe at 3 ends it when this process dies, however it dies.
    env: { ...options.commandEnv, KAIROS_LAUNCHER_FD: '3' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) lower(child.pid);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString('utf8')).slice(-OUTPUT_CHARS_MAX)));
  }
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(
    JSON.stringify([...live.settings.secrets.all(), { name: 'KAIROS_API_TOKEN', value: options.token }]),
  );
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    const stop = (): void => end(child, ports.clock, done.signal);
    signal.addEventListener('abort', stop, { once: true });
    void ports.clock.sleep(backup.deadline, done.signal).then(() => done.signal.aborted || stop());
    child.once('error', reject);
    child.once('close', (code) => {
      done.abort();
      signal.removeEventListener('abort', stop);
      resolve({ code, output });
    });
    if (signal.aborted) stop();
  });
}

function end(child: ChildProcess, clock: Ports['clock'], done: AbortSignal): void {
  child.kill('SIGTERM');
  void clock.sleep(TERM_MS, done).then(() => done.aborted || child.kill('SIGKILL'));
}

function lower(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It is only politeness.
  }
}

function read(output: string, code: number | null): Pick<Outcome, 'ok' | 'text'> {
  const answer = lastDocument(output);
  if (code === 0 && answer['verified'] === true) {
    const text = `${String(answer['file'])}, ${String(answer['bytes'])} bytes in ${String(answer['tookMs'])} ms, opened and found whole`;
    return { ok: true, text };
  }
  const why = answer['detail'];
  return {
    ok: false,
    text: typeof why === 'string' ? why : `It ended with ${code === null ? 'a signal' : `code ${code}`}.`,
  };
}

function lastDocument(output: string): Record<string, unknown> {
  try {
    return JSON.parse(output.slice(output.indexOf('{'))) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
