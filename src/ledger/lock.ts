import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { KairosError, messageOf } from '../core/errors.ts';

/**
 * Holds a home for one process. The lock is an exclusive SQLite transaction on a file of its own: the system lets go
 * of it when the process ends, however it ends, so it is never stale and a reused PID means nothing. `lock.txt`
 * beside it is for people.
 *
 * @throws {KairosError} `HOME_HELD` with the holder's words when another process has it; `HOME_UNUSABLE` when the lock
 * can't be opened at all.
 */
export function lockHome(home: string, holder: string): Disposable {
  const note = join(home, 'lock.txt');
  const connection = take(home, note);
  held.add(connection);
  writeNote(note, holder);
  return {
    [Symbol.dispose]() {
      rmSync(note, { force: true });
      connection.close();
      held.delete(connection);
    },
  };
}

/** A connection that nobody refers to is collected as garbage, and closed: the home would be free without a word. */
const held = new Set<DatabaseSync>();

const SQLITE_BUSY = 5;

function take(home: string, note: string): DatabaseSync {
  let connection: DatabaseSync | undefined;
  try {
    const path = join(home, 'lock.db');
    // Only when there is none: closing a file takes away the locks that this very process holds on it.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    connection = new DatabaseSync(path, { timeout: 0 });
    // Nothing is ever written to it, so its journal needs no file: it is to be had on a full disk as well.
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return connection;
  } catch (cause) {
    connection?.close();
    if ((cause as { errcode?: unknown }).errcode === SQLITE_BUSY) {
      throw new KairosError('HOME_HELD', `${home} is held by another instance (${readNote(note)})`, {}, cause);
    }
    throw new KairosError('HOME_UNUSABLE', `lock.db in ${home} can't be opened: ${messageOf(cause)}`, {}, cause);
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
