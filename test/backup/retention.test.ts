import fc from 'fast-check';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dueMs } from '../../src/backup/due.ts';
import { backupName, backupTimeMs, outdated } from '../../src/backup/names.ts';
import { createNeedles, createScrubber, fillMarks, markOf } from '../../src/backup/needles.ts';
import { applyRetention, newestBackupMs } from '../../src/backup/record.ts';
import { temporary } from './home.ts';

const DAY_MS = 86_400_000;
const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;

describe('retention', () => {
  test('keeps the newest ones and never touches a name that is not ours [BACKUP-RETENTION]', async () => {
    const folder = temporary();
    const days = [1, 2, 3, 4, 5].map((day) => backupName(at('2026-11-01T03:30:00Z') + day * DAY_MS));
    const others = ['kairosd-mine.tar.gz', 'kairosd-20261399T000000Z.tar.gz', 'before-restore-x', 'ledger-schema-4.db'];
    for (const name of [...days, ...others, `${days[0]}.part`]) writeFileSync(join(folder, name), '');
    mkdirSync(join(folder, 'work-1-ab'));
    const gone = await applyRetention(folder, 2);
    expect(gone).toEqual([...days.slice(0, 3), `${days[0]}.part`]);
    expect(readdirSync(folder).toSorted()).toEqual([...others, ...days.slice(3), 'work-1-ab'].toSorted());
    expect(await newestBackupMs(folder, at('2026-11-07T00:00:00Z'))).toBe(at('2026-11-06T03:30:00Z'));
    expect(await newestBackupMs(join(folder, 'none'), Infinity)).toBeUndefined();
  });

  test('a backup that was named by a wrong clock crowds out no other, and does not stand for one [BACKUP-RETENTION]', async () => {
    const folder = temporary();
    const [old = '', made = '', ahead = ''] = ['2026-11-05', '2026-11-06', '2036-01-01'].map((day) =>
      backupName(at(`${day}T03:30:00Z`)),
    );
    const names = [old, made, ahead, `${made}.0123abcd.part`];
    for (const name of names) writeFileSync(join(folder, name), '');
    expect(await applyRetention(folder, 1, made)).toEqual([old]);
    expect(await newestBackupMs(folder, at('2026-11-07T00:00:00Z'))).toBe(at('2026-11-06T03:30:00Z'));
  });

  test('always leaves one, whatever it is told [BACKUP-RETENTION]', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4e12 })), fc.integer({ min: -3, max: 9 }), (times, keep) => {
        const names = [...new Set(times.map(backupName))];
        const gone = outdated(names, keep);
        expect(names.length - gone.length).toBe(Math.min(names.length, Math.max(1, keep)));
        const left = names.filter((name) => !gone.includes(name)).map((name) => backupTimeMs(name) ?? 0);
        for (const name of gone) expect(backupTimeMs(name) ?? 0).toBeLessThan(Math.min(...left));
      }),
    );
  });
});

describe('what is due', () => {
  const ask = (now: string, newest?: string, born = '2026-01-01T00:00:00Z') =>
    dueMs({
      at: '03:30',
      timeZone: 'Europe/Berlin',
      nowMs: at(now),
      newestMs: newest === undefined ? undefined : at(newest),
      bornMs: at(born),
    });

  test('is the newest time of day that passed without a backup, once [BACKUP-SCHEDULED]', () => {
    expect(ask('2026-11-02T02:29:59Z', '2026-11-01T02:30:05Z')).toBeUndefined();
    expect(ask('2026-11-02T02:30:00Z', '2026-11-01T02:30:05Z')).toBe(at('2026-11-02T02:30:00Z'));
    expect(ask('2026-11-02T09:00:00Z', '2026-11-02T02:30:05Z')).toBeUndefined();
    // The machine slept for a week.
    expect(ask('2026-11-09T01:00:00Z', '2026-11-02T02:30:05Z')).toBe(at('2026-11-08T02:30:00Z'));
  });

  test('is nothing for a home that was made since [BACKUP-SCHEDULED]', () => {
    expect(ask('2026-11-02T09:00:00Z', undefined, '2026-11-02T08:00:00Z')).toBeUndefined();
    expect(ask('2026-11-03T09:00:00Z', undefined, '2026-11-02T08:00:00Z')).toBe(at('2026-11-03T02:30:00Z'));
  });
});

test('a clock that was ahead once does not keep backups from being made', () => {
  const nowMs = at('2026-11-09T09:00:00Z');
  const given = { at: '03:30', timeZone: 'UTC', nowMs };
  const slot = at('2026-11-09T03:30:00Z');
  expect(dueMs({ ...given, newestMs: undefined, bornMs: at('2036-01-01T00:00:00Z') })).toBe(slot);
  expect(dueMs({ ...given, newestMs: at('2036-01-01T00:00:00Z'), bornMs: 0 })).toBe(slot);
});

describe('a scrubber', () => {
  const secret = { name: 'HOOK_SECRET', value: 'correct-horse-battery' };

  test('finds a secret wherever the stream is cut, and changes nothing else [BACKUP-NO-SECRETS]', () => {
    const needles = createNeedles([secret]);
    const text = `before ${secret.value} between ${Buffer.from(secret.value).toString('base64')} after, ünïcode`;
    const expected = `before ${markOf({ name: secret.name, plain: true })} between ${markOf({ name: secret.name, plain: false })} after, ünïcode`;
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: bytes.length }), { maxLength: 20 }), (cuts) => {
        const scrubber = createScrubber(needles);
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const out = places.slice(1).map((to, index) => scrubber.push(bytes.subarray(places[index], to)));
        expect(Buffer.concat([...out, scrubber.end()]).toString('utf8')).toBe(expected);
        expect([...scrubber.names]).toEqual([secret.name]);
      }),
    );
    expect(fillMarks(expected, [secret])).toEqual({
      text: `before ${secret.value} between ${markOf({ name: secret.name, plain: false })} after, ünïcode`,
      missing: [secret.name],
    });
  });

  test('passes bytes without secrets through as they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const scrubber = createScrubber(createNeedles([secret]));
        expect(Buffer.concat([scrubber.push(bytes), scrubber.end()])).toEqual(Buffer.from(bytes));
      }),
    );
  });
});
