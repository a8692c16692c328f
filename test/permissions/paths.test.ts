import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgePath } from '../../src/permissions/paths.ts';
import { makePlace, type Place } from './place.ts';

/** FACTS, "Protected", and what this project adds to it. */
const PROTECTED = (
  '.git/config .git/hooks/pre-commit .config/git/config .vscode/tasks.json .idea/workspace.xml .husky/pre-commit ' +
  '.cargo/config.toml .devcontainer/devcontainer.json .yarn/releases/yarn.cjs .mvn/jvm.config .claude/settings.json ' +
  '.gitconfig .gitmodules .gitattributes .bashrc .bash_profile .profile .zshrc .zshenv .envrc .npmrc .yarnrc .yarnrc.yml ' +
  '.pnp.cjs .pnp.loader.mjs bunfig.toml .bazelrc .pre-commit-config.yaml lefthook.yml .lefthook-local.yml gradlew ' +
  'gradle/wrapper/gradle-wrapper.properties mvnw .mvn/wrapper/maven-wrapper.properties .mcp.json .ssh/authorized_keys ' +
  '.aws/config .gnupg/gpg.conf crontab .config/systemd/user/x.service Library/LaunchAgents/x.plist ' +
  '.github/workflows/ci.yml .gitlab-ci.yml Jenkinsfile .circleci/config.yml CLAUDE.md AGENTS.md KAIROS.md sub/.git/config'
).split(' ');

const IGNORABLE = '\u200c';

/** Other ways to write a path that lies in the workspace. */
const SPELLINGS: Readonly<Record<string, (path: string, place: Place) => string>> = {
  'as it is': (path) => path,
  absolute: (path, { workspace }) => join(workspace, path),
  'with dots and slashes': (path) => `.//./${path.replaceAll('/', '/.//')}`,
  'through ..': (path) => `src/../${path}`,
  'through .. of nothing': (path) => `nowhere/at/all/../../../${path}`,
  'around the workspace': (path) => `../app/${path}`,
  'in capitals': (path) => path.toUpperCase(),
  'with an ignorable sign': (path) => path.replaceAll(/(\w)(\w)/g, `$1${IGNORABLE}$2`),
  'with trailing dots and spaces': (path) => `${path.replaceAll('/', '. /')}. .`,
  'in full width': (path) =>
    path.replaceAll(/[a-z]/g, (sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0)),
  'decomposed and long': (path) => path.replaceAll('s', 'ſ').normalize('NFD'),
  'over /proc/self/cwd': (path) => `/proc/self/cwd/${path}`,
  'over /proc/self/root': (path, { workspace }) => `/proc/self/root${join(workspace, path)}`,
  'over /proc/1/cwd': (path) => `/proc/1/cwd/${path}`,
  'over a linked directory': (path, place) => linkTo(dirname(join(place.workspace, path)), basename(path)),
  'over a linked workspace': (path, place) => linkTo(place.workspace, path),
  'over a linked file': (path, place) => linkTo(join(place.workspace, path)),
  'over a chain of links': (path, place) => linkTo(linkTo(join(place.workspace, path))),
  'over a hard link': (path, place) => place.hardLink(freshName(), join(place.workspace, path)),
  'over a link and ..': (path, place) => linkTo(join(place.workspace, 'deep/er'), `../../${path}`),
};

let place: Place;
let names = 0;

beforeAll(() => {
  place = makePlace();
  for (const path of PROTECTED) place.file(join('work/app', path));
  for (const folder of ['src', 'deep/er']) mkdirSync(join(place.workspace, folder), { recursive: true });
  for (const path of ['.bashrc', '.ssh/config', '.config/git/config', '.kairos/config.yaml', '.kairos/KAIROS.md'])
    place.file(join('people/ada', path));
});
afterAll(() => place[Symbol.dispose]());

describe('a protected file', () => {
  test.each(Object.keys(SPELLINGS))('is HIGH to write %s, whichever it is [PERM-PROTECTED]', (spelling) => {
    const loose = PROTECTED.map((path) => SPELLINGS[spelling]?.(path, place) ?? '').filter(
      (path) => judgePath(path, 'write', place.surroundings).risk !== 'HIGH',
    );
    expect(loose).toEqual([]);
  });

  test.each(['~/.bashrc', '$HOME/.bashrc', '${HOME}/.ssh/config', '~/.config/git/config', '~/.kairos/config.yaml'])(
    'is HIGH to write as %s [PERM-PROTECTED]',
    (path) => {
      expect(judgePath(path, 'write', place.surroundings).risk).toBe('HIGH');
    },
  );

  test('is HIGH to write before it exists, and through a link that leads nowhere yet [PERM-PROTECTED]', () => {
    const dangling = linkTo(join(place.workspace, 'src/.git/hooks/post-checkout'));
    for (const path of ['src/.husky/_/new', 'new/.git/config', 'git~1/config', 'bare.git/config', 'src/HEAD', dangling])
      expect(judgePath(path, 'write', place.surroundings)).toMatchObject({ risk: 'HIGH' });
  });

  test('no spelling of a protected path is writable below HIGH [PERM-PROTECTED]', () => {
    const step = fc.constantFrom(
      (path: string) => `./${path}`,
      (path: string) => `src/../${path}`,
      (path: string) => `deep/er/../../${path}`,
      (path: string) => path.replace('/', '//'),
      (path: string) => path.toUpperCase(),
      (path: string) => `${path}.`,
      (path: string) => `${path} `,
      (path: string) => path.replace(/(?<=\w)/, IGNORABLE),
      (path: string) => path.normalize('NFKD'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...PROTECTED), fc.array(step, { maxLength: 8 }), (path, steps) => {
        const spelled = steps.reduce((text, change) => change(text), path);
        expect(judgePath(spelled, 'write', place.surroundings).risk).toBe('HIGH');
      }),
    );
  });

  test('takes what holds it along: the directory above, the workspace, a repository inside [PERM-PROTECTED]', () => {
    for (const path of ['.github', '.config', '.', place.workspace, 'src/..', '..', '/', 'sub', '~', place.root])
      expect({ path, ...judgePath(path, 'write', place.surroundings) }).toMatchObject({ path, risk: 'HIGH' });
  });

  test('stays protected in a workspace that lies in a protected place [PERM-PROTECTED]', () => {
    const path = join(place.userHome, '.config/git/mine');
    const surroundings = { ...place.surroundings, workspaces: [{ name: 'mine', path, trust: 'owner' as const }] };
    expect(judgePath(join(path, 'notes.md'), 'write', surroundings).risk).toBe('HIGH');
  });

  test("is everything of kairosd's own program where the daemon names it [PERM-PROTECTED]", () => {
    const surroundings = { ...place.surroundings, protectedPlaces: [place.workspace] };
    expect(judgePath('src/notes.md', 'write', surroundings).risk).toBe('HIGH');
  });
});

describe('a write', () => {
  test.each([
    'notes.md',
    'src/new/deep.ts',
    '../app/src/a.ts',
    'src/git.ts',
    'gitignore',
    '.gitignore',
    'docs/config.md',
  ])('to %s of the workspace is MEDIUM [PERM-TOOLS]', (path) => {
    expect(judgePath(path, 'write', place.surroundings)).toMatchObject({ risk: 'MEDIUM', readsSecrets: false });
  });

  test('outside every workspace is HIGH, also over a link that lies inside one [PERM-PROTECTED]', () => {
    const out = linkTo(place.userHome, 'notes.md');
    for (const path of [
      '../notes.md',
      '/tmp/notes.md',
      '~/notes.md',
      '/etc/hosts',
      '/usr/bin/x',
      out,
      `${place.workspace}2/a`,
    ])
      expect({ path, ...judgePath(path, 'write', place.surroundings) }).toMatchObject({ path, risk: 'HIGH' });
  });

  test('goes freely to the scratchpad of the home and nowhere else in it [PERM-PROTECTED]', () => {
    const judge = (path: string) => judgePath(join(place.surroundings.home, path), 'write', place.surroundings).risk;
    expect(judge('scratchpad/plan.md')).toBe('LOW');
    for (const path of [
      'scratchpad',
      'scratchpad/.git/config',
      'scratchpad/../config.yaml',
      'memory/MEMORY.md',
      'ledger.db',
      'artifacts/a.txt',
    ])
      expect({ path, risk: judge(path) }).toEqual({ path, risk: 'HIGH' });
  });

  test('to a device is HIGH, to one that keeps nothing LOW', () => {
    const risks = ['/dev/null', '/dev/sda', '/dev/fd/3', '/dev/tcp/example.org/80', '/dev/../dev/mem'].map(
      (path) => judgePath(path, 'write', place.surroundings).risk,
    );
    expect(risks).toEqual(['LOW', 'HIGH', 'HIGH', 'HIGH', 'HIGH']);
  });
});

describe('a path that cannot be followed', () => {
  test.each([
    ['nothing', ''],
    ['a NUL byte', 'a\0b'],
    ['a line break', 'a\nb'],
    ['half a character', 'a\ud800'],
    ['a name too long', 'a'.repeat(256)],
    ['too much', 'a/'.repeat(2_100)],
    ["another user's home", '~root/notes'],
    ['a file by its number', '/.vol/16777220/42'],
    ['the fork of a file', 'notes.md/..namedfork/data'],
  ])('is HIGH whatever is meant: %s', (_, path) => {
    for (const intent of ['read', 'write', 'execute'] as const)
      expect(judgePath(path, intent, place.surroundings).risk).toBe('HIGH');
  });

  test('is HIGH when it is relative and there is no workspace', () => {
    const surroundings = { ...place.surroundings, cwd: undefined };
    expect(judgePath('notes.md', 'read', surroundings).risk).toBe('HIGH');
    expect(judgePath(join(place.workspace, 'notes.md'), 'read', surroundings).risk).toBe('LOW');
  });

  test('is HIGH when its links lead in a circle', () => {
    const round = linkTo(join(place.root, 'round'));
    place.link('round', round);
    expect(judgePath(round, 'read', place.surroundings)).toMatchObject({ risk: 'HIGH', reason: /circle/ });
  });
});

describe('a read', () => {
  const SECRETS = (
    '.env .env.local .env.production prod.env .envrc .npmrc .netrc .pgpass .git-credentials id_rsa keys/id_ed25519 server.key ' +
    'tls/server.pem store.p12 .ssh/config .aws/credentials .docker/config.json .kube/config .gnupg/secring.gpg secrets.env ' +
    'secrets.yaml .pypirc service-account.json terraform.tfstate .bash_history .config/gh/hosts.yml .ENV .e\u200cnv'
  ).split(' ');

  test.each(SECRETS)('of %s is HIGH and reads a secret, in the workspace too [PERM-SECRET-READS]', (path) => {
    for (const spelled of [path, join(place.workspace, 'src/..', path), `~/${path}`])
      expect(judgePath(spelled, 'read', place.surroundings)).toMatchObject({ risk: 'HIGH', readsSecrets: true });
  });

  test.each([
    '/etc/shadow',
    '/proc/self/environ',
    '/proc/1/environ',
    '/proc/self/../self/environ',
    '/proc/thread-self/fd/3',
  ])('of %s is HIGH and reads a secret [PERM-SECRET-READS]', (path) => {
    expect(judgePath(path, 'read', place.surroundings)).toMatchObject({ risk: 'HIGH', readsSecrets: true });
  });

  test("of kairosd's own secrets is HIGH; what it wrote for people may be read [PERM-SECRET-READS]", () => {
    const judge = (path: string) => judgePath(`~/.kairos/${path}`, 'read', place.surroundings);
    for (const path of [
      'token',
      'ledger.db',
      'ledger.db-wal',
      'secrets.env',
      'config.yaml',
      '',
      'logs/../token',
      'sessions/2026/11/s1.jsonl',
    ])
      expect({ path, ...judge(path) }).toMatchObject({ path, risk: 'HIGH', readsSecrets: true });
    for (const path of ['artifacts/a.txt', 'memory/MEMORY.md', 'logs/2026/11/2026-11-22.md', 'scratchpad/plan.md'])
      expect({ path, ...judge(path) }).toMatchObject({ path, risk: 'LOW', readsSecrets: false, readsOutside: true });
  });

  test('of a secret is HIGH over links, and suspect over a hard link [PERM-SECRET-READS]', () => {
    const secret = place.file('people/ada/.ssh/id_ed25519');
    expect(judgePath(linkTo(secret), 'read', place.surroundings)).toMatchObject({
      risk: 'HIGH',
      readsSecrets: true,
    });
    const other = place.hardLink(freshName(), secret);
    expect(judgePath(other, 'read', place.surroundings)).toMatchObject({ risk: 'MEDIUM', readsSecrets: true });
  });

  test.each([
    'notes.md',
    'src',
    '.',
    '.env.example',
    'keys/id_rsa.pub',
    '.github/workflows/other.yml',
    'environment.ts',
    'src/token.ts',
  ])('of %s in a workspace is LOW [PERM-TOOLS]', (path) => {
    expect(judgePath(path, 'read', place.surroundings)).toMatchObject({
      risk: 'LOW',
      readsSecrets: false,
      readsOutside: false,
    });
  });

  test("of somebody else's checkout is LOW and brings outside text [PERM-TAINT]", () => {
    expect(judgePath('../foreign/README.md', 'read', place.surroundings)).toMatchObject({
      risk: 'LOW',
      readsOutside: true,
    });
  });

  test('elsewhere is MEDIUM, of what the system brings LOW [PERM-TOOLS]', () => {
    const risks = [
      '~/notes.md',
      '/tmp/a',
      '/etc/passwd',
      '/usr/share/doc/x',
      '/etc/os-release',
      '/proc/cpuinfo',
      '/usr/../etc/passwd',
    ].map((path) => judgePath(path, 'read', place.surroundings).risk);
    expect(risks).toEqual(['MEDIUM', 'MEDIUM', 'MEDIUM', 'LOW', 'LOW', 'LOW', 'MEDIUM']);
  });
});

describe('running a file', () => {
  test('is never LOW, and HIGH outside workspaces and system, in foreign checkouts and protected places [PERM-TOOLS]', () => {
    const risks = [
      'src/build.sh',
      '/usr/bin/make',
      '/tmp/x',
      '../foreign/build.sh',
      '.git/hooks/pre-commit',
      '.husky/x',
    ].map((path) => judgePath(path, 'execute', place.surroundings).risk);
    expect(risks).toEqual(['MEDIUM', 'MEDIUM', 'HIGH', 'HIGH', 'HIGH', 'HIGH']);
  });
});

/** A new link, and what to write behind it. */
function linkTo(target: string, rest = ''): string {
  const path = place.link(freshName(), target);
  return rest === '' ? path : `${path}/${rest}`;
}

function freshName(): string {
  names += 1;
  return `work/app/made/n${names}`;
}
