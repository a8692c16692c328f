import { accessSync, constants, lstatSync, rmSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import { ensureRepository, git, type Repository } from './changes-git.ts';
import type { FileChange, FileState, Modes, Snapshot } from './changes-record.ts';

export interface SnapshotLimits {
  readonly filesMax: number;
  readonly fileBytesMax: number;
  readonly changesMax: number;
  readonly patchBytesMax: number;
}

/** What changed between two snapshots. */
export interface Comparison {
  readonly files: readonly FileChange[];
  readonly notKept: readonly string[];
  readonly linesAdded: number;
  readonly linesRemoved: number;
  /** Empty when it would be too large. */
  readonly patch: Uint8Array;
}

const IGNORED_MAX = 20_000;
const ODD_MODES_MAX = 20_000;

/**
 * Takes a snapshot: every file of the workspace that .gitignore does not keep out, byte for byte, into a repository of ours.
 * `.git` is left out wherever it is; a repository within the workspace is left out as a whole. Blocks while it looks at the
 * files: for a thread of its own.
 *
 * @param keepAs The tree is kept under this name until it is pruned.
 * @throws {KairosError} `STATE_CONFLICT` with what was too much, or what git said.
 */
export async function takeSnapshot(
  repository: Repository,
  limits: SnapshotLimits,
  exclude: string | undefined,
  keepAs: string,
): Promise<Snapshot> {
  await ensureRepository(repository);
  try {
    return await snapshot(repository, limits, exclude, keepAs);
  } catch (error) {
    if (error instanceof KairosError && !error.message.startsWith('git ')) throw error;
    // An index that a crash left half-written, or under lock, is only a memory of what is on the disk.
    for (const name of ['index', 'index.lock']) rmSync(join(repository.gitDir, name), { force: true });
    return snapshot(repository, limits, exclude, keepAs);
  }
}

async function snapshot(
  repository: Repository,
  { filesMax, fileBytesMax }: SnapshotLimits,
  exclude: string | undefined,
  keepAs: string,
): Promise<Snapshot> {
  const listed = await list(['--cached', '--others', '--exclude-standard'], repository);
  if (listed.length > filesMax) throw new KairosError('STATE_CONFLICT', `the workspace has over ${filesMax} files`);
  const survey = surveyFiles(new Set(listed), repository.workspace, fileBytesMax, exclude);
  await update(['--force-remove'], survey.dropped, repository);
  await update(['--add', '--remove', '--replace'], survey.kept, repository);
  const tree = (await git(['write-tree'], repository)).toString('utf8').trim();
  await git(['update-ref', `refs/kept/${keepAs}/${tree}`, tree], repository);
  const ignored = await list(['--others', '--ignored', '--exclude-standard', '--directory'], repository);
  return {
    tree,
    modes: summarizeModes(survey.modes),
    leftOut: survey.leftOut,
    ignored: ignored.slice(0, IGNORED_MAX),
  };
}

async function list(args: readonly string[], repository: Repository): Promise<string[]> {
  const output = await git(['ls-files', '-z', ...args], repository);
  return output.toString('utf8').split('\0').filter(Boolean);
}

async function update(args: readonly string[], paths: readonly string[], repository: Repository): Promise<void> {
  if (paths.length === 0) return;
  await git(['update-index', ...args, '-z', '--stdin'], repository, { input: `${paths.join('\0')}\0` });
}

interface Survey {
  readonly kept: readonly string[];
  readonly dropped: readonly string[];
  readonly leftOut: Readonly<Record<string, string>>;
  readonly modes: ReadonlyMap<string, number>;
}

/** Looks at each file once: what git takes, what it must forget, and the permissions, of which git knows only one bit. */
function surveyFiles(paths: ReadonlySet<string>, root: string, bytesMax: number, exclude: string | undefined): Survey {
  const kept: string[] = [];
  const dropped: string[] = [];
  const leftOut: Record<string, string> = {};
  const modes = new Map<string, number>();
  const isInTree = directoriesOf(root);
  for (const path of paths) {
    if (exclude !== undefined && `${path}/`.startsWith(exclude)) continue;
    if (!isInTree(dirname(path))) {
      dropped.push(path); // Known from before; a file or a link stands in its way now.
      continue;
    }
    const stats = path.endsWith('/') ? undefined : lstatSync(join(root, path), { throwIfNoEntry: false });
    const why = path.endsWith('/') ? 'a repository of its own' : reasonToLeaveOut(path, stats, root, bytesMax);
    if (why !== undefined) leftOut[path] = why;
    if (why !== undefined || stats?.isDirectory() === true) {
      if (!path.endsWith('/') && !path.includes('\uFFFD')) dropped.push(path);
      continue;
    }
    kept.push(path);
    if (stats?.isFile() === true) modes.set(path, stats.mode & 0o777);
  }
  return { kept, dropped, leftOut, modes };
}

/** Whether a path of the workspace is a directory, with no link on the way to it. Each is looked at once. */
function directoriesOf(root: string): (path: string) => boolean {
  const known = new Map([['.', true]]);
  const isDirectory = (path: string): boolean => {
    const answer = known.get(path);
    if (answer !== undefined) return answer;
    const is =
      isDirectory(dirname(path)) && lstatSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() === true;
    known.set(path, is);
    return is;
  };
  return isDirectory;
}

function reasonToLeaveOut(path: string, stats: Stats | undefined, root: string, bytesMax: number): string | undefined {
  if (path.includes('\uFFFD')) return 'its name is not UTF-8';
  if (stats === undefined || stats.isSymbolicLink() || stats.isDirectory()) return undefined;
  if (!stats.isFile()) return 'no regular file';
  if (stats.size > bytesMax)
    return `over ${Math.floor(bytesMax / 1_048_576)} MiB (${stats.size} bytes, changed ${stats.mtimeMs})`;
  if ((stats.mode & 0o400) !== 0 && stats.uid === process.geteuid?.()) return undefined;
  try {
    accessSync(join(root, path), constants.R_OK);
    return undefined;
  } catch {
    return `not readable (${stats.size} bytes, changed ${stats.mtimeMs})`;
  }
}

function summarizeModes(modes: ReadonlyMap<string, number>): Modes {
  const all = [...modes.values()];
  const plain = mostCommon(
    all.filter((mode) => (mode & 0o100) === 0),
    0o644,
  );
  const executable = mostCommon(
    all.filter((mode) => (mode & 0o100) !== 0),
    0o755,
  );
  const others = [...modes].filter(([, mode]) => mode !== ((mode & 0o100) === 0 ? plain : executable));
  return { plain, executable, others: Object.fromEntries(others.slice(0, ODD_MODES_MAX)) };
}

function mostCommon(modes: readonly number[], otherwise: number): number {
  const counts = new Map<number, number>();
  for (const mode of modes) counts.set(mode, (counts.get(mode) ?? 0) + 1);
  return [...counts].toSorted(([, one], [, other]) => other - one)[0]?.[0] ?? otherwise;
}

/**
 * What changed between two snapshots of a workspace.
 *
 * @throws {KairosError} `STATE_CONFLICT` when more files changed than are kept.
 */
export async function compareSnapshots(
  repository: Repository,
  before: Snapshot,
  after: Snapshot,
  limits: SnapshotLimits,
): Promise<Comparison> {
  const plain = ['-r', '-z', '--no-renames', before.tree, after.tree];
  const raw = (await git(['diff-tree', '--raw', ...plain], repository)).toString('utf8').split('\0');
  if (raw.length / 2 > limits.changesMax) {
    throw new KairosError('STATE_CONFLICT', `over ${limits.changesMax} files changed`);
  }
  const all = [...readRaw(raw, before.modes, after.modes)];
  const passed = new Set(all.map(({ path }) => path));
  const files = [...all, ...(await modeChanges(repository, before, after, passed))];
  // What an ignore rule hid before and shows now is no new file: to remove it would lose it.
  const wasThere = files.filter(({ path, before: was }) => was === null && isIgnored(path, before.ignored));
  const numstat = (await git(['diff-tree', '--numstat', ...plain], repository)).toString('utf8').split('\0');
  const counts = numstat.map((line) =>
    line
      .split('\t')
      .slice(0, 2)
      .map((count) => Number(count) || 0),
  );
  return {
    files: files.filter((change) => !wasThere.includes(change)),
    notKept: [
      ...wasThere.map(({ path }) => `${path}: ignored by .gitignore when the run began`),
      ...leftOutChanges(before.leftOut, after.leftOut),
    ],
    linesAdded: counts.reduce((sum, [added = 0]) => sum + added, 0),
    linesRemoved: counts.reduce((sum, [, removed = 0]) => sum + removed, 0),
    patch: await patchOf(repository, before, after, limits.patchBytesMax),
  };
}

async function patchOf(
  repository: Repository,
  before: Snapshot,
  after: Snapshot,
  outputBytesMax: number,
): Promise<Buffer> {
  const args = ['--binary', '--full-index', '--no-renames', '--no-ext-diff', '--no-textconv', '--no-color'];
  try {
    return await git(['diff-tree', '-r', '-p', ...args, before.tree, after.tree], repository, { outputBytesMax });
  } catch {
    return Buffer.alloc(0); // Too large to be read by anybody; the states of the files are kept all the same.
  }
}

/** `:100644 100644 HASH HASH M` and then the path. */
function* readRaw(raw: readonly string[], before: Modes, after: Modes): Generator<FileChange> {
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [oldMode = '', newMode = '', oldHash = '', newHash = ''] = (raw[at] as string).slice(1).split(' ');
    const path = raw[at + 1] as string;
    yield { path, before: stateOf(path, oldMode, oldHash, before), after: stateOf(path, newMode, newHash, after) };
  }
}

function stateOf(path: string, gitMode: string, hash: string, modes: Modes): FileState | null {
  if (gitMode === '000000') return null;
  if (gitMode === '120000') return { kind: 'link', hash, mode: 0 };
  const usual = gitMode === '100755' ? modes.executable : modes.plain;
  return { kind: 'file', hash, mode: modes.others[path] ?? usual };
}

/** Files whose permissions changed in bits that git does not know. */
async function modeChanges(
  repository: Repository,
  before: Snapshot,
  after: Snapshot,
  passed: ReadonlySet<string>,
): Promise<FileChange[]> {
  const odd = new Set([...Object.keys(before.modes.others), ...Object.keys(after.modes.others)]);
  if (odd.size === 0) return [];
  const entries = (await git(['ls-tree', '-r', '-z', after.tree], repository)).toString('utf8').split('\0');
  return entries.flatMap((entry) => {
    const [facts = '', path = ''] = entry.split('\t', 2);
    const [gitMode = '', , hash = ''] = facts.split(' ');
    if (!odd.has(path) || passed.has(path) || gitMode === '120000') return [];
    const was = stateOf(path, gitMode, hash, before.modes);
    const is = stateOf(path, gitMode, hash, after.modes);
    return was?.mode === is?.mode ? [] : [{ path, before: was, after: is }];
  });
}

function isIgnored(path: string, ignored: readonly string[]): boolean {
  return ignored.some((one) => (one.endsWith('/') ? path.startsWith(one) : path === one));
}

function leftOutChanges(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths]
    .filter((path) => before[path] !== after[path])
    .map((path) => `${path}: ${after[path] ?? before[path]}`);
}
