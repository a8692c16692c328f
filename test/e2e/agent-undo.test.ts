import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startMessagesServer, text, toolUse, type ApiBlock } from '../fakes/messages-server.ts';
import { openBox, until, type AgentBox } from './agent-box.ts';

/** Every file of a directory but git's own, with its bytes and permissions. */
function stateOf(path: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !file.slice(path.length).startsWith('/.git/'))
      .toSorted()
      .map((file) => [
        file.slice(path.length + 1),
        `${(statSync(file).mode & 0o777).toString(8)} ${readFileSync(file, 'base64')}`,
      ]),
  );
}

const FILES = {
  'README.md': '# shop\n',
  'src/price.ts': 'export const price = 3;\r\n',
  'bin/tool': '#!/bin/sh\n',
  'data.bin': 'a\0b\n',
};
const CALLS: readonly ApiBlock[] = [
  toolUse('write', { path: 'src/new/deep.ts', content: 'export {};\n' }, 'toolu_1'),
  toolUse('write', { path: 'README.md', content: 'overwritten' }, 'toolu_2'),
  toolUse('edit', { path: 'src/price.ts', old: 'price = 3', new: 'price = 4' }, 'toolu_3'),
  toolUse(
    'shell',
    { command: 'rm data.bin && chmod 644 bin/tool && printf more >> bin/tool && mv link moved' },
    'toolu_4',
  ),
];

/** A repository that a run has written, edited and deleted in. */
async function changed(
  box: AgentBox,
): Promise<{ job: string; before: Record<string, string>; after: Record<string, string> }> {
  chmodSync(join(box.repository, 'bin/tool'), 0o755);
  symlinkSync('README.md', join(box.repository, 'link'));
  const before = stateOf(box.repository);
  const { job } = await box.say('change things');
  await box.ends(job, 'succeeded');
  return { job, before, after: stateOf(box.repository) };
}

/** Under way until somebody makes the file `go`. */
const WAITING = 'touch begun; while [ ! -e go ]; do sleep 0.02; done; rm begun go; echo 2 > two.txt';

const model = () => startMessagesServer([{ blocks: [text('On it.'), ...CALLS] }, { blocks: [text('Changed.')] }]);

describe('what a run changed', () => {
  test('is shown as a patch and taken back byte for byte [E2E-UNDO]', async () => {
    await using server = await model();
    await using box = await openBox({ model: server.url, files: FILES });
    const { job, before, after } = await changed(box);
    expect(after).not.toEqual(before);
    expect(Object.keys(after)).toEqual(['README.md', 'bin/tool', 'moved', 'src/new/deep.ts', 'src/price.ts']);
    const { code, stdout } = await box.kairos('jobs', 'changes', job);
    expect(code).toBe(0);
    for (const line of [
      '+export {};',
      '-# shop',
      '+overwritten',
      'deleted file mode 100644',
      'old mode 100755',
      '-README.md',
    ])
      expect(stdout).toContain(line);
    const undone = await box.kairos('jobs', 'undo', job);
    expect({ code: undone.code, stderr: undone.stderr }).toEqual({ code: 0, stderr: '' });
    expect(stateOf(box.repository)).toEqual(before);
    expect(execFileSync('git', ['status', '--short'], { cwd: box.repository, encoding: 'utf8' })).toBe(
      ' M bin/tool\n?? link\n',
    );
    expect(await box.kairos('jobs', 'undo', job)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('taken back already') as string,
    });
  });

  test('is not taken back over an edit of the owner, which is named; nothing is touched then [E2E-UNDO]', async () => {
    await using server = await model();
    await using box = await openBox({ model: server.url, files: FILES });
    const { job } = await changed(box);
    writeFileSync(join(box.repository, 'src/price.ts'), 'export const price = 5;\n');
    const edited = stateOf(box.repository);
    const refused = await box.kairos('jobs', 'undo', job);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/can't be undone: changed since: src\/price\.ts/);
    expect(stateOf(box.repository)).toEqual(edited);
  });

  test('is whole also when the configuration is edited while it runs, and another run begins under the new one [E2E-UNDO]', async () => {
    await using server = await startMessagesServer(({ body }) => {
      const words = JSON.stringify(body.messages);
      if (words.includes('the other')) return { blocks: [text('The other.')] };
      if (!words.includes('toolu_1'))
        return { blocks: [toolUse('write', { path: 'one.txt', content: '1' }, 'toolu_1')] };
      if (words.includes('toolu_2')) return { blocks: [text('Changed.')] };
      return { blocks: [toolUse('shell', { command: WAITING }, 'toolu_2')] };
    });
    const schedules = [{ name: 'other', cron: '0 3 1 1 *', do: 'agent', prompt: 'Do the other.' }];
    await using box = await openBox({ model: server.url, files: FILES, config: { schedules } });
    const before = stateOf(box.repository);
    const { job } = await box.say('write two files');
    await until('a command is under way', () => existsSync(join(box.repository, 'begun')) || undefined);
    box.writeConfig({ schedules, models: { outputTokens: { lead: 9_000 } } });
    await until('it is taken up', async () => {
      await box.clock.advance(5);
      return box.log.some(({ message }) => message === 'configuration taken up') ? true : undefined;
    });
    const ran = box.kairos('run', 'other');
    await until('the other asks with the new settings', async () => {
      await box.clock.advance(5);
      return server.requests.find(({ raw }) => raw.includes('the other'))?.body.max_tokens === 9_000 ? true : undefined;
    });
    writeFileSync(join(box.repository, 'go'), '');
    await box.ends(job, 'succeeded');
    expect(await ran).toMatchObject({ code: 0 });
    expect(Object.keys(stateOf(box.repository))).toEqual(expect.arrayContaining(['one.txt', 'two.txt']));
    expect(await box.kairos('jobs', 'undo', job)).toMatchObject({ code: 0 });
    expect(stateOf(box.repository)).toEqual(before);
  });
});
