import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadable, parseIndex, renderIndex } from '../../src/memory/index-file.ts';
import { checkLimit, MEMORY_LIMITS, overLimit, sizeOf } from '../../src/memory/limits.ts';
import { newTopic, type Topic } from '../../src/memory/topic.ts';

function topic(name: string, type: Topic['type'], description: string): Topic {
  return newTopic({ name, type, description, modified: '2026-11-01T00:00:00Z' });
}

describe('the index', () => {
  test('points to each topic, grouped by type, in lines under 150 characters [MEM-INDEX]', () => {
    const text = renderIndex([topic('build', 'project', 'x'.repeat(400)), topic('likes', 'user', 'What I like')], {
      text: '',
    });
    expect(text).toContain('## user\n- [Likes](topics/likes.md): What I like\n\n## feedback\n\n## project\n- [Build]');
    for (const line of text.split('\n')) expect(line.length).toBeLessThan(150);
    expect(parseIndex(text).map(({ name }) => name)).toEqual(['likes', 'build']);
  });

  test('keeps the lines and titles of a person, and written twice it is the same [MEM-OWNER-KEPT]', () => {
    const before =
      '# My memory\nRead me first.\n\n## project\nAsk Ada about this.\n- [The build](topics/build.md): old\n';
    const topics = [topic('build', 'project', 'new'), topic('deploy', 'project', 'how')];
    const text = renderIndex(topics, { text: before });
    expect(text).toContain('# My memory\nRead me first.\n\n## user');
    expect(text).toContain('## project\nAsk Ada about this.\n- [The build](topics/build.md): new\n- [Deploy]');
    expect(renderIndex(topics, { text })).toBe(text);
  });

  test('keeps the hook that a person wrote, and follows a description that changes [MEM-OWNER-KEPT]', () => {
    const was = [topic('a', 'project', 'about a'), topic('b', 'project', 'about b')];
    const before =
      '## project\n- [A](topics/a.md): MY words\n- [B](topics/b.md): about b\n- [Big](topics/big.md): huge\n';
    const now = [topic('a', 'project', 'new of a'), topic('b', 'project', 'new of b')];
    const text = renderIndex(now, { text: before, topics: was, unreadable: new Set(['big']) });
    expect(text).toContain('- [A](topics/a.md): MY words\n');
    expect(text).toContain('- [B](topics/b.md): new of b\n');
    expect(text).toContain('- [Big](topics/big.md): huge\n');
  });

  test('is loaded by whole lines up to 200 and 25 KB, whichever comes first [MEM-LIMITS]', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 300 }), { maxLength: 400 }), (lines) => {
        const text = lines.map((line) => `${line.replaceAll('\n', ' ')}\n`).join('');
        const { text: loaded, cut } = loadable(text);
        expect(sizeOf(loaded).lines).toBeLessThanOrEqual(200);
        expect(sizeOf(loaded).bytes).toBeLessThanOrEqual(25_600);
        expect(text.startsWith(loaded)).toBe(true);
        expect(cut).toBe(loaded !== text);
      }),
    );
  });
});

describe('limits', () => {
  test('say what to shorten [MEM-LIMITS]', () => {
    expect(overLimit('a.md', 'x\n'.repeat(200), MEMORY_LIMITS)).toBeUndefined();
    expect(overLimit('a.md', 'x\n'.repeat(203), MEMORY_LIMITS)).toMatch(/203: merge or archive 3 /);
    expect(overLimit('a.md', `a\n${'ä'.repeat(12_800)}\n`, MEMORY_LIMITS)).toMatch(
      /shorten it by 3, .*line 2 with 25600/,
    );
    expect(() => checkLimit('a.md', 'x\n'.repeat(201), MEMORY_LIMITS)).toThrow(/may have 200 lines/);
  });
});
