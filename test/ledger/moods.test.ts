import { describe, expect, test } from 'vitest';
import type { EventDraft } from '../../src/core/event.ts';
import { event, folder, job, ledgerIn, NOON_MS } from './make.ts';

const PAUSE_MS = 1_800_000;

function said(words: string, more: Partial<EventDraft> = {}): EventDraft {
  const jobs = [job({ kind: 'agent', origin: 'say', reactive: true, topic: '', text: words })];
  return event(`say:${words}:${JSON.stringify(more)}`, {
    source: 'say',
    type: 'say',
    trust: 'owner',
    body: Buffer.from(words),
    jobs,
    ...more,
  });
}

async function home() {
  const place = folder();
  const ledger = await ledgerIn(place.path);
  return {
    ledger,
    muted: () => ledger.messages.mutes(NOON_MS).get(''),
    notes: () =>
      ledger.journal
        .pending(100)
        .filter(({ kind }) => kind === 'mood')
        .map(({ ref, text }) => `${ref} ${text}`),
    async [Symbol.asyncDispose]() {
      await ledger[Symbol.asyncDispose]();
      place[Symbol.dispose]();
    },
  };
}

describe('words of the owner, as they are recorded', () => {
  test('that ask for quiet hold what nobody asked for for 30 minutes, and leave a line without the words [MOOD-EFFECTS]', async () => {
    await using at = await home();
    const { id } = await at.ledger.events.append(said('Stop spamming me!'));
    expect(at.muted()).toBe(NOON_MS + PAUSE_MS);
    expect(at.notes()).toEqual([`e${id} The owner asked for quiet: proactive messages wait for 30 minutes.`]);
  });

  test('never shorten a longer mute, and lengthen a shorter one [MOOD-EFFECTS]', async () => {
    await using at = await home();
    await at.ledger.messages.mute('', NOON_MS + 2 * PAUSE_MS);
    await at.ledger.events.append(said('leave me alone'));
    expect(at.muted()).toBe(NOON_MS + 2 * PAUSE_MS);
    await at.ledger.messages.mute('', NOON_MS + 1_000);
    await at.ledger.events.append(said('stop messaging me'));
    expect(at.muted()).toBe(NOON_MS + PAUSE_MS);
  });

  test('of another mood leave a line and hold nothing; most leave none [MOOD-EFFECTS]', async () => {
    await using at = await home();
    await at.ledger.events.append(said('You broke it again?!'));
    await at.ledger.events.append(said('What changed this week?'));
    expect(at.muted()).toBeUndefined();
    expect(at.notes()).toHaveLength(1);
  });

  test('come once: the same delivery again does nothing, also after the mute was ended [MOOD-EFFECTS]', async () => {
    await using at = await home();
    const words = said('stop spamming me', { source: 'telegram', by: { channel: 'telegram', place: null } });
    await at.ledger.events.append(words);
    await at.ledger.messages.mute('', 0);
    await at.ledger.events.append(words);
    expect(at.muted()).toBeUndefined();
    expect(at.notes()).toHaveLength(1);
  });

  test.each([
    ['of somebody else', said('stop spamming me', { trust: 'outside' })],
    ['of a payload', said('stop spamming me', { source: 'github' })],
    ['of a schedule', said('stop spamming me', { jobs: [job({ kind: 'agent', text: 'stop spamming me' })] })],
    ['of a button', said('deny a1 #0123456789ab')],
    ['that are quoted', said('> stop spamming me\nWho wrote that?')],
  ])('%s are no mood [MOOD-EFFECTS]', async (_whose, draft) => {
    await using at = await home();
    await at.ledger.events.append(draft);
    expect(at.muted()).toBeUndefined();
    expect(at.notes()).toEqual([]);
  });
});
