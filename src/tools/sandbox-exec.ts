import type { Confinement } from './confinement.ts';

const SYSTEM = [
  '/usr',
  '/bin',
  '/sbin',
  '/System',
  '/Library',
  '/opt/homebrew',
  '/private/etc',
  '/private/var/db',
  '/dev',
];

/**
 * The profile of macOS's sandbox-exec for one command: all is denied but reading the system and the workspace, writing
 * the workspace (if it may) and the temporary directory, and the network (if it may). Later rules win. It can name what
 * does not exist yet; what it cannot do is hide other processes.
 */
export function sandboxProfile(
  readable: readonly string[],
  hidden: readonly string[],
  confinement: Confinement,
): string {
  const { workspace, writable, guard, network, more = [], hidden: secrets = [] } = confinement;
  const own = workspace === undefined ? [] : [workspace];
  const writing = [...(writable ? own : []), ...more.filter((one) => one.writable).map((one) => one.path)];
  const rules = [
    '(version 1)',
    '(deny default)',
    '(allow process-exec process-fork)',
    '(allow signal process-info* (target same-sandbox))',
    '(allow sysctl-read)',
    '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))',
    '(allow file-read-metadata)',
    `(allow file-read* (literal "/") ${subpaths([...SYSTEM, ...readable, ...own, ...more.map((one) => one.path), '/private/tmp'])})`,
    '(allow file-write* (subpath "/private/tmp") (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty"))',
    ...(writing.length > 0 ? [`(allow file-write* ${subpaths(writing)})`] : []),
    ...(guard.readOnly.length > 0 ? [`(deny file-write* ${subpaths(guard.readOnly)})`] : []),
    ...(guard.fixed.length > 0
      ? [`(deny file-write-unlink ${guard.fixed.map((path) => `(literal ${quoted(path)})`).join(' ')})`]
      : []),
    ...(hidden.length > 0 ? [`(deny file-read* file-write* ${subpaths(hidden)})`] : []),
    ...(secrets.length > 0 ? [`(deny file-read-data file-write* ${subpaths(secrets.map(({ path }) => path))})`] : []),
    network ? '(allow network*)' : '(deny network*)',
  ];
  return `${rules.join('\n')}\n`;
}

function subpaths(paths: readonly string[]): string {
  return paths.map((path) => `(subpath ${quoted(path)})`).join(' ');
}

/** A string of the profile's language. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`)}"`;
}
