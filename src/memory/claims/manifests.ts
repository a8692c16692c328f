import { basename } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { readToml, type Table } from './toml.ts';

/** What a file says about what a project is made of. */
export interface Manifest {
  /** Versions as they are written, by name; several where several are given. Empty: any. */
  readonly packages: ReadonlyMap<string, readonly string[]>;
  readonly scripts: ReadonlySet<string>;
  /** Its own name and version. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** Only says what was installed. */
  readonly lock: boolean;
}

const READERS: readonly (readonly [RegExp, (text: string, packages: Packages) => Partial<Manifest>])[] = [
  [/^package\.json$/, readPackageJson],
  [/^(?:package-lock|npm-shrinkwrap)\.json$/, readPackageLock],
  [/^pnpm-lock\.yaml$/, (text, add) => lines(text, /^ {2}['"]?\/?(@?[\w./-]+?)[@/](\d[\w.+-]*)/gm, add)],
  [/^yarn\.lock$/, (text, add) => lines(text, /^"?(@?[\w./-]+?)@[^\n]*:\n\s+version:?\s+"?([\w.+-]+)/gm, add)],
  [/^bun\.lock$/, (text, add) => lines(text, /\["(@?[\w./-]+?)@(\d[\w.+-]*)"/g, add)],
  [/^pyproject\.toml$/, readPyproject],
  [/^Pipfile$/, readPipfile],
  [/^(?:[\w-]*requirements[\w.-]*|constraints)\.(?:txt|in)$/, (text, add) => requirements(text.split('\n'), add)],
  [/^setup\.(?:py|cfg)$/, readSetup],
  [/^(?:poetry|uv|Cargo)\.lock$/, (text, add) => lines(text, /^name = "([^"]+)"\r?\nversion = "([^"]+)"/gm, add)],
  [/^Cargo\.toml$/, readCargo],
  [/^go\.mod$/, readGo],
  [/^Gemfile$/, (text, add) => lines(text, /^\s*gem\s+['"]([^'"]+)['"](?:\s*,\s*['"]([^'"]+)['"])?/gm, add)],
  [/^Gemfile\.lock$/, (text, add) => lines(text, /^ {4}([\w.-]+) \(([\w.]+)\)/gm, add)],
  [
    /^pom\.xml$/,
    (text, add) => lines(text, /<artifactId>([^<]+)<\/artifactId>\s*(?:<version>([^<]+)<\/version>)?/g, add),
  ],
  [
    /^build\.gradle(?:\.kts)?$|^libs\.versions\.toml$/,
    (text, add) => lines(text, /["'][\w.-]+:([\w.-]+)(?::([\w.-]+))?["']/g, add),
  ],
  [/^composer\.json$/, readComposer],
  [/^pubspec\.yaml$|^environment\.ya?ml$/, readPubspec],
  [/^mix\.exs$/, (text, add) => lines(text, /\{:(\w+),\s*"([^"]+)"/g, add)],
];

/** Names of files that say what a project is made of, locks last. */
export function isManifest(name: string): boolean {
  return READERS.some(([pattern]) => pattern.test(name));
}

/** Reads one; undefined for a file of another kind, or one that can't be read. */
export function readManifest(path: string, text: string): Manifest | undefined {
  const name = basename(path);
  const reader = READERS.find(([pattern]) => pattern.test(name))?.[1];
  if (reader === undefined) return undefined;
  const packages = new Map<string, string[]>();
  const add: Packages = (each, version) => {
    const known = packages.get(each);
    const clean = version.trim();
    if (known === undefined) packages.set(each, clean === '' ? [] : [clean]);
    else if (clean !== '' && !known.includes(clean)) known.push(clean);
  };
  const lock = /lock|shrinkwrap/.test(name);
  try {
    return { packages, scripts: new Set(), lock, ...reader(text, add) };
  } catch {
    return undefined;
  }
}

type Packages = (name: string, version: string) => void;

function lines(text: string, pattern: RegExp, add: Packages): Partial<Manifest> {
  for (const found of text.matchAll(pattern)) add(found[1] ?? '', found[2] ?? '');
  return {};
}

function readPackageJson(text: string, add: Packages): Partial<Manifest> {
  const json = record(JSON.parse(text));
  for (const key of ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies', 'catalog'])
    for (const [name, version] of Object.entries(record(json[key]))) add(name, aliased(String(version)));
  const manager = /^([\w-]+)@([\w.-]+)/.exec(word(json['packageManager']) ?? '');
  if (manager !== null) add(manager[1] ?? '', manager[2] ?? '');
  return {
    scripts: new Set(Object.keys(record(json['scripts']))),
    name: word(json['name']),
    version: word(json['version']),
  };
}

/** `npm:other@1.2` is version 1.2. */
function aliased(version: string): string {
  return /^npm:.*@(.+)$/.exec(version)?.[1] ?? version;
}

function readPackageLock(text: string, add: Packages): Partial<Manifest> {
  const json = record(JSON.parse(text));
  for (const [path, each] of Object.entries(record(json['packages'])))
    if (/^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path))
      add(path.slice('node_modules/'.length), word(record(each)['version']) ?? '');
  for (const [name, each] of Object.entries(record(json['dependencies'])))
    add(name, word(record(each)['version']) ?? '');
  return {};
}

function readComposer(text: string, add: Packages): Partial<Manifest> {
  const json = record(JSON.parse(text));
  for (const key of ['require', 'require-dev'])
    for (const [name, version] of Object.entries(record(json[key]))) add(name, String(version));
  return {
    scripts: new Set(Object.keys(record(json['scripts']))),
    name: word(json['name']),
    version: word(json['version']),
  };
}

function readPubspec(text: string, add: Packages): Partial<Manifest> {
  const yaml = record(parseYaml(text, { logLevel: 'silent' }));
  for (const key of ['dependencies', 'dev_dependencies']) {
    const value = yaml[key];
    if (Array.isArray(value))
      requirements(
        value.filter((each) => typeof each === 'string'),
        add,
      );
    else for (const [name, version] of Object.entries(record(value))) add(name, word(version) ?? '');
  }
  return { name: word(yaml['name']), version: word(yaml['version']) };
}

function requirements(given: readonly string[], add: Packages): Partial<Manifest> {
  for (const line of given) {
    const found = /^\s*([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:\(?((?:[=<>!~^]=?=?\s*)[^;#)]+))?/.exec(line);
    if (found !== null && !/^\s*(?:#|-|https?:)/.test(line)) add(found[1] ?? '', (found[2] ?? '').trim());
  }
  return {};
}

function readPyproject(text: string, add: Packages): Partial<Manifest> {
  const toml = readToml(text);
  const project = record(toml['project']);
  const poetry = record(record(toml['tool'])['poetry']);
  const lists = [
    project['dependencies'],
    record(toml['build-system'])['requires'],
    ...Object.values(record(project['optional-dependencies'])),
    ...Object.values(record(toml['dependency-groups'])),
    record(record(toml['tool'])['uv'])['dev-dependencies'],
  ];
  for (const list of lists) if (Array.isArray(list)) requirements(list.map(String), add);
  const groups = Object.values(record(poetry['group'])).map((group) => record(group)['dependencies']);
  for (const table of [poetry['dependencies'], poetry['dev-dependencies'], ...groups]) versionsOf(table, add);
  if (typeof project['requires-python'] === 'string') add('python', project['requires-python']);
  const scripts = [
    project['scripts'],
    poetry['scripts'],
    ...['poe', 'taskipy', 'pdm', 'hatch'].map(
      (tool) => record(record(toml['tool'])[tool])['tasks'] ?? record(record(toml['tool'])[tool])['scripts'],
    ),
  ];
  return {
    scripts: new Set(scripts.flatMap((table) => Object.keys(record(table)))),
    name: word(project['name']) ?? word(poetry['name']),
    version: word(project['version']) ?? word(poetry['version']),
  };
}

function readPipfile(text: string, add: Packages): Partial<Manifest> {
  const toml = readToml(text);
  for (const key of ['packages', 'dev-packages']) versionsOf(toml[key], add);
  return { scripts: new Set(Object.keys(record(toml['scripts']))) };
}

function readSetup(text: string, add: Packages): Partial<Manifest> {
  for (const found of text.matchAll(/['"]([A-Za-z][\w.-]*(?:\[[\w,]*\])?\s*[=<>~!]=[^'"]*)['"]/g))
    requirements([found[1] ?? ''], add);
  const block = /install_requires\s*=\s*(?:\[([^\]]*)\]|\n((?:[ \t]+\S[^\n]*\n?)+))/.exec(text);
  requirements(
    (block?.[1] ?? block?.[2] ?? '').split(/[\n,]/).map((line) => line.replaceAll(/['"]/g, '').trim()),
    add,
  );
  return {
    name: /^\s*name\s*=\s*['"]?([\w.-]+)/m.exec(text)?.[1],
    version: /^\s*version\s*=\s*['"]?(\d[\w.-]*)/m.exec(text)?.[1],
  };
}

function readCargo(text: string, add: Packages): Partial<Manifest> {
  const toml = readToml(text);
  const workspace = record(toml['workspace']);
  const targets = Object.values(record(toml['target'])).map(record);
  for (const table of [toml, workspace, ...targets])
    for (const key of ['dependencies', 'dev-dependencies', 'build-dependencies']) versionsOf(table[key], add);
  const own = { ...record(workspace['package']), ...record(toml['package']) };
  if (typeof own['rust-version'] === 'string') add('rust', own['rust-version']);
  if (typeof own['edition'] === 'string') add('edition', own['edition']);
  return { name: word(own['name']), version: word(own['version']) ?? word(record(workspace['package'])['version']) };
}

function readGo(text: string, add: Packages): Partial<Manifest> {
  lines(text, /^\s*(?:require\s+)?([\w-]+(?:\.[\w-]+)+\/[\w./-]+)\s+v(\d[\w.+-]*)/gm, add);
  lines(text, /^(go)\s+([\d.]+)/gm, add);
  return { name: /^module\s+(\S+)/m.exec(text)?.[1] };
}

function versionsOf(table: unknown, add: Packages): void {
  for (const [name, value] of Object.entries(record(table)))
    add(name, word(value) ?? word(record(value)['version']) ?? '');
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {};
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
