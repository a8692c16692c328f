import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { KairosError, messageOf } from '../core/errors.ts';

/**
 * Holds a home for one process. The lock is a writing SQLite transaction on a file of its own: the system lets go
 * of it when the process ends, however it ends, so it is never stale and a reused PID means nothing. `lock.txt`
 * beside it is for people.
 *
 * @throws {KairosError} `HOME_HELD` with the holder's words when another process has it; `HOME_UNUSABLE` when the lock
 * can't be opened at all.
 */
export function lockHome(home: string, holder: string): Disposable {
  const lock = takeLock(home, 'lock', holder);
  if ('heldBy' in lock) throw new KairosError('HOME_HELD', `${home} is held by another instance (${lock.heldBy})`);
  return lock;
}

/**
 * Takes a lock of the same kind under a name of its own: `NAME.db` in the folder, with the holder's words in `NAME.txt`
 * beside it. A process can't take one that it holds already either.
 *
 * @returns Who has it, in their own words, when it is taken.
 * @throws {KairosError} `HOME_UNUSABLE` when it can't be opened at all.
 */
export function takeLock(folder: string, name: string, holder: string): Disposable | { readonly heldBy: string } {
  const note = join(folder, `${name}.txt`);
  const connection = take(folder, `${name}.db`);
  if (connection === undefined) return { heldBy: readNote(note) };
  held.add(connection);
  writeNote(note, holder);
  return {
    [Symbol.dispose]() {
      if (!held.has(connection)) return;
      rmSync(note, { force: true });
      connection.close();
      held.delete(connection);
    },
  };
}

/** A connection that nobody refers to is collected as garbage, and closed: the home would be free without a word. */
const held = new Set<DatabaseSync>();

const SQLITE_BUSY = 5;

/** @returns undefined when somebody else has it. */
function take(folder: string, file: string): DatabaseSync | undefined {
  let connection: DatabaseSync | undefined;
  try {
    const path = join(folder, file);
    // Only when there is none: closing a file takes away the locks that this very process holds on it.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    connection = new DatabaseSync(path, { timeout: 0 });
    // Nothing is ever written to it, so its journal needs no file: it is to be had on a full disk as well.
    // IMMEDIATE takes the writer's lock, of which there is one, in a single step. EXCLUSIVE would go on to drive out readers,
    // and two that try in the same instant are each other's readers: neither would get it.
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
    return connection;
  } catch (cause) {
    connection?.close();
    if ((cause as { errcode?: unknown }).errcode === SQLITE_BUSY) return undefined;
    throw new KairosError('HOME_UNUSABLE', `${file} in ${folder} can't be opened: ${messageOf(cause)}`, {}, cause);
  }
}

/** Only for people: a full disk is no reason not to start. */
function writeNote(path: string, holder: string): void {
  try {
    writeFileSync(path, `${holder}\n`, { mode: 0o600 });
  } catch {}
}

function readNote(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'it is just starting';
  }
}
