import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import { makeBackup, type BackupPorts, type BackupRequest, type BackupResult } from '../../src/backup/backup.ts';
import { prepareRestore, type RestorePorts } from '../../src/backup/restore.ts';
import type { Swapped } from '../../src/backup/swap.ts';
import type { EventDraft } from '../../src/core/event.ts';
import { systemClock, systemRandom } from '../../src/daemon/system.ts';
import { openLedger, type Ledger } from '../../src/ledger/ledger.ts';
import { retentionOptions } from '../../src/ledger/retention.ts';
import type { Log } from '../../src/core/ports.ts';

export const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
};

export function temporary(name = 'backup'): string {
  const path = mkdtempSync(join(tmpdir(), `kairos-${name}-`));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function put(home: string, path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
}

export async function openHome(home: string): Promise<Ledger> {
  return openLedger(
    { home, platform: process.platform, retention: retentionOptions.parse(undefined), messageTtlMs: () => 43_200_000 },
    { clock: systemClock, log: SILENT, random: systemRandom },
  );
}

export function delivery(number: number, body = `{"number":${number}}`): EventDraft {
  return {
    source: 'github',
    delivery: `delivery-${number}`,
    type: 'push',
    action: null,
    trust: 'outside',
    receivedAtMs: Date.UTC(2026, 10, 2) + number,
    contentType: 'application/json',
    body: Buffer.from(body),
    jobs: [
      {
        kind: 'notify',
        origin: 'subscription:all',
        reactive: false,
        topic: 'all',
        text: `number ${number}`,
        urgent: false,
        mayCoalesce: false,
      },
    ],
  };
}

/** A home with some of everything, and nobody in it. */
export async function makeHome(events = 20): Promise<string> {
  const home = temporary();
  {
    await using ledger = await openHome(home);
    for (let number = 1; number <= events; number += 1) await ledger.events.append(delivery(number));
  }
  put(home, 'config.yaml', 'timezone: UTC\n');
  put(home, 'KAIROS.md', '# Standing instructions\n');
  put(home, 'tasks.md', '- [ ] one\n');
  put(home, 'memory/MEMORY.md', '## user\n- [Tea](topics/tea.md): how it is made\n');
  put(
    home,
    'memory/topics/tea.md',
    '---\nname: tea\ntype: user\ndescription: tea\nmodified: 2026-11-02T00:00:00Z\n---\n- Green.\n',
  );
  put(home, 'logs/2026/11/2026-11-02.md', '# 2026-11-02\n\n- 00:00:00 boot [] started\n');
  put(home, 'sessions/2026/11/s1.jsonl', '{"at":"2026-11-02T00:00:00Z","kind":"meta"}\n');
  put(home, 'digests/2026-11-02.md', 'quiet\n');
  put(home, 'artifacts/runs/tidy/1.log', 'done\n');
  put(home, 'artifacts/changes/HEAD', 'ref: refs/heads/main\n');
  put(home, 'secrets.env', 'GITHUB_WEBHOOK_SECRET=correct-horse-battery\n');
  put(home, 'token', 'a-token-of-this-home-0123456789\n');
  return home;
}

export async function backUp(
  home: string,
  target: string,
  given: Partial<BackupRequest> & Partial<BackupPorts> = {},
): Promise<BackupResult> {
  return makeBackup(
    { home, target, secrets: [], version: '0.0.0', timeZone: 'UTC', by: 'hand', ...given },
    {
      clock: systemClock,
      random: systemRandom,
      pid: process.pid,
      isAlive: () => true,
      signal: new AbortController().signal,
      ...given,
    },
  );
}

export async function restoreInto(
  home: string,
  archive: string,
  given: Partial<RestorePorts> & { secrets?: { name: string; value: string }[] } = {},
): Promise<Swapped> {
  await using prepared = await prepareRestore(
    { archive, home, secrets: given.secrets ?? [], timeZone: 'UTC' },
    { clock: systemClock, random: systemRandom, pid: process.pid, signal: new AbortController().signal, ...given },
  );
  return await prepared.commit();
}

/** One hash over every row of every table but the home's own id: equal for ledgers with the same contents. */
export function digestOf(path: string): string {
  const hash = createHash('sha256');
  const database = new DatabaseSync(path, { readOnly: true });
  const tables = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
    .all() as { name: string }[];
  for (const { name } of tables) {
    hash.update(`\0${name}\0`);
    const rows = database.prepare(`SELECT * FROM "${name}"`).all();
    const lines = rows
      .filter((row) => row['key'] !== 'home_id')
      .map((row) =>
        JSON.stringify(Object.values(row), (_key, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
        ),
      );
    for (const line of lines.toSorted()) hash.update(`${line}\n`);
  }
  database.close();
  return hash.digest('hex');
}
