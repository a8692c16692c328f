import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bulletId, isOwners, parseBullet, remark, renderBullet } from '../../src/memory/bullet.ts';
import { bulletsOf, isTopicName, lineOf, newTopic, parseTopic, renderTopic } from '../../src/memory/topic.ts';
import { spentMs } from '../spent.ts';

const FILE = `---
# mine
name: build
type: project
description: How the app is built
modified: 2026-10-01T10:00:00+02:00
colour: blue
---
Some words of a person.

- The app is built with pnpm {since: 2026-10-01, src: s4 e12, trust: derived}
- I like tabs
  and I mean it
* use \`{ a: 1 }\`
- ends in braces {like: this}

## Later
\`\`\`
- not a fact
\`\`\`
`;

describe('a topic', () => {
  test('is read with its facts, one a bullet [MEM-FORMAT]', () => {
    const topic = parseTopic('build', FILE);
    expect(topic).toMatchObject({ type: 'project', description: 'How the app is built', problems: [] });
    expect(bulletsOf(topic)).toMatchObject([
      { text: 'The app is built with pnpm', since: '2026-10-01', src: ['s4', 'e12'], trust: 'derived' },
      { text: 'I like tabs and I mean it', src: [] },
      { text: 'use `{ a: 1 }`' },
      { text: 'ends in braces {like: this}' },
    ]);
  });

  test('is written as it was read, whatever a person put between the facts [MEM-OWNER-KEPT]', () => {
    expect(renderTopic(parseTopic('build', FILE))).toBe(FILE);
  });

  test('only what changed in its front matter is written anew [MEM-OWNER-KEPT]', () => {
    const written = renderTopic({ ...parseTopic('build', FILE), modified: '2026-11-01T00:00:00Z' });
    expect(written).toContain('# mine');
    expect(written).toContain('colour: blue');
    expect(written).toContain('modified: 2026-11-01T00:00:00Z');
  });

  test('that is new is a file that reads the same [MEM-FORMAT]', () => {
    const given = {
      name: 'x',
      type: 'user',
      description: 'a: "quoted", #hash',
      modified: '2026-11-01T00:00:00Z',
    } as const;
    const topic = { ...newTopic(given), parts: [{ kind: 'bullet' as const, ...parseBullet('- one {src: s1}') }] };
    expect(parseTopic('x', renderTopic(topic))).toMatchObject({ ...given, problems: [], parts: [{ text: 'one' }] });
  });

  test.each(['', 'no front', '---\n: [\n---\n- a\n', '---\ntype: wish\n---\n- a\n', '---\n- a\n---\n'])(
    'that is broken (%j) is read with a problem and not changed',
    (text) => {
      const topic = parseTopic('x', text);
      expect(topic.problems).toHaveLength(1);
    },
  );

  test('any text survives being read and written [MEM-OWNER-KEPT]', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom('- a', '* b {src: s1}', '  more', '```', '', '---', '# h', '- {since: x}'),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const body = lines.map((each) => `${each.replaceAll('\n', ' ')}\n`).join('');
        const file = `---\nname: x\ntype: user\ndescription: d\nmodified: m\n---\n${body}`;
        expect(renderTopic(parseTopic('x', file))).toBe(file);
      }),
    );
  });
});

describe('a bullet', () => {
  test('without a source, or that the owner vouches for, is the owner’s [MEM-OWNER-KEPT]', () => {
    expect(isOwners(parseBullet('- a'))).toBe(true);
    expect(isOwners(parseBullet('- a {since: 2026-01-01}'))).toBe(true);
    expect(isOwners(parseBullet('- a {src: s1, trust: owner}'))).toBe(true);
    expect(isOwners(parseBullet('- a {src: s1}'))).toBe(false);
    expect(isOwners(parseBullet('- a {trust: outside}'))).toBe(false);
  });

  test('keeps its words when its marks change, and is another one then', () => {
    const bullet = parseBullet('- uses {braces} in text {src: s1}');
    const ended = remark(bullet, { until: '2026-11-02', by: 's9' });
    expect(ended.raw).toBe('- uses {braces} in text {src: s1, until: 2026-11-02, by: s9}');
    expect(parseBullet(ended.raw)).toEqual(ended);
    expect(bulletId('t', ended)).not.toBe(bulletId('t', bullet));
    expect(bulletId('t', bullet)).toMatch(/^[0-9a-f]{12}$/);
  });

  test('reads back as it was written', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 .:/_-]{0,30}[A-Za-z0-9]$/);
    fc.assert(
      fc.property(word, fc.array(fc.stringMatching(/^[sem][1-9]\d{0,3}$/), { maxLength: 3 }), (text, src) => {
        const fact = { text: text.replaceAll(/\s+/g, ' '), src, since: '2026-10-01', trust: 'derived' as const };
        expect(parseBullet(renderBullet(fact))).toMatchObject(fact);
      }),
    );
  });

  test('names of topics are names of files and nothing else', () => {
    for (const name of ['a', 'build-tools', '2026']) expect(isTopicName(name)).toBe(true);
    for (const name of ['', '..', 'a/b', 'A', '-a', 'a.b', 'x'.repeat(65), 'ä']) expect(isTopicName(name)).toBe(false);
  });
});

describe('the form of a file', () => {
  const lines = [
    '---',
    'name: x',
    'type: user',
    'description: a --- b',
    'modified: m',
    '---',
    '- a',
    'words',
    '- b {src: s1}',
  ];

  test.each([
    ['lines that end as on Windows', `${lines.join('\r\n')}\r\n`],
    ['a byte order mark', `\uFEFF${lines.join('\r\n')}\r\n`],
    ['a last line without an end', lines.join('\n')],
    ['a space after the dashes', `${lines.join('\n').replace('\n---\n', '\n---  \n')}\n`],
    ['nothing below its front matter', lines.slice(0, 6).join('\n')],
  ])('is kept: %s [MEM-OWNER-KEPT]', (_form, text) => {
    const topic = parseTopic('x', text);
    expect(topic).toMatchObject({ problems: [], description: 'a --- b' });
    expect(renderTopic(topic)).toBe(text);
    const changed = renderTopic({ ...topic, modified: 'later' });
    expect(changed).toBe(text.replace('modified: m', 'modified: later'));
  });

  test('a fact added to lines that end as on Windows ends so too', () => {
    const topic = parseTopic('x', `${lines.join('\r\n')}\r\n`);
    const parts = [...topic.parts, { kind: 'bullet' as const, ...parseBullet(lineOf(topic, '- c')) }];
    expect(renderTopic({ ...topic, parts })).toBe(`${lines.join('\r\n')}\r\n- c\r\n`);
  });

  test('long runs of blanks in a line are read in no time', () => {
    const text = `- a${' '.repeat(300_000)}b {src: s1,${' '.repeat(300_000)}since: 2026-01-01}`;
    expect(spentMs(() => parseBullet(text))).toBeLessThan(500);
    expect(parseBullet(text)).toMatchObject({ src: ['s1'], since: '2026-01-01' });
  });
});
