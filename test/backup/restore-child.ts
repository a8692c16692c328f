/** Restores, and kills itself at the step whose number it is given: `restore-child.ts ARCHIVE HOME NUMBER`. */
import { prepareRestore } from '../../src/backup/restore.ts';
import { systemClock, systemRandom } from '../../src/daemon/system.ts';

const [archive = '', home = '', number = '0'] = process.argv.slice(2);
let steps = 0;
await using prepared = await prepareRestore(
  { archive, home, secrets: [], timeZone: 'UTC' },
  {
    clock: systemClock,
    random: systemRandom,
    pid: process.pid,
    signal: new AbortController().signal,
    step: () => {
      steps += 1;
      if (steps === Number(number)) process.kill(process.pid, 'SIGKILL');
    },
  },
);
if (number === '0') process.kill(process.pid, 'SIGKILL');
await prepared.commit();
