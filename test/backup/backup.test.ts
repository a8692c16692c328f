import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { lastBackup } from '../../src/backup/record.ts';
import { prepareRestore } from '../../src/backup/restore.ts';
import { systemClock, systemRandom } from '../../src/daemon/system.ts';
import { backUp, delivery, digestOf, makeHome, openHome, put, restoreInto, temporary } from './home.ts';

const SECRET = { name: 'GITHUB_WEBHOOK_SECRET', value: 'correct-horse-battery' };

describe('a backup', () => {
  test('restored elsewhere has every row and every file, byte for byte [BACKUP-WHOLE]', async () => {
    const home = await makeHome();
    const archive = join(temporary(), 'a.tar.gz');
    const result = await backUp(home, archive);
    expect(result).toMatchObject({ file: archive, verified: true, checked: 'whole' });
    expect(result.manifest.ledger).toMatchObject({ lastEventId: 20, jobsQueued: 20 });
    expect(statSync(archive).mode & 0o777).toBe(0o600);

    const other = join(temporary(), 'elsewhere');
    await restoreInto(other, archive);
    expect(digestOf(join(other, 'ledger.db'))).toBe(digestOf(join(home, 'ledger.db')));
    for (const path of ['config.yaml', 'KAIROS.md', 'tasks.md', 'memory/topics/tea.md', 'logs/2026/11/2026-11-02.md']) {
      expect(readFileSync(join(other, path), 'utf8')).toBe(readFileSync(join(home, path), 'utf8'));
    }
    expect(statSync(other).mode & 0o777).toBe(0o700);
    expect(existsSync(join(other, 'artifacts/runs/tidy/1.log'))).toBe(true);
    expect(existsSync(join(other, 'backups'))).toBe(true);
    expect(readdirSync(join(other, 'backups'))).toEqual([]);
  });

  test('holds no secret file, no lock and no copy of a workspace [BACKUP-NO-SECRETS]', async () => {
    const home = await makeHome();
    const archive = join(temporary(), 'a.tar.gz');
    await backUp(home, archive, { secrets: [SECRET] });
    const names = execFileSync('tar', ['tzf', archive], { encoding: 'utf8' }).trim().split('\n');
    expect(names[0]).toBe('manifest.json');
    expect(names.filter((name) => /secrets|token|lock|run\.json|changes|reserve|backups/.test(name))).toEqual([]);
  });

  test('has the value of no secret in it, wherever it stood [BACKUP-NO-SECRETS]', async () => {
    const home = await makeHome();
    const { value } = SECRET;
    const base64 = Buffer.from(value).toString('base64');
    const planted = [value, base64, Buffer.from(value).toString('hex'), encodeURIComponent(value)];
    put(home, 'config.yaml', `timezone: UTC\n# ${value}\n`);
    put(home, 'memory/topics/leak.md', `- The hook has ${value} and ${base64}.\n`);
    put(home, 'sessions/2026/11/s2.jsonl', `${'x'.repeat(262_140)}${value}\n`);
    {
      await using ledger = await openHome(home);
      await ledger.events.append(delivery(21, JSON.stringify({ planted })));
      const straddling = `${'y'.repeat(131_072 - 5)}${value}${'z'.repeat(300_000)}`;
      await ledger.events.append(delivery(22, straddling));
    }
    // A row that is gone leaves its bytes in the file.
    const database = new DatabaseSync(join(home, 'ledger.db'));
    database.exec('CREATE TABLE gone (text TEXT)');
    database.prepare('INSERT INTO gone VALUES (?)').run(`${value} ${'g'.repeat(900)}`);
    database.exec('DELETE FROM gone');
    database.close();

    const archive = join(temporary(), 'a.tar.gz');
    const { manifest } = await backUp(home, archive, { secrets: [SECRET] });
    expect(manifest.redacted.map(({ path }) => path).toSorted()).toEqual([
      'config.yaml',
      'ledger.db',
      'memory/topics/leak.md',
      'sessions/2026/11/s2.jsonl',
    ]);
    const unpacked = temporary();
    execFileSync('tar', ['xzf', archive, '-C', unpacked]);
    const files = readdirSync(unpacked, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(8);
    for (const file of files) {
      const bytes = readFileSync(join(file.parentPath, file.name));
      for (const text of planted) expect([file.name, bytes.includes(text)]).toEqual([file.name, false]);
    }
    expect(readFileSync(archive).includes(value)).toBe(false);
    const copy = new DatabaseSync(join(unpacked, 'ledger.db'));
    const chunks = copy.prepare('SELECT bytes FROM body_chunks ORDER BY id').all() as { bytes: Uint8Array }[];
    const body = Buffer.concat(chunks.map(({ bytes }) => bytes)).toString('utf8');
    expect(body).toBe(`${'y'.repeat(131_072 - 5)}${'*'.repeat(value.length)}${'z'.repeat(300_000)}`);
    copy.close();
  });

  test('of a deleted row that held a secret has none of its bytes [BACKUP-NO-SECRETS]', async () => {
    const home = await makeHome();
    const database = new DatabaseSync(join(home, 'ledger.db'));
    database.exec('CREATE TABLE gone (text TEXT)');
    database.prepare('INSERT INTO gone VALUES (?)').run(`${SECRET.value} ${'g'.repeat(900)}`);
    database.exec('DELETE FROM gone; PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    expect(readFileSync(join(home, 'ledger.db')).includes(SECRET.value)).toBe(true);
    const archive = join(temporary(), 'a.tar.gz');
    await backUp(home, archive, { secrets: [SECRET] });
    const unpacked = temporary();
    execFileSync('tar', ['xzf', archive, '-C', unpacked]);
    expect(readFileSync(join(unpacked, 'ledger.db')).includes(SECRET.value)).toBe(false);
  });

  test('marks a secret in config.yaml, and the restore puts it back where it is known [BACKUP-CONFIG-SECRET]', async () => {
    const home = await makeHome();
    const config = `timezone: UTC\nnotify: [{ kind: webhook, url: "http://127.0.0.1:9/${SECRET.value}" }]\n`;
    put(home, 'config.yaml', config);
    const archive = join(temporary(), 'a.tar.gz');
    await backUp(home, archive, { secrets: [SECRET] });
    const knowing = temporary();
    await restoreInto(knowing, archive, { secrets: [SECRET] });
    expect(readFileSync(join(knowing, 'config.yaml'), 'utf8')).toBe(config);

    await using prepared = await prepareRestore(
      { archive, home: temporary(), secrets: [], timeZone: 'UTC' },
      { clock: systemClock, random: systemRandom, pid: process.pid, signal: new AbortController().signal },
    );
    expect(prepared.unfilled).toEqual([SECRET.name]);
    expect(prepared.missing).toEqual([SECRET.name]);
  });

  test('is one state while somebody commits all the time, whose commits never fail [BACKUP-WHILE-RUNNING]', async () => {
    const home = await makeHome();
    await using ledger = await openHome(home);
    let number = 100;
    const busy = new AbortController();
    const failures: unknown[] = [];
    const writing = (async () => {
      while (!busy.signal.aborted) {
        const batch = Array.from({ length: 20 }, () => ledger.events.append(delivery((number += 1))));
        for (const one of await Promise.allSettled(batch)) if (one.status === 'rejected') failures.push(one.reason);
      }
    })();
    const archive = join(temporary(), 'a.tar.gz');
    const result = await backUp(home, archive);
    busy.abort();
    await writing;
    expect(failures).toEqual([]);
    const { rows, lastEventId } = result.manifest.ledger;
    expect(rows['events']).toBe(lastEventId);
    expect(rows['jobs']).toBe(lastEventId);
    expect(lastEventId).toBeLessThanOrEqual(number);
    const other = temporary();
    await restoreInto(other, archive);
    const bodies = (path: string): unknown[] => {
      const database = new DatabaseSync(path, { readOnly: true });
      const found = database
        .prepare('SELECT id, delivery, body FROM events WHERE id <= ? ORDER BY id')
        .all(lastEventId);
      database.close();
      return found;
    };
    expect(bodies(join(other, 'ledger.db'))).toEqual(bodies(join(home, 'ledger.db')));
  });

  test('takes logs as long as they were when the ledger was held still [BACKUP-ONE-MOMENT]', async () => {
    const home = await makeHome();
    const log = join(home, 'logs/2026/11/2026-11-02.md');
    const before = readFileSync(log, 'utf8');
    const archive = join(temporary(), 'a.tar.gz');
    await backUp(home, archive, {
      step: (name) => void (name === 'memory' && writeFileSync(log, `${before}- later\n`)),
    });
    const other = temporary();
    await restoreInto(other, archive);
    expect(readFileSync(join(other, 'logs/2026/11/2026-11-02.md'), 'utf8')).toBe(before);
  });

  test('follows no link and says what it left out', async () => {
    const home = await makeHome();
    const outside = join(temporary(), 'outside.md');
    writeFileSync(outside, 'not of this home');
    symlinkSync(outside, join(home, 'memory/topics/link.md'));
    const { leftOut, manifest } = await backUp(home, join(temporary(), 'a.tar.gz'));
    expect(leftOut).toEqual([{ path: 'memory/topics/link.md', why: 'is a link, and links are not followed' }]);
    expect(manifest.files.map(({ path }) => path)).not.toContain('memory/topics/link.md');
  });

  test('that is cut off, or has no room for its name, leaves nothing behind [BACKUP-NO-LEFTOVERS]', async () => {
    const home = await makeHome();
    const folder = temporary();
    const stopped = new AbortController();
    const cut = backUp(home, join(folder, 'a.tar.gz'), {
      signal: stopped.signal,
      step: (name) => void (name === 'memory' && stopped.abort()),
    });
    await expect(cut).rejects.toThrow(/abort/i);
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync(join(home, 'backups'))).toEqual([]);
    writeFileSync(join(folder, 'taken'), '');
    await expect(backUp(home, join(folder, 'taken'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(backUp(temporary(), join(folder, 'x'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(lastBackup(home)).toBeUndefined();
  });

  test('removes nothing of anybody else, and two at once do not take each other’s place', async () => {
    const home = await makeHome();
    const folder = temporary();
    writeFileSync(join(folder, 'a.tar.gz.part'), 'mine');
    const both = await Promise.allSettled([
      backUp(home, join(folder, 'a.tar.gz')),
      backUp(home, join(folder, 'a.tar.gz')),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(readdirSync(folder).toSorted()).toEqual(['a.tar.gz', 'a.tar.gz.part']);
    expect(readFileSync(join(folder, 'a.tar.gz.part'), 'utf8')).toBe('mine');
  });

  test('goes to no place where it would do harm or can’t be, and says so before it begins', async () => {
    const home = await makeHome();
    const folder = temporary();
    symlinkSync('/nowhere/on/a/disk', join(folder, 'link'));
    symlinkSync(join(home, 'memory'), join(folder, 'inside'));
    writeFileSync(join(folder, 'file'), '');
    const places = [
      '',
      join(folder, 'link'),
      join(folder, 'file', 'x'),
      join(folder, 'inside'),
      join(home, 'sessions', 'x'),
    ];
    for (const place of places) {
      const step = (name: string): never => {
        throw new Error(`${place}: ${name} was reached`);
      };
      await expect(backUp(home, place, { step })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
    expect(readdirSync(folder).toSorted()).toEqual(['file', 'inside', 'link']);
    expect(readdirSync(join(home, 'backups'))).toEqual([]);
  });

  test('does not take a file that has a secret in its name [BACKUP-NO-SECRETS]', async () => {
    const home = await makeHome();
    put(home, `artifacts/runs/${SECRET.value}.txt`, 'x');
    const { manifest, leftOut } = await backUp(home, temporary(), { secrets: [SECRET] });
    expect(JSON.stringify([manifest, leftOut])).not.toContain(SECRET.value);
    expect(leftOut).toContainEqual({ path: 'a file in artifacts', why: `has the value of ${SECRET.name} in its name` });
  });

  test('is known as the last one once it was verified', async () => {
    const home = await makeHome();
    const { file, bytes } = await backUp(home, temporary());
    expect(file).toMatch(/kairosd-\d{8}T\d{6}Z\.tar\.gz$/);
    expect(lastBackup(home)).toMatchObject({ file, bytes, lastEventId: 20, by: 'hand' });
  });

  test('whose archive is damaged before it has its name never gets it [BACKUP-VERIFIED]', async () => {
    const home = await makeHome();
    const folder = temporary();
    const spoil = (name: string): void => {
      if (name !== 'written') return;
      const path = join(folder, readdirSync(folder).find((one) => one.endsWith('.part')) ?? '');
      const bytes = readFileSync(path);
      bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] as number) ^ 0x55;
      writeFileSync(path, bytes);
    };
    await expect(backUp(home, join(folder, 'a.tar.gz'), { step: spoil })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});
