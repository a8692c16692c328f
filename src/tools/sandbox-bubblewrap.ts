import type { Confinement } from './confinement.ts';

/** What this machine looks like, found once. */
export interface BubblewrapHost {
  readonly program: string;
  /** No user namespaces inside. */
  readonly sealed: boolean;
  /** Directories of the system, or where a link of that name leads. */
  readonly system: readonly { readonly path: string; readonly link: string | undefined }[];
  readonly readable: readonly string[];
  readonly hidden: readonly string[];
  readonly resolvConf: string | undefined;
}

const MIB = 1_048_576;
/** Memory that files in /tmp, the home and /dev/shm may take. */
const TMP_BYTES = 512 * MIB;
const HOME_BYTES = 64 * MIB;
const SHM_BYTES = 64 * MIB;

/** Of /etc only what programs cannot run without. passwd and group hold names, no passwords. */
const ETC = [
  'alternatives',
  'ca-certificates',
  'group',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'magic',
  'mime.types',
  'nsswitch.conf',
  'os-release',
  'passwd',
  'pki/ca-trust',
  'pki/tls/certs',
  'protocols',
  'services',
  'ssl/certs',
  'ssl/openssl.cnf',
  'timezone',
];
const ETC_WITH_NETWORK = ['hosts', 'gai.conf'];

/**
 * The arguments of bubblewrap for one command: namespaces of its own for users, processes, IPC and (unless allowed)
 * network; no capabilities; an empty machine with the system read-only, private /tmp, home and /dev, and the workspace.
 * Mounts made later lie over earlier ones.
 */
export function bubblewrapArgs(host: BubblewrapHost, argv: readonly string[], confinement: Confinement): string[] {
  const { network, env, cwd } = confinement;
  return [
    ['--unshare-user', '--unshare-ipc', '--unshare-pid', '--unshare-uts'],
    network ? [] : ['--unshare-net'],
    host.sealed ? ['--disable-userns'] : [],
    ['--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--hostname', 'sandbox', '--clearenv'],
    Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    ['--size', String(TMP_BYTES), '--perms', '1777', '--tmpfs', '/tmp'],
    ['--size', String(HOME_BYTES), '--tmpfs', '/run', '--dir', '/run/home'],
    ['--proc', '/proc', '--dev', '/dev', '--size', String(SHM_BYTES), '--perms', '1777', '--tmpfs', '/dev/shm'],
    system(host, network),
    workspaceArgs(confinement),
    secretArgs(confinement),
    hidden(host, confinement).flatMap((path) => ['--tmpfs', path, '--remount-ro', path]),
    ['--remount-ro', '/dev', '--remount-ro', '/', '--chdir', cwd, '--', ...argv],
  ].flat();
}

function system({ system: folders, readable, resolvConf }: BubblewrapHost, network: boolean): string[] {
  return [
    ...folders.flatMap(({ path, link }) =>
      link === undefined ? ['--ro-bind', path, path] : ['--symlink', link, path],
    ),
    ...[...ETC, ...(network ? ETC_WITH_NETWORK : [])].flatMap((name) => [
      '--ro-bind-try',
      `/etc/${name}`,
      `/etc/${name}`,
    ]),
    ...(network && resolvConf !== undefined ? ['--ro-bind', resolvConf, '/etc/resolv.conf'] : []),
    ...readable.flatMap((path) => ['--ro-bind', path, path]),
  ];
}

/** A file is covered by a device that may not be opened, a directory by an empty one. */
function secretArgs({ hidden: secrets = [] }: Confinement): string[] {
  return secrets.flatMap(({ path, isDirectory }) =>
    isDirectory ? ['--tmpfs', path, '--remount-ro', path] : ['--ro-bind', '/dev/null', path],
  );
}

function workspaceArgs({ workspace, writable, guard, more = [] }: Confinement): string[] {
  const others = more.flatMap(({ path, writable: asWell }) => [asWell ? '--bind' : '--ro-bind', path, path]);
  if (workspace === undefined) return others;
  if (!writable) return ['--ro-bind', workspace, workspace, ...others];
  return [
    '--bind',
    workspace,
    workspace,
    ...others,
    ...guard.fixed.flatMap((path) => ['--bind', path, path]),
    ...guard.readOnly.flatMap((path) => ['--ro-bind', path, path]),
  ];
}

/** What lies in nothing that is bound is not there anyway; to cover it would only tell that it exists. */
function hidden(host: BubblewrapHost, { workspace, more = [] }: Confinement): string[] {
  const bound = [...host.readable, ...host.system.map(({ path }) => path), ...more.map(({ path }) => path), workspace];
  return host.hidden.filter((path) =>
    bound.some((shown) => shown !== undefined && (path === shown || path.startsWith(`${shown}/`))),
  );
}
