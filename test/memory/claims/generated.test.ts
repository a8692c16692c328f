import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { figures, put, putBranches, skepticOf, temporary, verdictOf } from './lay.ts';
import { fill, WORDINGS, type Wording } from './wording.ts';

interface Layout {
  readonly file: (name: string) => string;
  readonly body: (symbols: readonly string[]) => string;
  readonly manifest: (packages: ReadonlyMap<string, number>) => Readonly<Record<string, string>>;
  readonly symbol: (index: number) => string;
}

const camel = (index: number): string => `doThing${index}Well`;
const snake = (index: number): string => `do_thing_${index}`;
const LAYOUTS: Readonly<Record<string, Layout>> = {
  typescript: {
    file: (name) => `src/${name}/${name}.ts`,
    symbol: camel,
    body: (symbols) =>
      symbols
        .map((name, index) =>
          index % 2 === 0 ? `export function ${name}(): void {}\n` : `export const ${name} = (): void => {};\n`,
        )
        .join(''),
    manifest: (packages) => ({
      'package.json': JSON.stringify({
        dependencies: Object.fromEntries([...packages].map(([name, major]) => [name, `^${major}.1.0`])),
      }),
    }),
  },
  python: {
    file: (name) => `service/${name}/handlers.py`,
    symbol: snake,
    body: (symbols) =>
      symbols
        .map((name, index) =>
          index % 2 === 0 ? `def ${name}():\n    pass\n\n` : `async def ${name}(a, b):\n    return a\n\n`,
        )
        .join(''),
    manifest: (packages) => ({
      'pyproject.toml': `[project]\nname = "it"\ndependencies = [\n${[...packages].map(([name, major]) => `  "${name}==${major}.1.0",\n`).join('')}]\n`,
    }),
  },
  go: {
    file: (name) => `internal/${name}/${name}.go`,
    symbol: (index) => `DoThing${index}`,
    body: (symbols) =>
      `package x\n\n${symbols.map((name, index) => (index % 2 === 0 ? `func ${name}() {}\n` : `type ${name} struct {\n\ta int\n}\n`)).join('\n')}`,
    manifest: (packages) => ({
      'go.mod': `module example.org/it\n\nrequire (\n${[...packages].map(([name, major]) => `\tgithub.com/some/${name} v${major}.1.0\n`).join('')})\n`,
    }),
  },
  rust: {
    file: (name) => `crates/${name}/src/lib.rs`,
    symbol: snake,
    body: (symbols) =>
      symbols
        .map((name, index) =>
          index % 2 === 0 ? `pub fn ${name}() {}\n` : `pub(crate) async fn ${name}(a: &str) -> usize {\n    0\n}\n`,
        )
        .join(''),
    manifest: (packages) => ({
      'Cargo.toml': `[package]\nname = "it"\nversion = "0.1.0"\n\n[dependencies]\n${[...packages].map(([name, major]) => `${name} = "${major}.1.0"\n`).join('')}`,
    }),
  },
};

describe.each(Object.entries(LAYOUTS))('a repository of %s that changed in 60 steps', (_name, layout) => {
  test('each claim of its first day is judged as the list of steps says [SKEPTIC-RECALL] [SKEPTIC-FALSE-ALARMS] [SKEPTIC-UNVERIFIABLE]', () => {
    const root = temporary();
    const files = new Map(
      Array.from({ length: 24 }, (_, file) => [
        layout.file(`part${file}`),
        Array.from({ length: 4 }, (__, index) => layout.symbol(file * 10 + index)),
      ]),
    );
    const packages = new Map(Array.from({ length: 12 }, (_, index) => [`some-lib-${index}`, index + 1]));
    for (const [path, symbols] of files) put(root, { [path]: layout.body(symbols) });
    put(root, layout.manifest(packages));
    putBranches(root, ['main']);
    const skeptic = skepticOf(root, { clock: { wallMs: () => Date.now() } });
    const manifest = Object.keys(layout.manifest(packages))[0] ?? '';
    const notes = [...files].flatMap(([path, symbols]) => [
      { kind: 'path' as Wording, values: { path } },
      ...symbols.map((name) => ({ kind: 'symbol' as Wording, values: { name, path } })),
    ]);
    const versions = [...packages].map(([name, major]) => ({
      kind: 'version' as Wording,
      values: { name, version: `${major}.1.0` },
    }));
    const all = [...notes, ...versions].map(({ kind, values }, index) => ({
      kind,
      values,
      text: fill(WORDINGS[kind][index % WORDINGS[kind].length] ?? '', values).replace('package.json', manifest),
    }));
    const first = skeptic.check(all).map(verdictOf);
    expect(all.filter((_, index) => first[index] !== 'true').map(({ text }) => text)).toEqual([]);

    for (let step = 0; step < 60; step += 1) change(root, layout, files, packages, step);

    const judged = skeptic.check(all);
    const outcomes = all.map(({ kind, values, text }, index) => ({
      text,
      got: verdictOf(judged[index] ?? []),
      stale: isStale(kind, values, files, packages),
    }));
    expect(outcomes.filter(({ stale }) => stale).length).toBeGreaterThan(20);
    const found = figures(outcomes);
    expect(found.missed).toEqual([]);
    expect(found.alarms).toEqual([]);
    expect(found.unverifiable).toBeLessThanOrEqual(0.15);
  });
});

type Values = Readonly<Partial<Record<'name' | 'path' | 'version', string>>>;

/** From the model alone. */
function isStale(
  kind: Wording,
  { name = '', path = '', version }: Values,
  files: ReadonlyMap<string, readonly string[]>,
  packages: ReadonlyMap<string, number>,
): boolean {
  if (kind === 'path') return !files.has(path);
  if (kind === 'symbol') return files.get(path)?.includes(name) !== true;
  return `${packages.get(name)}.1.0` !== version;
}

function change(
  root: string,
  layout: Layout,
  files: Map<string, string[]>,
  packages: Map<string, number>,
  step: number,
): void {
  const paths = [...files.keys()];
  const path = paths[(step * 7) % paths.length] ?? '';
  const symbols = files.get(path) ?? [];
  const other = paths[(step * 11 + 3) % paths.length] ?? path;
  switch (step % 6) {
    case 0: {
      const to = layout.file(`moved${step}`);
      mkdirSync(dirname(join(root, to)), { recursive: true });
      renameSync(join(root, path), join(root, to));
      files.delete(path);
      files.set(to, symbols);
      return;
    }
    case 1:
      symbols.splice(0, 1, layout.symbol(1_000 + step));
      break;
    case 2: {
      const moved = symbols.pop();
      if (moved !== undefined && other !== path) files.get(other)?.push(moved);
      else if (moved !== undefined) symbols.push(moved);
      put(root, { [other]: layout.body(files.get(other) ?? []) });
      break;
    }
    case 3: {
      const name = `some-lib-${(step * 5) % 12}`;
      if (packages.has(name)) packages.set(name, (packages.get(name) ?? 0) + 20);
      put(root, layout.manifest(packages));
      break;
    }
    case 4:
      if (step % 12 === 4) {
        rmSync(join(root, path));
        files.delete(path);
        return;
      }
      packages.delete(`some-lib-${step % 12}`);
      put(root, layout.manifest(packages));
      break;
    default:
      symbols.push(layout.symbol(2_000 + step));
  }
  put(root, { [path]: layout.body(symbols) });
}
