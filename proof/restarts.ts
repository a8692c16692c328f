import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GITHUB_SECRET, makeHome, ROOT, until } from './lib/daemon.ts';
import { readLedger } from './lib/facts.ts';
import { equal, none, percentile, tally, type CampaignOptions, type Report } from './lib/report.ts';
import { createDice, type Dice } from './lib/seed.ts';
import { postGithub } from './lib/sender.ts';

const SENDERS = 8;
const PACE_MS = 20;
const READY_MS_MAX = 30_000;

/** One delivery, and what became of each attempt to send it. */
interface Sent {
  readonly id: string;
  status: number;
  /** After which signals the connection broke off before an answer: it had been taken by the process that ended. */
  readonly cut: string[];
  /** Nobody listened. */
  refused: number;
  msMax: number;
}

/**
 * Fifty restarts in a row under load, half of them `kill -9`, behind a listening socket that outlives the daemon as systemd's does:
 * every 202 is one event, nobody is turned away, and every delivery is answered.
 */
export async function proveRestarts(options: CampaignOptions): Promise<Report> {
  const dice = createDice(options.seed);
  const config = {
    notify: [],
    subscriptions: [{ name: 'log', source: 'github', event: 'push', do: 'log', text: '{n}' }],
    storm: { per: '1s', events: 1_000 },
  };
  using home = makeHome(config, { keep: options.keep });
  await using service = await superviseDaemon(home.path);
  const death: Death = { signal: 'none' };
  const load = startLoad(service.url, dice, death);
  const restarts = options.quick ? 8 : 50;
  const downMs: number[] = [];
  for (let restart = 0; restart < restarts; restart += 1) {
    const pid = await service.ready();
    await sleep(dice.between(50, 600));
    const startedMs = performance.now();
    death.signal = restart % 2 === 0 ? 'SIGTERM' : 'SIGKILL';
    process.kill(pid, death.signal);
    if (restart % 10 === 9) options.say(`${restart + 1} restarts, ${load.sent.length} deliveries`);
    await service.ready(pid);
    downMs.push(performance.now() - startedMs);
  }
  await load.finish();
  const quiet = await until(() => {
    const { jobs } = readLedger(home.path);
    return jobs.every(({ state }) => state !== 'queued' && state !== 'running');
  }, 60_000);
  await service.stop();
  const { events, jobs, joined, integrity } = readLedger(home.path);
  const mine = events.filter(({ source }) => source === 'github');
  const times = new Map(Object.entries(tally(mine.map(({ delivery }) => delivery))));
  const worked = new Set([...jobs.map((job) => job.event_id), ...joined.map((row) => row.event_id)]);
  return {
    checks: [
      none(
        'every delivery was answered 2xx in the end',
        load.sent.filter(({ status }) => status !== 202 && status !== 200),
        `${load.sent.length} deliveries`,
      ),
      none(
        'every one of them is one event, and there is no other',
        [
          ...load.sent.filter(({ id }) => times.get(id) !== 1).map(({ id }) => id),
          ...mine.filter(({ delivery }) => !delivery.startsWith('r-')),
        ],
        `${mine.length} events`,
      ),
      none(
        'every event has its job, and every job has ended',
        mine.filter(({ id }) => !worked.has(id)),
        `${jobs.length} jobs`,
      ),
      equal(
        'nobody was turned away while there was no daemon',
        load.sent.filter(({ refused }) => refused > 0).length,
        0,
      ),
      equal('it is quiet in the end, and the ledger is whole', [quiet, integrity], [true, 'ok']),
    ],
    figures: {
      restarts: `${restarts}, half of them kill -9`,
      'deliveries cut off by a death, and sent again': JSON.stringify(tally(load.sent.flatMap(({ cut }) => cut))),
      'from the signal to ready, median': `${Math.round(percentile(downMs, 0.5))} ms`,
      'longest wait for an answer': `${Math.round(Math.max(...load.sent.map(({ msMax }) => msMax)))} ms`,
    },
  };
}

/** Holds the socket and starts the daemon again whenever it ends, until it is told not to; ends with this process. */
const SUPERVISOR = `while [ ! -e "$1" ] && kill -0 "$2" 2>/dev/null; do
  sh -c 'LISTEN_PID=$$ LISTEN_FDS=1; export LISTEN_PID LISTEN_FDS; exec sh "$0" start' "$0"
done`;

interface Service extends AsyncDisposable {
  readonly url: string;
  /** Waits until a daemon is ready that is not the one named. @returns its process id. */
  ready(notPid?: number): Promise<number>;
  stop(): Promise<void>;
}

async function superviseDaemon(home: string): Promise<Service> {
  const socket = createServer();
  socket.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 });
  await once(socket, 'listening');
  const { port } = socket.address() as { port: number };
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const over = join(home, 'over');
  const child = spawn('sh', ['-c', SUPERVISOR, join(ROOT, 'bin/launch'), over, String(process.pid)], {
    stdio: ['ignore', 'ignore', 'inherit', fd],
    env: {
      PATH: process.env['PATH'] ?? '',
      TMPDIR: tmpdir(),
      KAIROS_HOME: home,
      KAIROS_LOG_LEVEL: 'error',
      GITHUB_WEBHOOK_SECRET: GITHUB_SECRET,
    },
  });
  const ended = once(child, 'exit');
  // From here on only the shell holds it: we would take connections ourselves.
  socket.close();
  const pidOf = (): number | undefined => {
    const path = join(home, 'run.json');
    try {
      return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid : undefined;
    } catch {
      return undefined;
    }
  };
  const stop = async (): Promise<void> => {
    writeFileSync(over, '');
    const pid = pidOf();
    if (pid !== undefined && child.exitCode === null) process.kill(pid, 'SIGTERM');
    await ended;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    async ready(notPid) {
      let pid: number | undefined;
      const isReady = await until(() => {
        pid = pidOf();
        return pid !== undefined && pid !== notPid;
      }, READY_MS_MAX);
      if (!isReady || pid === undefined) throw new Error('the daemon did not come back');
      return pid;
    },
    stop,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) await stop().catch(() => child.kill('SIGKILL'));
    },
  };
}

/** The signal that was sent last. */
interface Death {
  signal: 'none' | 'SIGTERM' | 'SIGKILL';
}

interface Load {
  readonly sent: readonly Sent[];
  finish(): Promise<void>;
}

/** Each sender sends its next delivery when the one before was answered; what broke off is sent again under the same id. */
function startLoad(url: string, dice: Dice, death: Death): Load {
  const sent: Sent[] = [];
  const ending = new AbortController();
  const sender = async (number: number): Promise<void> => {
    for (let n = 0; !ending.signal.aborted; n += 1) {
      const one: Sent = { id: `r-${number}-${n}`, status: 0, cut: [], refused: 0, msMax: 0 };
      sent.push(one);
      await sendUntilAnswered(url, one, death);
      await sleep(dice.between(0, 2 * PACE_MS));
    }
  };
  const senders = Array.from({ length: SENDERS }, (_, number) => sender(number));
  return {
    sent,
    async finish() {
      ending.abort();
      await Promise.all(senders);
    },
  };
}

const ATTEMPTS_MAX = 100;

async function sendUntilAnswered(url: string, one: Sent, death: Death): Promise<void> {
  const body = Buffer.from(JSON.stringify({ ref: 'refs/heads/main', n: one.id }));
  for (let attempt = 0; attempt < ATTEMPTS_MAX && one.status === 0; attempt += 1) {
    const startedMs = performance.now();
    try {
      const { status } = await postGithub(url, { id: one.id, event: 'push', body });
      // 503: it is stopping; a sender comes again.
      if (status !== 503) one.status = status;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') one.refused += 1;
      else one.cut.push(death.signal);
    }
    one.msMax = Math.max(one.msMax, performance.now() - startedMs);
    if (one.status === 0) await sleep(PACE_MS);
  }
}
