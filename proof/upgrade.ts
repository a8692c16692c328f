import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beginTrial, endTrial, failedTrial, readTrial } from '../src/service/trial.ts';
import { placeVersion, switchTo, type Version } from '../src/service/versions.ts';
import { startMessagesServer, text } from '../test/fakes/messages-server.ts';
import { GITHUB_SECRET, makeHome, ROOT, until } from './lib/daemon.ts';
import { equal, none, type CampaignOptions, type Report } from './lib/report.ts';
import { startReceiver } from './lib/receiver.ts';
import { postGithub } from './lib/sender.ts';

/** The version before, and where a clone without tags has it. */
const BEFORE = ['v0.1.0', '2fe4f93'];
const SENDERS = 10;
const EVENTS = ['push', 'issues', 'release', 'pull_request'];
/** How much of a transcript has reached its file: a start writes the rest. */
const MOVING = new Set(['written_seq']);
/** Rows that a start writes or a running daemon keeps up to date; every other table must come through as it was. */
const LIVING = new Set(['boots', 'meta', 'polls', 'slots', 'latches', 'journal', 'runs', 'dreams', 'generations']);

/**
 * From the version before to this one: its home is filled with thousands of rows by the old daemon itself, which is killed; then this
 * version starts on trial, and every row is there as it was. Then a broken version is installed, and this one comes back.
 */
export async function proveUpgrade(options: CampaignOptions): Promise<Report> {
  const base = mkdtempSync(join(tmpdir(), 'kairos-proof-upgrade-'));
  try {
    return await upgrade(options, base);
  } finally {
    if (!options.keep) rmSync(base, { recursive: true, force: true });
  }
}

async function upgrade(options: CampaignOptions, base: string): Promise<Report> {
  const programRoot = join(base, 'program root');
  const machine = { os: process.platform, cpu: process.arch };
  const oldSource = checkOut(join(base, 'before'));
  options.say('placing both versions');
  const from = await placeVersion({ source: oldSource, programRoot, machine });
  const to = await placeVersion({ source: ROOT, programRoot, machine });
  await using receiver = await startReceiver();
  await using model = await startMessagesServer(() => ({ blocks: [text('Noted.')] }));
  using home = makeHome(configFor(receiver.url), { keep: options.keep });
  const env = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'key-of-the-proof-0123456789' };
  const service: Service = { home: home.path, programRoot, env };

  await switchTo(programRoot, from.name);
  const old = await start(service);
  const sent = await fill(old, options.quick ? 300 : 5_000, options.say);
  await old.kill();
  const before = readRows(home.path);

  beginTrial(home.path, { from: from.name, to: to.name });
  await switchTo(programRoot, to.name);
  const startedMs = performance.now();
  const now = await start(service);
  const upMs = performance.now() - startedMs;
  const trialAfter = readTrial(home.path);
  await now.kill();
  const after = readRows(home.path, before);
  // The daemon has done it, or it is said above.
  endTrial(home.path, true, '');

  const broken = breakVersion(programRoot, to);
  beginTrial(home.path, { from: to.name, to: broken });
  await switchTo(programRoot, broken);
  const failedStart = await start(service).then(
    () => 'ready',
    () => 'ended',
  );
  const back = await start(service);
  const kept = readRows(home.path, before);
  const answers = await sendAll(back, 20, 'back');
  await back.kill();
  const lost = (rows: Rows): string[] =>
    [...before]
      .filter(([table, { digest }]) => !LIVING.has(table) && rows.get(table)?.digest !== digest)
      .map(([table]) => table);
  const count = (table: string): number => before.get(table)?.count ?? 0;
  return {
    checks: [
      equal('the old daemon recorded every delivery', count('events') >= sent, true),
      none('every row of the old version is there as it was after the upgrade', lost(after), `${before.size} tables`),
      equal('the new version says that its trial is over', trialAfter, undefined),
      equal('the new version answers', now.version, to.version),
      equal('a broken version ends before it is ready', failedStart, 'ended'),
      equal(
        'the version before comes back at the next start',
        [back.program, failedTrial(home.path)?.to],
        [to.name, broken],
      ),
      none('every row is there as it was after the fallback', lost(kept), `${before.size} tables`),
      equal('and it takes deliveries', [...new Set(answers)], [202]),
    ],
    figures: {
      events: count('events'),
      jobs: count('jobs'),
      messages: count('messages'),
      sessions: count('sessions'),
      'rows of all tables': [...before.values()].reduce((sum, table) => sum + table.count, 0),
      'from the start of the new version to ready, with its migration': `${Math.round(upMs)} ms`,
    },
  };
}

/** The files of the version before, with its packages. Nothing in this checkout changes. */
function checkOut(target: string): string {
  mkdirSync(target);
  const known = BEFORE.find((name) => {
    try {
      execFileSync('git', ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], { cwd: ROOT, stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  if (known === undefined) throw new Error(`this clone has none of ${BEFORE.join(', ')}`);
  const archive = execFileSync('git', ['archive', known], { cwd: ROOT, maxBuffer: 268_435_456 });
  execFileSync('tar', ['-x', '-C', target], { input: archive });
  execFileSync('npm', ['ci', '--omit=dev', '--prefer-offline'], { cwd: target, stdio: 'ignore' });
  return target;
}

function configFor(hook: string): object {
  return {
    timezone: 'UTC',
    budget: { windows: [{ per: '15s', max: 1_000 }] },
    notify: [{ kind: 'webhook', url: hook }],
    subscriptions: [
      { name: 'log', source: 'github', event: 'push', do: 'log', text: '{n}' },
      { name: 'tell', source: 'github', event: 'issues', do: 'notify', topic: '{topic}', text: '{n}' },
      { name: 'digest', source: 'github', event: ['release', 'pull_request'], do: 'digest', text: '{n}' },
    ],
  };
}

interface Service {
  readonly home: string;
  readonly programRoot: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Running {
  readonly url: string;
  readonly version: string;
  /** The name of the placed version that really runs. */
  readonly program: string;
  get<T>(path: string): Promise<T>;
  post(path: string, body: object): Promise<void>;
  kill(): Promise<void>;
}

/** As a unit does. @throws when it ends before it is ready. */
async function start({ home, programRoot, env }: Service): Promise<Running> {
  const child = spawn('sh', [join(programRoot, 'run'), 'start'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      KAIROS_HOME: home,
      KAIROS_PORT: '0',
      KAIROS_LOG_LEVEL: 'error',
      GITHUB_WEBHOOK_SECRET: GITHUB_SECRET,
      ...env,
    },
  });
  process.once('exit', () => child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const ended = once(child, 'exit');
  const path = join(home, 'run.json');
  let url = '';
  await until(() => {
    const run = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { pid: number; url: string }) : undefined;
    url = run?.pid === child.pid ? (run?.url ?? '') : '';
    return url !== '' || child.exitCode !== null;
  }, 60_000);
  if (url === '') {
    child.kill('SIGKILL');
    await ended;
    throw new Error(`it did not get ready: ${said.slice(-2_000)}`);
  }
  const headers = { authorization: `Bearer ${readFileSync(join(home, 'token'), 'utf8').trim()}` };
  const { version } = (await (await fetch(`${url}/healthz`)).json()) as { version: string };
  const command = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8');
  return {
    url,
    version,
    program: /versions\/([^/]+)\//.exec(command)?.[1] ?? '',
    get: async <T>(where: string) => (await (await fetch(`${url}${where}`, { headers })).json()) as T,
    async post(where, body) {
      const answer = await fetch(`${url}${where}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`POST ${where} was answered ${answer.status}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Deliveries, conversations and all that follows from them; then it is quiet. @returns how many events there must be. */
async function fill(daemon: Running, deliveries: number, say: (line: string) => void): Promise<number> {
  const statuses = await sendAll(daemon, deliveries, 'before');
  if (statuses.some((status) => status !== 202)) throw new Error('the old daemon refused deliveries');
  const talks = 30;
  for (let talk = 0; talk < talks; talk += 1) await daemon.post('/api/say', { text: `please look at number ${talk}` });
  const quiet = await until(async () => {
    const { jobs } = await daemon.get<{ jobs: Record<string, number> }>('/api/status');
    const { items } = await daemon.get<{ items: unknown[] }>('/api/messages?state=queued&limit=1');
    return (jobs['queued'] ?? 0) + (jobs['running'] ?? 0) + items.length === 0;
  }, 240_000);
  if (!quiet) throw new Error('the old daemon did not finish its jobs');
  say(`${deliveries} deliveries and ${talks} conversations are in the old home`);
  return deliveries + talks;
}

async function sendAll({ url }: Running, count: number, name: string): Promise<number[]> {
  const statuses: number[] = [];
  let next = 0;
  const sender = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) {
      const body = Buffer.from(JSON.stringify({ n, topic: `topic ${n % 50}`, action: 'opened' }));
      const event = EVENTS[n % EVENTS.length] ?? 'push';
      statuses.push((await postGithub(url, { id: `${name}-${n}`, event, body })).status);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return statuses;
}

type Rows = ReadonlyMap<
  string,
  { readonly columns: readonly string[]; readonly count: number; readonly digest: string }
>;

/**
 * A digest of every table, from a copy: what is read changes nothing. With the rows of before only their columns are read, and
 * only as many rows: later versions may add both.
 */
function readRows(home: string, before?: Rows): Rows {
  const copy = mkdtempSync(join(tmpdir(), 'kairos-proof-rows-'));
  for (const name of ['ledger.db', 'ledger.db-wal'].filter((one) => existsSync(join(home, one))))
    cpSync(join(home, name), join(copy, name));
  try {
    using database = new DatabaseSync(join(copy, 'ledger.db'));
    const tables = before === undefined ? tablesOf(database) : [...before.keys()];
    return new Map(
      tables.map((table) => {
        const known = before?.get(table);
        const columns = known?.columns ?? columnsOf(database, table);
        const list = columns.map((column) => `"${column}"`).join(', ');
        const limit = known === undefined ? '' : ` LIMIT ${known.count}`;
        const order = columns.length > 1 ? '1, 2' : '1';
        const rows = database.prepare(`SELECT ${list} FROM "${table}" ORDER BY ${order}${limit}`).all();
        const hash = createHash('sha256');
        for (const row of rows) hash.update(`${JSON.stringify(row, asText)}\n`);
        return [table, { columns, count: rows.length, digest: hash.digest('hex') }];
      }),
    );
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Bodies are bytes. */
function asText(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

function tablesOf(database: DatabaseSync): string[] {
  const sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";
  return (database.prepare(sql).all() as { name: string }[]).map(({ name }) => name);
}

function columnsOf(database: DatabaseSync, table: string): string[] {
  return (database.prepare(`PRAGMA table_info("${table}")`).all() as { name: string }[])
    .map(({ name }) => name)
    .filter((name) => !MOVING.has(name));
}

/** The new version again under another name, and one of its files is not what it should be. */
function breakVersion(programRoot: string, { path }: Version): string {
  const name = '99.0.0-0badc0de';
  const target = join(programRoot, 'versions', name);
  mkdirSync(target);
  for (const part of ['bin', 'dist', 'package.json']) cpSync(join(path, part), join(target, part), { recursive: true });
  symlinkSync(join(path, 'node_modules'), join(target, 'node_modules'));
  const migrations = join(target, 'dist', 'ledger', 'migrations.js');
  const more = `MIGRATIONS.push("UPDATE events SET source = 'changed'", 'UPDATE nothing SET x = 1');\n`;
  writeFileSync(migrations, `${readFileSync(migrations, 'utf8')}\n${more}`);
  return name;
}
