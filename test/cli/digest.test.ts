import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/ledger/database.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { kairos, newHome } from './kairos.ts';

/** A home that a daemon has left, with an event in it and a job that was given up. */
function homeWithLedger(): string {
  const home = newHome();
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'config.yaml'), 'timezone: America/New_York\n');
  writeFileSync(join(home, 'secrets.env'), 'ALERTS_SECRET=correct-horse-battery\n', { mode: 0o600 });
  const database = openDatabase(join(home, 'ledger.db'), process.platform);
  migrate(database);
  const atMs = Date.parse('2026-11-20T23:30:00-05:00');
  database
    .statement(
      `INSERT INTO events (source, delivery, type, trust, received_at, content_type, delivery_key, body_bytes)
       VALUES ('github', 'd', 'push', 'outside', ?, 'application/json', x'00', 0)`,
    )
    .run(atMs);
  database
    .statement(
      `INSERT INTO jobs (kind, origin, reactive, urgent, topic, text, state, lane, attempts, created_at, due_at, ended_at, error)
       VALUES ('notify', 'ci', 0, 0, 't', 'x', 'dead', 'background', 5, ?, ?, ?, 'token correct-horse-battery refused')`,
    )
    .run(atMs, atMs, atMs);
  database.close();
  return home;
}

describe('kairos digest', () => {
  test('prints a day in the zone of the configuration, without a daemon, and no secret [DIGEST-OFFLINE]', async () => {
    const home = homeWithLedger();
    const { code, stdout, stderr } = await kairos(home, ['digest', '2026-11-20']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('# Digest of Friday, 2026-11-20\n\nLook at this: 1 given up.\n');
    expect(stdout).toContain('was given up after 5 attempts: token \\[redacted:ALERTS_SECRET\\] refused\n');
    expect(stdout).toContain('| github | push | 1 |');
    const next = await kairos(home, ['digest', '2026-11-21', '--json']);
    expect(JSON.parse(next.stdout)).toMatchObject({
      date: '2026-11-21',
      from: '2026-11-21T00:00:00.000-05:00',
      complete: true,
      events: { total: 0 },
      givenUp: { total: 0, items: [] },
      waiting: { approvals: 0 },
      spend: { model: null, usd: 0 },
    });
  });

  test('prints today so far when no date is given, and refuses what is none [CLI-EXIT-CODES]', async () => {
    const home = homeWithLedger();
    const today = await kairos(home, ['digest']);
    expect(today.stdout).toMatch(/^# Digest of \w+day, \d{4}-\d\d-\d\d \(so far, until \d\d:\d\d\)\n/);
    await expect(kairos(home, ['digest', 'someday'])).resolves.toMatchObject({ code: 2 });
    const none = await kairos(newHome(), ['digest']);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('no ledger') as string });
  });
});
