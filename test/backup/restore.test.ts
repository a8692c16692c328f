import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { prepareRestore, resumeRestore } from '../../src/backup/restore.ts';
import { finishRestore } from '../../src/backup/swap.ts';
import { systemClock, systemRandom } from '../../src/daemon/system.ts';
import { lockHome } from '../../src/ledger/lock.ts';
import { MIGRATIONS } from '../../src/ledger/migrations.ts';
import { backUp, delivery, digestOf, makeHome, openHome, put, restoreInto, temporary } from './home.ts';

const CHILD = join(import.meta.dirname, 'restore-child.ts');

describe('a restore', () => {
  test('keeps what was there as a safety copy, and leaves secrets and token in place [BACKUP-SAFETY-COPY]', async () => {
    const home = await makeHome();
    const archive = join(temporary(), 'a.tar.gz');
    await backUp(home, archive);
    const before = digestOf(join(home, 'ledger.db'));
    {
      await using ledger = await openHome(home);
      await ledger.events.append(delivery(99));
    }
    put(home, 'KAIROS.md', 'written later');
    put(home, 'memory/topics/later.md', '- Later.\n');
    put(home, 'mine.txt', 'not of kairosd');
    const later = digestOf(join(home, 'ledger.db'));
    const { safety } = await restoreInto(home, archive);
    expect(digestOf(join(home, 'ledger.db'))).toBe(before);
    expect(existsSync(join(home, 'memory/topics/later.md'))).toBe(false);
    expect(digestOf(join(safety, 'ledger.db'))).toBe(later);
    expect(readFileSync(join(safety, 'KAIROS.md'), 'utf8')).toBe('written later');
    expect(readFileSync(join(safety, 'memory/topics/later.md'), 'utf8')).toBe('- Later.\n');
    expect(readFileSync(join(home, 'secrets.env'), 'utf8')).toContain('correct-horse-battery');
    expect(readFileSync(join(home, 'token'), 'utf8')).toContain('a-token');
    expect(readFileSync(join(home, 'mine.txt'), 'utf8')).toBe('not of kairosd');
    expect(readdirSync(join(home, 'backups')).filter((name) => name.startsWith('restore-'))).toEqual([]);
  });

  test('is refused while somebody holds the home, and touches nothing [BACKUP-RESTORE-HELD]', async () => {
    const home = await makeHome();
    const archive = join(temporary(), 'a.tar.gz');
    await backUp(home, archive);
    using _held = lockHome(home, 'a daemon');
    const names = readdirSync(home);
    await expect(restoreInto(home, archive)).rejects.toMatchObject({ code: 'HOME_HELD' });
    expect(readdirSync(home)).toEqual(names);
  });

  test('makes a home whose new messages are not taken for those of the old one [BACKUP-NEW-HOME-ID]', async () => {
    const home = await makeHome();
    const archive = join(temporary(), 'a.tar.gz');
    const { manifest } = await backUp(home, archive);
    const other = temporary();
    await restoreInto(other, archive);
    await using old = await openHome(home);
    await using fresh = await openHome(other);
    expect(manifest.homeId).toBe(old.homeId);
    expect(fresh.homeId).toMatch(/^[0-9a-f]{8}$/);
    expect(fresh.homeId).not.toBe(old.homeId);
  });

  test('of an older schema is migrated by the next start [BACKUP-OLD-SCHEMA]', async () => {
    const home = temporary();
    const database = new DatabaseSync(join(home, 'ledger.db'));
    database.exec('PRAGMA journal_mode = WAL');
    for (const sql of MIGRATIONS.slice(0, 4)) database.exec(sql);
    database.exec("PRAGMA user_version = 4; INSERT INTO meta (key, value) VALUES ('home_id', '01234567')");
    database.close();
    const archive = join(temporary(), 'a.tar.gz');
    await backUp(home, archive);
    const other = temporary();
    await restoreInto(other, archive);
    await using ledger = await openHome(other);
    expect((await ledger.events.append(delivery(1))).duplicate).toBe(false);
    expect(readdirSync(join(other, 'backups'))).toContain('ledger-schema-4.db');
  });

  test('of a newer schema or format is refused with what to do [BACKUP-TOO-NEW]', async () => {
    const home = temporary();
    const database = new DatabaseSync(join(home, 'ledger.db'));
    for (const sql of MIGRATIONS) database.exec(sql);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    database.close();
    await expect(backUp(home, join(temporary(), 'a.tar.gz'))).rejects.toMatchObject({ code: 'LEDGER_TOO_NEW' });
  });

  test(
    'killed at any step is finished by the next start: old or new, whole [BACKUP-KILL-POINTS]',
    { timeout: 120_000 },
    async () => {
      const home = await makeHome();
      const archive = join(temporary(), 'a.tar.gz');
      await backUp(home, archive);
      const fresh = treeOf(home);
      put(home, 'KAIROS.md', 'written later');
      put(home, 'memory/topics/later.md', '- Later.\n');
      put(home, 'search.db', 'an index');
      {
        await using ledger = await openHome(home);
        await ledger.events.append(delivery(99));
      }
      const old = treeOf(home);
      let kills = 0;
      for (let step = 0; ; step += 1) {
        const copy = join(temporary(), 'home');
        cpSync(home, copy, { recursive: true });
        const run = spawnSync(process.execPath, [CHILD, archive, copy, String(step)], { encoding: 'utf8' });
        if (run.status === 0) break;
        expect(run.signal).toBe('SIGKILL');
        kills += 1;
        const finished = await resumeRestore(copy, 'the next start');
        expect(treeOf(copy)).toEqual(finished === undefined ? (step === 0 ? old : fresh) : fresh);
        expect(finished === undefined ? old : treeOf(finished.safety)).toEqual(old);
        expect(await finishRestore(copy)).toBeUndefined();
        await restoreInto(copy, archive);
        expect(treeOf(copy)).toEqual(fresh);
        expect(readdirSync(join(copy, 'backups')).filter((name) => name.startsWith('restore-'))).toEqual([]);
      }
      expect(kills).toBeGreaterThan(15);
    },
  );

  test('cut off must be finished before another one begins', async () => {
    const home = await makeHome();
    const archive = join(temporary(), 'a.tar.gz');
    await backUp(home, archive);
    spawnSync(process.execPath, [CHILD, archive, home, '3']);
    await expect(restoreInto(home, archive)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect(await resumeRestore(home, 'me')).toBeDefined();
  });

  test('that is not confirmed leaves everything as it was', async () => {
    const home = await makeHome();
    const archive = join(temporary(), 'a.tar.gz');
    await backUp(home, archive);
    const before = treeOf(home);
    {
      await using prepared = await prepareRestore(
        { archive, home, secrets: [], timeZone: 'UTC' },
        { clock: systemClock, random: systemRandom, pid: process.pid, signal: new AbortController().signal },
      );
      expect(prepared.replaces).toBe(true);
    }
    expect(treeOf(home)).toEqual(before);
    expect(readdirSync(join(home, 'backups'))).toEqual(['last.json']);
  });
});

/** What a home holds, as hashes; the ledger by its rows, because a restore gives it a new id. */
function treeOf(home: string): Record<string, string> {
  const ours = /^(config\.yaml|[\w.-]+\.md|search\.db|memory|sessions|logs|digests|artifacts\/(runs|results))(\/|$)/;
  const entries = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name).slice(home.length + 1));
  const files = paths
    .filter((path) => ours.test(path) && !path.startsWith('backups/'))
    .map(
      (path) =>
        [
          path,
          createHash('sha256')
            .update(readFileSync(join(home, path)))
            .digest('hex'),
        ] as const,
    );
  return { ...Object.fromEntries(files), ledger: digestOf(join(home, 'ledger.db')) };
}

test('the safety copy and the home are told apart', () => {
  const folder = temporary();
  mkdirSync(join(folder, 'backups'));
  writeFileSync(join(folder, 'restore.json'), '{"stage":"../../etc","safety":"x","phase":"in"}');
  return expect(finishRestore(folder)).rejects.toMatchObject({ code: 'HOME_UNUSABLE' });
});
