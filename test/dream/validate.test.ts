import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SourceTrust } from '../../src/dream/fork.ts';
import { createValidator, type ValidateContext, type Validated } from '../../src/dream/validate.ts';
import { bulletId, isOwners } from '../../src/memory/bullet.ts';
import { applyTo } from '../../src/memory/draft.ts';
import { MEMORY_LIMITS, sizeOf } from '../../src/memory/limits.ts';
import type { Operation } from '../../src/memory/operations.ts';
import { bulletsOf, parseTopic } from '../../src/memory/topic.ts';
import { assemble, fileOf, type Memory } from '../../src/memory/tree.ts';

const SECRET = 'hunter2-hunter2';
const redact = (text: string): string => text.replaceAll(SECRET, '[redacted]');

function topicFile(name: string, type: string, bullets: readonly string[]): [string, string] {
  const front = `---\nname: ${name}\ntype: ${type}\ndescription: About ${name}\nmodified: 2026-10-01T00:00:00Z\n---\n`;
  return [`topics/${name}.md`, `${front}${bullets.join('\n')}\n`];
}

const files: readonly [string, string][] = [
  topicFile('servers', 'project', [
    '- The box is atlas {src: s1, trust: derived}',
    '- Postgres listens on 5432 {src: s1, trust: derived}',
    '- Backups run at two {src: s2, trust: derived}',
    '- The CDN is Fastly {src: s2, trust: derived}',
    '- Somebody wrote this {src: e1, trust: outside}',
  ]),
  topicFile('me', 'user', ['- I like tabs', '- I live in Berlin {src: s1, trust: derived}']),
];
const memory = assemble(
  files.map(([path, text]) => fileOf(path, text)),
  [],
);

function id(topic: string, index: number, of: Memory = memory): string {
  const found = of.topics.find(({ name }) => name === topic);
  const bullet = found && bulletsOf(found)[index];
  return bullet === undefined ? '000000000000' : bulletId(topic, bullet);
}

const context: ValidateContext = {
  topics: memory.topics,
  sources: new Map<string, ReadonlySet<SourceTrust>>([
    ['s9', new Set(['owner', 'outside'])],
    ['s8', new Set(['outside', 'tool'])],
    ['e9', new Set(['outside'])],
    ['s77', new Set(['owner'])],
  ]),
  isGiven: (source) => source !== 's77',
  stale: new Set([`servers ${id('servers', 0)}`]),
  limits: MEMORY_LIMITS,
  shrinkCap: 0.5,
  redact,
};

function validate(operations: readonly Operation[], more: Partial<ValidateContext> = {}): Validated {
  const validator = createValidator({ ...context, ...more });
  for (const operation of operations) validator.check(operation);
  return validator.finish();
}

const add = { kind: 'add', topic: 'servers', type: 'project', text: 'New', src: ['s9'], trust: 'derived' } as const;
const supersede = (topic: string, index: number) =>
  ({ kind: 'supersede', topic, bullet: id(topic, index), text: 'Newer', src: ['s9'] }) as const;

describe('the validator of proposals', () => {
  test.each<[string, Operation, RegExp]>([
    ['a path outside', { ...add, topic: '../../etc/cron' }, /small letters, digits and hyphens/],
    ['an index of 10 MB', { kind: 'describe', topic: 'servers', description: 'x'.repeat(10_000_000) }, /at most 200/],
    [
      'outside text made a user fact',
      { ...add, topic: 'me', trust: 'outside', src: ['e9'] },
      /can't become a memory of type user/,
    ],
    ['outside text called derived', { ...add, src: ['e9'] }, /none of its sources \(e9\) holds words of the owner/],
    ['a session without a word of the owner', { ...add, topic: 'me', src: ['s8'] }, /holds words of the owner/],
    [
      'a new user topic from outside',
      { ...add, topic: 'fresh', type: 'user', trust: 'outside', src: ['e9'] },
      /type user/,
    ],
    ['a fact that says it is the owner', { ...add, trust: 'owner' }, /can't speak for the owner/],
    [
      "an owner's bullet archived",
      { kind: 'archive', topic: 'me', bullet: id('me', 0), reason: 'old' },
      /the owner's own/,
    ],
    ["an owner's bullet superseded", supersede('me', 0), /the owner's own/],
    [
      "an owner's bullet merged away",
      { kind: 'merge', topic: 'me', bullets: [id('me', 0), id('me', 1)], text: 'x', src: ['s9'] },
      /the owner's own/,
    ],
    ['an invented source', { ...add, src: ['s4711'] }, /"s4711" is none that was read/],
    ['a source that was not given to be read', { ...add, src: ['s77'] }, /none that was read/],
    ['no source', { ...add, src: [] }, /needs a source/],
    ['a secret', { ...add, text: `the password is ${SECRET}` }, /holds a secret/],
    ['a fact of two lines', { ...add, text: 'one\ntwo' }, /one line/],
    ['a fact that is too long', { ...add, text: 'x'.repeat(501) }, /at most 500/],
    ['an unknown fact', { kind: 'archive', topic: 'servers', bullet: 'aaaaaaaaaaaa', reason: 'x' }, /there is no fact/],
    [
      'an unknown topic',
      { kind: 'archive', topic: 'nowhere', bullet: 'aaaaaaaaaaaa', reason: 'x' },
      /no topic nowhere/,
    ],
    [
      'a stale mark of its own making',
      { kind: 'mark-stale', topic: 'servers', bullet: id('servers', 1), reason: 'x' },
      /nobody has found/,
    ],
    [
      "a conflict with what isn't the owner's",
      { kind: 'conflict', topic: 'servers', bullet: id('servers', 1), text: 'x', src: ['s9'] },
      /not the owner's own/,
    ],
    [
      'a source that only another fact of the memory has',
      { kind: 'merge', topic: 'servers', bullets: [id('servers', 0), id('servers', 1)], text: 'x', src: ['s2'] },
      /"s2" is none that was read/,
    ],
    ['an old source for new words', { ...add, src: ['s9', 's1'] }, /"s1" is none that was read/],
    [
      'a secret that is none taken out',
      { kind: 'redact', topic: 'servers', bullet: id('servers', 1) },
      /holds no secret/,
    ],
    [
      'a merge of one',
      { kind: 'merge', topic: 'servers', bullets: [id('servers', 1), id('servers', 1)], text: 'x', src: ['s9'] },
      /two facts/,
    ],
  ])('rejects %s with a reason, and takes the rest [DREAM-VALIDATOR]', (_what, bad, reason) => {
    const good = { ...add, text: 'Good' };
    const { accepted, rejected } = validate([bad, good]);
    expect(accepted).toEqual([good]);
    expect(rejected).toHaveLength(1);
    expect(rejected[0]?.reason).toMatch(reason);
  });

  test('takes what is in order: outside text as such, conflicts, stale marks, merges with sources of their own', () => {
    const good: Operation[] = [
      { ...add, trust: 'outside', src: ['e9'] },
      { kind: 'conflict', topic: 'me', bullet: id('me', 0), text: 'spaces', src: ['s9'] },
      { kind: 'mark-stale', topic: 'servers', bullet: id('servers', 0), reason: 'gone' },
      { kind: 'merge', topic: 'servers', bullets: [id('servers', 0), id('servers', 1)], text: 'Both', src: ['s1'] },
      { kind: 'conflict', topic: 'me', bullet: id('me', 0), text: 'The box is atlas', src: ['s1'] },
      { kind: 'new-topic', name: 'fresh', type: 'user', description: 'x' },
      { ...add, topic: 'fresh', type: 'user' },
    ];
    expect(validate(good)).toEqual({ accepted: good, rejected: [] });
  });

  test('lets a secret be taken out of a fact of kairosd, and leaves words of the owner [DREAM-SECRETS]', () => {
    const lines = [`- My word is ${SECRET}`, `- The key is ${SECRET} {src: s1, trust: derived}`];
    const held = assemble([fileOf(...topicFile('vault', 'project', lines))], []);
    const redacting = (index: number) =>
      ({ kind: 'redact', topic: 'vault', bullet: id('vault', index, held) }) as const;
    const { accepted, rejected } = validate([redacting(0), redacting(1)], { topics: held.topics });
    expect(accepted).toEqual([redacting(1)]);
    expect(rejected).toMatchObject([{ reason: expect.stringContaining("the owner's own") }]);
  });

  test('a topic that would lose 60 % loses nothing, and all else is done [DREAM-VALIDATOR]', () => {
    const sixty = [0, 1, 2].map((index) => supersede('servers', index));
    const others: Operation[] = [add, { kind: 'conflict', topic: 'me', bullet: id('me', 0), text: 'x', src: ['s9'] }];
    const { accepted, rejected } = validate([...sixty, ...others]);
    expect(accepted).toEqual(others);
    expect(rejected.map(({ section, topic }) => [section, topic])).toEqual(sixty.map(() => [true, 'servers']));
    expect(rejected[0]?.reason).toMatch(/would lose 3 of 5 facts, \d+ of \d+ bytes in one night, and at most 50 %/);
    expect(validate(sixty.slice(0, 2)).rejected).toEqual([]);
  });

  test('counts bytes as well as facts [DREAM-VALIDATOR]', () => {
    const bullets = [
      `- ${'long '.repeat(60)}{src: s1, trust: derived}`,
      '- a {src: s1, trust: derived}',
      '- b {src: s1, trust: derived}',
    ];
    const [path, text] = topicFile('lop', 'project', bullets);
    const lop = parseTopic('lop', text);
    expect(path).toBe('topics/lop.md');
    const archive = {
      kind: 'archive',
      topic: 'lop',
      bullet: bulletId('lop', { raw: bullets[0] ?? '' }),
      reason: 'x',
    } as const;
    expect(validate([archive], { topics: [lop] }).rejected[0]?.reason).toMatch(/1 of 3 facts/);
  });

  test('a proposal that deletes everything deletes nothing [DREAM-VALIDATOR]', () => {
    const all = memory.topics.flatMap((topic): Operation[] =>
      bulletsOf(topic).map((bullet) => ({
        kind: 'archive',
        topic: topic.name,
        bullet: bulletId(topic.name, bullet),
        reason: 'x',
      })),
    );
    const { accepted, rejected } = validate(all);
    expect(accepted).toEqual([]);
    expect(rejected).toHaveLength(all.length);
  });

  test('takes at most 2 000 operations', () => {
    const many = Array.from({ length: 2_001 }, (_, index) => ({ ...add, text: `Fact ${index}` }));
    expect(validate(many).rejected.map(({ reason }) => reason)).toEqual(['a proposal has at most 2000 operations']);
  });

  test('whatever is proposed, what holds before holds after [DREAM-VALIDATOR]', () => {
    const ids = memory.topics.flatMap((topic) => bulletsOf(topic).map((bullet) => bulletId(topic.name, bullet)));
    const topic = fc.constantFrom('servers', 'me', 'fresh', '../x', 'A b');
    const bullet = fc.constantFrom(...ids, 'ffffffffffff');
    const text = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constant(SECRET),
      fc.string({ minLength: 490, maxLength: 510 }),
    );
    const src = fc.array(fc.constantFrom('s9', 's8', 'e9', 's4711', 's1'), { maxLength: 3 });
    const type = fc.constantFrom('user', 'feedback', 'project', 'reference');
    const trust = fc.constantFrom('derived', 'outside');
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('add'), topic, type, text, src, trust }),
      fc.record({ kind: fc.constant('merge'), topic, bullets: fc.array(bullet, { maxLength: 4 }), text, src }),
      fc.record({ kind: fc.constant('supersede'), topic, bullet, text, src, trust }),
      fc.record({ kind: fc.constant('archive'), topic, bullet, reason: text }),
      fc.record({ kind: fc.constant('conflict'), topic, bullet, text, src }),
      fc.record({ kind: fc.constant('describe'), topic, description: text }),
      fc.record({ kind: fc.constant('new-topic'), name: topic, type, description: text }),
    ) as fc.Arbitrary<Operation>;
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
        const { accepted, rejected } = validate(operations);
        expect(accepted.length + rejected.length).toBe(operations.length);
        expect(rejected.every(({ reason }) => reason !== '')).toBe(true);
        expectInvariants(accepted);
      }),
      { numRuns: 300 },
    );
  });
});

function expectInvariants(accepted: readonly Operation[]): void {
  const options = { nowIso: '2026-11-02T03:00:00+01:00', nowMs: 0, limits: MEMORY_LIMITS, redact, described: {} };
  const after = applyTo(memory, accepted, options).memory;
  for (const before of memory.topics) {
    const now = after.topics.find(({ name }) => name === before.name);
    const raws = new Set(now === undefined ? [] : bulletsOf(now).map(({ raw }) => raw));
    const [was, gone] = [bulletsOf(before), bulletsOf(before).filter(({ raw }) => !raws.has(raw))];
    expect(gone.filter(isOwners)).toEqual([]);
    expect(gone.length).toBeLessThanOrEqual(was.length / 2);
    expect(bytes(gone)).toBeLessThanOrEqual(bytes(was) / 2);
  }
  for (const topic of after.topics) {
    expect(topic.name).toMatch(/^[a-z0-9][a-z0-9-]{0,63}$/);
    const facts = bulletsOf(topic);
    const strangers = facts.filter(({ trust }) => trust === 'outside');
    expect(strangers.length === 0 || topic.type === 'project' || topic.type === 'reference').toBe(true);
    expect(facts.filter((bullet) => !isOwners(bullet) && bullet.src.length === 0)).toEqual([]);
  }
  for (const { path, text } of after.files.values()) {
    expect(text).not.toContain(SECRET);
    expect(sizeOf(text).bytes).toBeLessThanOrEqual(path.startsWith('archive/') ? 1e6 : MEMORY_LIMITS.bytesMax);
  }
}

function bytes(bullets: readonly { readonly raw: string }[]): number {
  return bullets.reduce((sum, { raw }) => sum + Buffer.byteLength(raw), 0);
}
