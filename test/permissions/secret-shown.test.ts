import { describe, expect, test } from 'vitest';
import { showsSecret } from '../../src/permissions/secret-shown.ts';
import { spentMs } from '../spent.ts';

const git = (text: string, ...args: string[]): boolean => showsSecret('git', { args }, text);

describe('what a command printed', () => {
  test('counts as a secret when it says that it comes from one [INJECT-NO-SECRET-LEAVES]', () => {
    expect(git('diff --git a/.env b/.env\n+++ b/.env\n+DB=1\n', 'show')).toBe(true);
    expect(git('| * diff --cc config/server.pem\n', 'log', '-p', '--graph')).toBe(true);
    expect(git('--- /dev/null\n+++ .env.production\n', 'diff', '--no-prefix')).toBe(true);
    expect(git('HEAD~3:.env:4:DB=1\n', 'grep', 'DB', 'HEAD~3')).toBe(true);
    expect(git('DB=1\n', 'show', 'a1b2c3d')).toBe(true);
    expect(git('DB=1\n', 'cat-file', '-p', 'a1b2c3d')).toBe(true);
    expect(showsSecret('shell', { command: 'head -n1 *' }, '==> .env <==\nDB=1\n')).toBe(true);
    expect(showsSecret('shell', { command: 'git show a1b2c3d' }, 'DB=1\n')).toBe(true);
  });

  test('does not count for other files, and not for a name alone', () => {
    expect(git('diff --git a/src/env.ts b/src/env.ts\n+++ b/src/env.ts\n+DB=1\n', 'show')).toBe(false);
    expect(git('commit a1b2c3d\n\n    add it\n', 'show', 'a1b2c3d')).toBe(false);
    expect(git(' M .env\n?? server.pem\n', 'status', '--short')).toBe(false);
    expect(showsSecret('shell', { command: 'npm test' }, 'src/a.ts:12: expected 3\n')).toBe(false);
    expect(showsSecret('fetch', { url: 'https://x/' }, '+++ .env\n')).toBe(false);
  });

  test('is looked through in time that grows with it', () => {
    const output = `${'a:'.repeat(200_000)}\n${'--- a/b '.repeat(50_000)}\n`;
    expect(spentMs(() => git(output, 'log', '-p'))).toBeLessThan(1_000);
  });
});
