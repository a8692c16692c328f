import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:net';
import { openLedger } from '../src/ledger/ledger.ts';
import { systemClock, systemRandom } from '../src/daemon/system.ts';
import { noRedis, startRedis, type RedisServer } from '../test/fakes/redis.ts';
import { makeHome, ROOT, startDaemon, until, type DaemonProcess } from './lib/daemon.ts';
import { ledgerOptions, silentLog } from './lib/ledger.ts';
import { equal, none, tally, type CampaignOptions, type Report } from './lib/report.ts';
import { createDice, type Dice } from './lib/seed.ts';
import { startTcpProxy, type TcpProxy } from './lib/tcp-proxy.ts';

const KEY = 'the key of a proof, which is as long as it has to be';
const WORKERS = 3;
const CONCURRENCY = 8;
/** Between two faults. */
const FAULT_MS_MAX = 20_000;

interface Size {
  readonly jobs: number;
  readonly faults: number;
  readonly flushes: number;
  readonly waitMsMax: number;
}

const FULL: Size = { jobs: 10_000, faults: 100, flushes: 2, waitMsMax: 1_500_000 };
export const QUICK: Size = { jobs: 400, faults: 10, flushes: 2, waitMsMax: 150_000 };

/**
 * One daemon, three workers and a Redis behind a link of ours: parts are killed and links cut at random while thousands of
 * commands are done, and Redis is wiped. Each job must come to one end, and none may be lost.
 */
export function proveWorkers(options: CampaignOptions): Promise<Report> {
  return keepWorkers(options, options.quick ? QUICK : FULL);
}

export async function keepWorkers({ seed, keep, say }: CampaignOptions, size: Size): Promise<Report> {
  const missing = noRedis();
  if (missing !== undefined) return { checks: [], figures: {}, skipped: missing };
  const dice = createDice(seed);
  await using redis = await startRedis();
  await using proxy = await startTcpProxy(redis.port);
  using home = makeHome({ notify: [] }, { keep });
  const runs = join(home.path, 'runs.txt');
  // What it does is written down outside of everything that is killed: how often, not only whether.
  const argv = ['/bin/sh', '-c', 'echo x >> "$0"', runs];
  writeConfig(home.path, argv);
  await fill(home.path, size.jobs);
  await using world = await startWorld(home.path, redis, proxy);
  const startedMs = performance.now();
  const faults = await strike(world, dice, size, say);
  const allDone = await until(() => openJobs(home.path) === 0, size.waitMsMax);
  const seconds = (performance.now() - startedMs) / 1_000;
  if (allDone) await until(async () => (await outcomesLeft(redis)) === 0, 20_000);
  const left = await outcomesLeft(redis);
  const facts = readFacts(home.path);
  const executions = readFileSync(runs, 'utf8').length / 2;
  return {
    checks: [
      { name: 'every job came to its end', ok: allDone, detail: `${size.jobs} jobs, ${JSON.stringify(facts.states)}` },
      equal('each succeeded', facts.states, { succeeded: size.jobs }),
      none('each left its effects exactly once', facts.notOnce, `${size.jobs} lines`),
      none('each has one run that succeeded', facts.runsNotOnce, `${size.jobs} runs`),
      { name: 'each was done', ok: executions >= size.jobs, detail: `${executions} executions` },
      equal('no outcome is left in Redis', left, 0),
    ],
    figures: {
      ...faults,
      'executions beyond one a job': executions - size.jobs,
      'attempts lost with their worker': facts.lost,
      seconds: seconds.toFixed(1),
      'jobs a second, faults included': (size.jobs / seconds).toFixed(0),
    },
  };
}

/** The commands of ten schedules that never come due by themselves. */
function writeConfig(home: string, argv: readonly string[]): void {
  const schedules = Array.from({ length: 10 }, (_, index) => ({
    name: `task-${index}`,
    cron: '0 4 1 1 *',
    do: 'command',
    argv,
    label: 'proof',
    retries: 4,
  }));
  writeFileSync(join(home, 'config.yaml'), JSON.stringify({ notify: [], schedules }));
}

async function fill(home: string, jobs: number): Promise<void> {
  const ports = { clock: systemClock, random: systemRandom, log: silentLog };
  await using ledger = await openLedger(ledgerOptions(home), ports);
  const nowMs = Date.now();
  for (let first = 0; first < jobs; first += 500) {
    await Promise.all(
      Array.from({ length: Math.min(500, jobs - first) }, (_, index) => {
        const delivery = `job-${first + index}`;
        const origin = `task-${index % 10}`;
        const job = {
          kind: 'command',
          origin,
          reactive: false,
          topic: delivery,
          text: delivery,
          urgent: false,
          mayCoalesce: false,
          label: 'proof',
        } as const;
        const body = Buffer.from('{}');
        return ledger.events.append({
          source: 'proof',
          delivery,
          type: 'proof',
          action: null,
          trust: 'owner',
          receivedAtMs: nowMs,
          contentType: 'application/json',
          body,
          jobs: [job],
        });
      }),
    );
  }
}

interface World extends AsyncDisposable {
  readonly redis: RedisServer;
  readonly proxy: TcpProxy;
  killBrain(): Promise<void>;
  killWorker(index: number): Promise<void>;
  readonly home: string;
}

async function startWorld(home: string, redis: RedisServer, proxy: TcpProxy): Promise<World> {
  const url = `redis://127.0.0.1:${proxy.port}`;
  const env = { REDIS_URL: url, KAIROS_WORKER_KEY: KEY };
  let brain: DaemonProcess = await startDaemon(home, { env });
  const workers: ChildProcess[] = Array.from({ length: WORKERS }, (_, index) => startWorker(index, env));
  const end = async (child: ChildProcess): Promise<void> => {
    const ended = new Promise((gone) => child.once('exit', gone));
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await ended;
    }
  };
  return {
    home,
    redis,
    proxy,
    async killBrain() {
      await brain.kill9();
      calmBoots(home);
      brain = await startDaemon(home, { env });
    },
    async killWorker(index) {
      await end(workers[index] as ChildProcess);
      workers[index] = startWorker(index, env);
    },
    async [Symbol.asyncDispose]() {
      await brain[Symbol.asyncDispose]();
      await Promise.all(workers.map(end));
    },
  };
}

/** Three crashes in ten minutes would be safe mode, in which no work begins: here they count as stops. */
function calmBoots(home: string): void {
  using ledger = new DatabaseSync(join(home, 'ledger.db'), { timeout: 5_000 });
  ledger.exec('UPDATE boots SET stopped_at = started_at WHERE stopped_at IS NULL');
}

function startWorker(index: number, env: Readonly<Record<string, string>>): ChildProcess {
  const args = ['worker', '--labels', 'proof', '--concurrency', String(CONCURRENCY), '--name', `w${index}`];
  return spawn(join(ROOT, 'bin/kairos'), args, {
    // The pipe at 3 ends it when this process dies, or when its launcher does.
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', KAIROS_LAUNCHER_FD: '3', KAIROS_LOG_LEVEL: 'error', ...env },
  });
}

/** What happens to it, in random order, spread over the work. */
async function strike(
  world: World,
  dice: Dice,
  size: Size,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const struck: string[] = [];
  const flushAt = Array.from({ length: size.flushes }, (_, index) =>
    Math.floor(((index + 1) * size.faults) / (size.flushes + 1)),
  );
  const faults: Readonly<Record<string, () => Promise<void>>> = {
    'the daemon killed': () => world.killBrain(),
    'a worker killed': () => world.killWorker(dice.between(0, WORKERS - 1)),
    'Redis killed, with all it had': async () => {
      await world.redis.kill9();
      await sleep(dice.between(0, 300));
      await world.redis.restart();
    },
    'every link cut': async () => world.proxy.cut(),
    'every link dead for a while': () => world.proxy.freeze(dice.between(100, 3_000)),
  };
  for (let count = 0; count < size.faults; count += 1) {
    if (flushAt.includes(count)) {
      await command(world.redis, 'FLUSHALL');
      struck.push('Redis wiped');
    }
    const what = dice.pick(Object.keys(faults));
    await faults[what]?.();
    struck.push(what);
    if (count % 10 === 9) say(`${count + 1} of ${size.faults} faults, ${openJobs(world.home)} jobs open`);
    // The next one comes in the midst of work, not of getting up again.
    const most = size.jobs - Math.floor(((count + dice.fraction()) * size.jobs) / size.faults);
    await until(() => openJobs(world.home) <= most, FAULT_MS_MAX);
    await sleep(dice.between(0, 300));
  }
  return tally(struck);
}

function openJobs(home: string): number {
  using ledger = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true, timeout: 5_000 });
  const row = ledger
    .prepare("SELECT count(*) AS count FROM jobs WHERE label = 'proof' AND state IN ('queued', 'running')")
    .get();
  return Number(row?.['count']);
}

function readFacts(home: string) {
  using ledger = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true, timeout: 5_000 });
  const all = (sql: string): Record<string, unknown>[] => ledger.prepare(sql).all();
  const states = all("SELECT state, count(*) AS count FROM jobs WHERE label = 'proof' GROUP BY state");
  return {
    states: Object.fromEntries(states.map(({ state, count }) => [String(state), Number(count)])),
    notOnce: all(
      `SELECT jobs.id, count(journal.id) AS lines FROM jobs LEFT JOIN journal ON journal.ref = 'j' || jobs.id AND journal.kind = 'command'
       WHERE label = 'proof' GROUP BY jobs.id HAVING lines <> 1`,
    ),
    runsNotOnce: all(
      `SELECT jobs.id, count(runs.id) AS well FROM jobs LEFT JOIN runs ON runs.job_id = jobs.id AND runs.succeeded = 1
       WHERE label = 'proof' GROUP BY jobs.id HAVING well <> 1`,
    ),
    lost: Number(all("SELECT count(*) AS count FROM runs WHERE ended = 'lost'")[0]?.['count']),
  };
}

async function outcomesLeft(redis: RedisServer): Promise<number> {
  const keys = await command(redis, 'KEYS kairos:outcomes:*');
  const key = /kairos:outcomes:[0-9a-f]{8}/.exec(keys)?.[0];
  return key === undefined ? 0 : Number((await command(redis, `XLEN ${key}`)).slice(1));
}

/** Not over the link that is cut. @returns the answer as Redis wrote it. */
function command(redis: RedisServer, text: string): Promise<string> {
  return new Promise((told, failed) => {
    const socket = connect(redis.port, '127.0.0.1', () => socket.write(`${text}\r\n`));
    socket.once('data', (data: Buffer) => {
      socket.destroy();
      told(data.toString());
    });
    socket.once('error', failed);
  });
}
