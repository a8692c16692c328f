import packageJson from '../../package.json' with { type: 'json' };
import { ok, warn, type Check } from './check.ts';

/** The Node that runs us is the one we are tested with. */
export const runtime: Check = {
  name: 'runtime',
  about: 'The Node that runs this is the one kairosd is tested with.',
  async look({ nodeVersion }) {
    const pinned = Object.values(packageJson.optionalDependencies)[0] ?? '';
    if (nodeVersion === pinned) return [ok(`Node ${nodeVersion}, as pinned`)];
    const why = 'SQLite, the permission model and TypeScript come with Node; another version is not what was tested.';
    return [warn(`Node ${nodeVersion}, but ${pinned} is pinned`, why, 'Start it with bin/kairos, after npm ci.')];
  },
};
