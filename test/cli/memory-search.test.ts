import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { kairos, newHome } from './kairos.ts';

const session = (...lines: readonly [kind: string, text: string, trust: string][]): string =>
  lines
    .map(([kind, text, trust]) => `${JSON.stringify({ at: '2026-11-02T10:00:00.000+01:00', kind, text, trust })}\n`)
    .join('');

/** Made by hand: there is no ledger and no index. */
function handMade(): string {
  const home = newHome();
  const files = {
    'memory/topics/deploy.md':
      '---\nname: deploy\ntype: project\ndescription: Staging\n---\n- Staging is deployed by hand\n- Staging holds KEY-OF-THE-OWNER\n',
    'sessions/2026/11/s1.jsonl': session(
      ['user', 'why is staging down?', 'owner'],
      ['assistant', 'KAI-77 broke it', 'agent'],
    ),
    'sessions/2026/10/s0.jsonl': session(['user', 'look', 'owner'], ['tool_result', 'staging, says KAI-77', 'outside']),
    'logs/2026/11/2026-11-02.md': '- 14:03:07 event [e3] KAI-77 opened\n',
    'secrets.env': 'KEY_SECRET=KEY-OF-THE-OWNER\n',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(home, path), text, { mode: 0o600 });
  }
  return home;
}

test('kairos memory search finds facts and sessions of a home made by hand, and writes nothing into it [CLI-MEMORY-SEARCH]', async () => {
  const home = handMade();
  const before = readdirSync(home);
  const { code, stdout, stderr } = await kairos(home, ['memory', 'search', 'staging', '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { items, more, query } = JSON.parse(stdout) as {
    items: { path: string; kind: string; trust: string; text: string }[];
    more: boolean;
    query: string;
  };
  expect({ query, more }).toEqual({ query: 'staging', more: false });
  expect(items.map(({ path, kind }) => `${kind} ${path}`).slice(0, 3)).toEqual([
    'topic memory/topics/deploy.md',
    'topic memory/topics/deploy.md',
    'session sessions/2026/11/s1.jsonl',
  ]);
  expect(stdout).not.toContain('KEY-OF-THE-OWNER');
  expect(stdout).toContain('[redacted:KEY_SECRET]');
  expect(readdirSync(home)).toEqual(before);
});

test('an identifier is looked for in every line, and whose words they are is said [CLI-MEMORY-SEARCH]', async () => {
  const { stdout } = await kairos(handMade(), ['memory', 'search', 'kai-77']);
  expect(stdout).toMatch(/logs\/2026\/11\/2026-11-02\.md:1 {2}log {2}outside\n/);
  expect(stdout).toMatch(/sessions\/2026\/11\/s1\.jsonl:2 {2}assistant {2}2026-11-02 {2}agent\n {2}KAI-77 broke it/);
  expect(stdout).toMatch(/sessions\/2026\/10\/s0\.jsonl:2 {2}tool_result {2}2026-11-02 {2}outside/);
});

test('says when nothing is found, and how a search is written [CLI-MEMORY-SEARCH]', async () => {
  const home = handMade();
  await expect(kairos(home, ['memory', 'search', 'nothing', 'such'])).resolves.toMatchObject({
    code: 0,
    stdout: 'Nothing is remembered with these words.\n',
  });
  for (const argv of [['x'], [], ['ab', '--limit', '0'], ['y'.repeat(201)]]) {
    expect((await kairos(home, ['memory', 'search', ...argv])).code, argv.join(' ')).toBe(2);
  }
});
