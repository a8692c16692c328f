import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { GITHUB_SECRET, makeHome, ROOT, startDaemon, type DaemonProcess } from './lib/daemon.ts';
import { equal, none, percentile, type CampaignOptions, type Check, type Report } from './lib/report.ts';
import { postGithub } from './lib/sender.ts';

const CONFIG = {
  notify: [],
  sources: [{ name: 'github', kind: 'github' }],
  subscriptions: [{ name: 'all', source: 'github', do: 'log' }],
  backup: { enabled: false },
};
/** Bodies that do not compress: the worst there is. */
const SEED_BODY_BYTES = 200_000;
/** Requests without an answer yet. */
const PENDING_MAX = 256;

interface Plan {
  readonly perSecond: number;
  readonly seconds: number;
  readonly seedBytes: number;
  /** How much slower the slowest hundredth may be while a backup is made. */
  readonly slowerMsMax: number;
}

/** A backup while deliveries come all the time: is it one state, whole, and does nobody notice? */
export async function proveBackup(options: CampaignOptions): Promise<Report> {
  const plan: Plan = options.quick
    ? { perSecond: 200, seconds: 4, seedBytes: 20_000_000, slowerMsMax: 500 }
    : { perSecond: 1_000, seconds: 30, seedBytes: 1_000_000_000, slowerMsMax: 100 };
  using home = makeHome(CONFIG, { keep: options.keep });
  using other = makeHome({}, { keep: options.keep });
  using shelf = makeHome({}, { keep: options.keep });
  const archive = join(shelf.path, 'a.tar.gz');
  await seed(home.path, plan.seedBytes);
  options.say(`${plan.perSecond} deliveries a second, ${plan.seconds} s without a backup`);
  await using daemon = await startDaemon(home.path);
  const quiet = await send(daemon, plan, 0, () => false);
  options.say('the same with a backup');
  let done = false;
  const before = quiet.accepted.length;
  const command = kairos(['backup', archive, '--json', '--home', home.path]);
  void command.ended.then(() => (done = true));
  const busy = await send(daemon, plan, before, () => done);
  const made = await command.ended;
  const said = parse(made.output);
  const log = daemon.log();
  const liveDigest = digest(home.path, said.backupPoint.eventId);
  options.say('restored elsewhere');
  const restored = await kairos(['restore', archive, '--into', other.path, '--yes', '--json', '--home', home.path])
    .ended;
  const checks: Check[] = [
    equal('the backup succeeded and was verified', [made.code, said.verified], [0, true]),
    none(
      'every delivery was taken',
      [...quiet.refused, ...busy.refused],
      `${quiet.accepted.length + busy.accepted.length}`,
    ),
    none(
      'the daemon had no failed commit',
      log.split('\n').filter((line) => /commit failed|LEDGER_/.test(line)),
    ),
    equal('the restore succeeded', restored.code, 0),
    equal('contents are equal up to the backup point', digest(other.path, said.backupPoint.eventId), liveDigest),
    none(
      'everything accepted before it began is in it',
      missing(other.path, quiet.accepted),
      `${quiet.accepted.length}`,
    ),
    ...(await proveWorks(other.path, quiet.accepted)),
  ];
  const [p99, p99Busy] = [percentile(quiet.ms, 0.99), percentile(busy.msDuring, 0.99)];
  checks.push({
    name: `the slowest hundredth is at most ${plan.slowerMsMax} ms slower`,
    ok: p99Busy <= p99 + plan.slowerMsMax,
    detail: `${p99.toFixed(1)} ms without, ${p99Busy.toFixed(1)} ms with`,
  });
  checks.push({
    name: 'the memory of the command is bounded',
    ok: made.peakMib < 400,
    detail: `${made.peakMib} MiB at its peak`,
  });
  return {
    checks,
    figures: {
      'bytes of the archive': said.bytes,
      'the backup took': `${said.tookMs} ms`,
      'the restore took': `${restored.ms.toFixed(0)} ms, ${restored.peakMib} MiB at its peak`,
      'p99 without / with a backup': `${p99.toFixed(1)} / ${p99Busy.toFixed(1)} ms`,
      'p50 without / with a backup': `${percentile(quiet.ms, 0.5).toFixed(1)} / ${percentile(busy.msDuring, 0.5).toFixed(1)} ms`,
      'deliveries while it was made': busy.msDuring.length,
    },
  };
}

async function proveWorks(home: string, accepted: readonly string[]): Promise<Check[]> {
  await using daemon = await startDaemon(home);
  const known = await postGithub(daemon.url, delivery(accepted[0] ?? ''));
  const fresh = await postGithub(daemon.url, delivery('after-the-restore'));
  const idle = await settled(home, daemon);
  return [
    equal('a delivery of before is a duplicate there, a new one is taken', [known.status, fresh.status], [200, 202]),
    equal('jobs that were waiting or interrupted come to their end', idle, 0),
    equal('it stops in order', await daemon.stop(), 0),
  ];
}

/** @returns how many jobs are open after a while. */
async function settled(home: string, daemon: DaemonProcess): Promise<number> {
  for (let round = 0; ; round += 1) {
    const open = count(home, "SELECT count(*) AS n FROM jobs WHERE state IN ('queued', 'running')");
    if (open === 0 || round === 600 || !daemon.alive()) return open;
    await sleep(100);
  }
}

interface Sent {
  readonly accepted: string[];
  readonly refused: string[];
  readonly ms: number[];
  /** Of those that were sent before `isOver` held. */
  readonly msDuring: number[];
}

/** At a fixed pace, whether answers come or not; at least as long as planned, and until it is over. */
async function send(daemon: DaemonProcess, plan: Plan, first: number, isOver: () => boolean): Promise<Sent> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const sent: Sent = { accepted: [], refused: [], ms: [], msDuring: [] };
  const under: Promise<void>[] = [];
  const startedMs = performance.now();
  const pending = new Set<string>();
  const one = async (number: number, during: boolean): Promise<void> => {
    const id = `delivery-${number}`;
    pending.add(id);
    try {
      const answer = await postGithub(daemon.url, delivery(id), { agent });
      if (answer.status === 202) sent.accepted.push(id);
      else sent.refused.push(`${id}: ${answer.status}`);
      sent.ms.push(answer.ms);
      if (during) sent.msDuring.push(answer.ms);
    } catch (error) {
      sent.refused.push(`${id}: ${String(error)}`);
    } finally {
      pending.delete(id);
    }
  };
  const waits = (): boolean => first > 0 && !isOver();
  for (
    let number = 0;
    number < plan.perSecond * plan.seconds || (waits() && number < plan.perSecond * 300);
    number += 1
  ) {
    const dueMs = startedMs + (number * 1_000) / plan.perSecond;
    // Where the machine can't keep up, the pace is what it can: a backlog in the sender would only measure itself.
    while (pending.size >= PENDING_MAX) await sleep(5);
    const earlyMs = dueMs - performance.now();
    if (earlyMs > 0) await sleep(earlyMs);
    under.push(one(first + number, !isOver()));
  }
  await Promise.all(under);
  agent.destroy();
  return sent;
}

function delivery(id: string) {
  const body = Buffer.from(JSON.stringify({ id, ref: 'refs/heads/main', pad: 'x'.repeat(900) }));
  return { id, event: 'push', body };
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly ms: number;
  readonly peakMib: number;
}

function kairos(args: readonly string[]): { readonly ended: Promise<Ended> } {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [join(ROOT, 'src/cli/main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', GITHUB_WEBHOOK_SECRET: GITHUB_SECRET },
  });
  let output = '';
  let peakMib = 0;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const watching = setInterval(() => {
    peakMib = Math.max(peakMib, peakOf(child.pid ?? 0));
  }, 50);
  return {
    ended: new Promise((resolve) => {
      child.once('close', (code) => {
        clearInterval(watching);
        resolve({ code, output, ms: performance.now() - startedMs, peakMib });
      });
    }),
  };
}

/** Only Linux tells. */
function peakOf(pid: number): number {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return Math.round(Number(found?.[1] ?? 0) / 1_024);
  } catch {
    return 0;
  }
}

function parse(output: string) {
  try {
    return JSON.parse(output) as {
      verified: boolean;
      bytes: number;
      tookMs: number;
      backupPoint: { eventId: number };
    };
  } catch {
    throw new Error(`the backup said: ${output}`);
  }
}

/** A home whose ledger is large before anything begins. */
async function seed(home: string, bytes: number): Promise<void> {
  await using daemon = await startDaemon(home);
  await daemon.stop();
  const database = new DatabaseSync(join(home, 'ledger.db'));
  database.exec('BEGIN IMMEDIATE');
  const insert = database.prepare(
    `INSERT INTO events (source, delivery, type, trust, received_at, content_type, delivery_key, body_bytes, body)
     VALUES ('github', ?, 'push', 'outside', ?, 'application/octet-stream', ?, ?, ?)`,
  );
  for (let number = 0; number * SEED_BODY_BYTES < bytes; number += 1) {
    const key = createHash('sha256').update(`github\0seed-${number}`).digest().subarray(0, 16);
    insert.run(`seed-${number}`, Date.now(), key, SEED_BODY_BYTES, randomBytes(SEED_BODY_BYTES));
  }
  database.exec('COMMIT');
  database.close();
}

/** What never changes of every event up to the backup point, with bodies, and of the jobs that followed from them. */
function digest(home: string, throughId: number): string {
  const hash = createHash('sha256');
  const database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true });
  const questions = [
    'SELECT * FROM events WHERE id <= ? ORDER BY id',
    'SELECT id, kind, origin, reactive, topic, text, event_id, created_at FROM jobs WHERE event_id <= ? ORDER BY id',
  ];
  for (const sql of questions) {
    for (const row of database.prepare(sql).iterate(throughId)) {
      for (const value of Object.values(row)) hash.update(value instanceof Uint8Array ? value : `${String(value)}\0`);
    }
  }
  database.close();
  return hash.digest('hex');
}

function missing(home: string, ids: readonly string[]): string[] {
  const database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true });
  const there = new Set(
    (database.prepare('SELECT delivery FROM events').all() as { delivery: string }[]).map(({ delivery: id }) => id),
  );
  database.close();
  return ids.filter((id) => !there.has(id));
}

function count(home: string, sql: string): number {
  const database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true, timeout: 500 });
  const { n } = database.prepare(sql).get() as { n: number };
  database.close();
  return n;
}
