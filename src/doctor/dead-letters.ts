import { formatId } from '../core/units.ts';
import { ok, warn, type Check } from './check.ts';

/** Nothing was given up. */
export const deadLetters: Check = {
  name: 'dead-letters',
  about: 'No job failed so often that it was given up.',
  async look(ports) {
    const dead = ports.work?.()?.dead;
    if (dead === undefined) return [];
    if (dead.count === 0) return [ok('none')];
    const newest = dead.newest.map(({ id, kind, origin }) => `${formatId('j', id)} ${kind} ${origin}`).join(', ');
    const what = `${dead.count === 1 ? '1 dead job' : `${dead.count} dead jobs`} (newest: ${newest})`;
    const first = dead.newest[0] === undefined ? 'ID' : formatId('j', dead.newest[0].id);
    const fix = `kairos jobs --state dead, then kairos jobs requeue ${first}`;
    return [warn(what, 'They failed too often and are not tried again.', fix)];
  },
};
