import { expect, test } from 'vitest';
import { createOutcomePost } from '../../src/dispatch/outcome-post.ts';
import { LETTER_MAX, letterSchema, type Completion } from '../../src/dispatch/remote-work.ts';
import { FakeClock } from '../fakes/clock.ts';
import { recordingLog } from '../ledger/make.ts';

const BRAIN = '0a0a0a0a';
const outcome = (number: number, chars = 1): Completion => ({
  token: number.toString(16).padStart(32, '0'),
  worker: 'hand',
  end: { kind: 'done', result: 'x'.repeat(chars), startedAtMs: 0, tookMs: 0 },
});

function stage() {
  const clock = new FakeClock();
  const over = new AbortController();
  const letters: (readonly Completion[])[] = [];
  const link = { fails: 0, gate: Promise.resolve() };
  const post = createOutcomePost({
    async send(_brain, completions) {
      await link.gate;
      if (link.fails > 0) {
        link.fails -= 1;
        throw new Error('OOM command not allowed');
      }
      letters.push(completions);
    },
    clock,
    log: recordingLog(),
    signal: over.signal,
  });
  return { clock, over, letters, link, post };
}

test('what ends while a letter is on its way goes with the next one, each once and in order', async () => {
  const { letters, link, post } = stage();
  const gate = Promise.withResolvers<void>();
  link.gate = gate.promise;
  const first = post.deliver(BRAIN, outcome(0));
  await Promise.resolve();
  await Promise.resolve();
  const rest = Array.from({ length: LETTER_MAX + 50 }, (_, index) => post.deliver(BRAIN, outcome(index + 1)));
  gate.resolve();
  await Promise.all([first, ...rest]);
  expect(letters.map(({ length }) => length)).toEqual([1, LETTER_MAX, 50]);
  expect(letters.flat().map(({ token }) => Number.parseInt(token, 16))).toEqual(
    Array.from({ length: LETTER_MAX + 51 }, (_, index) => index),
  );
  for (const letter of letters) expect(letterSchema.safeParse(letter).success).toBe(true);
});

test('what ends in any of the moments in which a letter is done is not forgotten', async () => {
  const { letters, post } = stage();
  for (let moments = 0; moments < 12; moments += 1) {
    const first = post.deliver(BRAIN, outcome(moments * 2));
    for (let moment = 0; moment < moments; moment += 1) await Promise.resolve();
    await Promise.all([first, post.deliver(BRAIN, outcome(moments * 2 + 1))]);
  }
  expect(letters.flat()).toHaveLength(24);
});

test('large ones travel in letters of their own', async () => {
  const { letters, post } = stage();
  await Promise.all([0, 1, 2, 3].map((number) => post.deliver(BRAIN, outcome(number, 250_000))));
  expect(letters.map(({ length }) => length)).toEqual([2, 2]);
});

test('a letter that Redis refuses is sent again until it is taken, and waits for nobody after the end', async () => {
  const { clock, over, letters, link, post } = stage();
  link.fails = 3;
  const told: string[] = [];
  void post.deliver(BRAIN, outcome(1)).then(() => told.push('first'));
  await clock.advance(2_500);
  expect(told).toEqual([]);
  await clock.advance(1_000);
  expect(told).toEqual(['first']);
  expect(letters).toHaveLength(1);
  link.fails = 9;
  const last = post.deliver(BRAIN, outcome(2));
  await clock.advance(10);
  over.abort();
  await last;
  expect(letters).toHaveLength(1);
});
