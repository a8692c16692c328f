import { execFileSync } from 'node:child_process';
import { fill, WORDINGS, type Wording } from './wording.ts';

export interface Noted {
  readonly kind: Wording;
  readonly text: string;
  /** By git alone, without any of the code under test. */
  readonly stale: boolean;
}

const DEFINED =
  /^(?:export )?(?:default )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const|enum) ([A-Za-z_$][\w$]*)/gm;

export function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-c', 'core.quotepath=false', ...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 256 * 1_048_576,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** What was true at an old commit, worded in turn by each template, and whether git says that it still is at a new one. */
export function noteDown(cwd: string, old: string, now: string): Noted[] {
  const [then, today] = [snapshot(cwd, old), snapshot(cwd, now)];
  const noted: Noted[] = [];
  let turn = 0;
  const add = (kind: Wording, values: Readonly<Record<string, string>>, stale: boolean): void => {
    const templates = WORDINGS[kind];
    noted.push({ kind, stale, text: fill(templates[turn++ % templates.length] ?? '', values) });
  };
  const directories = (files: ReadonlyMap<string, string>): Set<string> =>
    new Set(
      [...files.keys()].flatMap((path) =>
        path
          .split('/')
          .slice(0, -1)
          .map((_, index, parts) => parts.slice(0, index + 1).join('/')),
      ),
    );
  for (const path of then.keys()) if (!/\s/.test(path)) add('path', { path }, !today.has(path));
  const dirs = directories(today);
  for (const path of directories(then)) add('directory', { path }, !dirs.has(path));
  for (const [path, text] of then) {
    if (!/\.[cm]?[tj]s$/.test(path)) continue;
    const names = new Set([...(today.get(path) ?? '').matchAll(DEFINED)].map((found) => found[1]));
    for (const [, name = ''] of text.matchAll(DEFINED))
      if (name.length > 2) add('symbol', { name, path }, !names.has(name));
  }
  const before = manifest(then);
  const after = manifest(today);
  for (const name of Object.keys(before.scripts)) add('script', { name }, !(name in after.scripts));
  for (const [name, version] of Object.entries(before.packages)) {
    add('version', { name, version }, after.packages[name] !== version);
    add('package', { name }, !(name in after.packages));
  }
  return noted;
}

/** Every file of a commit; the text only of those that are read. */
function snapshot(cwd: string, commit: string): ReadonlyMap<string, string> {
  const paths = git(cwd, 'ls-tree', '-r', '--name-only', commit)
    .split('\n')
    .filter((path) => path !== '');
  const texts = show(
    cwd,
    paths.filter((path) => /\.(?:[cm]?[tj]s|json)$/.test(path)).map((path) => `${commit}:${path}`),
  );
  return new Map(paths.map((path) => [path, texts.get(`${commit}:${path}`) ?? '']));
}

/** What `git show` prints for each of them, by one git for all. */
function show(cwd: string, names: readonly string[]): ReadonlyMap<string, string> {
  const printed = execFileSync('git', ['cat-file', '--batch'], {
    cwd,
    input: names.map((name) => `${name}\n`).join(''),
    maxBuffer: 256 * 1_048_576,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const texts = new Map<string, string>();
  let at = 0;
  for (const name of names) {
    const begin = printed.indexOf('\n', at) + 1;
    const bytes = Number(/^[0-9a-f]+ blob (\d+)$/.exec(printed.toString('latin1', at, begin - 1))?.[1]);
    if (Number.isNaN(bytes)) throw new Error(`git has no ${name}`);
    texts.set(name, printed.toString('utf8', begin, begin + bytes));
    at = begin + bytes + 1;
  }
  return texts;
}

function manifest(files: ReadonlyMap<string, string>): {
  scripts: Record<string, string>;
  packages: Record<string, string>;
} {
  const json = JSON.parse(files.get('package.json') || '{}') as Record<string, Record<string, string> | undefined>;
  return { scripts: json['scripts'] ?? {}, packages: { ...json['dependencies'], ...json['devDependencies'] } };
}
