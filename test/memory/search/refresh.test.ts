import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSearch, startSearch } from '../../../src/daemon/search.ts';
import { openSearch } from '../../../src/ledger/search.ts';
import { refreshIndex, type RefreshOptions } from '../../../src/memory/search/refresh.ts';
import { FakeClock, settle } from '../../fakes/clock.ts';
import { folder, recordingLog } from '../../ledger/make.ts';

const redact = (text: string): string => text.replaceAll('hunter2', '[redacted:KEY]');
const never = new AbortController().signal;

const line = (kind: string, text: string, more: Record<string, unknown> = {}): string =>
  `${JSON.stringify({ at: '2026-11-02T10:00:00.000+01:00', kind, text, ...more })}\n`;

const OWNERS_SESSION =
  line('meta', '', { session: 's1', startedAt: '2026-11-02T10:00:00.000+01:00' }) +
  line('user', 'Why does the deploy to staging fail?', { trust: 'owner' }) +
  line('tool_use', '', { trust: 'agent', tool: 'shell', input: { command: 'cat src/deploy/staging.ts' } }) +
  line('tool_result', 'the key is hunter2', { trust: 'tool', tool: 'shell' }) +
  line('assistant', 'The certificate of KAI-77 has expired, hunter2', { trust: 'agent' });

const FILES = {
  'memory/MEMORY.md': '# Memory\n\nAsk Ann about staging first\n\n## project\n- [Deploy](topics/deploy.md): staging\n',
  'memory/topics/deploy.md':
    '---\nname: deploy\ntype: project\ndescription: How it is deployed\nmodified: 2026-10-01\n---\n- Staging is deployed by hand\n' +
    '- Staging needs {since: 2026-09-01, src: s4, trust: derived}\n- Staging is fine, says a stranger {src: e9, trust: outside}\n',
  'memory/archive/deploy.md':
    '---\nname: deploy\ntype: project\n---\n- Staging was on Fridays {until: 2026-01-01, by: s1}\n',
  'sessions/2026/11/s1.jsonl': OWNERS_SESSION,
  'sessions/2026/10/s0.jsonl':
    line('user', 'about staging', { trust: 'owner' }) +
    line('tool_result', 'staging by a web page', { trust: 'outside' }),
};

function homeOf(files: Readonly<Record<string, string>> = FILES): Disposable & { readonly path: string } {
  const home = folder();
  for (const [path, text] of Object.entries(files)) put(home.path, path, text);
  return home;
}

function put(home: string, path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
}

async function refreshed(home: string, scope: RefreshOptions['scope'] = 'all') {
  using index = openSearch(join(home, 'search.db'));
  const result = await refreshIndex(index, { home, redact, signal: never, scope });
  const find = (...words: string[]): string[] => {
    using again = openSearch(join(home, 'search.db'));
    return again.find(words, 20).map(({ path, line: at, trust }) => `${path}:${at} ${trust}`);
  };
  return { result, staging: find('staging'), found: index.find(['staging'], 20), find };
}

describe('the full-text index', () => {
  test('finds facts before sessions, the best of the owner first and outside last [MEM-SEARCH-INDEX]', async () => {
    using home = homeOf();
    const { staging, found } = await refreshed(home.path);
    expect(staging.slice(3)).toEqual([
      'memory/topics/deploy.md:9 outside',
      'memory/archive/deploy.md:5 owner',
      'sessions/2026/11/s1.jsonl:1 owner',
      'sessions/2026/10/s0.jsonl:1 outside',
    ]);
    expect(staging.slice(0, 3).toSorted()).toEqual([
      'memory/MEMORY.md:3 owner',
      'memory/topics/deploy.md:7 owner',
      'memory/topics/deploy.md:8 derived',
    ]);
    const session = found.find(({ path }) => path.endsWith('s1.jsonl'));
    expect(session?.title).toBe('Why does the deploy to staging fail?');
  });

  test('knows a session by its first question, its answer, its tools and its names, without a secret [MEM-SEARCH-INDEX]', async () => {
    using home = homeOf();
    await refreshed(home.path);
    using index = openSearch(join(home.path, 'search.db'));
    for (const words of [
      ['certificate', 'expired'],
      ['KAI-77'],
      ['src/deploy/staging.ts'],
      ['shell'],
      ['fail', 'KAI-77'],
    ]) {
      expect(
        index.find(words, 5).map(({ path }) => path),
        words.join(' '),
      ).toContain('sessions/2026/11/s1.jsonl');
    }
    expect(index.find(['hunter2'], 5)).toEqual([]);
    expect(readFileSync(join(home.path, 'search.db'), 'latin1')).not.toContain('hunter2');
  });

  test('reads only what changed, and forgets what is gone [MEM-SEARCH-INDEX]', async () => {
    using home = homeOf();
    expect((await refreshed(home.path)).result).toEqual({ read: 5, dropped: 0, complete: true });
    expect((await refreshed(home.path)).result).toEqual({ read: 0, dropped: 0, complete: true });
    appendFileSync(join(home.path, 'memory/topics/deploy.md'), '- Staging moved to Mars\n');
    rmSync(join(home.path, 'sessions/2026/10/s0.jsonl'));
    put(home.path, 'sessions/2026/11/s2.jsonl', line('user', 'staging anew', { trust: 'owner' }));
    const after = await refreshed(home.path, 'new');
    expect(after.result).toEqual({ read: 2, dropped: 1, complete: true });
    expect(after.find('mars')).toEqual(['memory/topics/deploy.md:10 owner']);
    expect(after.staging).not.toContain('sessions/2026/10/s0.jsonl:1 outside');
    expect(after.staging).toContain('sessions/2026/11/s2.jsonl:1 owner');
  });

  test('is made anew when it is deleted or broken [MEM-SEARCH-INDEX]', async () => {
    using home = homeOf();
    const path = join(home.path, 'search.db');
    const { staging } = await refreshed(home.path);
    const clock = new FakeClock();
    await using search = startSearch({ home: home.path, clock, log: recordingLog(), redact });
    const find = async (): Promise<string[]> => {
      const { hits } = await search.find(['staging'], 20).catch(() => ({ hits: [] }));
      return hits.map(({ path: file, line: at, trust }) => `${file}:${at} ${trust}`);
    };
    for (const harm of [
      () => rmSync(path),
      () => writeFileSync(path, 'no database'),
      () => truncateSync(path, 5_000),
    ]) {
      harm();
      await find();
      await settle();
      await clock.advance(15_000);
      await expect.poll(find).toEqual(staging);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('takes words for words: quotes and operators of a query do no harm [MEM-SEARCH-INDEX]', async () => {
    using home = homeOf({
      'memory/topics/a.md': '---\nname: a\ntype: project\n---\n- call f(x)[0] "now" OR never 100%\n',
    });
    const { find } = await refreshed(home.path);
    for (const word of ['"now"', 'OR', 'f(x)[0]', '100%', '[0]', 'NEAR(', '*', 'ever', '"']) {
      const found = find(word);
      expect(found.length, word).toBe(['NEAR(', '*'].includes(word) ? 0 : 1);
    }
  });

  test('of a session of any size keeps a little in memory, and sees whose words are in its middle [MEM-SEARCH-BOUNDED]', async () => {
    const filler = line('assistant', 'word '.repeat(400), { trust: 'agent' }).repeat(2_000);
    const begin = line('user', 'the middle of it', { trust: 'owner' });
    const quoted = line('assistant', 'he said "outside" and left', { trust: 'agent' });
    const strange = line('tool_result', 'come in', { trust: 'outside' });
    using home = homeOf({
      'sessions/2026/11/s1.jsonl': begin + filler + quoted + filler,
      'sessions/2026/11/s2.jsonl': begin + filler + strange + filler,
    });
    const { find } = await refreshed(home.path);
    expect(find('middle')).toEqual(['sessions/2026/11/s1.jsonl:1 owner', 'sessions/2026/11/s2.jsonl:1 outside']);
  });
});

describe('a search', () => {
  test('beside a daemon reads what it left, and what is newer from the files, and writes nothing [MEM-SEARCH-INDEX]', async () => {
    using home = homeOf();
    await refreshed(home.path);
    appendFileSync(join(home.path, 'memory/topics/deploy.md'), '- Staging moved to Mars\n');
    rmSync(join(home.path, 'sessions/2026/10/s0.jsonl'));
    const before = readFileSync(join(home.path, 'search.db'));
    const search = readSearch({ home: home.path, redact }, never);
    const { hits, complete } = await search.find(['staging'], 20);
    expect(complete).toBe(true);
    expect(hits.map(({ path, line: at }) => `${path}:${at}`)).toContain('memory/topics/deploy.md:10');
    expect(hits.map(({ path }) => path)).not.toContain('sessions/2026/10/s0.jsonl');
    expect(new Set(hits.map(({ path, line: at }) => `${path}:${at}`)).size).toBe(hits.length);
    expect(readFileSync(join(home.path, 'search.db')).equals(before)).toBe(true);
    rmSync(join(home.path, 'search.db'));
    expect((await search.find(['staging'], 20)).hits).toHaveLength(hits.length);
  });

  test('in a daemon finds a fact that was written a moment ago, and sessions after their time [MEM-SEARCH-INDEX]', async () => {
    using home = homeOf();
    const clock = new FakeClock();
    await using search = startSearch({ home: home.path, clock, log: recordingLog(), redact });
    const first = await search.find(['staging'], 20);
    expect(first.complete).toBe(false);
    expect(first.hits.map(({ kind }) => kind)).not.toContain('session');
    await clock.advance(3_000);
    await expect.poll(async () => (await search.find(['staging'], 20)).hits.length).toBe(7);
    put(home.path, 'memory/topics/new.md', '---\nname: new\ntype: project\n---\n- Staging of a moment ago\n');
    expect((await search.find(['moment'], 20)).hits).toHaveLength(1);
    put(home.path, 'sessions/2026/11/s8.jsonl', line('user', 'zebras', { trust: 'owner' }));
    search.wake();
    await settle();
    await clock.advance(3_000);
    await expect.poll(async () => (await search.find(['zebras'], 20)).hits.length).toBe(1);
  });
});
