import { test } from 'vitest';
import { failDisk, fillDisk } from '../../proof/disk.ts';
import { expectKept, short } from './kept.ts';

test('a full disk is answered 503, loses nothing, and is over by itself when there is room [LEDGER-DISK-FLOOR, WEB-SHED, DAEMON-READY]', async (context) => {
  const report = await fillDisk(short());
  context.skip(report.skipped !== undefined, report.skipped ?? '');
  expectKept(report, /./);
}, 60_000);

test('failing flushes are answered 503, lose nothing, also after kill -9, and mend by themselves [LEDGER-FAULTS, WEB-SHED]', async (context) => {
  const report = await failDisk({ ...short(), faults: ['posix/io/sync/fsync'] });
  context.skip(report.skipped !== undefined, report.skipped ?? '');
  expectKept(report, /./);
}, 60_000);
