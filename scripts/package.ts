import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildProgram } from '../src/service/build.ts';

const ROOT = resolve(import.meta.dirname, '..');
/** What an installed kairosd is made of, besides the build and its manifest. */
const PARTS = ['bin', 'systemd', 'launchd', 'man', 'docs', 'README.md', 'LICENSE', 'CHANGELOG.md'];
/** Of a manifest what an installation needs: neither scripts nor what only a checkout uses. */
const KEPT = [
  'name',
  'version',
  'description',
  'license',
  'type',
  'bin',
  'man',
  'engines',
  'dependencies',
  'optionalDependencies',
];

/**
 * Builds and packs kairosd. A plain `npm pack` of the checkout can't do it: `.npmrc` lets no script run, so nothing would be built.
 *
 * @param target The directory for the tarball. @returns its path.
 */
export async function packProgram(target: string): Promise<string> {
  const staging = mkdtempSync(join(tmpdir(), 'kairosd-pack-'));
  try {
    await stageProgram(staging);
    const argv = ['pack', '--ignore-scripts', '--json', '--pack-destination', resolve(target)];
    const { stdout } = await promisify(execFile)('npm', argv, { cwd: staging, encoding: 'utf8' });
    const { version } = JSON.parse(readFileSync(join(staging, 'package.json'), 'utf8')) as { version: string };
    const tarball = join(resolve(target), `kairosd-${version}.tgz`);
    if (!existsSync(tarball)) throw new Error(`npm pack made no ${tarball}; it said: ${stdout}`);
    return tarball;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Lays out the package as it is installed, with plain JavaScript in `dist`. The packages it names have exact versions. */
export async function stageProgram(target: string): Promise<void> {
  mkdirSync(target, { recursive: true });
  for (const part of PARTS.filter((name) => existsSync(join(ROOT, name)))) {
    cpSync(join(ROOT, part), join(target, part), { recursive: true });
  }
  await buildProgram(join(ROOT, 'src'), join(target, 'dist'));
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, unknown>;
  const kept = Object.fromEntries(KEPT.map((name) => [name, manifest[name]]));
  const packed = { ...kept, files: [...PARTS, 'dist'] };
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(packed, null, 2)}\n`);
}
