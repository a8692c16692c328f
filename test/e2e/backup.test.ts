import { beforeAll, describe, test } from 'vitest';
import { proveBackup } from '../../proof/backup.ts';
import type { Report } from '../../proof/lib/report.ts';
import { expectKept, short } from './kept.ts';

describe('a backup of the real daemon under load', () => {
  let report: Report;
  beforeAll(async () => {
    report = await proveBackup(short());
  }, 120_000);

  test('costs no delivery, and the daemon no commit [BACKUP-WHILE-RUNNING]', () => {
    expectKept(report, /was taken|failed commit/);
  });

  test('restored elsewhere has equal contents up to the backup point [BACKUP-WHOLE]', () => {
    expectKept(report, /succeeded|contents are equal|everything accepted/);
  });

  test('is a home that a daemon works on: duplicates are known, open jobs end', () => {
    expectKept(report, /duplicate there|come to their end|stops in order/);
  });
});
