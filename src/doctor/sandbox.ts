import { formatDuration } from '../core/units.ts';
import { ok, readConfigFor, skip, warn, type Check, type TriedSandbox } from './check.ts';

/** Commands of the agent can be confined on this machine: found out by confining one. */
export const sandbox: Check = {
  name: 'sandbox',
  about: 'Commands of the agent can be confined: one is, to find out.',
  async look(ports) {
    if (ports.sandbox === undefined) return [];
    const config = readConfigFor(ports);
    if ('unusable' in config) return [skip(config.unusable)];
    const shell = config.tools?.shell;
    if (shell?.enabled === false) return [ok('not needed: tools.shell is off')];
    const tried = await ports.sandbox();
    if (tried.kind === 'none') return [missing(tried)];
    const network = shell?.network === true ? 'with network' : 'without network';
    return [ok(`${tried.kind}, ${network}, up in ${formatDuration(tried.startMs ?? 0)}`)];
  },
};

function missing({ reason = '', platform }: TriedSandbox): ReturnType<typeof warn> {
  const why =
    'Without a sandbox every shell command of the agent is HIGH: each waits for your answer, and then runs unconfined.';
  return warn(`none: ${reason}`, why, fixOf(reason, platform));
}

function fixOf(reason: string, platform: string): string {
  if (platform !== 'linux') return 'None on this system; to do without the shell, set tools.shell.enabled to false.';
  if (/not installed/.test(reason)) return 'sudo apt-get install bubblewrap (or the same of your distribution)';
  if (/namespace|permission|setting up uid map|Operation not permitted/i.test(reason)) {
    return (
      'Allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 (Debian), user.max_user_namespaces above 0, and from Ubuntu 23.10 on ' +
      'an AppArmor profile for /usr/bin/bwrap that has "userns," (or kernel.apparmor_restrict_unprivileged_userns=0). In a container: --security-opt seccomp=unconfined.'
    );
  }
  return 'Run bwrap --ro-bind / / --unshare-user --proc /proc true by hand; it says what is missing.';
}
