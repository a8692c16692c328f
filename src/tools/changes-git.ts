import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KairosError, messageOf } from '../core/errors.ts';
import { isSystemError } from './system-error.ts';

/** Where snapshots of one workspace are, and with which git they are made. */
export interface Repository {
  /** A bare repository of ours; the one of the checkout is never touched, nor its configuration read. */
  readonly gitDir: string;
  readonly workspace: string;
  /** The `PATH` in which git is found. */
  readonly searchPath: string;
}

export interface GitLimits {
  readonly input?: string | Uint8Array | undefined;
  /** Default 64 MiB. */
  readonly outputBytesMax?: number | undefined;
  /** Default 60 s. */
  readonly deadlineMs?: number | undefined;
}

const OUTPUT_BYTES_MAX = 67_108_864;
const DEADLINE_MS = 60_000;
const ERROR_CHARS_MAX = 500;

/** Bytes are kept as they are, whatever the .gitattributes of the checkout says; this file has the last word. */
const ATTRIBUTES = '* -text -ident !filter !working-tree-encoding !eol !crlf !diff !merge\n';

/** What would run a program, or change bytes or names. Objects go to the disk with one flush for all of a snapshot. */
const SETTINGS = [
  'core.fsmonitor=false',
  'core.autocrlf=false',
  'core.safecrlf=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.hooksPath=/dev/null',
  'core.untrackedCache=false',
  'core.protectNTFS=false',
  'core.protectHFS=false',
  'core.compression=1',
  'core.fsyncMethod=batch',
  'core.quotePath=false',
  'diff.external=',
  'diff.noprefix=false',
  'diff.mnemonicPrefix=false',
  'gc.auto=0',
].flatMap((setting) => ['-c', setting]);

/** Makes the repository if it is not there. */
export async function ensureRepository(repository: Repository): Promise<void> {
  const { gitDir } = repository;
  await mkdir(gitDir, { recursive: true, mode: 0o700 });
  await run(['init', '--quiet', '--bare', '--template=', '--object-format=sha1', gitDir], repository, {}, {});
  await mkdir(join(gitDir, 'info'), { recursive: true });
  await writeFile(join(gitDir, 'info', 'attributes'), ATTRIBUTES);
}

/**
 * Runs git on the repository and the workspace, without any configuration of the machine or the checkout.
 *
 * @throws {KairosError} `STATE_CONFLICT` when there is no git, it fails, takes too long or prints too much.
 */
export async function git(args: readonly string[], repository: Repository, limits: GitLimits = {}): Promise<Buffer> {
  const { gitDir, workspace } = repository;
  return run(args, repository, { GIT_DIR: gitDir, GIT_WORK_TREE: workspace }, limits);
}

async function run(
  args: readonly string[],
  { workspace, searchPath }: Repository,
  more: Readonly<Record<string, string>>,
  { input = '', outputBytesMax = OUTPUT_BYTES_MAX, deadlineMs = DEADLINE_MS }: GitLimits,
): Promise<Buffer> {
  const env = { PATH: searchPath, HOME: '/nonexistent', LC_ALL: 'C', GIT_CONFIG_GLOBAL: '/dev/null', ...more };
  const child = spawn('git', ['--literal-pathspecs', ...SETTINGS, ...args], {
    cwd: workspace,
    env: { ...env, GIT_CONFIG_NOSYSTEM: '1', GIT_ATTR_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
  });
  const output: Buffer[] = [];
  let bytes = 0;
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > outputBytesMax) child.kill('SIGKILL');
    else output.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (errors.length < ERROR_CHARS_MAX) errors += chunk.toString('utf8');
  });
  child.stdin.on('error', () => undefined); // It may end before it has read everything; its exit code says so.
  child.stdin.end(input);
  const code = await new Promise<number | null | Error>((resolve) => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  if (code === 0 && bytes <= outputBytesMax) return Buffer.concat(output);
  throw failed(String(args[0]), code, bytes > outputBytesMax, errors, code instanceof Error ? code : undefined);
}

function failed(
  command: string,
  code: number | null | Error,
  tooMuch: boolean,
  errors: string,
  cause?: Error,
): KairosError {
  const why = isSystemError(code, 'ENOENT')
    ? 'git is not installed, or the workspace is gone'
    : code instanceof Error
      ? messageOf(code)
      : tooMuch
        ? 'it printed too much'
        : code === null
          ? 'it took too long'
          : errors.slice(0, ERROR_CHARS_MAX).trim();
  return new KairosError('STATE_CONFLICT', `git ${command} failed: ${why}`, {}, cause);
}
