import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { ok, warn, type Check } from './check.ts';

/** What every start makes (memory/folders.ts); a ledger beside it shows that there was one. */
const FOLDERS = ['memory', 'memory/topics', 'memory/archive', 'memory/notes', 'memory/generations'];

/** The directories of a home that has been used are there. */
export const folders: Check = {
  name: 'folders',
  about: 'The directories of a home that has been used are all there.',
  mends: 'Makes the missing ones (mode 700).',
  async look({ home }) {
    if (!existsSync(join(home, 'ledger.db'))) return [];
    const missing = FOLDERS.filter((path) => lstatSync(join(home, path), { throwIfNoEntry: false }) === undefined);
    if (missing.length === 0) return [ok('all there')];
    const why = 'They were taken away since the last start: what belongs there can not be written or is not seen.';
    const fix = `mkdir -m 700 ${missing.map((path) => join(home, path)).join(' ')}`;
    const steps = missing.map((path) => ({ kind: 'make', path }) as const);
    return [warn(`missing: ${missing.join(', ')}`, why, fix, { what: `make ${missing.join(', ')}`, steps })];
  },
};
