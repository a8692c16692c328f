import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import type { Clock, Random } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { checkCopy, giveHomeId, type LedgerFacts } from '../ledger/copy.ts';
import { lockHome } from '../ledger/lock.ts';
import { flushTree } from './archive.ts';
import { compareRows } from './backup.ts';
import type { Manifest } from './manifest.ts';
import { stampOf } from './names.ts';
import { fillMarks, type NamedSecret } from './needles.ts';
import { needRoom } from './room.ts';
import { isRestoring } from './pending.ts';
import { beginSwap, finishRestore, type Swapped } from './swap.ts';
import { unpack } from './unpack.ts';

export interface RestoreRequest {
  readonly archive: string;
  readonly home: string;
  /** Secrets of the home as it is now: what a backup took out of config.yaml is put in again. */
  readonly secrets: readonly NamedSecret[];
  readonly timeZone: string;
}

export interface RestorePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly pid: number;
  readonly signal: AbortSignal;
  readonly onProgress?: ((what: string) => void) | undefined;
  /** For tests: called after each step of the exchange. */
  readonly step?: ((name: string) => void | Promise<void>) | undefined;
}

/** A backup that was read, checked, and lies ready beside the contents of the home. Disposing lets go of the home. */
export interface Prepared extends AsyncDisposable {
  readonly manifest: Manifest;
  readonly ledger: LedgerFacts;
  /** Whether the home holds something that would be exchanged. */
  readonly replaces: boolean;
  /** Secrets whose place in config.yaml is marked, and which this home does not have. */
  readonly unfilled: readonly string[];
  /** Secrets that the home had when the backup was made, and does not have now. */
  readonly missing: readonly string[];
  /** Exchanges the contents. From the first step on it is finished, if need be by the next start. */
  commit(): Promise<Swapped>;
}

/**
 * Reads and checks a whole backup into a folder of the home, which is held until this is disposed. The contents of the home
 * are not touched before `commit`.
 *
 * @throws {KairosError} `HOME_HELD` while a daemon runs there; `INPUT_INVALID`, `LEDGER_FAILED`, `LEDGER_TOO_NEW`: the backup
 * is none, is damaged, or is from a newer version; `DISK_FULL`; `STATE_CONFLICT`: another restore was cut off there.
 */
export async function prepareRestore(request: RestoreRequest, ports: RestorePorts): Promise<Prepared> {
  const { archive, home } = request;
  const { clock, signal } = ports;
  await using parts = new AsyncDisposableStack();
  await mkdir(home, { recursive: true, mode: 0o700 });
  const since = formatInstant(clock.wallMs(), request.timeZone);
  parts.use(lockHome(home, `kairos restore, pid ${ports.pid}, since ${since}`));
  if (isRestoring(home)) {
    throw new KairosError(
      'STATE_CONFLICT',
      `a restore was cut off in ${home}: finish it with \`kairos restore --resume\``,
    );
  }
  // Empty, or ours already: somebody's folder with other things in it keeps its mode.
  if (readdirSync(home).every((name) => name.startsWith('lock.'))) await chmod(home, 0o700);
  const stamp = `${stampOf(clock.wallMs())}-${Buffer.from(ports.random.bytes(2)).toString('hex')}`;
  const plan = { stage: `restore-${stamp}`, safety: `before-restore-${stamp}` };
  await sweep(join(home, 'backups'));
  const stage = join(home, 'backups', plan.stage);
  const fresh = join(stage, 'new');
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  let committed = false;
  parts.defer(() => (committed ? undefined : rm(stage, { recursive: true, force: true })));
  ports.onProgress?.('reading the backup, and comparing all of it with its manifest');
  const manifest = await unpack({
    archive,
    target: fresh,
    signal,
    wants: () => true,
    onManifest: (found) => needRoom(stage, totalBytes(found), 'the restore'),
  });
  ports.onProgress?.('opening its ledger, to see whether it is whole');
  const path = join(fresh, 'ledger.db');
  const ledger = checkCopy(path);
  compareRows(manifest, ledger.rows);
  giveHomeId(path, Buffer.from(ports.random.bytes(4)).toString('hex'));
  const unfilled = await fillConfig(fresh, manifest, request.secrets);
  await flushTree(stage);
  const known = new Set(request.secrets.map(({ name }) => name));
  const held = parts.move();
  return {
    manifest,
    ledger,
    unfilled,
    replaces: existsSync(join(home, 'ledger.db')) || existsSync(join(home, 'config.yaml')),
    missing: manifest.secretNames.filter((name) => !known.has(name)),
    async commit() {
      await beginSwap(home, plan);
      committed = true;
      await ports.step?.('begun');
      return (await finishRestore(home, ports.step)) ?? { safety: join(home, 'backups', plan.safety) };
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Finishes, under the lock of the home, what a killed restore had decided. undefined: there is nothing to finish. */
export async function resumeRestore(home: string, holder: string): Promise<Swapped | undefined> {
  if (!isRestoring(home)) return undefined;
  using _held = lockHome(home, holder);
  return await finishRestore(home);
}

function totalBytes({ files }: Manifest): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What a restore that was killed before it had decided anything left behind. */
async function sweep(backups: string): Promise<void> {
  for (const name of existsSync(backups) ? readdirSync(backups) : []) {
    if (/^restore-\d{8}T\d{6}Z-[0-9a-f]{4}$/.test(name)) {
      await rm(join(backups, name), { recursive: true, force: true });
    }
  }
}

/** config.yaml must work after a restore, so what was taken out of it is put back, if this home knows it. */
async function fillConfig(
  fresh: string,
  manifest: Manifest,
  secrets: readonly NamedSecret[],
): Promise<readonly string[]> {
  if (!manifest.redacted.some(({ path }) => path === 'config.yaml')) return [];
  const path = join(fresh, 'config.yaml');
  const { text, missing } = fillMarks(await readFile(path, 'utf8'), secrets);
  await writeFile(path, text, { mode: 0o600 });
  return missing;
}
