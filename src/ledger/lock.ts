import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { KairosError } from '../core/errors.ts';

/**
 * Holds a home for one process. The lock is an exclusive SQLite transaction on a file of its own: the system lets go
 * of it when the process ends, however it ends, so it is never stale and a reused PID means nothing. `lock.txt`
 * beside it is for people.
 *
 * @throws {KairosError} `HOME_HELD` with the holder's words when another process has it.
 */
export function lockHome(home: string, holder: string): Disposable {
  const connection = new DatabaseSync(join(home, 'lock.db'), { timeout: 0 });
  const note = join(home, 'lock.txt');
  try {
    connection.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (cause) {
    connection.close();
    throw new KairosError('HOME_HELD', `${home} is held by another instance (${readNote(note)})`, {}, cause);
  }
  writeFileSync(note, `${holder}\n`, { mode: 0o600 });
  return {
    [Symbol.dispose]() {
      rmSync(note, { force: true });
      connection.close();
    },
  };
}

function readNote(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'it is just starting';
  }
}
