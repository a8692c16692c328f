import { fail, ok, type Check } from './check.ts';

/** The ledger is whole and of our version. */
export const ledger: Check = {
  name: 'ledger',
  about: 'ledger.db is whole (read through up to 256 MB, above that with --deep) and of a schema this version knows.',
  async look({ ledger: inspect }) {
    const seen = inspect();
    if (seen === undefined) return [ok('none yet: the first start makes it')];
    if (seen.integrity !== 'ok' && seen.integrity !== 'not checked') {
      const fix = 'Stop the daemon, keep a copy of ledger.db*, then restore one from backups/.';
      return [fail(`ledger.db: ${seen.integrity}`, 'It is the one record of what was accepted.', fix)];
    }
    if (seen.schema > seen.schemaKnown) {
      const what = `schema ${seen.schema}, this version knows ${seen.schemaKnown}`;
      return [fail(what, 'A newer kairosd has written it.', 'Start the newer version.')];
    }
    const checked = seen.integrity === 'ok' ? 'whole' : 'not read through (kairos doctor --deep does)';
    return [ok(`${checked}, schema ${seen.schema}, ${Math.ceil(seen.bytes / 1_048_576)} MiB`)];
  },
};
