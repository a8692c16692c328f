import { currentVersion } from '../service/versions.ts';
import { failedTrial } from '../service/trial.ts';
import { fail, ok, warn, type Check, type DoctorPorts, type Found } from './check.ts';

/** The daemon, this program and what is installed are one version; no upgrade has failed. */
export const version: Check = {
  name: 'version',
  about: 'The running daemon, this program and the installed version are the same; the last upgrade did not fall back.',
  async look(ports) {
    const { version: own } = ports;
    if (own === undefined) return [];
    const daemon = await ports.daemon();
    const running = (await daemon?.get<{ version?: string }>('/api/status').catch(() => undefined))?.version;
    const root = (await ports.service?.())?.programRoot;
    const installed = root === undefined ? undefined : currentVersion(root);
    const found = [...failed(ports, running), ...differing(own, running, installed?.version)];
    if (found.length > 0) return found;
    const where = [running === undefined ? [] : ['running'], installed === undefined ? [] : ['installed']].flat();
    return [ok(`${own}${where.length === 0 ? '' : `, ${where.join(' and ')}`}`)];
  },
};

function failed({ home }: DoctorPorts, running: string | undefined): Found[] {
  const trial = failedTrial(home);
  if (trial === undefined) return [];
  const still = running === undefined ? 'the one before it is started instead' : `${running} runs instead`;
  const reason = trial.reason === '' ? '' : ` (${trial.reason.slice(0, 200)})`;
  const what = `the upgrade to ${trial.to} failed at ${trial.at || 'its first start'}${reason}; ${still}`;
  const why = 'It did not become ready. The ledger from before it was put back; nothing is lost.';
  return [
    fail(what, why, 'The log of the service says why. Then: kairos install (another version, or this one again)'),
  ];
}

function differing(own: string, running: string | undefined, installed: string | undefined): Found[] {
  if (running !== undefined && installed !== undefined && running !== installed) {
    const what = `the daemon runs ${running}, but ${installed} is installed`;
    return [
      warn(what, 'What the newer one mends is not mended yet.', 'kairos stop: the service starts the installed one'),
    ];
  }
  if (running !== undefined && running !== own) {
    const why = 'They may not understand each other, and what one of them mends the other does not have.';
    const fix = installed === undefined ? 'kairos stop, then kairos start' : 'kairos install';
    return [warn(`the daemon runs ${running}, this program is ${own}`, why, fix)];
  }
  if (running === undefined && installed !== undefined && installed !== own) {
    const why = 'The service starts the installed one.';
    return [warn(`${installed} is installed, this program is ${own}`, why, 'kairos install')];
  }
  return [];
}
