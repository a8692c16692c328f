import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/core/agent.ts';
import { startFollower, type TranscriptStore } from '../../src/agent/follower.ts';
import { FakeClock, settle } from '../fakes/clock.ts';
import { folder, NOON_MS, recordingLog } from '../ledger/make.ts';
import { reply, text, tool, use, world } from './run-world.ts';

const LINE_OF = (path: string): unknown[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

/** Writes whatever is there. */
async function follow(store: TranscriptStore, home: string): Promise<void> {
  const ports = { store, clock: new FakeClock(), log: recordingLog() };
  const follower = startFollower(ports, { home, timeZone: () => 'Europe/Berlin' });
  await settle();
  await follower[Symbol.asyncDispose]();
}

describe('the transcript of a session', () => {
  test('is one line an item, from the first meta to the last, for its owner only [SESSION-FILES]', async () => {
    await using w = await world({
      tools: [tool('look')],
      answers: [() => reply([use('c1', 'look', { at: 1 })]), () => reply([text('seen')])],
    });
    await w.attempt(await w.record('triage', { outside: '{"a":1}' }));
    await follow(w.ledger.sessions, w.home);
    const path = join(w.home, 'sessions/2026/11/s1.jsonl');
    const at = '2026-11-02T13:00:00.000+01:00';
    expect(LINE_OF(path)).toEqual([
      { at, seq: 1, kind: 'meta', text: '', session: 's1', startedAt: at, origin: 'triage' },
      { at, seq: 2, kind: 'event', text: expect.stringContaining('<moment>'), trust: 'owner' },
      { at, seq: 3, kind: 'event', text: expect.stringContaining('"a": 1'), trust: 'outside', eventId: 'e1' },
      { at, seq: 4, kind: 'user', text: 'triage', trust: 'owner', eventId: 'e1' },
      { at, seq: 5, kind: 'tool_use', text: '', trust: 'agent', tool: 'look', input: { at: 1 }, callId: 'c1' },
      { at, seq: 6, kind: 'tool_result', text: 'look {"at":1}', trust: 'tool', tool: 'look', callId: 'c1' },
      { at, seq: 7, kind: 'assistant', text: 'seen', trust: 'agent' },
      { at, seq: 8, kind: 'meta', text: '', endedAt: at },
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(w.ledger.sessions.unwritten(10)).toBeUndefined();
  });

  test('of a chat ends when it was quiet for long [SESSION-FILES]', async () => {
    await using w = await world({ answers: [() => reply([text('hi')])] });
    await w.attempt(await w.record('hello'));
    expect(await w.ledger.sessions.endIdle(w.clock.wallMs() + 3_599_000, 3_600_000)).toBe(0);
    expect(await w.ledger.sessions.endIdle(w.clock.wallMs() + 3_601_000, 3_600_000)).toBe(1);
    await follow(w.ledger.sessions, w.home);
    expect(LINE_OF(join(w.home, 'sessions/2026/11/s1.jsonl')).at(-1)).toMatchObject({
      kind: 'meta',
      endedAt: expect.any(String),
    });
  });

  test('is only ever appended to, and nothing is lost or doubled wherever an append was torn [SESSION-APPEND-ONLY]', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(12),
        fc.boolean(),
        async (texts, cut, known, person) => {
          using home = folder();
          const items = texts.map((words): Item => ({
            atMs: NOON_MS,
            kind: 'user',
            text: words.toWellFormed(),
            trust: 'owner',
          }));
          const path = join(home.path, 'sessions/2026/11/s1.jsonl');
          const whole = transcript(items);
          await follow(storeOf(items, 0), home.path);
          expect(readFileSync(path, 'utf8')).toBe(whole);
          // A crash in the middle of the append, whose mark in the ledger is older still.
          const torn = Math.floor(cut * Buffer.byteLength(whole));
          truncateSync(path, torn);
          const before = readFileSync(path);
          const there = before.toString('utf8').split('\n').length - 1;
          if (person) appendFileSync(path, before.at(-1) === 0x0a || before.length === 0 ? '\n' : '');
          await follow(storeOf(items, Math.min(known, there)), home.path);
          const after = readFileSync(path);
          expect(after.subarray(0, before.length)).toEqual(before);
          expect(after.toString('utf8').replaceAll(/\n+/g, '\n').replace(/^\n/, '')).toBe(
            whole.replaceAll(/\n+/g, '\n'),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test("survives a person's line in it, and lines longer than what is read at a time [SESSION-APPEND-ONLY]", async () => {
    using home = folder();
    const items = ['a', 'x'.repeat(200_000), 'c'].map((words): Item => ({
      atMs: NOON_MS,
      kind: 'user',
      text: words,
      trust: 'owner',
    }));
    const path = join(home.path, 'sessions/2026/11/s1.jsonl');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${transcript(items.slice(0, 2))}a note of mine`);
    await follow(storeOf(items, 0), home.path);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[2]).toBe('a note of mine');
    expect(JSON.parse(lines[3] ?? '')).toMatchObject({ seq: 3, text: 'c' });
  });
});

function storeOf(items: readonly Item[], written: number): TranscriptStore {
  let seq = written;
  const session = { id: 1, origin: 'say', startedAtMs: NOON_MS, endedAtMs: null, path: 'sessions/2026/11/s1.jsonl' };
  return {
    unwritten: (limit) =>
      seq < items.length ? { session, afterSeq: seq, items: items.slice(seq, seq + limit) } : undefined,
    written: async (_id, throughSeq) => void (seq = throughSeq),
  };
}

function transcript(items: readonly Item[]): string {
  const at = '2026-11-02T13:00:00.000+01:00';
  return items
    .map(
      ({ text: words }, index) =>
        `${JSON.stringify({ at, seq: index + 1, kind: 'user', text: words, trust: 'owner' })}\n`,
    )
    .join('');
}
