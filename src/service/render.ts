import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import { FINAL_EXIT_CODES, isSystemd, LAUNCHD_LABEL, serviceHomeOf } from './kinds.ts';
import type { ServiceKind, UnitFile, UnitValues } from './kinds.ts';
import { fillTemplate, type TemplateValues } from './template.ts';

/** Text of a template by its path in the program: `systemd/kairosd.service`. */
export type ReadTemplate = (path: string) => string;

/** The templates of this program, from a checkout or from a package: they lie beside `src/` and `dist/`. */
const ownTemplates: ReadTemplate = (path) => readFileSync(join(import.meta.dirname, '..', '..', path), 'utf8');

/**
 * The files of a kind of service, from their templates. The same values give the same text.
 *
 * @throws {KairosError} `CONFIG_INVALID` when the socket can't be made of server.host and server.port.
 */
export function renderUnits(kind: ServiceKind, values: UnitValues, template: ReadTemplate = ownTemplates): UnitFile[] {
  if (!isSystemd(kind)) {
    const text = fillTemplate(template(`launchd/${LAUNCHD_LABEL}.plist`), plistValues(kind, values), escapeXml);
    return [{ name: `${LAUNCHD_LABEL}.plist`, text }];
  }
  const folder = kind === 'system' ? 'systemd' : 'systemd/user';
  const unit = (name: string, filled: TemplateValues): UnitFile => ({
    name,
    text: fillTemplate(template(`${folder}/${name}`), filled, escapeUnit),
  });
  return [unit('kairosd.service', serviceValues(kind, values)), unit('kairosd.socket', socketValues(values))];
}

/** Several files as one text, each under a line with its name. */
export function joinUnits(files: readonly UnitFile[]): string {
  return files.map(({ name, text }) => `# ${name}\n${text.trimEnd()}\n`).join('\n');
}

function socketValues({ host, port }: UnitValues): TemplateValues {
  const named = 'a service listens on an address and a port that are known beforehand:';
  if (port === 0) throw new KairosError('CONFIG_INVALID', `${named} server.port must not be 0`);
  const address = host === 'localhost' ? '127.0.0.1' : host;
  const version = isIP(address);
  if (version === 0) {
    throw new KairosError('CONFIG_INVALID', `${named} server.host must be an IP address, got ${JSON.stringify(host)}`);
  }
  const isLoopback = address.startsWith('127.') || address === '::1';
  return {
    listen: `${version === 6 ? `[${address}]` : address}:${port}`,
    freeBind: isLoopback ? [] : 'yes',
  };
}

function serviceValues(kind: ServiceKind, values: UnitValues): TemplateValues {
  const { programRoot, home, userHome, userName, shell } = values;
  const isDefaultHome = home === serviceHomeOf(kind, userHome);
  return {
    run: quoted(`${programRoot}/run`),
    about: shell ? ABOUT_SHELL[kind === 'system' ? 'system' : 'user'] : ABOUT_STRICT,
    environment: isDefaultHome ? [] : quoted(`KAIROS_HOME=${home}`),
    finalPattern: FINAL_EXIT_CODES.join('|'),
    finalStatus: FINAL_EXIT_CODES.join(' '),
    dynamicUser: userName === undefined ? 'yes' : [],
    user: userName ?? [],
    credential: values.credentials.map((name) => `${name}:kairosd.${name}`),
    ...(shell ? WITH_BUBBLEWRAP : STRICT),
    ...places(values, isDefaultHome ? [] : [home]),
  };
}

const ABOUT_STRICT = 'Strict: tools.shell is off, so nothing here may make namespaces or mounts.';
const ABOUT_SHELL = {
  system: [
    'tools.shell is on: what it runs is confined by bubblewrap, which needs namespaces, mounts and a whole /proc. They are allowed',
    'here, and make the exposure 2.6 (systemd-analyze security); with tools.shell.enabled: false and another install it is 1.3.',
  ].join(' '),
  user: 'tools.shell is on: what it runs is confined by bubblewrap, whose namespaces and mounts are allowed here.',
};

/** For lines of the template that differ. Numbers: an idle daemon takes 90 MiB, one with 25 MiB deliveries and a dream 400. */
const STRICT: TemplateValues = {
  memoryHigh: '768M',
  memoryMax: '1G',
  tasksMax: '512',
  privateUsers: 'yes',
  protectHostname: 'yes',
  protectKernelTunables: 'yes',
  protectKernelLogs: 'yes',
  protectProc: 'invisible',
  procSubset: 'pid',
  addressFamily: [],
  restrictNamespaces: 'yes',
  systemCalls: [],
};

/** A /proc with anything hidden in it can't be mounted anew in a namespace: the kernel refuses what would show more. */
const WITH_BUBBLEWRAP: TemplateValues = {
  memoryHigh: '3G',
  memoryMax: '4G',
  tasksMax: '4096',
  privateUsers: 'yes',
  protectHostname: 'no',
  protectKernelTunables: 'no',
  protectKernelLogs: 'no',
  protectProc: 'invisible',
  procSubset: 'all',
  addressFamily: 'AF_NETLINK',
  restrictNamespaces: 'user mnt pid ipc net uts',
  systemCalls: '@mount capset chroot pivot_root sethostname setns unshare',
};

const HOMES = ['/home', '/root', '/run/user'];

function inHomes(path: string): boolean {
  return HOMES.some((home) => path === home || path.startsWith(`${home}/`));
}

/** Below the homes of people, which are hidden, only what is named is there; elsewhere only that is writable. */
function places({ workspaces, readable }: UnitValues, more: readonly string[]): TemplateValues {
  const writable = [...more, ...workspaces];
  const bound = writable.filter(inHomes);
  const boundReadOnly = readable.filter(inHomes);
  return {
    protectHome: bound.length + boundReadOnly.length > 0 ? 'tmpfs' : 'yes',
    readWritePath: writable.filter((path) => !inHomes(path)).map((path) => quoted(`-${path}`)),
    bindPath: bound.map((path) => quoted(`-${path}`)),
    bindReadOnlyPath: boundReadOnly.map((path) => quoted(`-${path}`)),
  };
}

function plistValues(kind: ServiceKind, values: UnitValues): TemplateValues {
  const isDaemon = kind === 'launch-daemon';
  const { programRoot, home, userName, userHome } = values;
  return {
    about: isDaemon
      ? 'a service of the system: it runs without a login'
      : 'a service of one user: it runs while they are logged in',
    run: `${programRoot}/run`,
    user: isDaemon && userName !== undefined ? userName : [],
    home,
    path: PATH_MACOS,
    workingDirectory: isDaemon ? '/' : userHome,
    processType: 'Background',
    session: isDaemon ? [] : 'Aqua',
    bootstrapLog: `${home}/launchd.log`,
  };
}

/** Homebrew's directories, on both kinds of processor: launchd knows neither, and git and rg come from there. */
const PATH_MACOS = '/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `%` begins a specifier. */
function escapeUnit(value: string): string {
  return value.replaceAll('%', '%%');
}

/** One word of a unit. A line break would begin a directive of its own, and `:` divides the parts of a bind. */
function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f:]/.test(text)) {
    throw new KairosError(
      'CONFIG_INVALID',
      `a unit can't name a path with ":" or a control character: ${JSON.stringify(text)}`,
    );
  }
  return /^[\w./@%+=,~-]+$/.test(text) ? text : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
