import { ok, readConfigFor, skip, warn, type Check } from './check.ts';

/** What the jail of dreams rests on: found out by confining a process. */
export const dream: Check = {
  name: 'dream',
  about: 'What the jail of dreams rests on.',
  async look(ports) {
    if (ports.sandbox === undefined) return [];
    const config = readConfigFor(ports);
    if ('unusable' in config) return [skip(config.unusable)];
    if (config.dream?.enabled === false) return [ok('dreams are off (dream.enabled)')];
    const { kind, reason = '', platform } = await ports.sandbox();
    if (kind === 'bubblewrap') {
      return [ok('jailed by Node and bubblewrap: no writes, processes, network, other files or other processes')];
    }
    const open =
      kind === 'none'
        ? 'a link inside memory, sessions or logs that leads out would be followed, and signals to your other processes would arrive'
        : 'other processes are visible';
    const what = `jailed by Node's permission model ${kind === 'none' ? 'alone' : `and ${kind}`}${reason === '' ? '' : ` (${reason})`}`;
    const why = `The worker of a dream still can't write, start processes, use the network or open databases, but ${open}.`;
    if (kind !== 'none') return [ok(`${what}; ${open}`)];
    const fix =
      platform === 'linux' ? 'sudo apt-get install bubblewrap; the check `sandbox` says more' : 'None on this system.';
    return [warn(what, why, fix)];
  },
};
