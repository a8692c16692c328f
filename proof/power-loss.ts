import { execFile } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock, systemRandom } from '../src/daemon/system.ts';
import { openLedger } from '../src/ledger/ledger.ts';
import { DatabaseSync } from 'node:sqlite';
import { DiskModel, type DiskImage, type Fate, type NameModel } from './lib/disk-model.ts';
import { jobOf, ledgerOptions, silentLog } from './lib/ledger.ts';
import { none, type CampaignOptions, type Check, type Report } from './lib/report.ts';
import { createDice, type Dice } from './lib/seed.ts';
import { readStrace, TRACED, type DiskOp } from './lib/strace.ts';

const run = promisify(execFile);
const WRITER = fileURLToPath(new URL('./power-loss-writer.ts', import.meta.url));
const MODELS: readonly NameModel[] = ['posix', 'ext4'];
const FATES: readonly Fate[] = ['nothing', 'everything', 'some'];

export interface PowerLossOptions extends CampaignOptions {
  /** How often the ledger is opened and closed, and what is appended each time. */
  readonly openings: number;
  readonly events: number;
  readonly bodyBytes: number;
  /** How long the ledger stays open after the last of them; default not at all. */
  readonly pauseMs?: number;
  /** Put before the names of the checks. */
  readonly name?: string;
  /** Moments at which the power fails, for each model of names. */
  readonly momentsMax: number;
  /** Whether a ledger that does not flush is tried as well, to see that losses would be seen. */
  readonly control: boolean;
}

/** Every write and flush of the real ledger, replayed up to every moment at which the power may fail. */
export async function provePowerLoss(options: CampaignOptions): Promise<Report> {
  const small = { openings: 4, events: 400, bodyBytes: 300, momentsMax: 1_500, control: true };
  if (options.quick) return losePower({ ...options, ...small, openings: 2, events: 60, momentsMax: 120 });
  const report = await losePower({ ...options, ...small });
  if (report.skipped !== undefined) return report;
  options.say('a long log, and the thread that copies it back');
  const long = { openings: 1, events: 900, bodyBytes: 60_000, pauseMs: 3_000, momentsMax: 100, control: false };
  const second = await losePower({ ...options, ...long, name: 'long log, ' });
  return { checks: [...report.checks, ...second.checks], figures: { ...report.figures, ...second.figures } };
}

/** The same in any length. */
export async function losePower(options: PowerLossOptions): Promise<Report> {
  const missing = await whyNot();
  if (missing !== undefined) return { checks: [], figures: {}, skipped: missing };
  const figures: Record<string, string> = {};
  const checks: Check[] = [];
  const full = await trace(options, 'full');
  for (const model of MODELS) {
    const result = await replay(full, model, options);
    const name = `${options.name ?? ''}${model}`;
    options.say(`${name}: ${result.states} states`);
    figures[`states (${name})`] =
      `${result.states} at ${result.moments} moments of ${full.ops.length} calls, up to ${result.acked} events acknowledged`;
    checks.push(
      none(`${name}: every disk opens and is whole`, result.broken, `${result.states} states`),
      none(`${name}: no acknowledged event is lost`, result.lost, `0 of ${result.states} states`),
      none(`${name}: no event is there without its job`, result.halves),
    );
  }
  if (options.control) checks.push(await tryControl(options));
  return { checks, figures };
}

/** A harness that cannot see a loss proves nothing: without the flush at each commit there must be some. */
async function tryControl(options: PowerLossOptions): Promise<Check> {
  const weak = await trace(options, 'normal');
  const control = await replay(weak, 'ext4', { ...options, momentsMax: Math.min(300, options.momentsMax) });
  return {
    name: 'the control (synchronous=NORMAL) loses events',
    ok: control.lost.length > 0,
    detail: `in ${control.lost.length} of ${control.states} states`,
  };
}

async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `strace is Linux's own, and this is ${process.platform}`;
  try {
    await run('strace', ['-qq', '-e', 'trace=none', 'true']);
    return undefined;
  } catch (error) {
    return `strace does not work here: ${(error as Error).message.trim()}`;
  }
}

interface Trace {
  readonly home: string;
  readonly ops: readonly DiskOp[];
}

/** Lets the writer work under strace. The home is gone afterwards; the trace holds all of it. */
async function trace(options: PowerLossOptions, mode: 'full' | 'normal'): Promise<Trace> {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-power-'));
  const home = join(folder, 'home');
  try {
    mkdirSync(home);
    spareReserve(home);
    const output = join(folder, 'trace');
    const watched = ['', '/ledger.db', '/ledger.db-wal', '/ledger.db-shm', '/ledger.db-journal', '/acks'].flatMap(
      (name) => ['-P', home + name],
    );
    const { openings, events, bodyBytes, pauseMs = 0 } = options;
    await run(
      'strace',
      [
        '-f',
        '-qq',
        '-y',
        '-xx',
        '-s',
        '100000000',
        '-e',
        `trace=${TRACED}`,
        '-o',
        output,
        ...watched,
        process.execPath,
        WRITER,
        home,
        mode,
        String(openings),
        String(events),
        String(bodyBytes),
        String(pauseMs),
      ],
      { timeout: 120_000, maxBuffer: 16_777_216 },
    );
    return { home, ops: await Array.fromAsync(readStrace(output)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The ledger's reserve is no part of this, and 16 MiB a state are too many. */
function spareReserve(home: string): void {
  writeFileSync(join(home, 'reserve'), '');
}

interface Replayed {
  readonly moments: number;
  readonly states: number;
  readonly acked: number;
  readonly lost: string[];
  readonly broken: string[];
  readonly halves: string[];
}

async function replay({ home, ops }: Trace, model: NameModel, options: PowerLossOptions): Promise<Replayed> {
  const dice = createDice(options.seed);
  const disk = new DiskModel(home, model);
  const acks = new Map<number, string>();
  const moments = momentsOf(ops, options.momentsMax);
  const result = {
    moments: moments.size,
    states: 0,
    acked: 0,
    lost: [] as string[],
    broken: [] as string[],
    halves: [] as string[],
  };
  for (const [index, op] of ops.entries()) {
    if (op.path.endsWith('/acks')) readAck(op, acks);
    else disk.take(op);
    if (!moments.has(index)) continue;
    for (const fate of FATES) {
      const finding = await tryDisk(disk.crash(fate, dice), acks, dice);
      const where = `after call ${index} of ${ops.length} (${op.kind} ${op.path.slice(home.length)}), ${fate} survives`;
      if (finding.broken !== undefined) result.broken.push(`${where}: ${finding.broken}`);
      if (finding.lost.length > 0)
        result.lost.push(`${where}: ${finding.lost.length} of ${acks.size}, first ${finding.lost[0]}`);
      if (finding.halves > 0) result.halves.push(`${where}: ${finding.halves}`);
      result.states += 1;
    }
  }
  return { ...result, acked: acks.size };
}

function readAck(op: DiskOp, acks: Map<number, string>): void {
  if (op.kind !== 'write') return;
  const [, id = '', delivery = ''] = op.bytes.toString('utf8').trim().split(' ');
  acks.set(Number(id), delivery);
}

/**
 * Right after every acknowledgement, and evenly in between; thinned out when they are too many. Writes to the database
 * itself are few beside those to its log, and get a share of their own.
 */
function momentsOf(ops: readonly DiskOp[], max: number): Set<number> {
  const indexes = (wanted: (op: DiskOp) => boolean): number[] =>
    ops.flatMap((op, index) => (wanted(op) ? [index] : []));
  const acked = indexes(({ kind, path }) => kind === 'write' && path.endsWith('/acks'));
  const copied = indexes(({ path }) => path.endsWith('/ledger.db'));
  const others = indexes(({ path }) => !/(acks|-shm|ledger\.db)$/.test(path));
  const quarter = Math.floor(max / 4);
  return new Set([...thin(acked, max - 2 * quarter), ...thin(copied, quarter), ...thin(others, quarter)]);
}

function thin(items: readonly number[], max: number): number[] {
  if (items.length <= max) return [...items];
  return Array.from({ length: max }, (_, index) => items[Math.floor((index * items.length) / max)] as number);
}

interface Finding {
  readonly broken?: string;
  readonly lost: string[];
  readonly halves: number;
}

/** What the next start makes of a disk, by the real ledger. */
async function tryDisk(image: DiskImage, acks: ReadonlyMap<number, string>, dice: Dice): Promise<Finding> {
  const home = mkdtempSync(join(fastFolder(), 'kairos-replay-'));
  try {
    spareReserve(home);
    for (const [name, bytes] of image) writeFileSync(join(home, name), bytes);
    const repeated = await reopen(home, acks, dice);
    return { ...inspect(home, acks), ...(repeated !== undefined && { broken: repeated }) };
  } catch (error) {
    return { broken: (error as Error).message, lost: [], halves: 0 };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Opens and closes it; one delivery comes once more and must still be known. @returns what was wrong. */
async function reopen(home: string, acks: ReadonlyMap<number, string>, dice: Dice): Promise<string | undefined> {
  await using ledger = await openLedger(ledgerOptions(home), {
    clock: systemClock,
    log: silentLog,
    random: systemRandom,
  });
  if (acks.size === 0) return undefined;
  const [id, delivery] = dice.pick([...acks]);
  const draft = {
    source: 'github',
    delivery,
    type: 'push',
    action: null,
    trust: 'outside',
    receivedAtMs: 1,
    contentType: '',
    body: Buffer.from('{}'),
  } as const;
  const again = await ledger.events.append({ ...draft, jobs: [jobOf(delivery)] });
  return again.duplicate && again.id === id
    ? undefined
    : `delivery ${delivery} of e${id} was taken again as e${again.id}`;
}

function inspect(home: string, acks: ReadonlyMap<number, string>): Finding {
  const database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true });
  try {
    const check = database.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string };
    const rows = database
      .prepare(
        'SELECT id, delivery, (SELECT count(*) FROM jobs WHERE event_id = events.id AND text = delivery) AS jobs FROM events',
      )
      .all() as { id: number; delivery: string; jobs: number }[];
    const kept = new Map(rows.map((row) => [row.id, row]));
    const lost = [...acks].filter(([id, delivery]) => kept.get(id)?.delivery !== delivery).map(([id]) => `e${id}`);
    const halves = rows.filter(({ jobs }) => jobs !== 1).length;
    return { lost, halves, ...(check.integrity_check !== 'ok' && { broken: check.integrity_check }) };
  } finally {
    database.close();
  }
}

/** Memory, where there is some: the model is the disk here. */
function fastFolder(): string {
  try {
    return statSync('/dev/shm').isDirectory() ? '/dev/shm' : tmpdir();
  } catch {
    return tmpdir();
  }
}
