import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { describe, expect, test } from 'vitest';
import { FORMAT } from '../../src/backup/manifest.ts';
import { MIGRATIONS } from '../../src/ledger/migrations.ts';
import { restoreInto, temporary } from './home.ts';

interface Entry {
  readonly path: string;
  readonly content?: Buffer;
  readonly type?: 'File' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'FIFO' | 'Directory';
  readonly linkpath?: string;
  /** Said in the header instead of what is there. */
  readonly size?: number;
}

interface File {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

describe('an archive of somebody else', () => {
  const ledger = ledgerBytes();
  const good = { path: 'ledger.db', content: ledger };
  const evil: Record<string, { entries: readonly Entry[]; files?: readonly File[]; change?: object; says: RegExp }> = {
    'an absolute path': { entries: [good, text('/etc/passwd')], says: /absolute path/ },
    'a path that leads up': { entries: [good, text('memory/../../x')], says: /leads elsewhere/ },
    'a path with a backslash': { entries: [good, text('memory\\..\\x')], says: /characters/ },
    'a path with a line end': { entries: [good, text('memory/a\nb')], says: /characters/ },
    'secrets.env': { entries: [good, text('secrets.env')], says: /no file of a home/ },
    'a token': { entries: [good, text('token')], says: /no file of a home/ },
    'a lock': { entries: [good, text('lock.db')], says: /no file of a home/ },
    'a plan of a restore': { entries: [good, text('restore.json')], says: /no file of a home/ },
    'a name twice': { entries: [good, text('KAIROS.md'), text('KAIROS.md')], says: /twice/ },
    'a name twice but for its case': { entries: [good, text('KAIROS.md'), text('kairos.md')], says: /twice/ },
    'a symbolic link': {
      entries: [good, { path: 'memory/x', type: 'SymbolicLink', linkpath: '/etc' }],
      files: [fileOf(good)],
      says: /no plain file|linkpath|names/,
    },
    'a hard link': {
      entries: [good, { path: 'memory/x', type: 'Link', linkpath: 'ledger.db' }],
      files: [fileOf(good)],
      says: /no plain file/,
    },
    'a device': {
      entries: [good, { path: 'memory/x', type: 'CharacterDevice' }],
      files: [fileOf(good)],
      says: /no plain file/,
    },
    'a pipe': { entries: [good, { path: 'memory/x', type: 'FIFO' }], files: [fileOf(good)], says: /no plain file/ },
    'a directory in the place of a file': {
      entries: [good, { path: 'memory', type: 'Directory' }],
      files: [fileOf(good)],
      says: /no plain file/,
    },
    'a file that its manifest does not name': {
      entries: [good, text('KAIROS.md')],
      files: [fileOf(good)],
      says: /does not name/,
    },
    'a file less than its manifest names': {
      entries: [good],
      files: [fileOf(good), fileOf(text('KAIROS.md'))],
      says: /lacks/,
    },
    'other bytes than its manifest says': {
      entries: [good, text('KAIROS.md', 'AAAA')],
      files: [fileOf(good), fileOf(text('KAIROS.md', 'BBBB'))],
      says: /damaged/,
    },
    'more bytes than its manifest says': {
      entries: [good, text('KAIROS.md', 'A'.repeat(100))],
      files: [fileOf(good), fileOf(text('KAIROS.md', 'A'))],
      says: /manifest says 1/,
    },
    'more than fits on the disk': {
      entries: [good],
      files: [fileOf(good), { ...fileOf(text('KAIROS.md')), bytes: 2 ** 52 }],
      says: /needs .* MiB/,
    },
    'a newer format': { entries: [good], change: { format: FORMAT + 1 }, says: /newer one/ },
    'another number of rows': {
      entries: [good],
      change: { ledger: { ...facts(), rows: { events: 7 } } },
      says: /rows of/,
    },
    'no ledger': { entries: [text('KAIROS.md')], says: /has no ledger/ },
    'a ledger that is none': {
      entries: [{ path: 'ledger.db', content: Buffer.from('not a database at all') }],
      says: /copy of the ledger|not a database/,
    },
    'a ledger with a trigger': { entries: [{ path: 'ledger.db', content: ledgerBytes('trigger') }], says: /triggers/ },
    'a ledger of a newer version': { entries: [{ path: 'ledger.db', content: ledgerBytes('newer') }], says: /schema/ },
  };

  test.each(Object.entries(evil))(
    'with %s is refused, and nothing of it stays [BACKUP-EVIL]',
    async (_what, { entries, says, ...given }) => {
      const folder = temporary();
      const home = join(folder, 'home');
      const archive = join(folder, 'evil.tar.gz');
      writeFileSync(archive, pack(entries, given));
      await expect(restoreInto(home, archive)).rejects.toThrow(says);
      expect(readdirSync(home).filter((name) => !name.startsWith('lock.'))).toEqual(['backups']);
      expect(readdirSync(join(home, 'backups'))).toEqual([]);
      expect(readdirSync(folder).toSorted()).toEqual(['evil.tar.gz', 'home']);
    },
  );

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['noise', Buffer.from('this is no archive')],
    ['a compressed nothing', gzipSync(Buffer.alloc(0))],
    ['a compressed noise', gzipSync(Buffer.alloc(4_096, 7))],
    ['its first half', pack([good]).subarray(0, 2_000)],
  ])('that is %s is refused [BACKUP-EVIL]', async (_what, bytes) => {
    const folder = temporary();
    writeFileSync(join(folder, 'evil.tar.gz'), bytes);
    await expect(restoreInto(join(folder, 'home'), join(folder, 'evil.tar.gz'))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(existsSync(join(folder, 'home/ledger.db'))).toBe(false);
  });

  test('that unpacks to gigabytes of nothing is given up early', async () => {
    const archive = join(temporary(), 'bomb.tar.gz');
    const zeros = gzipSync(Buffer.alloc(32 * 1_048_576));
    writeFileSync(archive, Buffer.concat(Array.from({ length: 100 }, () => zeros)));
    await expect(restoreInto(join(temporary(), 'home'), archive)).rejects.toThrow(/goes on after its end/);
  });

  test('that is well made is taken', async () => {
    const folder = temporary();
    const archive = join(folder, 'good.tar.gz');
    writeFileSync(archive, pack([good, text('KAIROS.md', 'hello')]));
    await restoreInto(join(folder, 'home'), archive);
    expect(readFileSync(join(folder, 'home/KAIROS.md'), 'utf8')).toBe('hello');
  });
});

function text(path: string, content = 'x'): Entry {
  return { path, content: Buffer.from(content) };
}

function fileOf({ path, content = Buffer.alloc(0) }: Entry): File {
  return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

function pack(
  entries: readonly Entry[],
  { files = entries.map(fileOf), change = {} }: { files?: readonly File[]; change?: object } = {},
): Buffer {
  const manifest = {
    kairosd: 'backup',
    format: FORMAT,
    version: '0.0.0',
    createdAt: '2026-11-02T00:00:00.000+00:00',
    homeId: '01234567',
    ledger: facts(),
    redacted: [],
    secretNames: [],
    files,
    ...change,
  };
  const first = { path: 'manifest.json', content: Buffer.from(JSON.stringify(manifest)) };
  return gzipSync(Buffer.concat([...[first, ...entries].flatMap(blocks), Buffer.alloc(1_024)]));
}

function blocks({ path, content = Buffer.alloc(0), type = 'File', linkpath, size }: Entry): Buffer[] {
  const header = new Header({ path, type, mode: 0o644, size: size ?? content.length, mtime: new Date(0) });
  if (linkpath !== undefined) header.linkpath = linkpath;
  const block = Buffer.alloc(512);
  header.encode(block, 0);
  return [block, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}

function facts(): object {
  const rows = Object.fromEntries(tables().map((name) => [name, name === 'meta' ? 1 : 0]));
  const none = { lastEventId: 0, lastEventAt: null, jobsQueued: 0, jobsRunning: 0, messagesWaiting: 0 };
  return { schema: MIGRATIONS.length, rows, ...none };
}

function tables(): string[] {
  const database = open();
  const rows = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
  database.close();
  return rows.map(({ name }) => name);
}

function open(path = ':memory:'): DatabaseSync {
  const database = new DatabaseSync(path);
  for (const sql of MIGRATIONS) database.exec(sql);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length}; INSERT INTO meta VALUES ('home_id', '01234567')`);
  return database;
}

function ledgerBytes(kind: 'good' | 'trigger' | 'newer' = 'good'): Buffer {
  const database = open();
  if (kind === 'trigger') database.exec('CREATE TRIGGER evil AFTER INSERT ON events BEGIN DELETE FROM jobs; END');
  if (kind === 'newer') database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  const bytes = Buffer.from(database.serialize());
  database.close();
  return bytes;
}
