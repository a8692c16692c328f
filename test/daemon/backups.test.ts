import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { backupOptions } from '../../src/backup/options.ts';
import { lastBackup } from '../../src/backup/record.ts';
import type { EventDraft } from '../../src/core/event.ts';
import { startBackups } from '../../src/daemon/backups.ts';
import { loadConfig } from '../../src/daemon/config.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { makeHome, openHome, SILENT } from '../backup/home.ts';
import { FakeClock } from '../fakes/clock.ts';

const KAIROS = [process.execPath, join(import.meta.dirname, '../../src/cli/main.ts')];
const MINUTE_MS = 60_000;

test(
  'the daily backup is made by a child, recorded, and not made again [BACKUP-SCHEDULED]',
  { timeout: 60_000 },
  async () => {
    const world = await daemonLike({ keep: 2 }, KAIROS);
    await world.until(() => world.journal().length === 1);
    expect(lastBackup(world.home)).toMatchObject({ by: 'schedule', lastEventId: 20 });
    expect(world.journal()[0]).toMatch(/opened and found whole/);
    for (let minute = 0; minute < 120; minute += 1) await world.clock.advance(MINUTE_MS);
    expect(world.files().length).toBe(1);
    expect(world.told).toEqual([]);
  },
);

test('one that fails is tried again, and told once [BACKUP-FAILURE-TOLD]', { timeout: 60_000 }, async () => {
  const failing = [
    process.execPath,
    '-e',
    "console.error(JSON.stringify({ detail: 'no room at all' })); process.exitCode = 1;",
  ];
  const world = await daemonLike({ deadline: '24h' }, failing);
  await world.until(() => world.told.length > 0, 70 * MINUTE_MS);
  for (let hour = 0; hour < 5; hour += 1) await world.clock.advance(60 * MINUTE_MS);
  expect(world.told).toHaveLength(1);
  expect(world.told[0]).toContain('no room at all');
  expect(world.journal()).toEqual(['failed: no room at all']);
});

test('a ledger above the limit is told once and not copied', async () => {
  const world = await daemonLike({ homeMaxBytes: 1_048_576 }, KAIROS, 2_000_000);
  await world.until(() => world.told.length > 0);
  expect(world.told[0]).toContain('backup.homeMaxBytes');
  expect(world.files()).toEqual([]);
});

test('a stop ends the child, which leaves nothing behind [BACKUP-NO-LEFTOVERS]', { timeout: 60_000 }, async () => {
  const sleeping = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
  const world = await daemonLike({}, sleeping);
  await world.clock.advance(11 * MINUTE_MS);
  await sleep(200);
  await world.stop();
  expect(world.told).toEqual([]);
});

async function daemonLike(given: object, program: readonly string[], ledgerBytes = 0) {
  const home = await makeHome();
  const ledger = await openHome(home);
  if (ledgerBytes > 0) {
    await ledger.events.append({
      source: 'github',
      delivery: 'large',
      type: 'push',
      action: null,
      trust: 'outside',
      receivedAtMs: 0,
      contentType: 'text/plain',
      body: Buffer.alloc(ledgerBytes, 7),
      jobs: [],
    });
    await ledger[Symbol.asyncDispose]();
  }
  const open = ledgerBytes > 0 ? await openHome(home) : ledger;
  onTestFinished(() => open[Symbol.asyncDispose]());
  // The home was made long ago as far as this clock is concerned.
  const clock = new FakeClock(Date.now() + 2 * 86_400_000);
  const told: string[] = [];
  const lines: string[] = [];
  const { journal } = open;
  const loop = startBackups({
    options: {
      home,
      config: loadConfig(home, {}),
      token: 'a-token-of-this-home-0123456789',
      commandEnv: { PATH: process.env['PATH'] ?? '' },
      selfArgv: program,
    },
    ports: { clock, log: SILENT, redactor: createRedactor([]) },
    ledger: {
      health: () => open.health(),
      journal: {
        ...journal,
        append(line, nowMs) {
          lines.push(line.text);
          return journal.append(line, nowMs);
        },
      },
    },
    live: {
      settings: { config: { backup: backupOptions.parse(given) }, secrets: { of: () => undefined, all: () => [] } },
    },
    append: async (draft: EventDraft) => void told.push(Buffer.from(draft.body).toString('utf8')),
    held: () => false,
    onEnd: () => undefined,
  });
  const stop = (): PromiseLike<void> => loop[Symbol.asyncDispose]();
  onTestFinished(async () => {
    await stop();
  });
  return {
    home,
    clock,
    told,
    stop,
    journal: () => lines,
    files: () => {
      try {
        return readdirSync(join(home, 'backups')).filter((name) => name.endsWith('.tar.gz'));
      } catch {
        return [];
      }
    },
    /** Lets the clock go on while no child is at work, and what children do come to pass. */
    async until(is: () => boolean, stepMs = MINUTE_MS): Promise<void> {
      for (let round = 0; round < 400 && !is(); round += 1) {
        if (clock.sleeping > 0 && !is()) await clock.advance(stepMs);
        await sleep(50);
      }
    },
  };
}
