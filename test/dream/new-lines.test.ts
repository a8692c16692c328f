import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newIn, type FileMark, type FileState } from '../../src/dream/cursor.ts';
import { gather, nothingGathered } from '../../src/dream/gather.ts';
import { readNewLines, type LineLimits, type ReadFile } from '../../src/dream/new-lines.ts';
import { surveyHome } from '../../src/dream/survey.ts';
import { folder } from '../ledger/make.ts';
import { sessionFile } from './make.ts';

const LIMITS: LineLimits = { lineBytesMax: 1_000, bytesMax: 1_000_000 };
const PATH = 'sessions/2026/11/s1.jsonl';
const signal = new AbortController().signal;

function put(home: string, path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
}

function stateOf(home: string, path = PATH): FileState {
  const { size, mtimeMs, ino } = statSync(join(home, path));
  return { path, size, mtimeMs: Math.floor(mtimeMs), inode: String(ino) };
}

function read(home: string, mark?: FileMark, limits = LIMITS): { lines: string[]; read: ReadFile | undefined } {
  const file = newIn(stateOf(home), mark);
  if (file === undefined) return { lines: [], read: undefined };
  const lines: string[] = [];
  const reader = readNewLines(home, file, limits);
  for (let next = reader.next(); ; next = reader.next()) {
    if (next.done === true) return { lines, read: next.value };
    lines.push(next.value);
  }
}

describe('reading what is new', () => {
  test('goes on where it stopped, and reads nothing twice [DREAM-CURSOR]', () => {
    using home = folder();
    put(home.path, PATH, '{"a":1}\n{"a":2}\n');
    const first = read(home.path);
    expect(first.lines).toEqual(['{"a":1}', '{"a":2}']);
    expect(read(home.path, first.read?.mark).lines).toEqual([]);
    appendFileSync(join(home.path, PATH), '{"a":3}\n');
    const second = read(home.path, first.read?.mark);
    expect(second.lines).toEqual(['{"a":3}']);
    expect(second.read).toMatchObject({ bytes: 8, fromStart: false });
  });

  test('leaves a line that is just being written for the next time, and takes a last one without an end [DREAM-CURSOR]', () => {
    using home = folder();
    put(home.path, PATH, '{"a":1}\n{"a":');
    const first = read(home.path);
    expect(first.lines).toEqual(['{"a":1}']);
    appendFileSync(join(home.path, PATH), '2}');
    expect(read(home.path, first.read?.mark).lines).toEqual(['{"a":2}']);
  });

  test('reads a rewritten or shortened file from its start, and a copied one not again [DREAM-CURSOR]', () => {
    using home = folder();
    put(home.path, PATH, '{"a":1}\n{"a":2}\n');
    const { mark } = read(home.path).read ?? {};
    put(home.path, PATH, '{"b":1}\n{"b":2}\n{"b":3}\n');
    expect(read(home.path, mark).lines).toHaveLength(3);
    truncateSync(join(home.path, PATH), 8);
    expect(read(home.path, mark).lines).toEqual(['{"b":1}']);
    put(home.path, PATH, '{"a":1}\n{"a":2}\n');
    copyFileSync(join(home.path, PATH), join(home.path, 'copy'));
    put(home.path, PATH, '');
    copyFileSync(join(home.path, 'copy'), join(home.path, PATH));
    utimesSync(join(home.path, PATH), 1, 1);
    expect(read(home.path, mark).lines).toEqual([]);
  });

  test('passes over a line that is too long, however long, and never reads from its middle', () => {
    using home = folder();
    const inner = '{"kind":"user","trust":"owner","text":"from the middle"}';
    put(home.path, PATH, `{"a":1}\n"${'x'.repeat(700_000)}${inner}"\n{"a":2}\n`);
    const all = read(home.path);
    expect(all.lines).toEqual(['{"a":1}', '{"a":2}']);
    expect(all.read).toMatchObject({ skipped: 1, cut: false });
    const cut = read(home.path, undefined, { lineBytesMax: 1_000, bytesMax: 5_000 });
    expect(cut.lines).toEqual(['{"a":1}']);
    expect(cut.read).toMatchObject({ cut: true, mark: { offset: 8 + 700_000 + inner.length + 3 } });
    expect(read(home.path, cut.read?.mark).lines).toEqual(['{"a":2}']);
  });

  test('stops at the bytes of one dream, and goes on from there in the next [DREAM-CURSOR]', () => {
    using home = folder();
    const lines = Array.from({ length: 100 }, (_, index) => `{"line":${index}}`);
    put(home.path, PATH, `${lines.join('\n')}\n`);
    const found: string[] = [];
    let mark: FileMark | undefined;
    for (let night = 0; night < 50 && found.length < 100; night += 1) {
      const next = read(home.path, mark, { lineBytesMax: 1_000, bytesMax: 100 });
      found.push(...next.lines);
      mark = next.read?.mark;
    }
    expect(found).toEqual(lines);
  });

  test('follows no link', () => {
    using home = folder();
    put(home.path, 'elsewhere', 'secret\n');
    mkdirSync(dirname(join(home.path, PATH)), { recursive: true });
    symlinkSync(join(home.path, 'elsewhere'), join(home.path, PATH));
    expect(read(home.path)).toMatchObject({ lines: [], read: { mark: undefined } });
  });
});

describe('looking through a home', () => {
  test('finds hand-made sessions, logs and notes, counts those that ended, and sees only what is new [DREAM-CURSOR]', async () => {
    using home = folder();
    for (const id of ['s1', 's2', 's10']) put(home.path, ...sessionFile(id, ['hello']));
    put(home.path, ...sessionFile('s3', ['hello'], { open: true }));
    put(home.path, 'logs/2026/11/2026-11-01.md', '- 10:00:00 event [e1] x\n');
    put(home.path, 'memory/notes/2026-11-01.md', '- a note\n');
    put(home.path, 'sessions/2026/11/notes.txt', 'x');
    const first = await surveyHome(home.path, new Map(), signal);
    expect(first.sessionsEnded).toBe(3);
    expect(first.files.map(({ path }) => path.split('/').at(-1))).toEqual([
      '2026-11-01.md',
      '2026-11-01.md',
      's1.jsonl',
      's2.jsonl',
      's3.jsonl',
      's10.jsonl',
    ]);
    const gathered = nothingGathered();
    const limits = { lineBytesMax: 1_000, bytesMax: 1_000_000 };
    const items = [...gather({ home: home.path, timeZone: 'UTC', files: first.files, limits }, gathered)];
    expect(items.map(({ source, kind, trust }) => `${source} ${kind} ${trust}`)).toEqual([
      'e1 log outside',
      'note-2026-11-01 note agent',
      's1 user owner',
      's2 user owner',
      's3 user owner',
      's10 user owner',
    ]);
    const marks = new Map(
      [...gathered.marks, { ...gathered.marks[0], path: 'logs/gone.md' } as FileMark].map((mark) => [mark.path, mark]),
    );
    expect(await surveyHome(home.path, marks, signal)).toMatchObject({
      files: [],
      sessionsEnded: 0,
      gone: ['logs/gone.md'],
    });
    const [path, text] = sessionFile('s3', ['hello']);
    put(home.path, path, text);
    expect(await surveyHome(home.path, marks, signal)).toMatchObject({ files: [{ path }], sessionsEnded: 1 });
  });

  test('a line that says nothing of whose words it is, or says it wrongly, vouches for nothing', () => {
    using home = folder();
    const at = '2026-11-01T23:30:00Z';
    const lines = [
      { at, kind: 'event', text: 'from anybody', eventId: 'e7' },
      { at, kind: 'user', text: 'odd', trust: 'admin' },
      { at, kind: 'tool_result', text: 'page' },
      { at, kind: 'odd', text: 'x' },
    ];
    put(home.path, ...sessionFile('s1', [], { lines }));
    const gathered = nothingGathered();
    const files = [{ ...stateOf(home.path), offset: 0, hash: '' }];
    const limits = { lineBytesMax: 1_000, bytesMax: 1_000_000 };
    const items = [...gather({ home: home.path, timeZone: 'Europe/Berlin', files, limits }, gathered)];
    expect(items.map(({ source, trust, date }) => `${source} ${trust} ${date}`)).toEqual([
      'e7 outside 2026-11-02',
      's1 outside 2026-11-02',
      's1 outside 2026-11-02',
    ]);
  });
});
