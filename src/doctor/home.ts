import { statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, warn, type Check, type Finding } from './check.ts';

/** Files whose readers could act as the owner, or read what he is told. */
const PRIVATE_FILES = ['secrets.env', 'token', 'ledger.db', 'config.yaml'];

/** The home is there, ours, and nobody else's to read. */
export const home: Check = {
  name: 'home',
  async look({ home: path, userId }) {
    const stats = statOf(path);
    if (stats === undefined) {
      return [warn(`${path} does not exist yet`, 'kairos start makes it, with the defaults.', 'kairos init')];
    }
    if (!stats.isDirectory())
      return [fail(`${path} is no directory`, 'Everything is kept there.', 'Set another KAIROS_HOME.')];
    const found: Omit<Finding, 'check'>[] = [];
    if (userId >= 0 && stats.uid !== userId) {
      found.push(
        fail(
          `${path} belongs to user ${stats.uid}, this is user ${userId}`,
          'The daemon must own its home.',
          `sudo chown -R ${userId} ${path}`,
        ),
      );
    }
    if ((stats.mode & 0o077) !== 0) {
      found.push(
        fail(
          `${path} has mode ${modeOf(stats)}, not 700`,
          'Others on this machine can look into it.',
          `chmod 700 ${path}`,
        ),
      );
    }
    for (const name of PRIVATE_FILES) {
      const file = join(path, name);
      const mode = statOf(file);
      if (mode === undefined || (mode.mode & 0o077) === 0) continue;
      const why = 'Others on this machine can read it.';
      const fix = `chmod 600 ${file}`;
      const what = `${name} has mode ${modeOf(mode)}, not 600`;
      found.push(name === 'config.yaml' ? warn(what, why, fix) : fail(what, why, fix));
    }
    return found.length > 0 ? found : [ok(`${path}, private`)];
  },
};

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function modeOf(stats: Stats): string {
  return (stats.mode & 0o777).toString(8);
}
