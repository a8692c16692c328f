import { ok, warn, type Check, type DoctorPorts, type Found } from './check.ts';

const WHY = 'A clock drifts by seconds a day; signed deliveries more than five minutes off are refused.';

/** Somebody keeps the clock right. */
export const timeSync: Check = {
  name: 'time-sync',
  about: 'The clock of the machine is synchronised (timedatectl under Linux, systemsetup under macOS).',
  async look(ports) {
    if (ports.platform === 'linux') return onLinux(ports);
    if (ports.platform === 'darwin') return onMac(ports);
    return [];
  },
};

async function onLinux({ run }: DoctorPorts): Promise<Found[]> {
  const said = await run?.(['timedatectl', 'show']);
  // Without systemd, as in most containers, the clock is the host's and so is its care.
  if (said === undefined || said.code !== 0) return [];
  const { NTP, NTPSynchronized, CanNTP } = readProperties(said.stdout);
  if (NTPSynchronized === 'yes') return [ok('synchronised')];
  // Somebody else may set it (a hypervisor, chrony of the host): asked, systemd says it could not.
  if (NTP === 'no' && CanNTP === 'no')
    return [
      warn(
        'nobody synchronises the clock',
        WHY,
        'sudo apt-get install systemd-timesyncd, then: sudo timedatectl set-ntp true',
      ),
    ];
  if (NTP === 'no') return [warn('time synchronisation is off', WHY, 'sudo timedatectl set-ntp true')];
  if (NTPSynchronized === undefined) return [];
  const fix = 'timedatectl timesync-status says whom it asks; is UDP port 123 open to the outside?';
  return [warn('time synchronisation is on, but has not reached anybody', WHY, fix)];
}

async function onMac({ run }: DoctorPorts): Promise<Found[]> {
  const said = await run?.(['/usr/sbin/systemsetup', '-getusingnetworktime']);
  // It only answers administrators.
  const state = /Network Time: (On|Off)/.exec(said?.stdout ?? '')?.[1];
  if (state === undefined) return [];
  return state === 'On'
    ? [ok('synchronised')]
    : [warn('time synchronisation is off', WHY, 'sudo systemsetup -setusingnetworktime on')];
}

/** `NAME=value` lines, as systemd prints them. Pure. */
export function readProperties(text: string): Record<string, string | undefined> {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at <= 0 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()]];
    }),
  );
}
