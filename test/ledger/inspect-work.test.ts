import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase, type Database } from '../../src/ledger/database.ts';
import { inspectWork } from '../../src/ledger/inspect-work.ts';
import { migrate } from '../../src/ledger/migrate.ts';

const NOW = 1_000_000_000;
const HOUR_MS = 3_600_000;
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kairos-work-'));
  path = join(folder, 'ledger.db');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(work: (database: Database) => void): void {
  const database = openDatabase(path, process.platform);
  migrate(database);
  work(database);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

test('work that was given up, hangs, or waits is counted and named, and nothing is written [CLI-DOCTOR]', () => {
  expect(inspectWork(path, { nowMs: NOW })).toBeUndefined();
  write((database) => {
    const job = database.statement(
      `INSERT INTO jobs (kind, origin, reactive, urgent, topic, text, state, lane, created_at, due_at, lease_until, started_at)
       VALUES ('log', 'o', 0, 0, 't', 'x', ?, 'background', 0, ?, ?, ?)`,
    );
    for (let count = 0; count < 7; count += 1) job.run('dead', 0, null, null);
    job.run('running', 0, NOW - 100_000, NOW - 200_000);
    job.run('running', 0, NOW + 1_000, NOW - 7 * HOUR_MS);
    job.run('running', 0, NOW + 1_000, NOW - HOUR_MS);
    job.run('queued', NOW - 5, null, null);
    job.run('queued', NOW + 5, null, null);
  });
  const before = readdirSync(folder);
  expect(inspectWork(path, { nowMs: NOW })).toMatchObject({
    dead: { count: 7, newest: [{ id: 7 }, { id: 6 }, { id: 5 }, { id: 4 }, { id: 3 }] },
    stuck: { count: 1, oldest: [{ id: 8, kind: 'log', origin: 'o', sinceMs: NOW - 200_000 }] },
    long: { count: 1, oldest: [{ id: 9 }] },
    backlog: { count: 1, oldestDueAtMs: NOW - 5 },
    missedInARow: [],
  });
  expect(readdirSync(folder)).toEqual(before);
});

test('starts without a clean stop count, but that of the daemon that runs [CLI-DOCTOR]', () => {
  write((database) => {
    const boot = database.statement(
      'INSERT INTO boots (started_at, pid, version, stopped_at, safe_mode) VALUES (?, ?, ?, ?, ?)',
    );
    boot.run(NOW - 30 * HOUR_MS, 1, 'v', null, 0);
    boot.run(NOW - 3 * HOUR_MS, 2, 'v', null, 0);
    boot.run(NOW - 2 * HOUR_MS, 3, 'v', NOW - HOUR_MS, 0);
    boot.run(NOW - HOUR_MS, 4, 'v', null, 1);
  });
  expect(inspectWork(path, { nowMs: NOW })).toMatchObject({ uncleanStarts: 2, safeModeSinceMs: NOW - HOUR_MS });
  expect(inspectWork(path, { nowMs: NOW, runningPid: 4 })?.uncleanStarts).toBe(1);
});
