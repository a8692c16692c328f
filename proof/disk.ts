import { execFile } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeHome, startDaemon, until, untilQuiet, type DaemonProcess } from './lib/daemon.ts';
import { readLedger } from './lib/facts.ts';
import { equal, none, tally, type CampaignOptions, type Check, type Report } from './lib/report.ts';
import { oneConnection, postGithub, type Answer } from './lib/sender.ts';

const run = promisify(execFile);
const MIB = 1_048_576;
const FULL_DISK = { size: '48m', ballastBytes: 20 * MIB };
/** From free space to the first 2xx. */
const RECOVERY_MS_MAX = 8_000;
/** libfiu's names for what SQLite and Node call. The call fails with EIO, and nothing of it happens. */
const FAULTS = ['posix/io/sync/fsync', 'posix/io/rw/pwrite', 'posix/io/rw/pread'] as const;
const EIO = 5;

/** A disk that is full, and a disk that fails. */
export async function proveDisk(options: CampaignOptions): Promise<Report> {
  const reports = [await fillDisk(options), await failDisk(options)];
  const skipped = reports.flatMap((report) => report.skipped ?? []);
  return {
    checks: reports.flatMap((report) => report.checks),
    figures: Object.assign(
      {},
      ...reports.map((report) => report.figures),
      ...skipped.map((why, index) => ({ [`skipped (${index + 1})`]: why })),
    ) as Report['figures'],
    ...(skipped.length === reports.length && { skipped: skipped.join('; ') }),
  };
}

const CONFIG = {
  notify: [{ kind: 'terminal' }],
  subscriptions: [{ name: 'log-push', source: 'github', event: 'push', do: 'log', topic: '{n}', text: 'push {n}' }],
};

/** The real daemon on a file system of 48 MiB, under load until nothing fits any more. */
export async function fillDisk(options: CampaignOptions): Promise<Report> {
  const mounted = await mountSmall();
  if (typeof mounted === 'string') return { checks: [], figures: {}, skipped: mounted };
  await using disk = mounted;
  const home = makeHome(CONFIG, { keep: true, under: disk.path });
  const ballast = join(disk.path, 'ballast');
  writeFileSync(ballast, Buffer.alloc(FULL_DISK.ballastBytes));
  await using daemon = await startDaemon(home.path);
  const load = startLoad(daemon, 60_000);
  const shed = await until(() => load.answers.some(({ status }) => status === 503), 60_000);
  fillUp(join(disk.path, 'rest'));
  await sleep(options.quick ? 2_000 : 6_000);
  const ready = await fetch(`${daemon.url}/readyz`);
  const reason = await ready.text();
  const alive = (await fetch(`${daemon.url}/healthz`)).status;
  const refused = load.answers.filter(({ status }) => status >= 300);
  const takenBefore = load.taken.size;
  const freedMs = performance.now();
  rmSync(ballast);
  rmSync(join(disk.path, 'rest'));
  const back = await until(() => load.taken.size > takenBefore, RECOVERY_MS_MAX * 3);
  const backMs = performance.now() - freedMs;
  await load.stop();
  const quiet = await untilQuiet(daemon, 60_000);
  const exit = await daemon.stop();
  const ledger = readLedger(home.path);
  return {
    checks: [
      {
        name: 'a full disk is answered 503',
        ok: shed,
        detail: JSON.stringify(tally(load.answers.map(({ status }) => status))),
      },
      none(
        'each refusal is a problem document with Retry-After',
        refused.filter((answer) => !isProperRefusal(answer, ['DISK_FULL', 'LEDGER_FAILED'])).map(brief),
        `${refused.length} refusals, ${JSON.stringify(tally(refused.map(codeOf)))}`,
      ),
      {
        name: '/readyz is 503 and says why',
        ok: ready.status === 503 && /MiB are free|disk/.test(reason),
        detail: reason,
      },
      equal('the daemon is alive meanwhile', alive, 200),
      {
        name: 'it takes deliveries again by itself',
        ok: back && backMs < RECOVERY_MS_MAX,
        detail: `${backMs.toFixed(0)} ms after there was room`,
      },
      equal('then it is quiet, and stops cleanly', [quiet, exit], [true, 0]),
      ...checkLedger('full disk', load.taken, ledger),
    ],
    figures: { 'full disk: taken': load.taken.size },
  };
}

/** The real daemon while flushes and writes fail now and then, after that while all of them do; then after a `kill -9`. */
export async function failDisk(options: CampaignOptions & { readonly faults?: readonly string[] }): Promise<Report> {
  const library = '/usr/lib/fiu/fiu_run_preload.so';
  if (!existsSync(library)) return { checks: [], figures: {}, skipped: 'fiu-run (fiu-utils) is not installed' };
  using home = makeHome(CONFIG, { keep: options.keep });
  const control = join(home.path, 'fiu');
  let daemon = await startDaemon(home.path, { wrap: ['fiu-run', '-x', '-f', control] });
  const checks: Check[] = [];
  const refused: Answer[] = [];
  const taken = new Map<string, string>();
  const recoveries: number[] = [];
  const rounds = (options.faults ?? FAULTS).flatMap((fault) => [0.2, 1].map((probability) => ({ fault, probability })));
  for (const [index, { fault, probability }] of rounds.entries()) {
    const load = startLoad(daemon, 2_000, `f${index}`);
    await sleep(500);
    await command(
      control,
      daemon,
      probability === 1
        ? `enable name=${fault},failinfo=${EIO}`
        : `enable_random name=${fault},probability=${probability},failinfo=${EIO}`,
    );
    await sleep(options.quick ? 1_000 : 3_000);
    await command(control, daemon, `disable name=${fault}`);
    const mendedMs = performance.now();
    const before = load.taken.size;
    const back = await until(() => load.taken.size > before, RECOVERY_MS_MAX * 2);
    recoveries.push(performance.now() - mendedMs);
    // One time in two it dies right after; what was acknowledged must be there all the same.
    if (index % 2 === 1) await daemon.kill9();
    await load.stop();
    refused.push(...load.answers.filter(({ status }) => status >= 300));
    for (const [id, event] of load.taken) taken.set(id, event);
    checks.push({
      name: `${fault} × ${probability}: it mends itself`,
      ok: back,
      detail: `${recoveries.at(-1)?.toFixed(0)} ms; ${JSON.stringify(tally(load.answers.map(({ status }) => status)))}`,
    });
    if (index % 2 === 1) daemon = await startDaemon(home.path, { wrap: ['fiu-run', '-x', '-f', control] });
  }
  const quiet = await untilQuiet(daemon, 90_000);
  const exit = await daemon.stop();
  return {
    checks: [
      ...checks,
      none(
        'each refusal is a clear problem document',
        refused.filter((answer) => !isProperRefusal(answer, ['LEDGER_FAILED', 'DISK_FULL'])).map(brief),
        `${refused.length} refusals, ${JSON.stringify(tally(refused.map(codeOf)))}`,
      ),
      equal('in the end it is quiet, and stops cleanly', [quiet, exit], [true, 0]),
      ...checkLedger('failing disk', taken, readLedger(home.path)),
    ],
    figures: {
      'failing disk: taken': taken.size,
      'failing disk: slowest to mend': `${Math.max(...recoveries).toFixed(0)} ms`,
    },
  };
}

function checkLedger(name: string, taken: ReadonlyMap<string, string>, ledger: ReturnType<typeof readLedger>): Check[] {
  const rows = new Map(ledger.events.map(({ delivery, id }) => [delivery, `e${id}`]));
  const jobs = new Map(ledger.jobs.map((job) => [`e${job.event_id}`, job]));
  const joined = new Set(ledger.joined.map(({ event_id: id }) => `e${id}`));
  const lost = [...taken].filter(([delivery, id]) => rows.get(delivery) !== id).map(([delivery]) => delivery);
  const idle = [...rows.values()].filter((id) => jobs.get(id)?.state !== 'succeeded' && !joined.has(id));
  return [
    none(`${name}: nothing acknowledged is lost`, lost, `${taken.size} acknowledged, ${rows.size} events`),
    none(`${name}: every event has its job, and it was done`, idle),
    equal(`${name}: the ledger is whole`, ledger.integrity, 'ok'),
  ];
}

interface Load {
  readonly answers: readonly Answer[];
  /** Delivery → the event it was answered with. */
  readonly taken: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

function startLoad(daemon: DaemonProcess, bodyBytes: number, name = 'd'): Load {
  const answers: Answer[] = [];
  const taken = new Map<string, string>();
  const ending = new AbortController();
  const line = async (connection: number): Promise<void> => {
    const agent = oneConnection();
    for (let n = 0; !ending.signal.aborted; n += 1) {
      const id = `${name}-${connection}-${n}`;
      const body = Buffer.from(JSON.stringify({ n: id, pad: 'x'.repeat(bodyBytes) }));
      const answer = await postGithub(daemon.url, { id, event: 'push', body }, { agent }).catch(() => undefined);
      if (answer !== undefined) answers.push(answer);
      if (answer !== undefined && answer.status < 300) taken.set(id, (JSON.parse(answer.text) as { id: string }).id);
      await sleep(20);
    }
    agent.destroy();
  };
  const lines = Promise.all(Array.from({ length: 4 }, (_, connection) => line(connection)));
  return {
    answers,
    taken,
    async stop() {
      ending.abort();
      await lines;
    },
  };
}

function isProperRefusal(answer: Answer, codes: readonly string[]): boolean {
  const { status, headers } = answer;
  const problem = String(headers['content-type']).startsWith('application/problem+json');
  return status === 503 && problem && Number(headers['retry-after']) > 0 && codes.includes(codeOf(answer));
}

function codeOf({ text }: Answer): string {
  try {
    return (JSON.parse(text) as { code: string }).code;
  } catch {
    return 'no document';
  }
}

function brief({ status, text }: Answer): string {
  return `${status} ${text.slice(0, 200)}`;
}

/** Takes what is left, to the last byte. */
function fillUp(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const bytes of [MIB, 4_096, 1]) {
      try {
        for (;;) if (writeSync(file, Buffer.alloc(bytes)) < bytes) break;
      } catch {
        // Full for pieces of this size.
      }
    }
  } finally {
    closeSync(file);
  }
}

interface SmallDisk extends AsyncDisposable {
  readonly path: string;
}

/** @returns why there is none, when there is none. */
async function mountSmall(): Promise<SmallDisk | string> {
  if (process.platform !== 'linux') return `a tmpfs is Linux's own, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'mounting a tmpfs needs root';
  const path = mkdtempSync(join(tmpdir(), 'kairos-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${FULL_DISK.size}`, 'tmpfs', path]);
  } catch (error) {
    rmSync(path, { recursive: true });
    return `a tmpfs cannot be mounted here: ${(error as Error).message.trim()}`;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await run('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Tells the library inside the daemon what to let fail. @throws when it does not take the command. */
async function command(prefix: string, daemon: DaemonProcess, text: string): Promise<void> {
  const path = `${prefix}-${daemon.pid}`;
  await run('fiu-ctrl', ['-f', prefix, '-c', text, String(daemon.pid)], { timeout: 10_000 }).catch((error: unknown) => {
    throw new Error(`${path} did not take "${text}"`, { cause: error });
  });
}
