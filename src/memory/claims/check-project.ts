import { basename, dirname, join } from 'node:path';
import { stale, unverifiable, verified, type Claim, type Judgement, type Place } from './claim.ts';
import { resolvePath } from './check-path.ts';
import { isManifest, readManifest, type Manifest } from './manifests.ts';
import { isSettings, sameValue, valuesOf } from './settings.ts';
import type { Sight } from './sight.ts';
import { versionFits } from './versions.ts';

type Of<Kind extends Claim['kind']> = Extract<Claim, { kind: Kind }>;

const MANIFESTS_MAX = 400;
/** Names people use for what is called otherwise. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  node: ['node', 'nodejs', 'node.js'],
  postgres: ['postgres', 'postgresql', 'postgis', 'pgvector'],
  mongo: ['mongo', 'mongodb'],
  go: ['go', 'golang'],
  next: ['next', 'nextjs'],
  vue: ['vue', 'vuejs'],
  nuxt: ['nuxt', 'nuxtjs'],
  beautifulsoup4: ['beautifulsoup4', 'beautifulsoup', 'bs4'],
  'scikit-learn': ['scikit-learn', 'sklearn'],
  pyyaml: ['pyyaml', 'yaml'],
  tailwindcss: ['tailwindcss', 'tailwind'],
};

interface Found {
  readonly file: string;
  readonly versions: readonly string[];
  readonly lock: boolean;
  readonly loose: boolean;
}

/** Whether a package is among what the project is made of, in that version. */
export function checkPackage(claim: Of<'package'>, place: Place, sight: Sight): Judgement {
  const manifests = manifestsOf(place, sight);
  const ours = manifests.find(({ manifest }) => manifest.name === claim.name && !manifest.lock);
  if (ours !== undefined && claim.file === undefined)
    return claim.version === undefined
      ? verified(`${ours.file} is ${claim.name}`)
      : checkVersion({ ...claim, kind: 'version', version: claim.version }, place, sight);
  const found = [...findPackage(claim.name, manifests), ...findRuntime(claim.name, place, sight)];
  const asked =
    claim.file === undefined
      ? found
      : found.filter(({ file }) => file === claim.file || file.endsWith(`/${claim.file}`));
  const direct = asked.filter(({ loose, lock }) => !loose && !lock);
  const named =
    direct.length > 0
      ? direct
      : asked.filter(({ loose }) => !loose).length > 0
        ? asked.filter(({ loose }) => !loose)
        : asked;
  const [first] = named;
  if (first === undefined) {
    if (manifests.length === 0) return unverifiable('there is no file that lists packages');
    const own = ownVersion(claim, place, sight, manifests);
    if (own !== undefined) return own;
    const other = found[0];
    if (other === undefined && claim.version === undefined && SERVERS.has(plain(claim.name))) {
      const setting = settingsNaming(claim.name, place, sight);
      if (setting !== undefined) return verified(`${claim.name} is in ${setting}`);
    }
    // What a script is called after is used, under whatever name it is listed.
    const script = manifests.find(({ manifest }) => manifest.scripts.has(claim.name.toLowerCase()));
    if (other === undefined && claim.version === undefined && script !== undefined)
      return verified(`${script.file} has a script for ${claim.name}`);
    return other === undefined
      ? stale(`${claim.name} is in no list of packages`)
      : stale(`${claim.name} is not in ${claim.file}; it is in ${other.file}`, other.file);
  }
  const { version } = claim;
  if (version === undefined) {
    // Only a lock has it: something else needs it, the project doesn't name it.
    return direct.length > 0 || first.loose || !manifests.some(({ manifest }) => !manifest.lock)
      ? verified(`${claim.name} is in ${first.file}`)
      : stale(`${claim.name} is no longer a package of the project itself`);
  }
  const all = direct.length > 0 ? [...named, ...asked.filter(({ lock, loose }) => lock && !loose)] : named;
  // "3.9 and up" speaks of the lowest version: where one is given, it counts, not what an image happens to have.
  const lowest = version.startsWith('>=')
    ? all.filter(({ versions }) => versions.some((each) => /^\s*>=/.test(each)))
    : [];
  const counted = lowest.length > 0 ? lowest : all;
  const fits = counted.find(({ versions }) => versions.some((each) => versionFits(version, each)));
  if (fits !== undefined) return verified(`${claim.name} is ${fits.versions.join(', ')} in ${fits.file}`);
  const known = counted.find(({ versions }) => versions.some((each) => /\d/.test(each)));
  if (known === undefined) return unverifiable(`${first.file} gives no version of ${claim.name}`);
  return stale(`${claim.name} is ${known.versions.join(', ')} in ${known.file}`);
}

const SERVERS = new Set(
  'postgres postgresql mysql mariadb mongodb mongo redis memcached rabbitmq kafka elasticsearch opensearch clickhouse cassandra nginx traefik'.split(
    ' ',
  ),
);

/** Servers are listed nowhere: an address in the settings tells that one is used. */
function settingsNaming(name: string, place: Place, sight: Sight): string | undefined {
  const word = new RegExp(`(?<![a-z])${RegExp.escape(name.toLowerCase())}(?:ql)?(?![a-z])`, 'i');
  return sight
    .list(place.path)
    .files.filter((path) => isSettings(path) && !/lock/.test(path))
    .slice(0, 500)
    .find((path) => word.test(sight.text(join(place.path, path)) ?? ''));
}

/** What was read as a package may be the project itself, or a setting of a manifest: `line-length 100 in pyproject.toml`. */
function ownVersion(
  claim: Of<'package'>,
  place: Place,
  sight: Sight,
  manifests: readonly Listed[],
): Judgement | undefined {
  const { name, version, file } = claim;
  if (version === undefined) return undefined;
  if (name === basename(place.path) || manifests.some(({ manifest }) => manifest.name === name))
    return checkVersion({ ...claim, kind: 'version', version }, place, sight);
  const target = file === undefined ? undefined : resolvePath(file, place, sight);
  if (target?.kind !== 'file') return undefined;
  const values = valuesOf(target.path, sight.text(target.path) ?? '', name) ?? [];
  if (values.length === 0) return undefined;
  return values.some((each) => sameValue(version, each))
    ? verified(`${name} is ${version} in ${file}`)
    : stale(`${name} is ${values.map(String).join(', ').slice(0, 80)} in ${file}`);
}

/** The version of the project itself, in any of its manifests or files of that purpose. */
export function checkVersion(claim: Of<'version'>, place: Place, sight: Sight): Judgement {
  const own = manifestsOf(place, sight)
    .filter(({ manifest }) => manifest.version !== undefined && !manifest.lock)
    .toSorted((one, other) => one.file.split('/').length - other.file.split('/').length);
  const depth = own[0]?.file.split('/').length ?? 0;
  const named = own.filter(({ manifest }) => manifest.name !== undefined && manifest.name === claim.name);
  const counted = named.length > 0 ? named : own.filter(({ file }) => file.split('/').length === depth);
  const found = [
    ...counted.map(({ file, manifest }) => ({ file, version: manifest.version ?? '' })),
    ...['VERSION', 'version.txt', '.version'].flatMap((file) => {
      const text = sight.text(join(place.path, file));
      return text === undefined ? [] : [{ file, version: text.trim().slice(0, 40) }];
    }),
  ];
  const fits = found.find(({ version }) => versionFits(claim.version, version));
  if (fits !== undefined) return verified(`${fits.file} has version ${fits.version}`);
  const [first] = found;
  return first === undefined
    ? unverifiable('no file gives the version of the project')
    : stale(`the version is ${first.version} in ${first.file}`);
}

/** Whether a manifest has a script of that name. */
export function checkScript(claim: Of<'script'>, place: Place, sight: Sight): Judgement {
  const manifests = manifestsOf(place, sight).filter(({ manifest }) => !manifest.lock);
  const fits = manifests.find(
    ({ manifest, file }) =>
      manifest.scripts.has(claim.name) && (claim.place === undefined || dirname(file) === claim.place),
  );
  if (fits !== undefined) return verified(`${claim.name} is a script of ${fits.file}`);
  const more = TASK_FILES.flatMap(([file, pattern]) => {
    const text = sight.text(join(place.path, file));
    return text !== undefined && pattern(claim.name).test(text) ? [file] : [];
  });
  if (more[0] !== undefined) return verified(`${claim.name} is in ${more[0]}`);
  if (manifests.length === 0) return unverifiable('there is no file that lists scripts');
  const alike = manifests
    .flatMap(({ manifest }) => [...manifest.scripts])
    .find((each) => each.endsWith(`:${claim.name}`) || each.startsWith(`${claim.name}:`));
  return stale(`there is no script ${claim.name}${alike === undefined ? '' : `; there is ${alike}`}`, alike);
}

const TASK_FILES: readonly (readonly [string, (name: string) => RegExp])[] = [
  ['deno.json', (name) => new RegExp(`"${RegExp.escape(name)}"\\s*:`)],
  ['turbo.json', (name) => new RegExp(`"${RegExp.escape(name)}"\\s*:`)],
  ['justfile', targetLine],
  ['Taskfile.yml', (name) => new RegExp(`^  ${RegExp.escape(name)}:`, 'm')],
  ['noxfile.py', (name) => new RegExp(`def\\s+${RegExp.escape(name)}\\b`)],
  ['tox.ini', (name) => new RegExp(`\\[testenv:${RegExp.escape(name)}\\]`)],
];

function targetLine(name: string): RegExp {
  return new RegExp(`^(?:[^\\n:=#\\t]*\\s)?${RegExp.escape(name)}(?:\\s[^\\n:=]*)?:(?!=)`, 'm');
}

/** Whether a Makefile has the target. */
export function checkTarget(claim: Of<'target'>, place: Place, sight: Sight): Judgement {
  const { files } = sight.list(place.path);
  const makefiles = files
    .filter((path) => /(?:^|\/)(?:GNUm|M|m)akefile$|\.mk$|(?:^|\/)\.?[jJ]ustfile$/.test(path))
    .slice(0, 50);
  if (makefiles.length === 0) return stale('there is no Makefile');
  const found = makefiles.find((path) => targetLine(claim.name).test(sight.text(join(place.path, path)) ?? ''));
  return found === undefined
    ? stale(`no Makefile has a target ${claim.name}`)
    : verified(`${claim.name} is a target of ${found}`);
}

/** Whether a compose file has the service. */
export function checkService(claim: Of<'service'>, place: Place, sight: Sight): Judgement {
  const files = composeFiles(place, sight);
  if (files.length === 0) return unverifiable('there is no compose file');
  const line = new RegExp(`^ {1,8}["']?${RegExp.escape(claim.name)}["']?:\\s*(?:#.*)?$`, 'm');
  const found = files.find((path) => line.test(sight.text(join(place.path, path)) ?? ''));
  return found === undefined
    ? stale(`no compose file has a service ${claim.name}`)
    : verified(`${claim.name} is a service of ${found}`);
}

function composeFiles(place: Place, sight: Sight): readonly string[] {
  return sight
    .list(place.path)
    .files.filter((path) => /(?:^|\/)(?:docker-)?compose[\w.-]*\.ya?ml$/.test(path))
    .slice(0, 50);
}

interface Listed {
  readonly file: string;
  readonly manifest: Manifest;
}

/** Those nearest the root first. */
export function manifestsOf(place: Place, sight: Sight): readonly Listed[] {
  return sight
    .list(place.path)
    .files.filter((path) => isManifest(basename(path)))
    .toSorted((one, other) => one.split('/').length - other.split('/').length)
    .slice(0, MANIFESTS_MAX)
    .flatMap((file) => {
      const text = sight.text(join(place.path, file));
      const manifest = text === undefined ? undefined : readManifest(file, text);
      return manifest === undefined ? [] : [{ file, manifest }];
    });
}

function findPackage(name: string, manifests: readonly Listed[]): Found[] {
  const wanted = plain(name);
  const names = new Set([wanted, ...(Object.values(ALIASES).find((each) => each.includes(wanted)) ?? [])]);
  const found: Found[] = [];
  for (const { file, manifest } of manifests) {
    const exact = [...manifest.packages].filter(([each]) => names.has(plain(each)));
    const alike =
      exact.length > 0 ? [] : [...manifest.packages].filter(([each]) => isAlike(wanted, each) && !manifest.lock);
    for (const [, versions] of [...exact, ...alike])
      found.push({ file, versions, lock: manifest.lock, loose: exact.length === 0 });
  }
  return found.toSorted((one, other) => Number(one.loose) - Number(other.loose));
}

/** `chi` for `github.com/go-chi/chi/v5`, `playwright` for `@playwright/test`, `drizzle` for `drizzle-orm`. */
function isAlike(wanted: string, name: string): boolean {
  const segments = name
    .toLowerCase()
    .split('/')
    .filter((part) => !/^v\d+$/.test(part));
  if (
    name.includes('/') &&
    (plain(segments.at(-1) ?? '') === wanted || segments.slice(-2).join('/') === wanted || segments[0] === `@${wanted}`)
  )
    return true;
  return (
    !name.includes('/') &&
    /^[a-z]{3,}$/.test(wanted) &&
    (plain(name).startsWith(`${wanted}-`) || plain(name) === `${wanted}js`)
  );
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_.]+/g, '-').replace(/-js$/, '');
}

/** Languages and servers whose version other files give. */
function findRuntime(name: string, place: Place, sight: Sight): Found[] {
  const wanted = plain(name);
  const names = Object.entries(ALIASES).find(([, each]) => each.includes(wanted))?.[1] ?? [wanted];
  const found: Found[] = [];
  const add = (file: string, version: string | undefined): void => {
    if (version !== undefined) found.push({ file, versions: [version], lock: false, loose: false });
  };
  const text = (file: string): string => sight.text(join(place.path, file)) ?? '';
  if (names.includes('node')) {
    for (const file of ['.nvmrc', '.node-version']) if (text(file) !== '') add(file, text(file).trim());
    add('package.json', /"node"\s*:\s*"([^"]+)"/.exec(text('package.json'))?.[1]);
  }
  if (wanted === 'npm' || wanted === 'pnpm' || wanted === 'yarn')
    add('package.json', new RegExp(`"${wanted}"\\s*:\\s*"([^"]+)"`).exec(text('package.json'))?.[1]);
  if (wanted === 'python' && text('.python-version') !== '') add('.python-version', text('.python-version').trim());
  if (wanted === 'ruby' && text('.ruby-version') !== '') add('.ruby-version', text('.ruby-version').trim());
  if (wanted === 'rust')
    add(
      'rust-toolchain.toml',
      /channel\s*=\s*"([^"]+)"/.exec(text('rust-toolchain.toml'))?.[1] ?? (text('rust-toolchain').trim() || undefined),
    );
  add(
    '.tool-versions',
    new RegExp(`^(?:${names.map((each) => RegExp.escape(each)).join('|')})\\s+(\\S+)`, 'm').exec(
      text('.tool-versions'),
    )?.[1],
  );
  for (const file of imageFiles(place, sight)) {
    for (const image of text(file).matchAll(
      /^\s*(?:FROM(?:\s+--\S+)?|-?\s*image:)\s+["']?(?:[\w.-]+(?::\d+)?\/)*([\w.-]+)(?::([\w.-]+))?/gm,
    ))
      if (names.includes(plain(image[1] ?? '')))
        found.push({ file, versions: image[2] === undefined ? [] : [image[2]], lock: false, loose: false });
  }
  return found;
}

function imageFiles(place: Place, sight: Sight): readonly string[] {
  const docker = sight
    .list(place.path)
    .files.filter((path) => /(?:^|\/)(?:Dockerfile|Containerfile)[\w.-]*$|\.dockerfile$/i.test(path));
  return [...docker.slice(0, 50), ...composeFiles(place, sight)];
}
