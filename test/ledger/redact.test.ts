import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLedger } from '../../src/ledger/ledger.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { FakeClock } from '../fakes/clock.ts';
import { DAY_MS, event, folder, job, recordingLog, steadyRandom } from './make.ts';

const SECRET = 'hook-4be1a07d53c29f86';

test('words pass the redactor before they become rows; the body of a delivery stays as it came [SECRETS-NO-SINK]', async () => {
  using home = folder();
  const clock = new FakeClock();
  const { redact } = createRedactor([{ name: 'HOOK', value: SECRET }]);
  const options = {
    home: home.path,
    platform: process.platform,
    retention: { events: DAY_MS, bodies: DAY_MS },
    messageTtlMs: () => DAY_MS,
  };
  const body = Buffer.from(JSON.stringify({ words: SECRET }));
  {
    await using ledger = await openLedger(options, { clock, log: recordingLog(), random: steadyRandom, redact });
    const drafts = [
      job({ topic: `of ${SECRET}`, text: `it is ${SECRET}`, mayCoalesce: true }),
      job({ topic: `of ${SECRET}`, text: `again ${SECRET}`, mayCoalesce: true }),
    ];
    await ledger.events.append(event('d1', { body, jobs: drafts }));
    await ledger.journal.append({ kind: 'log', ref: 'e1', text: `line ${SECRET}` }, clock.wallMs());
    await ledger.messages.mute(`of ${SECRET}`, clock.wallMs() + DAY_MS);
    expect([...ledger.messages.mutes(clock.wallMs()).keys()]).toEqual(['of [redacted:HOOK]']);
    expect(Buffer.from(ledger.events.body(1) ?? []).equals(body)).toBe(true);
  }
  using database = new DatabaseSync(join(home.path, 'ledger.db'), { readOnly: true });
  const rows = ['jobs', 'journal', 'mutes', 'messages'].map((name) => database.prepare(`SELECT * FROM ${name}`).all());
  expect(JSON.stringify(rows)).not.toContain(SECRET);
  // Two of one topic are still one: the topic is compared as it is kept.
  expect(rows[0]).toMatchObject([{ topic: 'of [redacted:HOOK]', text: 'again [redacted:HOOK]', event_count: 2 }]);
});
