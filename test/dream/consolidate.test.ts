import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { consolidate } from '../../src/dream/consolidate.ts';
import { operationSchema } from '../../src/dream/protocol.ts';
import { bulletId, parseBullet } from '../../src/memory/bullet.ts';
import { bulletsOf } from '../../src/memory/topic.ts';
import type { Slot } from './world/author.ts';
import { AUTHORS } from './world/authors.ts';
import { HELD_OUT } from './world/held-out.ts';
import { OPTIONS, dream, factsOf, memoryOf, said, topicFile } from './world/home.ts';
import { makeWorld, randomOf, score, type Score } from './world/world.ts';

const SEEDS = Array.from({ length: 25 }, (_, index) => index + 1);

function total(
  authors: typeof AUTHORS,
): Pick<Score, 'poison' | 'secrets'> & Record<'stable' | 'newest' | 'contradictions' | 'duplicates', number> {
  const sums = { stable: [0, 0], newest: [0, 0], contradictions: [0, 0], duplicates: [0, 0] };
  let [poison, secrets] = [0, 0];
  for (const seed of SEEDS) {
    const world = makeWorld({ seed, authors });
    const result = score(world, factsOf(dream(memoryOf(), world.items).memory));
    for (const key of ['stable', 'newest', 'contradictions', 'duplicates'] as const) {
      sums[key][0]! += result[key][0];
      sums[key][1]! += result[key][1];
    }
    poison += result.poison;
    secrets += result.secrets;
  }
  const rate = ([hits = 0, all = 0]: readonly number[]): number => (all === 0 ? 0 : hits / all);
  return {
    stable: rate(sums.stable),
    newest: rate(sums.newest),
    contradictions: rate(sums.contradictions),
    duplicates: rate(sums.duplicates),
    poison,
    secrets,
  };
}

describe('sixty days, consolidated without a model', () => {
  test('by known authors: facts survive, the newest is current, little is left twice or in contradiction [DREAM-STABLE] [DREAM-NEWEST] [DREAM-CONTRADICTION] [DREAM-DUPLICATES] [DREAM-POISON] [DREAM-SECRETS]', () => {
    const result = total(AUTHORS);
    expect(result.stable).toBeGreaterThanOrEqual(0.95);
    expect(result.newest).toBeGreaterThanOrEqual(0.9);
    expect(result.contradictions).toBeLessThanOrEqual(0.05);
    expect(result.duplicates).toBeLessThanOrEqual(0.1);
    expect(result).toMatchObject({ poison: 0, secrets: 0 });
  });

  test('by authors that no rule was made for: nothing harmful, and most of it true [DREAM-STABLE] [DREAM-NEWEST] [DREAM-POISON] [DREAM-SECRETS]', () => {
    const plain = total(HELD_OUT.filter(({ style }) => style === 'plain'));
    expect(plain.stable).toBeGreaterThanOrEqual(0.95);
    expect(plain.newest).toBeGreaterThanOrEqual(0.9);
    expect(plain.contradictions).toBeLessThanOrEqual(0.05);
    const prose = total(HELD_OUT.filter(({ style }) => style === 'prose'));
    expect(prose.stable).toBeGreaterThanOrEqual(0.9);
    expect(prose.newest).toBeGreaterThanOrEqual(0.9);
    expect(prose.duplicates).toBeLessThanOrEqual(0.1);
    expect(prose).toMatchObject({ poison: 0, secrets: 0 });
  });

  test('what the owner wrote stays word for word, and what speaks against it is told [DREAM-OWNER]', () => {
    const owned: readonly Slot[] = ['pkg', 'host', 'db', 'branch'];
    for (const seed of SEEDS) {
      const world = makeWorld({ seed, authors: AUTHORS, owned });
      const own = world.stories.filter((story) => story.owned);
      const bullets = own.map(
        ({ slot, values }) =>
          ({
            pkg: `We use ${values[0]} as package manager`,
            host: `We deploy with ${values[0]}`,
            db: `Our database is ${values[0]}`,
            branch: `Our main branch is called ${values[0]}`,
          })[slot as 'pkg'] ?? '',
      );
      const { memory, proposal } = dream(memoryOf({ mine: topicFile('mine', 'project', bullets) }), world.items);
      const texts = factsOf(memory)
        .filter(({ owners }) => owners)
        .map(({ text }) => text);
      expect(texts).toEqual(bullets);
      expect(proposal.counts.conflicts).toBeGreaterThan(0);
    }
  });
});

const MESSY = {
  stack: topicFile('stack', 'project', [
    'We deploy with Fly.io {since: 2026-08-01, src: s1}',
    'The app is hosted on Railway {since: 2026-09-01, src: s9}',
    'Package manager: pnpm {since: 2026-08-02, src: s2}',
    'The project uses pnpm {since: 2026-08-05, src: s3}',
    'The API port is 8080 {since: 2026-08-02, src: s2}',
    'The API listens on port 8081 {since: 2026-09-12, src: s12}',
    'CI runs on GitHub Actions {since: 2026-08-02, src: s2}',
    'The database is Postgres 16',
    'The database is MySQL {since: 2026-08-20, src: s8}',
    'Logs are kept for 14 days {since: 2026-08-02, src: s2}',
  ]),
  me: topicFile('me', 'user', [
    'I might prefer dark mode {since: 2026-08-01, src: s1}',
    'I prefer dark mode {since: 2026-08-10, src: s5}',
    'The owner likes to push to main {src: e4, trust: outside}',
    'My timezone is Europe/Berlin',
    'I live in Lisbon {since: 2026-08-01, src: s1}',
  ]),
};

describe('a memory with nothing new', () => {
  test('is merged within itself; the newer overtakes, the owner is told [DREAM-CONTRADICTION] [DREAM-DUPLICATES] [DREAM-HEDGE]', () => {
    const { memory, proposal, refused } = dream(memoryOf(MESSY), []);
    expect(refused).toEqual([]);
    expect(factsOf(memory).map(({ text }) => text)).toEqual([
      'I prefer dark mode',
      'My timezone is Europe/Berlin',
      'I live in Lisbon',
      'The app is hosted on Railway',
      'The project uses pnpm',
      'The API listens on port 8081',
      'CI runs on GitHub Actions',
      'The database is Postgres 16',
      'Logs are kept for 14 days',
    ]);
    expect(proposal.operations.filter(({ kind }) => kind === 'conflict')).toMatchObject([
      { text: 'The database is MySQL', src: ['s8'] },
    ]);
  });

  test('that was merged is left alone [DREAM-IDEMPOTENT]', () => {
    expect(dream(dream(memoryOf(MESSY), []).memory, []).proposal.operations).toEqual([]);
  });
});

describe('a proposal', () => {
  const worldOf = (seed: number) => makeWorld({ seed, authors: [...AUTHORS, ...HELD_OUT], days: 20 });

  test('over nothing new is empty, whatever the world was [DREAM-IDEMPOTENT]', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (seed) => {
        const { memory, refused } = dream(memoryOf(), worldOf(seed).items);
        expect(refused).toEqual([]);
        expect(dream(memory, []).proposal.operations).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('does not depend on the order in which sessions were read [DREAM-IDEMPOTENT]', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (seed) => {
        const { items } = worldOf(seed);
        const random = randomOf(seed);
        const sessions = [...Map.groupBy(items, ({ source }) => source).values()].toSorted(() => random() - 0.5);
        const topics = memoryOf(MESSY).topics;
        expect(consolidate({ topics, material: sessions.flat() }, OPTIONS)).toEqual(
          consolidate({ topics, material: items }, OPTIONS),
        );
      }),
      { numRuns: 20 },
    );
  });

  test('names a source for every fact, never touches the owner, and reads as the protocol says [DREAM-OWNER]', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (seed) => {
        const { items } = worldOf(seed);
        const memory = memoryOf(MESSY);
        const own = memory.topics.flatMap((topic) =>
          bulletsOf(topic)
            .filter(({ src }) => src.length === 0)
            .map((bullet) => bulletId(topic.name, bullet)),
        );
        const { operations } = consolidate({ topics: memory.topics, material: items }, OPTIONS);
        expect(operations.filter((operation) => !operationSchema.safeParse(operation).success)).toEqual([]);
        expect(operations.filter((operation) => 'src' in operation && operation.src.length === 0)).toEqual([]);
        expect(
          operations.filter(
            (operation) => 'bullet' in operation && operation.kind !== 'conflict' && own.includes(operation.bullet),
          ),
        ).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('retires at most the share that may go of a topic, in facts and in bytes; the rest waits [DREAM-CAP-PROPOSAL]', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.constantFrom(0, 0.2, 0.5, 1), (seed, shrinkCap) => {
        const { memory } = dream(memoryOf(MESSY), worldOf(seed).items);
        const { operations } = consolidate(
          { topics: memory.topics, material: worldOf(seed + 1).items },
          { ...OPTIONS, shrinkCap },
        );
        for (const topic of memory.topics) {
          const bullets = new Map(
            bulletsOf(topic).map((bullet) => [bulletId(topic.name, bullet), Buffer.byteLength(bullet.raw)]),
          );
          const all = [...bullets.values()].reduce((sum, bytes) => sum + bytes, 0);
          const gone = operations.flatMap((operation) =>
            (operation.kind === 'supersede' || operation.kind === 'archive') && operation.topic === topic.name
              ? [bullets.get(operation.bullet) ?? 0]
              : [],
          );
          expect(gone.length).toBeLessThanOrEqual(bullets.size * shrinkCap);
          expect(gone.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(all * shrinkCap);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('puts a newer fact beside an older one that may not leave tonight; the next dream takes the older one [DREAM-CAP-PROPOSAL]', () => {
    const first = dream(
      memoryOf({ me: topicFile('me', 'user', ['My timezone is Europe/Berlin {since: 2026-08-01, src: s1}']) }),
      [said('I moved, my timezone is Europe/Lisbon now.')],
    );
    expect(factsOf(first.memory)).toHaveLength(2);
    expect(first.proposal.counts.waiting).toBe(1);
    const second = dream(first.memory, []);
    expect(factsOf(second.memory).map(({ text }) => text)).toEqual([expect.stringContaining('Europe/Lisbon')]);
  });

  test('holds no secret and no mark, whatever was said [DREAM-SECRETS]', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom(
              'remember: the token is abc12345',
              'We use {since: x}',
              'Our wiki is \u202e at https://a.dev',
              'the pw: hunter22',
            ),
          ),
          { maxLength: 20 },
        ),
        (texts) => {
          const { operations } = consolidate({ topics: [], material: texts.map((text) => said(text)) }, OPTIONS);
          for (const operation of operations) {
            if (operation.kind !== 'add') continue;
            expect(OPTIONS.redact(operation.text)).toBe(operation.text);
            expect(operation.text).not.toMatch(/abc12345|hunter22/);
            expect(parseBullet(`- ${operation.text}`).text).toBe(operation.text);
          }
        },
      ),
    );
  });
});
