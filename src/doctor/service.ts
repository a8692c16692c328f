import { fail, ok, warn, type Check, type Found, type ServiceSeen } from './check.ts';

/** Installed, it starts with the machine, runs, and is what this version would write. */
export const service: Check = {
  name: 'service',
  about:
    'The service of this home, if installed: enabled, running, up to date; with lingering for a service of a user.',
  async look(ports) {
    if (ports.service === undefined) return [];
    const seen = await ports.service();
    if (seen === undefined) {
      return [ok('not installed: it runs until you stop it or the machine restarts (kairos install)')];
    }
    const found = judge(seen, (await ports.daemon()) !== undefined);
    return found.length > 0 ? found : [ok(`${seen.unit} (${seen.scope}), enabled and running`)];
  },
};

/** Pure. */
function judge({ unit, scope, path, enabled, active, lingers, current }: ServiceSeen, running: boolean): Found[] {
  const found: Found[] = [];
  const isLaunchd = path.endsWith('.plist');
  const systemctl = scope === 'user' ? 'systemctl --user' : 'sudo systemctl';
  if (!enabled) {
    const fix = isLaunchd ? 'kairos install' : `${systemctl} enable ${unit}`;
    found.push(warn(`${unit} is installed, but not enabled`, 'After a restart of the machine nothing runs.', fix));
  }
  if (!active && running) {
    const why = 'It holds the home, so the service can not start; and it ends with your login.';
    found.push(
      warn(
        `a daemon runs, but not as ${unit}`,
        why,
        `kairos stop, then: ${startOf(isLaunchd, systemctl, unit, scope)}`,
      ),
    );
  }
  if (!active && !running) {
    const why = 'Nothing is received or told.';
    const log = isLaunchd
      ? 'its log in the home says why'
      : `${scope === 'user' ? 'journalctl --user' : 'sudo journalctl'} -eu ${unit} says why`;
    found.push(fail(`${unit} does not run`, why, `${startOf(isLaunchd, systemctl, unit, scope)}; ${log}`));
  }
  if (lingers === false) {
    const why = 'A service of a user ends with the last login of that user, and does not start with the machine.';
    found.push(warn('lingering is off', why, 'loginctl enable-linger'));
  }
  if (current === false) {
    const why = 'What a newer version needs or takes away (rights, limits) is not there.';
    found.push(
      warn(`${path} is not what this version writes`, why, 'kairos install shows the difference and writes it.'),
    );
  }
  return found;
}

function startOf(isLaunchd: boolean, systemctl: string, unit: string, scope: 'system' | 'user'): string {
  if (!isLaunchd) return `${systemctl} start ${unit}`;
  return scope === 'user'
    ? `launchctl kickstart -k gui/$(id -u)/${unit}`
    : `sudo launchctl kickstart -k system/${unit}`;
}
