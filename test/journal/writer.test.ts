import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../../src/core/ports.ts';
import type { JournalLine } from '../../src/journal/line.ts';
import { readLog } from '../../src/journal/read.ts';
import { startJournal, type JournalOptions, type JournalStore } from '../../src/journal/writer.ts';
import { FakeClock, settle } from '../fakes/clock.ts';

const NOON = Date.UTC(2026, 10, 22, 12, 0, 0);
let home: string;
let clock: FakeClock;
let warnings: string[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kairos-journal-'));
  clock = new FakeClock(NOON);
  warnings = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A store in memory whose mark can be made to fail, as when the process dies between append and mark. */
class Store implements JournalStore {
  lines: JournalLine[] = [];
  through = 0;
  dieBeforeMark = false;

  add(atMs: number, text: string, kind = 'event', ref = `e${this.lines.length + 1}`): void {
    this.lines.push({ id: this.lines.length + 1, atMs, kind, ref, text });
  }

  pending(limitCount: number): readonly JournalLine[] {
    return this.lines.filter(({ id }) => id > this.through).slice(0, limitCount);
  }

  async written(throughId: number): Promise<void> {
    if (this.dieBeforeMark) throw new Error('died');
    this.through = throughId;
  }
}

const log: Log = {
  debug: () => {},
  info: () => {},
  warn: (_fields, message) => warnings.push(message),
  error: (_fields, message) => warnings.push(message),
  child: () => log,
};

/** Starts, writes what is pending, and stops. */
async function writeAll(store: Store, options: Partial<JournalOptions> = {}): Promise<void> {
  const ports = { clock, log, redact: (text: string) => text.replaceAll('hunter2', '[redacted:PASS]') };
  await using _journal = startJournal(store, ports, { home, timeZone: 'Europe/Berlin', ...options });
  await eventually(() => store.pending(1).length === 0 || warnings.length > 0);
}

/** Real files need real turns of the event loop. */
async function eventually(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !holds(); turn += 1) await clock.advance(50);
}

function file(date = '2026-11-22', suffix = ''): string {
  return join(home, 'logs', date.slice(0, 4), date.slice(5, 7), `${date}${suffix}.md`);
}

function textOf(path = file()): string {
  return readFileSync(path, 'utf8');
}

describe('the daily log', () => {
  test('each happening is one line under the heading of its local day [JOURNAL-LINE]', async () => {
    const store = new Store();
    store.add(NOON, 'octo/app opened #7');
    store.add(NOON + 61_000, 'two\nlines \u001b[31m and hunter2', 'notify');
    store.add(NOON + 62_000, '', 'start', '');
    await writeAll(store);
    expect(textOf()).toBe(
      '# 2026-11-22\n\n- 13:00:00 event [e1] octo/app opened #7\n' +
        '- 13:01:01 notify [e2] two lines [31m and [redacted:PASS]\n- 13:01:02 start []\n',
    );
    expect(store.through).toBe(3);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    for (const directory of ['logs', 'logs/2026', 'logs/2026/11']) {
      expect(statSync(join(home, directory)).mode & 0o777).toBe(0o700);
    }
  });

  test('new lines are appended on a wake, and text over 500 characters is cut', async () => {
    const store = new Store();
    const ports = { clock, log, redact: (text: string) => text };
    await using journal = startJournal(store, ports, { home, timeZone: 'UTC' });
    await settle();
    store.add(NOON, 'x'.repeat(2_000));
    journal.wake();
    await eventually(() => store.through === 1);
    store.add(NOON, 'second');
    journal.wake();
    await eventually(() => store.through === 2);
    const lines = textOf().split('\n');
    expect(lines[2]?.length).toBe('- 12:00:00 event [e1] '.length + 500);
    expect(lines[3]).toBe('- 12:00:00 event [e2] second');
  });

  test('the time a line happened decides its day: local midnight, both DST changes, a clock that goes back', async () => {
    const store = new Store();
    store.add(Date.UTC(2026, 9, 24, 21, 59, 59), 'before midnight');
    store.add(Date.UTC(2026, 9, 24, 22, 0, 0), 'after midnight');
    store.add(Date.UTC(2026, 9, 25, 0, 30, 0), 'half past two, summer');
    store.add(Date.UTC(2026, 9, 25, 1, 30, 0), 'half past two, winter');
    store.add(Date.UTC(2026, 9, 24, 20, 0, 0), 'the clock went back');
    store.add(Date.UTC(2026, 2, 29, 1, 0, 0), 'the gap');
    await writeAll(store);
    expect(textOf(file('2026-10-24'))).toBe(
      '# 2026-10-24\n\n- 23:59:59 event [e1] before midnight\n- 22:00:00 event [e5] the clock went back\n',
    );
    expect(textOf(file('2026-10-25'))).toMatch(/00:00:00.*\n- 02:30:00.*summer\n- 02:30:00.*winter\n$/);
    expect(textOf(file('2026-03-29'))).toMatch(/- 03:00:00 event \[e6\] the gap/);
  });
});

describe('after a crash', () => {
  test('between append and mark no line is doubled and none is lost [JOURNAL-LINE]', async () => {
    const store = new Store();
    for (let index = 0; index < 5; index += 1) store.add(NOON, `line ${index}`);
    store.dieBeforeMark = true;
    await writeAll(store);
    expect(store.through).toBe(0);
    store.dieBeforeMark = false;
    store.add(NOON, 'line 5');
    await writeAll(store);
    expect(textOf().match(/line \d/g)).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4', 'line 5']);
  });

  test('an append torn at any byte is completed', async () => {
    const whole = '# 2026-11-22\n\n- 13:00:00 event [e1] Grüße\n- 13:00:00 event [e2] two\n';
    for (let bytes = 0; bytes <= Buffer.byteLength(whole); bytes += 1) {
      const store = new Store();
      store.add(NOON, 'Grüße');
      store.add(NOON, 'two');
      await writeAll(store);
      truncateSync(file(), bytes);
      store.through = 0;
      await writeAll(store);
      expect(textOf(), `torn at ${bytes}`).toBe(whole);
      rmSync(file());
    }
  });

  test('what a person wrote in between stays and changes nothing', async () => {
    const store = new Store();
    store.add(NOON, 'one');
    store.add(NOON, 'two');
    store.dieBeforeMark = true;
    await writeAll(store);
    const edited = `${textOf().replace('- 13:00:00 event [e2]', 'my own note\n- 13:00:00 event [e2]')}no line end`;
    writeFileSync(file(), edited);
    store.dieBeforeMark = false;
    store.add(NOON, 'three');
    await writeAll(store);
    expect(textOf()).toBe(`${edited}\n- 13:00:00 event [e3] three\n`);
  });

  test('a batch larger than what is compared is neither doubled nor lost', async () => {
    const store = new Store();
    for (let index = 0; index < 900; index += 1) store.add(NOON, `${index} ${'x'.repeat(400)}`);
    for (let life = 0; life < 20; life += 1) {
      store.dieBeforeMark = life % 2 === 0;
      warnings = [];
      await writeAll(store);
    }
    const numbers = [...textOf().matchAll(/\] (\d+) x/g)].map((found) => Number(found[1]));
    expect(numbers).toEqual(Array.from({ length: 900 }, (_, index) => index));
  });
});

test('two lines that look the same are both written while nothing is in doubt', async () => {
  const store = new Store();
  store.add(NOON, 'same', 'event', '');
  store.add(NOON, 'same', 'event', '');
  await writeAll(store);
  expect(textOf().match(/same/g)).toHaveLength(2);
});

test('a full day goes on in an overflow file, in order, and the main file says so once', async () => {
  const store = new Store();
  for (let index = 0; index < 100; index += 1) store.add(NOON, `${index} ${'x'.repeat(100)}`);
  await writeAll(store, { maxBytes: 5_000 });
  for (let index = 100; index < 120; index += 1) store.add(NOON, `${index}`);
  store.dieBeforeMark = true;
  await writeAll(store, { maxBytes: 5_000 });
  store.dieBeforeMark = false;
  await writeAll(store, { maxBytes: 5_000 });

  expect(statSync(file()).size).toBeLessThanOrEqual(5_000);
  expect(textOf().match(/journal \[\] the rest of this day is in 2026-11-22\.overflow\.md/g)).toHaveLength(1);
  expect(textOf(file('2026-11-22', '.overflow'))).toMatch(/^# 2026-11-22 \(overflow\)\n\n- /);
  const { lines } = await readLog(home, '2026-11-22');
  const numbers = lines.filter(({ kind }) => kind === 'event').map(({ text }) => Number.parseInt(text, 10));
  expect(numbers).toEqual(Array.from({ length: 120 }, (_, index) => index));
});

test('a disk that refuses is told once per try, and the lines are written when it is well again', async () => {
  writeFileSync(join(home, 'logs'), 'in the way');
  const store = new Store();
  store.add(NOON, 'kept');
  const ports = { clock, log, redact: (text: string) => text };
  await using journal = startJournal(store, ports, { home, timeZone: 'UTC' });
  await eventually(() => warnings.length > 0);
  for (let wakes = 0; wakes < 50; wakes += 1) {
    journal.wake();
    await settle();
  }
  expect(warnings).toHaveLength(1);
  rmSync(join(home, 'logs'));
  await eventually(() => store.through === 1);
  expect(textOf()).toContain('- 12:00:00 event [e1] kept');
});

test('what is pending when it stops is still written', async () => {
  const store = new Store();
  const ports = { clock, log, redact: (text: string) => text };
  const journal = startJournal(store, ports, { home, timeZone: 'UTC' });
  await settle();
  for (let index = 0; index < 600; index += 1) store.add(NOON, `late ${index}`);
  await journal[Symbol.asyncDispose]();
  expect(store.through).toBe(600);
  expect(textOf().match(/late \d+/g)).toHaveLength(600);
});

describe('reading a day', () => {
  test('the newest lines are returned, a note of a person as its text', async () => {
    const store = new Store();
    store.add(NOON, 'one [x] y');
    store.add(NOON, 'two');
    await writeAll(store);
    appendFileSync(file(), 'my note\n');
    expect(await readLog(home, '2026-11-22', 2)).toEqual({
      date: '2026-11-22',
      more: true,
      lines: [
        { time: '13:00:00', kind: 'event', ref: 'e2', text: 'two' },
        { time: null, kind: null, ref: null, text: 'my note' },
      ],
    });
  });

  test('a day without a log has no lines', async () => {
    expect(await readLog(home, '2020-01-01')).toEqual({ date: '2020-01-01', lines: [], more: false });
  });

  test.each(['2026-13-01', '../../etc', '2026-1-1', ''])('%j is no date', async (date) => {
    await expect(readLog(home, date)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
