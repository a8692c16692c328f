import { mkdirSync, mkdtempDisposableSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderDigest } from '../../src/journal/digest.ts';
import { digestFacts, type DigestRows } from '../../src/journal/digest-facts.ts';
import { writeDigest } from '../../src/journal/digest-file.ts';
import { DIGEST_TEXT_CHARS_MAX, digestText } from '../../src/journal/digest-text.ts';
import { formatCount } from '../../src/journal/digest-words.ts';
import { digestDay, localDay } from '../../src/journal/local-day.ts';

const HOUR_MS = 3_600_000;
const DAY = localDay('2026-11-21', 0, 'Europe/Berlin');
const NOTHING: DigestRows = {
  events: { total: 0, top: [], rest: 0, restKinds: 0 },
  jobs: { total: 0, byState: {} },
  givenUp: { total: 0, items: [] },
  marked: { total: 0, groups: [], rest: 0 },
  messages: { total: 0, byState: {}, reasons: [] },
  happened: { sent: 0, held: 0, withdrawn: 0, expired: 0, failed: 0, lost: [] },
  waiting: {
    jobs: { queued: 0, running: 0, parked: 0, parkedBy: [] },
    messages: { held: 0, underWay: 0, oldestQueuedAtMs: null, reasons: [] },
  },
  mutes: [],
  boots: { starts: 0, afterCrash: 0, safeMode: 0, stops: 0 },
  slots: null,
  agent: null,
  dreams: null,
};
const FULL: DigestRows = {
  events: { total: 1_250, top: [{ source: 'github', type: 'push', count: 1_200 }], rest: 50, restKinds: 7 },
  jobs: { total: 90, byState: { succeeded: 87, dead: 1, parked: 2 } },
  givenUp: { total: 1, items: [{ id: 12, kind: 'notify', origin: 'ci', attempts: 5, error: 'no route' }] },
  marked: { total: 9, groups: [{ origin: 'stars', topic: 'acme/app', count: 8, texts: ['one', 'two'] }], rest: 1 },
  messages: {
    total: 14,
    byState: { sent: 10, withdrawn: 2, expired: 1, queued: 1 },
    reasons: [{ state: 'withdrawn', reason: 'resolved by e7', count: 2 }],
  },
  happened: {
    sent: 11,
    held: 3,
    withdrawn: 2,
    expired: 1,
    failed: 0,
    lost: [{ id: 7, state: 'expired', topic: 'acme/app', text: 'CI failed', reason: 'waited longer than 12h' }],
  },
  waiting: {
    jobs: {
      queued: 1,
      running: 1,
      parked: 2,
      parkedBy: [{ origin: 'triage', reason: 'waiting for a model: none is configured', count: 2 }],
    },
    messages: {
      held: 1,
      underWay: 0,
      oldestQueuedAtMs: DAY.fromMs + HOUR_MS,
      reasons: [{ reason: 'quiet hours', count: 1 }],
    },
  },
  mutes: [{ topic: '', untilMs: DAY.toMs + HOUR_MS }],
  boots: { starts: 2, afterCrash: 1, safeMode: 0, stops: 1 },
  slots: { ran: 48, failed: 1, missed: [{ schedule: 'tidy', count: 3, reason: 'the machine slept' }], missedTotal: 1 },
  agent: {
    models: [
      { model: 'claude-opus-5-5', requests: 7, tokens: 120_000, microUsd: 1_200_000 },
      { model: 'claude-haiku-5-5', requests: 1, tokens: 900, microUsd: 1_000 },
    ],
    flagged: { total: 3, newest: [{ ref: 'j4', text: 'shell {"command":"make"}: runs make' }] },
    approvals: 2,
    runs: { total: 4, byState: { succeeded: 3, parked: 1 } },
    asked: { total: 3, byState: { allowed: 1, pending: 2 } },
    pending: [{ id: 5, tool: 'shell', shown: 'npm publish', expiresAtMs: DAY.toMs + HOUR_MS }],
  },
  dreams: {
    total: 1,
    newest: [
      {
        id: 7,
        outcome: 'changed',
        reason: '1 added, 1 superseded, 1 for you to settle (generation 12)',
        generation: 12,
        report: {
          added: [{ topic: 'servers', text: 'The box is called atlas' }],
          merged: [],
          superseded: [{ topic: 'servers', old: 'Postgres listens on 5432', new: 'Postgres listens on 5433' }],
          conflicts: [{ topic: 'me', yours: 'I like tabs', text: 'I like spaces', src: ['s12'], since: '2026-11-20' }],
          held: [],
          counts: { changes: 2, rejected: 1 },
        },
      },
    ],
    requests: 1,
    tokens: 900,
    microUsd: 1_000,
  },
};

const plain = (text: string): string => text;
const factsOf = (rows: DigestRows, asOfMs = DAY.toMs, redact = plain) => digestFacts(rows, DAY, asOfMs, redact);

describe('the digest of a day', () => {
  test('is Markdown that says what failed, what waits, what was held back, and then the figures [DIGEST-SECTIONS]', () => {
    expect(renderDigest(factsOf(FULL))).toBe(`# Digest of Saturday, 2026-11-21

Look at this: 1 given up, 1 not delivered, schedules missed once, 1 crash, 1 to settle in your notes, 2 to approve.

## What failed

- job j12 (notify, ci) was given up after 5 attempts: no route
- message m7 expired (waited longer than 12h): \\[acme/app\\] CI failed
- schedule tidy missed 3 runs: the machine slept
- the daemon came up after a crash once

## What waits

- 2 approvals asked for
- approval a5, until 2026-11-22 01:00: shell: npm publish
- for you to settle: your note says "I like tabs" (memory/topics/me.md), since 2026-11-20 s12 says "I like spaces"
- 2 jobs parked, waiting for a model: none is configured (triage 2)
- 1 job in the queue

## What was held back

- 1 message held back now, the oldest since 2026-11-21 01:00: 1 quiet hours
- muted until 2026-11-22 01:00: everything
- 3 messages had to wait that day

## For the digest

- stars, acme/app: one · two (+6 more)
- 1 more events in other groups
- the agent, j4: shell {"command":"make"}: runs make
- 2 more calls of the agent to be told of

## What the memory learned

- dream 7: 1 added, 1 superseded, 1 for you to settle (generation 12)
- servers: "Postgres listens on 5432" is now "Postgres listens on 5433"
- servers: new: "The box is called atlas"

## In figures

- Events: 1 250 (github push 1 200, 50 of other kinds)
- Jobs: 90 (87 done, 2 parked, 1 given up)
- Runs of the agent: 4 (3 done, 1 parked)
- Approvals: 3 asked for (1 allowed, 2 waiting)
- Spent: $1.20 for 8 requests, 120 900 tokens (claude-opus-5-5, claude-haiku-5-5)
- Of it for dreams: $0.00 for 1 request, 900 tokens
- Messages: 14 asked for (10 sent, 1 waiting, 2 withdrawn, 1 expired); 11 sent that day
- 2 withdrawn: resolved by e7
- Scheduled runs: 48, 1 of them failed
- Daemon: started 2 times, stopped once

## What came in

| Source | Type | Events |
| --- | --- | ---: |
| github | push | 1 200 |
| others | 7 kinds | 50 |
`);
  });

  test('of an empty day says so, and of a day that is not over until when it was read', () => {
    const text = renderDigest(factsOf(NOTHING, DAY.fromMs + 14 * HOUR_MS));
    expect(text).toContain('# Digest of Saturday, 2026-11-21 (so far, until 14:00)\n\nNothing failed.\n');
    expect(text).toContain(
      '- Events: none\n- Jobs: none\n- Spent: $0.00 (no model was asked)\n- Messages: none\n- Daemon: ran on\n',
    );
    expect(text).not.toMatch(/What failed|What waits|held back|What came in/);
  });

  test('holds no secret, no control character, and nothing that Markdown would act upon [REDACT-EVERY-SINK]', () => {
    const text = 'a <img src=x> ![x](http://evil) `code` | hun\u0007ter2 \u202Eend';
    const redact = (given: string): string => given.replaceAll('hunter2', '[redacted:PASSWORD]');
    const evil: DigestRows = {
      ...FULL,
      events: { ...FULL.events, top: [{ source: 'github', type: text, count: 1 }] },
      givenUp: { total: 1, items: [{ id: 1, kind: 'notify', origin: text, attempts: 1, error: text }] },
      marked: { total: 1, groups: [{ origin: text, topic: text, count: 1, texts: [text] }], rest: 0 },
    };
    const facts = factsOf(evil, DAY.toMs, redact);
    const shown = renderDigest(facts);
    for (const made of [shown, digestText(facts), JSON.stringify(facts)]) {
      for (const hidden of ['hunter2', '\u202e', '\u0007']) expect(made).not.toContain(hidden);
      expect(made).toContain('[redacted:PASSWORD]'.replaceAll(/[[\]]/g, made === shown ? '\\$&' : '$&'));
    }
    expect(shown).not.toMatch(/(?<!\\)[<`[]/);
  });

  test('as facts has ids with their letter and ISO 8601 times in the zone [CLI-JSON]', () => {
    expect(factsOf(FULL)).toMatchObject({
      date: '2026-11-21',
      timezone: 'Europe/Berlin',
      from: '2026-11-21T00:00:00.000+01:00',
      to: '2026-11-22T00:00:00.000+01:00',
      complete: true,
      givenUp: { items: [{ id: 'j12' }] },
      lost: { total: 1, items: [{ id: 'm7' }] },
      mutes: [{ topic: '', until: '2026-11-22T01:00:00.000+01:00' }],
      waiting: { approvals: 2, messages: { oldestQueuedAt: '2026-11-21T01:00:00.000+01:00' } },
      spend: { model: 'claude-opus-5-5, claude-haiku-5-5', requests: 8, tokens: 120_900, usd: 1.201 },
    });
  });

  test.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1 000'],
    [1_234_567, '1 234 567'],
  ])('writes %i as %s', (count, text) => expect(formatCount(count)).toBe(text));
});

describe('the short text', () => {
  test('begins with what failed and ends with the figures [DIGEST-PHONE]', () => {
    const text = digestText(factsOf(FULL));
    expect(text).toMatch(/^Digest 2026-11-21: Look at this: 1 given up.*\nFailed:\n- job j12 /);
    const order = ['Failed:', 'Waits:', 'Held back:', 'Marked:', 'Events:', 'Spent:'].map((words) =>
      text.indexOf(words),
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(Math.min(...order)).toBeGreaterThan(0);
  });

  test('of yesterday adds what failed since midnight', () => {
    const text = digestText(factsOf(NOTHING), factsOf(FULL));
    expect(text).toContain('Digest 2026-11-21: Nothing failed.\nSince midnight:\n- job j12 ');
    expect(digestText(factsOf(NOTHING), factsOf(NOTHING))).not.toContain('Since midnight');
  });

  test('has at most 1 500 characters, in whole lines, and says where the rest is [DIGEST-PHONE]', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 400 }), { maxLength: 25 }),
        fc.nat(1_000_000),
        (texts, extra) => {
          const items = texts.map((error, index) => ({
            id: index + 1,
            kind: 'notify',
            origin: error,
            attempts: 5,
            error,
          }));
          const marked = texts.map((text) => ({ origin: text, topic: text, count: 1 + extra, texts: [text] }));
          const rows: DigestRows = {
            ...FULL,
            givenUp: { total: items.length + extra, items },
            marked: { total: extra, groups: marked, rest: 0 },
          };
          const facts = factsOf(rows);
          const text = digestText(facts, facts);
          expect(text.length).toBeLessThanOrEqual(DIGEST_TEXT_CHARS_MAX);
          expect(text.isWellFormed()).toBe(true);
          expect(items.length <= 5 || text.endsWith('\nAll of it: kairos digest 2026-11-21')).toBe(true);
        },
      ),
    );
  });
});

describe('a local day', () => {
  test.each([
    ['2026-03-29', 'Europe/Berlin', 23],
    ['2026-10-25', 'Europe/Berlin', 25],
    ['2026-09-06', 'America/Santiago', 23],
    ['2026-04-05', 'Australia/Lord_Howe', 24.5],
    ['2026-11-21', 'America/New_York', 24],
  ])('%s in %s has %d hours', (date, zone, hours) => {
    const day = localDay(date, 0, zone);
    expect((day.toMs - day.fromMs) / HOUR_MS).toBe(hours);
    expect(localDay('yesterday', day.toMs, zone)).toEqual(day);
    expect(localDay('today', day.fromMs, zone)).toEqual(day);
    expect(localDay('today', day.toMs - 1, zone)).toEqual(day);
  });

  test.each(['', 'tomorrow', '2026-02-30', '2026-13-01', '26-01-01', '2026-01-01T00:00'])('%j is none', (word) => {
    expect(() => localDay(word, 0, 'UTC')).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });

  test.each([
    ['', '2026-11-22T08:00+01:00', '2026-11-21'],
    ['', '2026-11-22T11:59+01:00', '2026-11-21'],
    ['', '2026-11-22T12:00+01:00', '2026-11-22'],
    ['2026-11-20T07:00:00.000Z', '2026-11-22T14:00+01:00', '2026-11-19'],
    ['2026-11-20T20:00:00.000Z', '2026-11-22T08:00+01:00', '2026-11-20'],
    ['2026-11-03', '2026-11-22T08:00+01:00', '2026-11-03'],
    ['today', '2026-11-22T00:30+01:00', '2026-11-22'],
  ])('is chosen by %j, asked at %s: %s', (word, asked, date) => {
    expect(digestDay(word, Date.parse(asked), 'Europe/Berlin').date).toBe(date);
  });

  test('is none for an instant that is none', () => {
    const input = expect.objectContaining({ code: 'INPUT_INVALID' }) as Error;
    expect(() => digestDay('2026-11-20T99:00', 0, 'UTC')).toThrow(input);
    expect(() => digestDay('morning-digest', 0, 'UTC')).toThrow(input);
  });
});

describe('the file of a digest', () => {
  test('is written whole, for its owner only, over an old one and over what a crash left [DIGEST-FILE]', async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'kairos-digest-'));
    mkdirSync(join(folder.path, 'digests'));
    writeFileSync(join(folder.path, 'digests', '2026-11-21.md.new'), 'half of a digest that was longer than this one', {
      mode: 0o644,
    });
    const path = await writeDigest(folder.path, '2026-11-21', 'one\n');
    expect(path).toBe(join(folder.path, 'digests', '2026-11-21.md'));
    await writeDigest(folder.path, '2026-11-21', 'two\n');
    expect(readFileSync(path, 'utf8')).toBe('two\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder.path, 'digests'))).toEqual(['2026-11-21.md']);
  });

  test('makes its directory, for its owner only', async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'kairos-digest-'));
    await writeDigest(folder.path, '2026-11-21', 'one\n');
    expect(statSync(join(folder.path, 'digests')).mode & 0o777).toBe(0o700);
  });
});
