import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/ledger/database.ts';
import { inspectLedger } from '../../src/ledger/inspect.ts';
import { migrate } from '../../src/ledger/migrate.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kairos-inspect-'));
  path = join(folder, 'ledger.db');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const NOW = { nowMs: 1_000_000_000, deep: false };

describe('inspectLedger', () => {
  test('counts what lies in a ledger, also while its daemon has it open [CLI-DOCTOR]', () => {
    const database = openDatabase(path, process.platform);
    migrate(database);
    const job = database.statement(
      `INSERT INTO jobs (kind, origin, reactive, urgent, topic, text, state, lane, created_at, due_at, lease_until)
       VALUES ('log', 'o', 0, 0, 't', 'x', ?, 'background', 0, ?, ?)`,
    );
    job.run('dead', 0, null);
    job.run('running', 0, NOW.nowMs - 100_000);
    job.run('running', 0, NOW.nowMs + 1_000);
    job.run('queued', NOW.nowMs - 5, null);
    job.run('queued', NOW.nowMs + 5, null);
    const seen = inspectLedger(path, NOW);
    expect(seen).toMatchObject({
      integrity: 'ok',
      schema: seen.schemaKnown,
      deadJobs: 1,
      stuckJobs: 1,
      backlog: 1,
      oldestBacklogAtMs: NOW.nowMs - 5,
      messagesWaiting: 0,
      newestEventAtMs: null,
    });
    database.close();
  });

  test('changes nothing in a home without a daemon', () => {
    const database = openDatabase(path, process.platform);
    migrate(database);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    const before = readdirSync(folder);
    expect(inspectLedger(path, NOW).integrity).toBe('ok');
    expect(readdirSync(folder)).toEqual(before);
  });

  test('says what is broken instead of throwing [CLI-DOCTOR]', () => {
    writeFileSync(path, 'this is no database, '.repeat(100));
    expect(inspectLedger(path, NOW)).toMatchObject({ integrity: 'file is not a database', schema: 0, deadJobs: 0 });
  });
});
