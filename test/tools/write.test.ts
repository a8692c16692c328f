import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEditTool, planEdit } from '../../src/tools/edit.ts';
import { createWriteTool } from '../../src/tools/write.ts';
import { contextIn } from './context.ts';
import { accessTo, workspaceOf } from './place.ts';

// Both ways to hold a directory: by what the kernel says is open, and by comparing before and after.
const WAYS = [...(process.platform === 'linux' ? [true] : []), false].map((procFd) => ({ procFd }));

describe.each(WAYS)('write %o', ({ procFd }) => {
  const write = (root: string, path: string, content: string) =>
    createWriteTool(accessTo([root], { procFd })).run({ path, content }, contextIn(root));

  test('makes a file, with the directories it needs, and replaces one, keeping its mode [TOOL-WRITE-ATOMIC]', async () => {
    const root = workspaceOf({ 'run.sh': 'echo\n' });
    chmodSync(join(root, 'run.sh'), 0o750);
    chmodSync(root, 0o755);
    await expect(write(root, 'a/b/c.txt', 'one\ntwo')).resolves.toEqual({
      text: 'wrote a/b/c.txt: new file, now 2 lines, 7 bytes',
    });
    expect(readFileSync(join(root, 'a/b/c.txt'), 'utf8')).toBe('one\ntwo');
    expect(statSync(join(root, 'a/b/c.txt')).mode & 0o777).toBe(0o644);
    expect(statSync(join(root, 'a/b')).mode & 0o777).toBe(0o755);
    await expect(write(root, 'run.sh', 'echo 2\n')).resolves.toMatchObject({
      text: expect.stringContaining('was 5 bytes'),
    });
    expect(statSync(join(root, 'run.sh')).mode & 0o777).toBe(0o750);
    await expect(write(root, 'run.sh', 'echo 2\n')).resolves.toMatchObject({
      text: expect.stringContaining('already'),
    });
    expect(readdirSync(root).toSorted()).toEqual(['a', 'run.sh']);
  });

  test('whoever reads meanwhile sees the old or the new file whole [TOOL-WRITE-ATOMIC]', async () => {
    const root = workspaceOf({ 'a.txt': 'a'.repeat(300_000) });
    const seen = new Set<string>();
    const ended = new AbortController();
    const done = (async () => {
      for (const letter of 'bcdefghij') await write(root, 'a.txt', letter.repeat(300_000));
      ended.abort();
    })();
    while (!ended.signal.aborted) {
      const text = readFileSync(join(root, 'a.txt'), 'utf8');
      seen.add(`${text.length} ${new Set(text).size}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    expect([...seen]).toEqual(['300000 1']);
  });

  test('refuses hard links, read-only files, directories, pipes of names, and links to nothing', async () => {
    const root = workspaceOf({ one: 'one\n', fixed: 'f\n' });
    linkSync(join(root, 'one'), join(root, 'two'));
    chmodSync(join(root, 'fixed'), 0o444);
    mkdirSync(join(root, 'folder'));
    symlinkSync(join(root, 'nothing'), join(root, 'dangling'));
    for (const [path, why] of [
      ['one', 'hard links'],
      ['fixed', 'read-only'],
      ['folder', 'no regular file'],
      ['dangling', 'does not exist'],
      ['one/below', 'ENOTDIR'],
    ] as const) {
      const result = await write(root, path, 'new');
      expect(result, path).toMatchObject({ isError: true, text: expect.stringContaining(why) });
    }
    expect(readFileSync(join(root, 'two'), 'utf8')).toBe('one\n');
    expect(existsSync(join(root, 'nothing'))).toBe(false);
    expect(readdirSync(root).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('refuses a path that leads out', async () => {
    const outside = workspaceOf({ 'a.txt': 'theirs' });
    const root = workspaceOf();
    symlinkSync(outside, join(root, 'folder'));
    symlinkSync(join(outside, 'a.txt'), join(root, 'link'));
    for (const path of ['folder/a.txt', 'folder/new.txt', 'link', '../x.txt', join(outside, 'b/c.txt')]) {
      await expect(write(root, path, 'mine'), path).resolves.toMatchObject({ isError: true });
    }
    expect(readdirSync(outside)).toEqual(['a.txt']);
    expect(readFileSync(join(outside, 'a.txt'), 'utf8')).toBe('theirs');
  });

  test('takes over the temporary file that a crash of the same call left', async () => {
    const root = workspaceOf({ 'a.txt': 'x' });
    const name = createHash('sha256').update('s1 call_1').digest('hex').slice(0, 16);
    writeFileSync(join(root, `.kairos-${name}.tmp`), 'half');
    await expect(write(root, 'a.txt', 'whole')).resolves.not.toHaveProperty('isError');
    expect(readdirSync(root)).toEqual(['a.txt']);
  });
});

describe('edit', () => {
  const edit = (root: string, input: Record<string, string | boolean>) =>
    createEditTool(accessTo([root])).run({ path: 'a.txt', ...input }, contextIn(root));

  test('replaces a text that is there exactly once, or every one with all [TOOL-EDIT]', async () => {
    const root = workspaceOf({ 'a.txt': 'one\ntwo\none more\n' });
    await expect(edit(root, { old: 'two', new: '2\n2' })).resolves.toEqual({
      text: 'edited a.txt: line 2, 1 → 2 lines',
    });
    await expect(edit(root, { old: 'one', new: '1', all: true })).resolves.toEqual({
      text: 'edited a.txt: 2 places, 2 → 2 lines',
    });
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('1\n2\n2\n1 more\n');
  });

  test('says how often and where, when it is not there once; nothing changes [TOOL-EDIT]', async () => {
    const root = workspaceOf({ 'a.txt': 'if (a) {\n    b();\n}\nif (a) {\n}\n' });
    const twice = await edit(root, { old: 'if (a)', new: 'x' });
    expect(twice).toMatchObject({ isError: true, text: expect.stringContaining('2 times (lines 1, 4)') });
    const spaced = await edit(root, { old: 'if (a) {\n  b();\n}', new: 'x' });
    expect(spaced.text).toContain('line 1 has the same words with other white space');
    const never = await edit(root, { old: 'none', new: 'x' });
    expect(never.text).toContain('is not in it');
    expect((await edit(root, { old: '}', new: '}' })).text).toContain('the same');
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('if (a) {\n    b();\n}\nif (a) {\n}\n');
  });

  test('keeps CRLF line endings, byte order mark and mode [TOOL-EDIT]', async () => {
    const root = workspaceOf({ 'a.txt': '\uFEFFone\r\ntwo\r\nthree\r\n' });
    chmodSync(join(root, 'a.txt'), 0o755);
    await edit(root, { old: 'one\ntwo', new: 'one\n$& and\ntwo' });
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('\uFEFFone\r\n$& and\r\ntwo\r\nthree\r\n');
    expect(statSync(join(root, 'a.txt')).mode & 0o777).toBe(0o755);
  });

  test('leaves what is not UTF-8 alone [TOOL-EDIT]', async () => {
    const root = workspaceOf({ 'a.txt': Buffer.from([0x61, 0xff]) });
    await expect(edit(root, { old: 'a', new: 'b' })).resolves.toMatchObject({ isError: true });
    expect([...readFileSync(join(root, 'a.txt'))]).toEqual([0x61, 0xff]);
  });

  test('changes nothing but the one place, whatever the text [TOOL-EDIT]', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), fc.string(), (head, old, fresh, tail) => {
        const text = head + old + tail;
        const once = text.split(old).length === 2;
        const change = planEdit(text, old, fresh, false);
        if (text.includes('\r\n') || old === fresh) return;
        expect('text' in change ? change.text : undefined).toBe(once ? text.replace(old, () => fresh) : undefined);
      }),
    );
  });
});
