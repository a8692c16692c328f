import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fact, openTest, SECRET, snapshot, topicText } from '../memory/make.ts';
import { kairos, newHome } from './kairos.ts';

/** A home in which a dream has changed the memory twice. */
async function homeWithMemory(): Promise<string> {
  await using opened = await openTest({
    'topics/likes.md': topicText('likes', 'user', '- I like tabs', `- The key is ${SECRET}`),
  });
  const because = { author: 'dream', reason: 'the dream of tonight' } as const;
  await opened.memory.applyOperations([fact('build', 'Built with npm'), fact('build', 'Node 26')], because);
  await opened.memory.applyOperations([fact('likes', 'Likes short answers', { type: 'user' })], because);
  const home = newHome();
  mkdirSync(home, { mode: 0o700 });
  cpSync(opened.home, home, { recursive: true });
  writeFileSync(join(home, 'secrets.env'), `KEY_SECRET=${SECRET}\n`, { mode: 0o600 });
  return home;
}

describe('kairos memory', () => {
  test('shows topics, a topic, the history and what changed, without a daemon and without a secret [CLI-MEMORY]', async () => {
    const home = await homeWithMemory();
    const all = await kairos(home, ['memory']);
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(all.stdout).toMatch(/project +build +2 +0 .* Built with npm\nuser +likes +3 /);
    const one = await kairos(home, ['memory', 'show', 'likes', '--json']);
    expect(JSON.parse(one.stdout)).toMatchObject({
      name: 'likes',
      facts: [
        { text: 'I like tabs', owners: true, stale: null, id: expect.stringMatching(/^[0-9a-f]{12}$/) as string },
        { text: 'The key is [redacted:KEY_SECRET]' },
        { text: 'Likes short answers', owners: false, src: ['s1'], trust: 'derived' },
      ],
    });
    const history = await kairos(home, ['memory', 'history', '--json']);
    expect(JSON.parse(history.stdout)).toMatchObject({
      items: [{ generation: 2, author: 'dream' }, { generation: 1 }],
      next: null,
    });
    expect((await kairos(home, ['memory', 'history', '--limit', '1'])).stdout).toMatch(
      /^NO .*\n2 .* the dream of tonight\n$/,
    );
    const diff = await kairos(home, ['memory', 'diff', '1']);
    expect(diff.stdout).toContain('+- Built with npm {src: s1, trust: derived}\n+- Node 26 {');
    expect((await kairos(home, ['memory', 'diff'])).stdout).toContain('Generation 2, ');
  });

  test('says what there is when it is asked for what there is not [CLI-MEMORY]', async () => {
    const home = await homeWithMemory();
    const topic = await kairos(home, ['memory', 'show', 'nope']);
    expect(topic).toMatchObject({ code: 1, stdout: '' });
    expect(topic.stderr).toContain('there is no topic "nope"; there are: build, likes.');
    expect((await kairos(home, ['memory', 'diff', '9'])).stderr).toContain('kept are 1 to 2');
    expect((await kairos(home, ['memory', 'rollback', 'x'])).code).toBe(2);
    writeFileSync(join(home, 'ledger.db'), 'no database at all');
    expect((await kairos(home, ['memory', 'show', 'build'])).stdout).toContain('- Built with npm {');
    const empty = newHome();
    expect(await kairos(empty, ['memory'])).toEqual({ code: 0, stdout: 'Nothing is remembered yet.\n', stderr: '' });
    expect((await kairos(empty, ['memory', 'rollback', '1'])).stderr).toContain('there is no memory in');
  });

  test('rolls back by itself when no daemon runs, and says what it could not [CLI-MEMORY, MEM-ROLLBACK-EXACT]', async () => {
    const home = await homeWithMemory();
    const before = snapshot(home);
    const back = await kairos(home, ['memory', 'rollback', '2', '--json']);
    expect(JSON.parse(back.stdout)).toMatchObject({ generation: 3, restored: ['topics/likes.md'], held: [] });
    expect(snapshot(home)['topics/likes.md']).not.toContain('short answers');
    const again = await kairos(home, ['memory', 'rollback', '3']);
    expect(again.stdout).toContain('Put back topics/likes.md. Take that back with: ');
    expect(snapshot(home)).toEqual(before);
    writeFileSync(join(home, 'memory/topics/build.md'), `${before['topics/build.md']}- Mine\n`);
    const held = await kairos(home, ['memory', 'rollback', '1']);
    expect(held.stdout).toContain('memory/topics/build.md stays: you edited it since (generation 5)');
  });

  test('asks the daemon to roll back when one runs: two would write at once [CLI-MEMORY]', async () => {
    const home = await homeWithMemory();
    const asked: unknown[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        asked.push([request.method, request.url, request.headers.authorization, JSON.parse(body)]);
        response.setHeader('content-type', 'application/json');
        response.end('{"generation": null, "restored": [], "held": []}');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    writeFileSync(join(home, 'run.json'), JSON.stringify({ pid: process.pid, url: `http://127.0.0.1:${port}` }));
    writeFileSync(join(home, 'token'), 'abc');
    const before = snapshot(home);
    expect((await kairos(home, ['memory', 'rollback', '2'])).stdout).toBe('Nothing was to be put back.\n');
    expect(asked).toEqual([['POST', '/api/memory/rollback', 'Bearer abc', { generation: 2 }]]);
    expect(snapshot(home)).toEqual(before);
    server.close();
  });
});
