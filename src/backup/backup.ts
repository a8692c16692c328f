import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { KairosError } from '../core/errors.ts';
import type { Clock, Random } from '../core/ports.ts';
import { formatInstant } from '../core/units.ts';
import { checkCopy } from '../ledger/copy.ts';
import { writeArchive } from './archive.ts';
import { listContents, type LeftOut } from './contents.ts';
import { asTargetError, openDraft } from './draft.ts';
import type { Manifest } from './manifest.ts';
import type { NamedSecret } from './needles.ts';
import { writeRecord } from './record.ts';
import { makeWorkplace, needRoom, sizeOf } from './room.ts';
import { stageHome } from './stage.ts';
import { unpack } from './unpack.ts';

export interface BackupRequest {
  readonly home: string;
  /** A file that does not exist yet; a directory: it is named by the time; `-`: it stays in the workplace for `onArchive`. */
  readonly target: string;
  /** Everything that must not be in it. */
  readonly secrets: readonly NamedSecret[];
  readonly version: string;
  readonly timeZone: string;
  readonly by: 'hand' | 'schedule';
}

export interface BackupPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly pid: number;
  readonly isAlive: (pid: number) => boolean;
  readonly signal: AbortSignal;
  /** Told what is being done; for people. */
  readonly onProgress?: ((what: string) => void) | undefined;
  /** With target `-`: takes the finished, verified archive. */
  readonly onArchive?: ((path: string) => Promise<void>) | undefined;
  /** For tests: called between two steps. */
  readonly step?: ((name: string) => void | Promise<void>) | undefined;
}

export interface BackupResult {
  /** null: it went to where `-` goes. */
  readonly file: string | null;
  readonly bytes: number;
  readonly tookMs: number;
  readonly verified: true;
  /** How much of the ledger's structure was checked in the archive. */
  readonly checked: 'whole' | 'quick';
  readonly manifest: Manifest;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Makes one archive of a home, beside a running daemon or without one, and opens it again before it gets its name: every
 * hash, and the ledger as a start would open it.
 *
 * @throws {KairosError} `INPUT_INVALID` (the file exists, there is no ledger), `DISK_FULL`, `LEDGER_FAILED`, `HOME_UNUSABLE`,
 * `STATE_CONFLICT`. Then nothing is left behind.
 */
export async function makeBackup(request: BackupRequest, ports: BackupPorts): Promise<BackupResult> {
  const { home } = request;
  const { clock, signal } = ports;
  const startedMs = clock.monoMs();
  if (!existsSync(join(home, 'ledger.db'))) {
    throw new KairosError('INPUT_INVALID', `expected a home with a ledger, and there is none in ${home}`);
  }
  const tag = Buffer.from(ports.random.bytes(4)).toString('hex');
  await using work = await makeWorkplace(home, { ...ports, tag });
  await using draft = await openDraft({ ...request, nowMs: clock.wallMs(), work: work.path, tag });
  await needRoom(work.path, await bytesNeeded(home), 'the backup');

  const stage = join(work.path, 'stage');
  ports.onProgress?.('copying the ledger and the files of the home');
  const staged = await stageHome({
    ...request,
    stage: await makeDirectory(stage),
    daemon: daemonPid(home).some((pid) => ports.isAlive(pid)) ? 'running' : 'none',
    clock,
    signal,
    step: ports.step,
  });
  const { manifest, leftOut } = staged;
  ports.onProgress?.('writing the archive');
  const bytes = await writeArchive({ stage, manifest, target: draft.path }, { signal }).catch((error: unknown) => {
    throw asTargetError(error, draft.path);
  });
  await rm(stage, { recursive: true, force: true });
  await ports.step?.('written');
  ports.onProgress?.('opening it again, to see whether it is whole');
  const checked = await verify(draft.path, { manifest, target: await makeDirectory(join(work.path, 'check')), signal });
  await ports.step?.('verified');
  await draft.finish();
  const tookMs = Math.round(clock.monoMs() - startedMs);
  const result = { bytes, tookMs, verified: true, checked, manifest, leftOut } as const;
  if (request.target === '-') {
    await ports.onArchive?.(draft.target);
    return { file: null, ...result };
  }
  const at = formatInstant(clock.wallMs(), request.timeZone);
  const { lastEventId } = manifest.ledger;
  await writeRecord(home, { at, file: draft.target, bytes, tookMs, lastEventId, by: request.by });
  return { file: draft.target, ...result };
}

/** Of the daemon that says it works here. */
function daemonPid(home: string): number[] {
  try {
    const { pid } = JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as { pid?: unknown };
    return typeof pid === 'number' ? [pid] : [];
  } catch {
    return [];
  }
}

/** The ledger twice (copied, and unpacked again to be checked), the texts once; the archive is smaller than what is in it. */
async function bytesNeeded(home: string): Promise<number> {
  const ledger = (await sizeOf(join(home, 'ledger.db'))) + (await sizeOf(join(home, 'ledger.db-wal')));
  const { files } = await listContents(home);
  return 2.2 * ledger + files.reduce((sum, { bytes }) => sum + bytes, 0) * 1.5;
}

async function makeDirectory(path: string): Promise<string> {
  await mkdir(path, { mode: 0o700 });
  return path;
}

/** Opens the finished archive as a restore would. */
async function verify(
  archive: string,
  { manifest, target, signal }: { readonly manifest: Manifest; readonly target: string; readonly signal: AbortSignal },
): Promise<'whole' | 'quick'> {
  const found = await unpack({ archive, target, signal, wants: (path) => path === 'ledger.db' });
  const facts = checkCopy(join(target, 'ledger.db'));
  if (!isDeepStrictEqual(found, manifest)) {
    throw new KairosError('INTERNAL', 'the archive has another manifest than was written');
  }
  compareRows(manifest, facts.rows);
  return facts.checked;
}

/** @throws {KairosError} `INPUT_INVALID`. */
export function compareRows(manifest: Manifest, rows: Readonly<Record<string, number>>): void {
  const names = new Set([...Object.keys(manifest.ledger.rows), ...Object.keys(rows)]);
  for (const name of names) {
    const [said, found] = [manifest.ledger.rows[name], rows[name]];
    if (said === found) continue;
    const text = `the backup's manifest says ${said ?? 'nothing'} of the rows of ${name}, and there are ${found ?? 'none'}`;
    throw new KairosError('INPUT_INVALID', text);
  }
}
