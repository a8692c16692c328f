import { protectedBy } from './protected-names.ts';
import { secretBy } from './secret-names.ts';
import { isWithin, isWithinFolded, partsOf, tidyPath } from './spelling.ts';
import type { ResolvedPath, Risk, Surroundings } from './call.ts';
import type { Workspace } from '../core/agent.ts';

/** `execute`: the file itself is run, or read as a program. */
export type Intent = 'read' | 'write' | 'execute';

/** What touching a path would mean. */
export interface PathJudgement {
  readonly risk: Risk;
  /** For a person; begins in lower case, without a full stop. */
  readonly reason: string;
  readonly readsSecrets: boolean;
  /** The text there may be anybody's: a foreign checkout, a download, an earlier result. */
  readonly readsOutside: boolean;
}

/**
 * Judges one path in whatever spelling it came. It is judged as it is written and as the disk resolves it, and the worse
 * counts; so is what a leading `~` or `$HOME` would become. What cannot be followed is HIGH.
 *
 * Write: HIGH when protected or secret by name, in the home of kairosd, outside every workspace, a workspace's root, a
 * device, or a file with another name; else MEDIUM; the scratchpad LOW. Read: HIGH for secrets, LOW in a workspace and in
 * system directories, else MEDIUM. Execute: as a read, but never LOW and HIGH outside workspaces and system directories.
 */
export function judgePath(path: string, intent: Intent, surroundings: Surroundings): PathJudgement {
  const odd = oddityOf(path);
  if (odd !== undefined) return high(odd);
  const absolute = absoluteSpellings(path, surroundings);
  if (typeof absolute === 'string') return high(absolute);
  return absolute.map((spelling) => judgeAbsolute(spelling, intent, surroundings)).reduce(worse);
}

/** The workspace a canonical path lies in, the innermost when there are several. */
function workspaceOf(canonical: string, surroundings: Surroundings): Workspace | undefined {
  const spell = surroundings.platform === 'darwin' ? lower : same;
  return surroundings.workspaces
    .filter(({ path }) => isWithin(spell(canonical), spell(path)))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
}

const PATH_LENGTH_MAX = 4_095;
const NAME_BYTES_MAX = 255;
const RANK = { LOW: 0, MEDIUM: 1, HIGH: 2 } as const;

/** What no file of a person is called. */
function oddityOf(path: string): string | undefined {
  if (path === '') return 'an empty path';
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\x00-\x1f\x7f]/.test(path)) return 'a path with control characters';
  if (path.length > PATH_LENGTH_MAX) return 'a path longer than any file has';
  if (/[\ud800-\udfff]/u.test(path)) return 'a path that is not valid Unicode';
  if (path.split('/').some((name) => Buffer.byteLength(name) > NAME_BYTES_MAX))
    return 'a name longer than any file has';
  if (path.split('/').some((name) => BACK_DOORS.has(name.toLowerCase()))) return 'a path that goes around names';
  return undefined;
}

/** macOS: files by their number, and the forks of a file as if they were files in it. */
const BACK_DOORS = new Set(['.vol', '.nofollow', '.resolve', '..namedfork']);

/** Every absolute path that could be meant, not yet followed; a text says why there is none. */
function absoluteSpellings(path: string, { cwd, userHome }: Surroundings): readonly string[] | string {
  const found: string[] = [];
  const homely = /^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/.exec(path);
  if (homely !== null) found.push(`${userHome}${path.slice(homely[0].length)}`);
  else if (path.startsWith('~')) return "a path in another user's home";
  if (path.startsWith('/')) found.push(path);
  else if (cwd !== undefined) found.push(`${cwd}/${path}`);
  else if (homely === null) return 'a relative path, and the run has no workspace';
  return found;
}

/** As text and as the disk has it: `link/..` is two different places. */
function judgeAbsolute(path: string, intent: Intent, surroundings: Surroundings): PathJudgement {
  const tidy = tidyPath(path);
  const special = throughProcess(path) ?? throughProcess(tidy);
  if (special !== undefined) return special;
  const device = judgeDevice(tidy, intent);
  if (device !== undefined) return device;
  const byText = judgeResolved(tidy, surroundings.resolve(tidy), intent, surroundings);
  if (!partsOf(path).includes('..')) return byText;
  return worse(byText, judgeResolved(tidy, surroundings.resolve(path), intent, surroundings));
}

/** `/proc/self/cwd/…` is another place for every process that says it. */
function throughProcess(path: string): PathJudgement | undefined {
  const [first, second = '', third] = partsOf(path);
  if (first !== 'proc' || third === undefined || !/^(self|thread-self|\d+)$/.test(second)) return undefined;
  return { ...high(`/proc/${second}/${third} shows or leads through a running process`), readsSecrets: true };
}

const HARMLESS_WRITES = new Set(['/dev/null', '/dev/stdout', '/dev/stderr', '/dev/tty']);
const HARMLESS_READS = new Set(['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom', '/dev/stdin', '/dev/tty']);

function judgeDevice(path: string, intent: Intent): PathJudgement | undefined {
  if (!isWithin(path, '/dev')) return undefined;
  const harmless = { write: HARMLESS_WRITES, read: HARMLESS_READS, execute: new Set<string>() }[intent];
  return harmless.has(path) ? plain('LOW', `${path} keeps nothing`) : high(`${path} is a device`);
}

function judgeResolved(
  tidy: string,
  resolved: ResolvedPath,
  intent: Intent,
  surroundings: Surroundings,
): PathJudgement {
  const { canonical } = resolved;
  if (resolved.unclear !== undefined) return high(`${tidy} cannot be followed: ${resolved.unclear}`);
  if (canonical !== tidy) {
    const found = throughProcess(canonical) ?? judgeDevice(canonical, intent);
    if (found !== undefined) return found;
  }
  const secret = secretBy(canonical) ?? secretBy(tidy);
  if (secret !== undefined) return { ...high(`it may hold a secret: ${secret}`), readsSecrets: intent !== 'write' };
  if (resolved.special === true) return high(`${tidy} is a device, socket or pipe`);
  const own = judgeOwnHome(tidy, resolved, intent, surroundings);
  if (own !== undefined) return own;
  if (intent === 'read') return judgeRead(tidy, resolved, surroundings);
  const guarded = protectedBy(canonical) ?? protectedBy(tidy);
  if (guarded !== undefined) return high(guarded);
  if (intent === 'write') return judgeWrite(tidy, resolved, surroundings);
  return judgeExecute(tidy, resolved, surroundings);
}

/** What of the home may be read: made for reading, and already without secrets. */
const OPEN_IN_HOME = ['memory', 'logs', 'digests', 'artifacts', 'scratchpad', 'KAIROS.md'];
/** What is kept for undo are the owner's files as they are. */
const CLOSED_IN_HOME = 'artifacts/changes';

/** The home of kairosd: its scratchpad may be written, what it wrote for people may be read, the rest is its own. */
function judgeOwnHome(
  tidy: string,
  { canonical, links, directory }: ResolvedPath,
  intent: Intent,
  surroundings: Surroundings,
): PathJudgement | undefined {
  const home = surroundings.resolve(surroundings.home).canonical;
  const homes = [home, tidyPath(surroundings.home)];
  const touched = [canonical, tidy].some((path) => homes.some((place) => isWithinFolded(path, place)));
  if (!touched)
    return homes.some((place) => isWithinFolded(place, canonical)) && intent === 'write'
      ? high(`${tidy} holds the home of kairosd`)
      : undefined;
  const closed = isWithin(canonical, `${home}/${CLOSED_IN_HOME}`);
  const open = OPEN_IN_HOME.find((name) => !closed && isWithin(canonical, `${home}/${name}`));
  const onlyName = directory || links <= 1;
  if (intent === 'read' && open !== undefined && onlyName)
    return { ...plain('LOW', `it lies in ${open} of kairosd's home`), readsOutside: true };
  const scratch = open === 'scratchpad' && canonical !== `${home}/scratchpad`;
  if (intent === 'write' && scratch && onlyName && protectedBy(canonical.slice(home.length)) === undefined)
    return plain('LOW', 'it lies in the scratchpad');
  return { ...high("it lies in kairosd's own home"), readsSecrets: intent !== 'write' };
}

function judgeRead(tidy: string, { canonical, links, directory }: ResolvedPath, surroundings: Surroundings) {
  const workspace = workspaceOf(canonical, surroundings);
  const gitConfig = /\/\.git\/(?:.*\/)?config(?:\.worktree)?$/i.test(canonical);
  if (gitConfig) return { ...plain('MEDIUM', 'a git configuration may hold a token'), readsSecrets: true };
  if (!directory && links > 1 && !canonical.includes('/node_modules/'))
    return { ...plain('MEDIUM', `${tidy} has another name, which may be a secret's`), readsSecrets: true };
  if (workspace !== undefined) {
    const readsOutside = workspace.trust === 'outside' || surroundings.leftByOutside?.(canonical) === true;
    return { ...plain('LOW', `reads in workspace ${workspace.name}`), readsOutside };
  }
  if (isOfTheSystem(canonical)) return plain('LOW', 'reads what the system brings');
  return { ...plain('MEDIUM', `reads outside every workspace: ${tidy}`), readsOutside: true };
}

function judgeWrite(tidy: string, resolved: ResolvedPath, surroundings: Surroundings): PathJudgement {
  const { canonical, links, directory } = resolved;
  const place = surroundings.protectedPlaces?.find((guarded) => isWithinFolded(canonical, guarded));
  if (place !== undefined) return high(`${tidy} belongs to kairosd itself`);
  const workspace = workspaceOf(canonical, surroundings);
  if (workspace === undefined) return high(`writes outside every workspace: ${canonical}`);
  if (surroundings.workspaces.some(({ path }) => isWithin(path, canonical)))
    return high(`${tidy} is a whole workspace, protected files and all`);
  if (!directory && links > 1) return high(`${tidy} has another name, which may be a protected one`);
  const held = directory ? HELD.find((name) => surroundings.resolve(`${canonical}/${name}`).exists) : undefined;
  if (held !== undefined) return high(`${tidy} holds ${held}, which is protected`);
  return plain('MEDIUM', `writes in workspace ${workspace.name}`);
}

/** What is looked for in a directory that is written as a whole: moved, removed, overwritten. */
const HELD = ['.git', '.github', '.husky', '.vscode', '.devcontainer', '.claude', '.ssh'];

function judgeExecute(tidy: string, { canonical }: ResolvedPath, surroundings: Surroundings): PathJudgement {
  const workspace = workspaceOf(canonical, surroundings);
  if (workspace !== undefined) {
    const outside = workspace.trust === 'outside';
    if (outside) return { ...high(`runs code of a foreign checkout: ${tidy}`), readsOutside: true };
    return plain('MEDIUM', `runs code of workspace ${workspace.name}`);
  }
  if (isOfTheSystem(canonical)) return plain('MEDIUM', `runs ${tidy}`);
  return high(`runs a program outside every workspace: ${tidy}`);
}

/** Directories only the system's packages write, and single files everybody reads. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/nix/store', '/System', '/opt/homebrew'];
const SYSTEM_FILES = new Set(
  (
    '/etc/os-release /etc/hosts /etc/hostname /etc/debian_version /etc/timezone /etc/localtime /etc/services ' +
    '/etc/mime.types /etc/protocols /etc/shells /etc/resolv.conf /proc/cpuinfo /proc/meminfo /proc/loadavg /proc/uptime ' +
    '/proc/version /proc/stat /proc/filesystems'
  ).split(' '),
);

function isOfTheSystem(path: string): boolean {
  // macOS: /etc is /private/etc.
  const canonical = path.replace(/^\/private(?=\/etc\/)/, '');
  if (isWithin(canonical, '/usr/local/etc') || isWithin(canonical, '/usr/local/var')) return false;
  return SYSTEM_FILES.has(canonical) || SYSTEM.some((place) => isWithin(canonical, place));
}

/** The riskier of two; what either reads, both read. */
function worse(a: PathJudgement, b: PathJudgement): PathJudgement {
  const { risk, reason } = RANK[b.risk] > RANK[a.risk] ? b : a;
  return {
    risk,
    reason,
    readsSecrets: a.readsSecrets || b.readsSecrets,
    readsOutside: a.readsOutside || b.readsOutside,
  };
}

function high(reason: string): PathJudgement {
  return { risk: 'HIGH', reason, readsSecrets: false, readsOutside: false };
}

function plain(risk: Risk, reason: string): PathJudgement {
  return { risk, reason, readsSecrets: false, readsOutside: false };
}

function lower(path: string): string {
  return path.toLowerCase();
}

function same(path: string): string {
  return path;
}
