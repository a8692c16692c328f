import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { checkpoint, shrinkLog } from '../../src/ledger/checkpoint.ts';
import { copyLogBack, type Database } from '../../src/ledger/database.ts';
import { freshDatabase, scalar, writerOf } from './make.ts';

const MIB = 1_048_576;
const logBytes = (database: Database): number => statSync(`${database.path}-wal`).size;

/** Fills the log; nothing of this need survive a loss of power, so it does not wait for the disk. */
function write(database: Database, mib: number): void {
  database.exec('PRAGMA synchronous = OFF');
  const insert = database.statement('INSERT INTO body_chunks (ref, bytes) VALUES (1, ?)');
  for (let count = 0; count < mib; count += 1) database.transaction(() => insert.run(Buffer.alloc(MIB, 'x')));
  database.exec('PRAGMA synchronous = FULL');
}

// On a disk: how far the log grows while it is copied back depends on how long a commit waits for its flush.
describe('the log', () => {
  test('is left alone while it is short', async () => {
    using home = freshDatabase(tmpdir());
    write(home.database, 4);
    expect(await checkpoint(home.database, process.platform)).toBe(false);
    expect(scalar(home.database, 'SELECT count(*) FROM body_chunks')).toBe(4);
  });

  test('over 32 MiB is copied back by a thread, commits go on meanwhile, and it starts over', async () => {
    using home = freshDatabase(tmpdir());
    const { database } = home;
    write(database, 34);
    const grownTo = logBytes(database);
    expect(grownTo).toBeGreaterThan(33 * MIB);
    const writer = writerOf(database);
    const copy = { running: true };
    const copied = checkpoint(database, process.platform).finally(() => (copy.running = false));
    let commits = 0;
    for (; copy.running; commits += 1)
      await writer.write((target) =>
        target.statement('INSERT INTO journal (at, kind, ref, text) VALUES (0, ?, ?, ?)').run('k', 'r', 't'),
      );
    expect(await copied).toBe(true);
    expect(commits).toBeGreaterThan(0);
    for (let round = 0; round < 2; round += 1) {
      write(database, 33);
      expect(logBytes(database)).toBeLessThan(grownTo + 8 * MIB);
      expect(await checkpoint(database, process.platform)).toBe(true);
    }
    expect(scalar(database, 'SELECT count(*) FROM body_chunks')).toBe(100);
    expect(scalar(database, 'SELECT count(*) FROM journal')).toBe(commits);
    expect(database.statement('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    // The threads have ended: nothing but the test's own pipes keeps this process alive.
    expect(process.getActiveResourcesInfo().filter((name) => /worker|messageport/i.test(name))).toEqual([]);
  });

  test('is copied back without a lock that a commit could run into', () => {
    using home = freshDatabase(tmpdir());
    const { database } = home;
    write(database, 1);
    database.transaction(() => copyLogBack(database.path, process.platform));
    const frames = database.statement('PRAGMA wal_checkpoint(NOOP)').get<{ log: number; checkpointed: number }>();
    expect(frames?.checkpointed).toBe(frames?.log);
  });

  test('gives its space back when space is short', async () => {
    using home = freshDatabase(tmpdir());
    write(home.database, 3);
    await shrinkLog(home.database, process.platform);
    expect(logBytes(home.database)).toBe(0);
    expect(scalar(home.database, 'SELECT count(*) FROM body_chunks')).toBe(3);
  });
});
