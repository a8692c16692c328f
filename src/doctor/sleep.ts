import { ok, warn, type Check, type Found } from './check.ts';

/** `pmset -g custom` by source of power: numbers of minutes, or 0 and 1. */
export type PowerSettings = Readonly<Record<string, Readonly<Record<string, number>>>>;

const MAINS = 'AC Power';

/** A Mac that serves does not sleep, and comes back after a power cut. */
export const sleep: Check = {
  name: 'sleep',
  about: 'macOS: on mains the machine does not sleep, and it starts by itself after a power failure (pmset).',
  async look({ platform, run }) {
    if (platform !== 'darwin') return [];
    const said = await run?.(['/usr/bin/pmset', '-g', 'custom']);
    if (said === undefined || said.code !== 0) return [];
    const mains = readPowerSettings(said.stdout)[MAINS];
    return mains === undefined ? [] : judge(mains);
  },
};

function judge(mains: Readonly<Record<string, number>>): Found[] {
  const { sleep: minutes = 0, autorestart, disksleep = 0 } = mains;
  const found: Found[] = [];
  if (minutes > 0) {
    const why = 'While it sleeps no webhook is taken and no schedule runs; what was missed is only made up for after.';
    found.push(warn(`the machine sleeps after ${minutes} min on mains`, why, 'sudo pmset -c sleep 0'));
  }
  if (autorestart === 0) {
    const why = 'After a power cut it stays off until somebody presses the button.';
    found.push(warn('it does not start after a power failure', why, 'sudo pmset -a autorestart 1'));
  }
  const disks = disksleep > 0 ? `, disks rest after ${disksleep} min` : '';
  return found.length > 0 ? found : [ok(`stays awake on mains${disks}`)];
}

/**
 * Reads `pmset -g custom`: a heading such as `AC Power:`, then lines of a name and a number. Pure. What is no number (a note
 * in brackets, such as `(sleep prevented by powerd)`) is left out.
 */
export function readPowerSettings(text: string): PowerSettings {
  const found: Record<string, Record<string, number>> = {};
  let settings: Record<string, number> | undefined;
  for (const line of text.split('\n')) {
    const heading = /^(\S.*):\s*$/.exec(line)?.[1];
    if (heading !== undefined) settings = found[heading] = {};
    const [, name = '', value = ''] = /^\s+([A-Za-z][\w ]*?)\s+(\d+)(?:\s+\(.*\))?\s*$/.exec(line) ?? [];
    if (settings !== undefined && name !== '') settings[name] = Number(value);
  }
  return found;
}
