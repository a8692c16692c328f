import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JobDraft } from '../../src/core/job.ts';
import { createDigests, type Digests } from '../../src/daemon/digest.ts';
import { createDigestReport } from '../../src/dispatch/digest-report.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { FakeClock } from '../fakes/clock.ts';
import { event, folder, job, ledgerIn } from '../ledger/make.ts';

const ZONE = 'Europe/Berlin';
const NOW_MS = Date.parse('2026-11-22T08:00:00+01:00');
const { signal } = new AbortController();

function digestsOf(home: string, wallMs = NOW_MS): Digests {
  return createDigests({ home, timeZone: ZONE, clock: new FakeClock(wallMs), redact: (text) => text });
}

/** Takes the oldest due job as the worker does, and runs it; settles it unless the process dies before. */
async function attempt(ledger: Ledger, digests: Digests, nowMs: number, dies = false) {
  const [claimed] = await ledger.jobs.claim(1, nowMs, 1_000);
  if (claimed === undefined) throw new Error('no job is due');
  const outcome = await createDigestReport(digests)(claimed, signal);
  if (outcome.kind === 'succeeded' && !dies) {
    await ledger.jobs.settle(claimed, { state: 'succeeded', effects: outcome.effects }, nowMs);
  }
  return outcome;
}

const at = (iso: string): number => Date.parse(iso);
const report = (draft: Partial<JobDraft> = {}): JobDraft =>
  job({ kind: 'digest-report', origin: 'morning-digest', topic: 'digest', text: '', ...draft });

describe('the digest as a job', () => {
  test('writes yesterday’s file and queues one message, also when the daemon dies in the middle [DIGEST-ONCE]', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path, { clock: new FakeClock(NOW_MS) });
    await ledger.events.append(event('a', { receivedAtMs: at('2026-11-21T00:00+01:00') }));
    await ledger.events.append(event('b', { receivedAtMs: at('2026-11-21T23:59+01:00') }));
    await ledger.events.append(event('c', { receivedAtMs: at('2026-11-22T00:00+01:00') }));
    await ledger.events.append(
      event('slot', { source: 'schedule', trust: 'owner', receivedAtMs: NOW_MS, jobs: [report()] }),
    );
    await attempt(ledger, digestsOf(home.path), NOW_MS, true);
    const path = join(home.path, 'digests', '2026-11-21.md');
    const first = readFileSync(path, 'utf8');
    expect(first).toContain('# Digest of Saturday, 2026-11-21\n');
    expect(first).toContain('- Events: 2 (github push 2)\n');
    expect(ledger.messages.list({ limit: 10 })).toEqual([]);

    const laterMs = NOW_MS + 90_000;
    await attempt(ledger, digestsOf(home.path, laterMs), laterMs);
    expect(readFileSync(path, 'utf8')).toBe(first);
    const messages = ledger.messages.list({ limit: 10 });
    expect(messages).toMatchObject([{ kind: 'proactive', topic: 'digest', state: 'queued', urgent: false }]);
    expect(messages[0]?.text).toContain('Digest 2026-11-21: Nothing failed.');
    expect(ledger.journal.pending(10).map(({ kind, text }) => [kind, text])).toEqual([
      ['digest', 'the digest of 2026-11-21 was written'],
    ]);
  });

  test('that the owner asked for by hand is a reply', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path, { clock: new FakeClock(NOW_MS) });
    const asked = event('run', {
      source: 'schedule',
      trust: 'owner',
      receivedAtMs: NOW_MS,
      jobs: [report({ reactive: true, text: 'today' })],
    });
    const { id } = await ledger.events.append(asked);
    await attempt(ledger, digestsOf(home.path), NOW_MS);
    expect(ledger.messages.list({ limit: 10 })).toMatchObject([{ kind: 'reactive', replyTo: id }]);
    expect(existsSync(join(home.path, 'digests', '2026-11-22.md'))).toBe(true);
  });

  test('about a day that is none fails, and is not tried again', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    await ledger.events.append(event('a', { receivedAtMs: NOW_MS, jobs: [report({ text: 'someday' })] }));
    expect(await attempt(ledger, digestsOf(home.path), NOW_MS)).toMatchObject({
      kind: 'failed',
      error: expect.stringContaining('someday') as string,
    });
  });
});

describe('the digests of a home', () => {
  test('say today so far while the daemon writes, and count nothing that comes later', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    await ledger.events.append(event('a', { receivedAtMs: NOW_MS - 1 }));
    await ledger.events.append(event('b', { receivedAtMs: NOW_MS }));
    const digests = digestsOf(home.path);
    expect(await digests.today(signal)).toMatch(
      /^Digest 2026-11-22 so far \(08:00\): Nothing failed\.\nEvents: 1 \(github push 1\)\n/,
    );
    expect(await digests.facts('2026-11-23', signal)).toMatchObject({ complete: false, events: { total: 0 } });
  });

  test('put a day of 25 hours into one file, the repeated hour whole', async () => {
    using home = folder();
    await using ledger = await ledgerIn(home.path);
    const from = at('2026-10-25T00:00+02:00');
    for (let hour = -1; hour <= 25; hour += 1) {
      await ledger.events.append(event(`h${hour}`, { receivedAtMs: from + hour * 3_600_000 }));
    }
    expect((await digestsOf(home.path).facts('2026-10-25', signal)).events.total).toBe(25);
    expect((await digestsOf(home.path).facts('2026-10-24', signal)).events.total).toBe(1);
    expect((await digestsOf(home.path).facts('2026-10-26', signal)).events.total).toBe(1);
  });

  test('of a home without a ledger say so', async () => {
    using home = folder();
    await expect(digestsOf(home.path).facts('today', signal)).rejects.toMatchObject({ code: 'HOME_UNUSABLE' });
  });
});
