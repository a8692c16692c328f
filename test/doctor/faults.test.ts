import { chmodSync, openSync, closeSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DoctorPorts } from '../../src/doctor/check.ts';
import { treat } from '../../src/doctor/doctor.ts';
import type { Database } from '../../src/ledger/database.ts';
import { backupRecord, differences, makeHome, NOW, portsOf, SECRET, snapshot, type TestHome } from './world.ts';

interface Fault {
  readonly name: string;
  readonly seed: (home: TestHome) => Partial<DoctorPorts> | void;
  readonly check: string;
  readonly verdict: 'warn' | 'fail';
  readonly what: RegExp;
  readonly fix: RegExp;
  /** What `--fix` changes; left out: it can't. */
  readonly mends?: readonly string[];
}

const HOUR_MS = 3_600_000;
const GONE_PID = 999_999;

const FAULTS: readonly Fault[] = [
  {
    name: 'a home others can look into',
    seed: ({ path }) => chmodSync(path, 0o755),
    check: 'home',
    verdict: 'fail',
    what: /mode 755/,
    fix: /^chmod 700 /,
    mends: [''],
  },
  {
    name: 'secrets others can read',
    seed: ({ path }) => chmodSync(join(path, 'secrets.env'), 0o644),
    check: 'files',
    verdict: 'fail',
    what: /^secrets\.env has mode 644/,
    fix: /^chmod 600 .*secrets\.env$/,
    mends: ['secrets.env'],
  },
  {
    name: 'a token the group can read',
    seed: ({ path }) => chmodSync(join(path, 'token'), 0o640),
    check: 'files',
    verdict: 'fail',
    what: /^token has mode 640/,
    fix: /^chmod 600 /,
    mends: ['token'],
  },
  {
    name: 'a ledger the group can write',
    seed: ({ path }) => chmodSync(join(path, 'ledger.db'), 0o660),
    check: 'files',
    verdict: 'fail',
    what: /^ledger\.db has mode 660/,
    fix: /^chmod 600 /,
    mends: ['ledger.db'],
  },
  {
    name: 'a configuration others can read',
    seed: ({ path }) => chmodSync(join(path, 'config.yaml'), 0o644),
    check: 'files',
    verdict: 'warn',
    what: /^config\.yaml has mode 644/,
    fix: /^chmod 600 /,
    mends: ['config.yaml'],
  },
  {
    name: 'a backup others can read',
    seed: (home) => {
      home.write('backups/ledger-schema-3.db', 'x');
      chmodSync(join(home.path, 'backups/ledger-schema-3.db'), 0o644);
    },
    check: 'files',
    verdict: 'fail',
    what: /^backups\/ledger-schema-3\.db has mode 644/,
    fix: /^chmod 600 /,
    mends: ['backups/ledger-schema-3.db'],
  },
  {
    name: 'a memory others can change',
    seed: ({ path }) => {
      chmodSync(join(path, 'memory/topics'), 0o777);
      chmodSync(join(path, 'memory/topics/editor.md'), 0o666);
    },
    check: 'files',
    verdict: 'warn',
    what: /others may write: .*memory\/topics/,
    fix: /^chmod -R go-w /,
    mends: ['memory/topics', 'memory/topics/editor.md'],
  },
  {
    name: 'a directory that was taken away',
    seed: ({ path }) => rmSync(join(path, 'memory/notes'), { recursive: true }),
    check: 'folders',
    verdict: 'warn',
    what: /missing: memory\/notes$/,
    fix: /^mkdir -m 700 /,
    mends: ['memory/notes'],
  },
  {
    name: 'run.json of a dead process',
    seed: (home) => home.write('run.json', JSON.stringify({ pid: GONE_PID, url: 'http://127.0.0.1:9' })),
    check: 'leftovers',
    verdict: 'warn',
    what: /^run\.json of process 999999/,
    fix: /kairos start, or: rm /,
    mends: ['run.json'],
  },
  {
    name: 'lock.txt of a dead process',
    seed: (home) => home.write('lock.txt', `pid ${GONE_PID}, since 2026-11-01\n`),
    check: 'leftovers',
    verdict: 'warn',
    what: /^lock\.txt of process/,
    fix: /rm .*lock\.txt/,
    mends: ['lock.txt'],
  },
  {
    name: 'half-written files of killed processes',
    seed: (home) => {
      for (const name of ['secrets.env.part', 'digests/2026-11-20.md.new', 'artifacts/results/r2.txt.tmp']) {
        home.write(name, 'A_TOKEN=half');
        utimesSync(join(home.path, name), NOW / 1_000 - 3_600, NOW / 1_000 - 3_600);
      }
    },
    check: 'leftovers',
    verdict: 'warn',
    what: /^half-written, older than 10m: .*secrets\.env\.part/,
    fix: /^rm /,
    mends: ['artifacts/results/r2.txt.tmp', 'digests/2026-11-20.md.new', 'secrets.env.part'],
  },
  {
    name: 'a configuration that is not valid',
    seed: (home) => home.write('config.yaml', 'timezone: Mars/Olympus\n'),
    check: 'config',
    verdict: 'fail',
    what: /config\.yaml:1:\d+ timezone/,
    fix: /kairos config check/,
  },
  {
    name: 'a weak secret',
    seed: (home) => home.write('secrets.env', 'GITHUB_WEBHOOK_SECRET=hunter2hunter\n'),
    check: 'secrets',
    verdict: 'warn',
    what: /^weak: GITHUB_WEBHOOK_SECRET$/,
    fix: /kairos webhook add SOURCE --rotate/,
  },
  {
    name: 'a source without its secret',
    seed: (home) => home.write('config.yaml', 'sources: [{ name: alerts, kind: standard }]\n'),
    check: 'webhooks',
    verdict: 'fail',
    what: /ALERTS_SECRET/,
    fix: /kairos webhook add/,
  },
  {
    name: 'a broken ledger',
    seed: ({ path }) => overwrite(join(path, 'ledger.db')),
    check: 'ledger',
    verdict: 'fail',
    what: /^ledger\.db: /,
    fix: /backups\//,
  },
  {
    name: 'a ledger of a newer version',
    seed: (home) => home.ledger((database) => database.exec('PRAGMA user_version = 900')),
    check: 'ledger',
    verdict: 'fail',
    what: /^schema 900, this version knows/,
    fix: /Start the newer version/,
  },
  {
    name: 'dead letters',
    seed: (home) => home.ledger((database) => addJobs(database, 'dead', {}, 3)),
    check: 'dead-letters',
    verdict: 'warn',
    what: /^3 dead jobs \(newest: j3 notify ci/,
    fix: /kairos jobs requeue j3/,
  },
  {
    name: 'work that waits',
    seed: (home) => home.ledger((database) => addJobs(database, 'queued', { due: NOW - 600_000 }, 9)),
    check: 'jobs',
    verdict: 'warn',
    what: /^9 jobs wait, the oldest for 10m/,
    fix: /kairos start/,
  },
  {
    name: 'a job that has been running for hours',
    seed: (home) =>
      home.ledger((database) => addJobs(database, 'running', { lease: NOW + 60_000, started: NOW - 7 * HOUR_MS }, 1)),
    check: 'jobs',
    verdict: 'warn',
    what: /^1 jobs have been running for hours \(j1 notify ci for 7h\)/,
    fix: /kairos jobs show j1/,
  },
  {
    name: 'starts that ended in crashes',
    seed: (home) => home.ledger(addCrashes),
    check: 'starts',
    verdict: 'warn',
    what: /^3 starts in the last 24 h did not end with a clean stop/,
    fix: /kairos log/,
  },
  {
    name: 'an event from the future',
    seed: (home) => home.ledger(addFutureEvent),
    check: 'clock',
    verdict: 'warn',
    what: /2h in the future/,
    fix: /timedatectl set-ntp true/,
  },
  {
    name: 'a clock nobody sets',
    seed: () => ({
      platform: 'linux',
      run: async () => ({ code: 0, stdout: 'Timezone=UTC\nCanNTP=yes\nNTP=no\nNTPSynchronized=no\n' }),
    }),
    check: 'time-sync',
    verdict: 'warn',
    what: /synchronisation is off/,
    fix: /sudo timedatectl set-ntp true/,
  },
  {
    name: 'a schedule that is due in the distant future',
    seed: (home) => home.write('config.yaml', 'schedules: [{ name: party, at: "2040-01-01T00:00:00Z", do: digest }]\n'),
    check: 'never-fires',
    verdict: 'warn',
    what: /not due for over five years: party \(2040-/,
    fix: /kairos schedules/,
  },
  {
    name: 'a schedule whose words expire before the quiet hours end',
    seed: (home) =>
      home.write(
        'config.yaml',
        'timezone: UTC\nbudget: { quietHours: { from: "22:00", to: "07:00" }, messageTtl: 1h }\nschedules: [{ name: night, cron: "0 23 * * *", do: notify, text: hi }]\n',
      ),
    check: 'never-fires',
    verdict: 'warn',
    what: /untold: night/,
    fix: /messageTtl/,
  },
  {
    name: 'a schedule that is missed again and again',
    seed: seedMissed,
    check: 'never-fires',
    verdict: 'warn',
    what: /not run since: tidy \(5 in a row: the daemon was off\)/,
    fix: /kairos schedules tidy/,
  },
  {
    name: 'a schedule that can never be',
    seed: (home) => home.write('config.yaml', 'schedules: [{ name: leap, cron: "0 0 30 2 *", do: digest }]\n'),
    check: 'config',
    verdict: 'fail',
    what: /never due/,
    fix: /config check/,
  },
  {
    name: 'a command that is not there',
    seed: (home) =>
      home.write(
        'config.yaml',
        'schedules: [{ name: save, cron: "0 3 * * *", do: command, argv: [no-such-program-here] }]\n',
      ),
    check: 'schedules',
    verdict: 'fail',
    what: /no-such-program-here.* is not on PATH/,
    fix: /Correct argv/,
  },
  {
    name: 'a workspace that is gone',
    seed: (home) => home.write('config.yaml', 'workspaces: [{ path: /no/such/folder }]\n'),
    check: 'workspaces',
    verdict: 'warn',
    what: /\/no\/such\/folder/,
    fix: /Make the directory/,
  },
  {
    name: 'an old backup',
    seed: (home) => home.write('backups/last.json', backupRecord(NOW - 9 * 24 * HOUR_MS)),
    check: 'backup',
    verdict: 'warn',
    what: /the newest is 9d old/,
    fix: /kairos backup/,
  },
  {
    name: 'an upgrade that fell back',
    seed: (home) => home.write('upgrade/failed', 'from=0.1.0-0123abcd\nto=0.2.0-89abcdef\nat=2026-11-22T10:00:00Z\n'),
    check: 'version',
    verdict: 'fail',
    what: /the upgrade to 0\.2\.0-89abcdef failed at 2026-11-22T10:00:00Z.*; the one before it is started/,
    fix: /kairos install/,
  },
  {
    name: 'another Node',
    seed: () => ({ nodeVersion: '20.0.0' }),
    check: 'runtime',
    verdict: 'warn',
    what: /Node 20\.0\.0/,
    fix: /bin\/kairos/,
  },
  {
    name: 'a service that does not run',
    seed: () => ({
      service: async () => ({
        unit: 'kairosd.service',
        path: '/etc/systemd/system/kairosd.service',
        scope: 'system',
        enabled: true,
        active: false,
      }),
    }),
    check: 'service',
    verdict: 'fail',
    what: /kairosd\.service does not run/,
    fix: /sudo systemctl start kairosd\.service; sudo journalctl/,
  },
];

describe('a healthy home', () => {
  test('has nothing to complain about but that no daemon runs, and --fix changes nothing [DOCTOR-FAULTS]', async () => {
    using home = await makeHome();
    const before = snapshot(home.path);
    const { findings, backup } = await treat(portsOf(home.path), { dryRun: false });
    const complaints = findings.filter(({ verdict }) => verdict === 'warn' || verdict === 'fail');
    expect(complaints.map(({ check, what }) => `${check}: ${what}`)).toEqual(['daemon: not running']);
    expect(backup).toBeUndefined();
    expect(differences(before, snapshot(home.path))).toEqual([]);
  });
});

describe('seeded faults', () => {
  test('are at least twenty, and each is of a name of its own', () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
    expect(FAULTS.length).toBeGreaterThanOrEqual(20);
  });

  test.each(FAULTS)(
    '$name: found, with why and how to fix it [DOCTOR-FAULTS]',
    async ({ seed, check, verdict, what, fix, mends }) => {
      using home = await makeHome();
      const ports = portsOf(home.path, seed(home) ?? {});
      const before = snapshot(home.path);
      const { findings } = await treat(ports, { dryRun: true });
      const found = findings.find((one) => one.check === check && what.test(one.what));
      expect(found, JSON.stringify(findings.filter((one) => one.check === check))).toMatchObject({ verdict });
      expect(found?.why.length).toBeGreaterThan(10);
      expect(found?.fix).toMatch(fix);
      expect(found?.fixable ?? false).toBe(mends !== undefined);
      expect(JSON.stringify(findings)).not.toMatch(new RegExp(`${SECRET}|hunter2|abababab`));
      expect(differences(before, snapshot(home.path))).toEqual([]);
    },
  );

  test.each(FAULTS)(
    '$name: --fix mends what is safe, and damages nothing else [DOCTOR-FIX-SAFE]',
    async ({ seed, check, what, mends }) => {
      using home = await makeHome();
      const ports = portsOf(home.path, seed(home) ?? {});
      const before = snapshot(home.path);
      const { findings, backup } = await treat(ports, { dryRun: false });
      expect(differences(before, snapshot(home.path))).toEqual(mends ?? []);
      const found = findings.find((one) => one.check === check && what.test(one.what));
      expect(found?.fixed).toBe(mends === undefined ? undefined : true);
      expect(backup === undefined).toBe(mends === undefined);
      if (mends === undefined) return;
      expect(statSync(backup ?? '').mode & 0o777).toBe(0o700);
      const again = await treat(ports, { dryRun: false });
      expect(again.findings.filter((one) => one.fixable)).toEqual([]);
    },
  );

  test('all the safe ones at once: each is mended, and the rest is as it was [DOCTOR-FIX-SAFE]', async () => {
    using home = await makeHome();
    const safe = FAULTS.filter(({ mends }) => mends !== undefined);
    for (const { seed } of safe) seed(home);
    const before = snapshot(home.path);
    const { findings } = await treat(portsOf(home.path), { dryRun: false });
    expect(
      findings.filter(({ fixable }) => fixable).every(({ fixed, verdict }) => fixed === true && verdict === 'ok'),
    ).toBe(true);
    expect(differences(before, snapshot(home.path))).toEqual(
      [...new Set(safe.flatMap(({ mends = [] }) => mends))].toSorted(),
    );
  });
});

function overwrite(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4_096, 0x5a), 0, 4_096, 4_096);
  closeSync(file);
}

function addJobs(
  database: Database,
  state: string,
  { due = 0, lease, started }: { due?: number; lease?: number; started?: number },
  count: number,
): void {
  const statement = database.statement(
    `INSERT INTO jobs (kind, origin, reactive, urgent, topic, text, state, lane, created_at, due_at, lease_until, started_at)
     VALUES ('notify', 'ci', 0, 0, 't', 'x', ?, 'background', 0, ?, ?, ?)`,
  );
  for (let index = 0; index < count; index += 1) statement.run(state, due, lease ?? null, started ?? null);
}

function addCrashes(database: Database): void {
  const statement = database.statement("INSERT INTO boots (started_at, pid, version, safe_mode) VALUES (?, 7, '0', 0)");
  for (const hoursAgo of [1, 2, 3]) statement.run(NOW - hoursAgo * HOUR_MS);
}

function addFutureEvent(database: Database): void {
  database
    .statement(
      `INSERT INTO events (source, delivery, type, trust, received_at, content_type, delivery_key, body_bytes)
       VALUES ('github', 'd', 'push', 'outside', ?, 'application/json', x'00', 0)`,
    )
    .run(NOW + 2 * HOUR_MS);
}

function seedMissed(home: TestHome): void {
  home.write('config.yaml', 'schedules: [{ name: tidy, cron: "*/30 * * * *", do: digest }]\n');
  home.ledger((database) => {
    database.statement("INSERT INTO schedules (name, timing, through_at) VALUES ('tidy', '', 0)").run();
    const slot = database.statement(
      `INSERT INTO slots (schedule, slot_at, through_at, state, count, reason, decided_at) VALUES ('tidy', ?, ?, ?, ?, ?, 0)`,
    );
    slot.run(100, 100, 'run', 1, null);
    slot.run(200, 600, 'missed', 5, 'the daemon was off');
  });
}
