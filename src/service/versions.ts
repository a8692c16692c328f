import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { KairosError, messageOf } from '../core/errors.ts';
import { buildProgram } from './build.ts';
import { runtimePackages, type Machine } from './dependencies.ts';
import { copyProgramFile, digestFiles, flush, flushTree, forEach, listFiles } from './program-files.ts';

/** A version of the program in its own directory, which nothing changes after it was placed. */
export interface Version {
  /** `<version>-<8 hexadecimal digits of its content>`. */
  readonly name: string;
  readonly path: string;
  /** What its package.json says. */
  readonly version: string;
}

/** Where a program comes from: an installed package or a checkout; and where versions live. */
export interface Placing {
  /** The root of the program: holds package.json, bin/ and dist/ or src/. `ownProgram()` is this one. */
  readonly source: string;
  /** `/opt/kairosd`, `~/.local/lib/kairosd`. Made if it is not there. */
  readonly programRoot: string;
  readonly machine: Machine;
}

const PARTS = ['bin', 'systemd', 'launchd', 'package.json', 'LICENSE'];
const NAME = /^\d+\.\d+\.\d+[0-9A-Za-z.+-]*-[0-9a-f]{8}$/;
const PLACING = /^\.placing-(\d+)-/;
/** What no program reads: the bulk of the files of packages. */
const NEVER_READ = /\.(?:map|d\.[cm]?ts)$/;
const PINNED_NODE = /^node-(?:bin-)?(?:linux|darwin)-(?:x64|arm64)$/;
const KEPT = 2;
const manifestSchema = z.object({ name: z.literal('kairosd'), version: z.string() });

/** The root of the program that runs: above `src/service` or `dist/service`. */
export function ownProgram(): string {
  return dirname(dirname(import.meta.dirname));
}

/**
 * Copies a program with everything it needs at run time (built, production packages, the pinned Node of this machine) into
 * `versions/<version>-<hash>`: first into a directory beside it, which is flushed and then renamed. Never changes a version that
 * is there; the same content is the same version. What happens to the source afterwards does not matter.
 *
 * @throws {KairosError} `NOT_FOUND` when packages are missing, `DISK_FULL`, `HOME_UNUSABLE` when the directory can't be written.
 */
export async function placeVersion({ source, programRoot, machine }: Placing): Promise<Version & { placed: boolean }> {
  const versions = join(programRoot, 'versions');
  const { version } = readManifest(source);
  try {
    await makeDirectory(programRoot);
    await makeDirectory(versions);
    const temporary = await mkdtemp(join(versions, `.placing-${process.pid}-`));
    try {
      await copyProgram(source, temporary, machine);
      const name = `${version}-${(await digestFiles(temporary)).slice(0, 8)}`;
      const path = join(versions, name);
      if (existsSync(path)) return { name, path, version, placed: false };
      await flushTree(temporary);
      await rename(temporary, path);
      await flush(versions);
      return { name, path, version, placed: true };
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  } catch (error) {
    throw asPlacingError(error, programRoot);
  }
}

/**
 * Makes a placed version the one that the next start takes, and puts its `run` (bin/service) in place. Both are renamed over
 * the old ones; `run` first: every `run` starts every version.
 *
 * @throws {KairosError} `NOT_FOUND` when there is no such version.
 */
export async function switchTo(programRoot: string, name: string): Promise<void> {
  const version = findVersion(programRoot, name);
  if (version === undefined) throw new KairosError('NOT_FOUND', `there is no version ${name} in ${programRoot}`);
  const target = join(programRoot, 'run');
  // Versions from before there was one are started by ours.
  const run = [version.path, ownProgram()].map((path) => join(path, 'bin', 'service')).find((path) => existsSync(path));
  try {
    if (run !== undefined) await replaceFile(target, readFileSync(run, 'utf8'), 0o755);
    await replaceFile(join(programRoot, 'current'), `${name}\n`, 0o644);
  } catch (error) {
    throw asPlacingError(error, programRoot);
  }
}

/** The version the next start takes. undefined: none was chosen, or it is gone. */
export function currentVersion(programRoot: string): Version | undefined {
  const path = join(programRoot, 'current');
  return existsSync(path) ? findVersion(programRoot, readFileSync(path, 'utf8').trim()) : undefined;
}

/** All placed versions, the one placed last first. */
export function listVersions(programRoot: string): Version[] {
  const versions = join(programRoot, 'versions');
  if (!existsSync(versions)) return [];
  const found = readdirSync(versions).flatMap((name) => findVersion(programRoot, name) ?? []);
  const placedMs = new Map(found.map(({ path }) => [path, statSync(path).mtimeMs]));
  return found.toSorted((a, b) => (placedMs.get(b.path) ?? 0) - (placedMs.get(a.path) ?? 0));
}

/** Whether a placed version still holds what its name says. Reads all of it: about half a second. */
export async function isUnchanged({ name, path }: Version): Promise<boolean> {
  return name.endsWith(`-${(await digestFiles(path)).slice(0, 8)}`);
}

/**
 * Removes versions that nobody needs: all but the two placed last, the current one and those named (a trial's `from` and `to`).
 * Also what a copy left that was killed. @returns the names that are gone.
 */
export function pruneVersions(programRoot: string, needed: readonly string[] = []): string[] {
  const versions = join(programRoot, 'versions');
  const keep = new Set([currentVersion(programRoot)?.name, ...needed]);
  const gone = listVersions(programRoot).filter(({ name }, index) => index >= KEPT && !keep.has(name));
  for (const { path } of gone) rmSync(path, { recursive: true, force: true });
  for (const name of existsSync(versions) ? readdirSync(versions) : []) {
    const pid = PLACING.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(versions, name), { recursive: true, force: true });
  }
  return gone.map(({ name }) => name);
}

async function copyProgram(source: string, target: string, machine: Machine): Promise<void> {
  for (const part of PARTS.filter((name) => existsSync(join(source, name)))) await copyPart(source, target, part);
  // A checkout has both when somebody built it once: its source is the newer one.
  if (existsSync(join(source, 'src'))) await buildProgram(join(source, 'src'), join(target, 'dist'));
  else await copyPart(source, target, 'dist');
  const packages = runtimePackages(source, machine);
  if (!packages.some(({ target: name }) => PINNED_NODE.test(name.slice('node_modules/'.length)))) {
    throw new KairosError(
      'NOT_FOUND',
      `the pinned Node is not installed in ${source}; run npm ci there, without --omit=optional`,
    );
  }
  for (const one of packages) await copyPackage(one.source, join(target, one.target));
}

async function copyPart(source: string, target: string, part: string): Promise<void> {
  const from = join(source, part);
  if (lstatSync(from).isFile()) return copyProgramFile(from, join(target, part));
  await forEach(await listFiles(from), (path) => copyProgramFile(join(from, path), join(target, part, path)));
}

/** Its own packages are places of their own. Of the pinned Node only the program is needed, not its headers and manuals. */
async function copyPackage(source: string, target: string): Promise<void> {
  const nodeOnly = PINNED_NODE.test(target.split('/').at(-1) ?? '');
  const skip = (path: string): boolean =>
    path === 'node_modules' ||
    NEVER_READ.test(path) ||
    (nodeOnly && /^(?:include|share|CHANGELOG\.md|README\.md)$/.test(path));
  await forEach(await listFiles(source, skip), (path) => copyProgramFile(join(source, path), join(target, path)));
}

function findVersion(programRoot: string, name: string): Version | undefined {
  const path = join(programRoot, 'versions', name);
  if (!NAME.test(name) || !existsSync(join(path, 'bin', 'launch'))) return undefined;
  return { name, path, version: readManifest(path).version };
}

function readManifest(program: string): { version: string } {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(join(program, 'package.json'), 'utf8')));
  } catch (cause) {
    throw new KairosError('NOT_FOUND', `${program} does not hold the program kairosd`, {}, cause);
  }
}

async function makeDirectory(path: string): Promise<void> {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(temporary, text);
  await chmod(temporary, mode);
  await flush(temporary);
  await rename(temporary, path);
  await flush(dirname(path));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function asPlacingError(error: unknown, programRoot: string): KairosError {
  if (error instanceof KairosError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC') return new KairosError('DISK_FULL', `no room for a version in ${programRoot}`, {}, error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new KairosError('HOME_UNUSABLE', `${programRoot} can't be written: ${messageOf(error)}`, {}, error);
  }
  return new KairosError(
    'INTERNAL',
    `the program could not be placed in ${programRoot}: ${messageOf(error)}`,
    {},
    error,
  );
}
