import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createChanges, type ChangesOptions } from '../../src/tools/changes.ts';
import { mergeChanges, type FileState } from '../../src/tools/changes-record.ts';
import { realClock } from './clock.ts';
import { temporaryDirectory, workspaceOf } from './place.ts';
import { putLeaf, readLeaves, removeLeaf, type Leaf } from './tree.ts';

const searchPath = process.env['PATH'] ?? '';
const changesIn = (home: string, more: Partial<ChangesOptions> = {}) =>
  createChanges({ home, clock: realClock, searchPath, ...more });

describe('the changes of a run', () => {
  test('are kept as a patch, and taken back once [UNDO-EXACT]', async () => {
    const home = temporaryDirectory();
    const root = workspaceOf({ 'a.txt': 'one\ntwo\n', 'b/c.txt': 'c\n', 'gone.txt': 'g\n' });
    execFileSync('git', ['init', '-q', root]);
    const before = readLeaves(root);
    const changes = changesIn(home);
    await changes.begin({ path: root }, 3);
    writeFileSync(join(root, 'a.txt'), 'one\n2\n3\n');
    unlinkSync(join(root, 'gone.txt'));
    mkdirSync(join(root, 'new/deep'), { recursive: true });
    writeFileSync(join(root, 'new/deep/d.txt'), 'd\n');
    await expect(changes.finish(3)).resolves.toEqual({ files: 3, linesAdded: 3, linesRemoved: 2, notKept: [] });
    const patch = (await changes.show(3)) ?? '';
    expect(patch).toContain('-two\n+2\n+3\n');
    // It is a patch that git takes.
    const copy = workspaceOf({ 'a.txt': 'one\ntwo\n', 'gone.txt': 'g\n' });
    execFileSync('git', ['apply', '-'], { cwd: copy, input: patch });
    expect(readFileSync(join(copy, 'a.txt'), 'utf8')).toBe('one\n2\n3\n');

    await expect(changes.undo(3)).resolves.toEqual({ ok: true, files: 3 });
    expect(readLeaves(root)).toEqual(before);
    expect(existsSync(join(root, 'new'))).toBe(false);
    await expect(changes.undo(3)).resolves.toEqual({ ok: false, reason: 'it was taken back already' });
    // Nothing was put into the checkout's own repository.
    expect(execFileSync('git', ['count-objects'], { cwd: root, encoding: 'utf8' })).toContain('0 objects');
  });

  test('of nothing leave nothing', async () => {
    const changes = changesIn(temporaryDirectory());
    const root = workspaceOf({ 'a.txt': 'a' });
    await changes.begin({ path: root }, 1);
    writeFileSync(join(root, 'a.txt'), 'a');
    await expect(changes.finish(1)).resolves.toBeUndefined();
    await expect(changes.finish(2)).resolves.toBeUndefined();
    await expect(changes.undo(1)).resolves.toEqual({ ok: false, reason: 'nothing is kept of what it changed' });
    await expect(changes.show(1)).resolves.toBeUndefined();
  });

  test('are restored byte for byte, for random trees and edits [UNDO-EXACT]', { timeout: 120_000 }, async () => {
    const home = temporaryDirectory();
    const changes = changesIn(home);
    const name = fc.constantFrom('a', 'b', 'dir', 'ö ü', '-x', 'line\nbreak');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    const bytes = fc.oneof(
      fc.string(),
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1')),
    );
    const file = fc.record({
      bytes: bytes.map((text) => Buffer.from(text, 'latin1').toString('latin1')),
      mode: fc.constantFrom(0o644, 0o755, 0o600, 0o640, 0o700, 0o444),
    });
    const link = fc.record({ link: fc.constantFrom('a', '../x', '/nowhere', 'dir') });
    const leaf: fc.Arbitrary<Leaf> = fc.oneof({ weight: 4, arbitrary: file }, { weight: 1, arbitrary: link });
    const step = fc.tuple(path, fc.option(leaf));
    let jobId = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(path, leaf), { maxLength: 8 }),
        fc.array(step, { maxLength: 8 }),
        async (tree, steps) => {
          const root = workspaceOf({
            '.gitattributes': '* text=auto eol=crlf ident filter=lfs working-tree-encoding=UTF-16\n',
          });
          for (const [at, one] of tree) putLeaf(root, at, one);
          const before = readLeaves(root);
          jobId += 1;
          await changes.begin({ path: root }, jobId);
          for (const [at, one] of steps) {
            if (one === null) removeLeaf(root, at);
            else putLeaf(root, at, one);
          }
          const after = readLeaves(root);
          const summary = await changes.finish(jobId);
          expect(summary?.notKept ?? []).toEqual([]);
          const same = JSON.stringify(after) === JSON.stringify(before);
          expect(summary === undefined).toBe(same);
          expect((await changes.undo(jobId)).ok).toBe(!same);
          expect(readLeaves(root)).toEqual(before);
          rmSync(root, { recursive: true });
        },
      ),
      { numRuns: 12 },
    );
  });

  test('are not taken back when a file changed since, and it says which [UNDO-REFUSES]', async () => {
    const changes = changesIn(temporaryDirectory());
    const root = workspaceOf({ 'a.txt': 'a', 'b.txt': 'b' });
    await changes.begin({ path: root }, 1);
    writeFileSync(join(root, 'a.txt'), 'A');
    writeFileSync(join(root, 'b.txt'), 'B');
    writeFileSync(join(root, 'n.txt'), 'N');
    await expect(changes.undo(1)).resolves.toEqual({ ok: false, reason: 'it is still under way' });
    await changes.finish(1);
    const refused = async (reason: string) => {
      const left = readLeaves(root);
      await expect(changes.undo(1)).resolves.toEqual({ ok: false, reason });
      expect(readLeaves(root)).toEqual(left);
    };
    writeFileSync(join(root, 'b.txt'), 'mine');
    unlinkSync(join(root, 'n.txt'));
    await refused('changed since: b.txt, n.txt');
    writeFileSync(join(root, 'b.txt'), 'B');
    await refused('changed since: n.txt');
    writeFileSync(join(root, 'n.txt'), 'N');
    chmodSync(join(root, 'a.txt'), 0o755);
    await refused('changed since: a.txt');
    chmodSync(join(root, 'a.txt'), 0o644);
    await expect(changes.undo(1)).resolves.toEqual({ ok: true, files: 3 });
  });

  test('are never taken back outside of the workspace [UNDO-REFUSES]', async () => {
    const outside = workspaceOf({ 'a.txt': 'after' });
    const root = workspaceOf({ 'dir/a.txt': 'before' });
    const changes = changesIn(temporaryDirectory());
    await changes.begin({ path: root }, 1);
    writeFileSync(join(root, 'dir/a.txt'), 'after');
    await changes.finish(1);
    renameSync(join(root, 'dir'), join(root, 'moved'));
    symlinkSync(outside, join(root, 'dir'));
    await expect(changes.undo(1)).resolves.toEqual({ ok: false, reason: 'changed since: dir/a.txt' });
    expect(readFileSync(join(outside, 'a.txt'), 'utf8')).toBe('after');
  });

  test('are taken back in a protected place as well, where only the owner can have allowed them [UNDO-EXACT]', async () => {
    const root = workspaceOf({ '.github/workflows/ci.yml': 'before' });
    const before = readLeaves(root);
    const changes = changesIn(temporaryDirectory());
    await changes.begin({ path: root }, 1);
    writeFileSync(join(root, '.github/workflows/ci.yml'), 'after');
    writeFileSync(join(root, '.envrc'), 'new');
    await changes.finish(1);
    await expect(changes.undo(1)).resolves.toEqual({ ok: true, files: 2 });
    expect(readLeaves(root)).toEqual(before);
  });

  test('of a run that was laid aside are one, unless somebody changed the same file meanwhile [UNDO-REFUSES]', async () => {
    const changes = changesIn(temporaryDirectory());
    const root = workspaceOf({ 'a.txt': '1', 'b.txt': '1' });
    const put = (name: string, text: string) => writeFileSync(join(root, name), text);
    await changes.begin({ path: root }, 1);
    put('a.txt', '2');
    await changes.finish(1);
    put('b.txt', 'the owner');
    await changes.begin({ path: root }, 1);
    put('a.txt', '3');
    put('c.txt', 'new');
    await expect(changes.finish(1)).resolves.toMatchObject({ files: 2 });
    await expect(changes.undo(1)).resolves.toEqual({ ok: true, files: 2 });
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('1');
    expect(readFileSync(join(root, 'b.txt'), 'utf8')).toBe('the owner');

    await changes.begin({ path: root }, 2);
    put('a.txt', '2');
    await changes.finish(2);
    put('a.txt', 'the owner');
    await changes.begin({ path: root }, 2);
    put('a.txt', '3');
    await changes.finish(2);
    await expect(changes.undo(2)).resolves.toEqual({
      ok: false,
      reason: 'changed by somebody else while the run was laid aside: a.txt',
    });
  });

  test('of two runs at a time are in both, and the later state stands in the way of the earlier run [UNDO-REFUSES]', async () => {
    const changes = changesIn(temporaryDirectory());
    const root = workspaceOf({ 'a.txt': '0', 'b.txt': '0' });
    await changes.begin({ path: root }, 1);
    writeFileSync(join(root, 'a.txt'), '1');
    await changes.begin({ path: root }, 2);
    writeFileSync(join(root, 'a.txt'), '2');
    await changes.finish(1);
    writeFileSync(join(root, 'b.txt'), '2');
    await changes.finish(2);
    await expect(changes.record(1)).resolves.toMatchObject({ overlaps: [2] });
    await expect(changes.record(2)).resolves.toMatchObject({ overlaps: [1] });
    await expect(changes.undo(2)).resolves.toEqual({ ok: true, files: 2 });
    await expect(changes.undo(1)).resolves.toEqual({ ok: false, reason: 'changed since: a.txt' });
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('1');
  });

  test('leave what .gitignore kept out, other repositories and large files as they are, and say so', async () => {
    const changes = changesIn(temporaryDirectory(), { limits: { fileBytesMax: 1_000 } });
    const root = workspaceOf({
      '.gitignore': '*.log\ndist/\n',
      'x.log': 'old log',
      'dist/out.js': 'old',
      'nested/file.txt': 'n',
      'big.bin': 'b'.repeat(1_001),
      'just.bin': 'b'.repeat(1_000),
    });
    execFileSync('git', ['init', '-q', join(root, 'nested')]);
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await changes.begin({ path: root }, 1);
    writeFileSync(join(root, '.gitignore'), '');
    truncateSync(join(root, 'big.bin'), 2_000);
    truncateSync(join(root, 'just.bin'), 500);
    writeFileSync(join(root, 'dist/out.js'), 'new');
    const summary = await changes.finish(1);
    expect(summary?.files).toBe(2);
    expect(summary?.notKept.toSorted()).toEqual([
      expect.stringMatching(/^big.bin: over 0 MiB \(2000 bytes/),
      'dist/out.js: ignored by .gitignore when the run began',
      'x.log: ignored by .gitignore when the run began',
    ]);
    await expect(changes.undo(1)).resolves.toEqual({ ok: true, files: 2 });
    expect(readFileSync(join(root, 'x.log'), 'utf8')).toBe('old log');
    expect(readFileSync(join(root, 'just.bin'))).toHaveLength(1_000);
  });

  test('run no filter or program that the checkout names', async () => {
    const trap = join(temporaryDirectory(), 'ran');
    const root = workspaceOf({ '.gitattributes': '* filter=evil diff=evil merge=evil\n', 'a.txt': 'a\n' });
    execFileSync('git', ['init', '-q', root]);
    for (const [key, value] of [
      ['filter.evil.clean', `touch ${trap}; cat`],
      ['filter.evil.smudge', `touch ${trap}; cat`],
      ['diff.evil.command', `touch ${trap}`],
      ['diff.evil.textconv', `touch ${trap}; cat`],
      ['diff.external', `touch ${trap}`],
      ['core.fsmonitor', `touch ${trap}`],
      ['core.hooksPath', root],
    ] as const) {
      execFileSync('git', ['config', key, value], { cwd: root });
    }
    writeFileSync(join(root, 'reference-transaction'), `#!/bin/sh\ntouch ${trap}\n`, { mode: 0o755 });
    const changes = changesIn(temporaryDirectory());
    await changes.begin({ path: root }, 1);
    writeFileSync(join(root, 'a.txt'), 'b\n');
    await changes.finish(1);
    await expect(changes.undo(1)).resolves.toMatchObject({ ok: true });
    expect(existsSync(trap)).toBe(false);
  });

  test('cannot be kept of too many files, without git, or in too little time: the run goes on, and undo says why', async () => {
    const home = temporaryDirectory();
    const root = workspaceOf({ a: 'a', b: 'b', c: 'c' });
    const attempts = [
      [{ limits: { filesMax: 2 } }, 'the workspace has over 2 files'],
      [{ searchPath: '/nonexistent' }, 'git is not installed'],
      [{ deadlineMs: 1 }, 'it took longer than'],
    ] as const;
    for (const [index, [more, reason]] of attempts.entries()) {
      const changes = changesIn(home, more);
      await changes.begin({ path: root }, index + 1);
      const summary = await changes.finish(index + 1);
      expect(summary?.notKept[0]).toContain(reason);
      await expect(changes.undo(index + 1)).resolves.toMatchObject({
        ok: false,
        reason: expect.stringContaining(reason),
      });
    }
    await changesIn(home, { limits: { filesMax: 3 } }).begin({ path: root }, 9);
    await expect(changesIn(home).record(9)).resolves.toMatchObject({ state: 'open' });
  });

  test('never look into our own home, wherever it is', async () => {
    const root = workspaceOf({ 'a.txt': 'a', '.kairos/secrets.env': 'TOKEN=1' });
    const changes = changesIn(join(root, '.kairos'));
    await changes.begin({ path: root }, 1);
    writeFileSync(join(root, '.kairos/secrets.env'), 'TOKEN=2');
    writeFileSync(join(root, 'a.txt'), 'b');
    await expect(changes.finish(1)).resolves.toEqual({ files: 1, linesAdded: 1, linesRemoved: 1, notKept: [] });
    await expect(changes.show(1)).resolves.not.toContain('TOKEN');
  });

  test('of a run that was killed are ended at the next start [UNDO-KILL]', async () => {
    const home = temporaryDirectory();
    const root = workspaceOf({ 'a.txt': 'a' });
    await changesIn(home).begin({ path: root }, 1);
    writeFileSync(join(root, 'a.txt'), 'b');
    const next = changesIn(home);
    await expect(next.recover()).resolves.toEqual([1]);
    await expect(next.recover()).resolves.toEqual([]);
    await expect(next.undo(1)).resolves.toEqual({ ok: true, files: 1 });
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('a');
  });

  test(
    'are taken back whole, also when the undoing is killed again and again [UNDO-KILL]',
    { timeout: 60_000 },
    async () => {
      const home = temporaryDirectory();
      const root = workspaceOf({ '.keep': '' });
      for (let count = 0; count < 60; count += 1)
        putLeaf(root, `d${count % 7}/f${count}`, { bytes: `old ${count}`, mode: 0o644 });
      const before = readLeaves(root);
      const changes = changesIn(home);
      await changes.begin({ path: root }, 1);
      for (let count = 0; count < 60; count += 1) {
        if (count % 3 === 0) rmSync(join(root, `d${count % 7}/f${count}`));
        else putLeaf(root, `d${count % 7}/f${count}`, { bytes: `new ${count}`, mode: 0o755 });
        putLeaf(root, `n${count}/new`, { bytes: `new ${count}`, mode: 0o600 });
      }
      await changes.finish(1);
      let kills = 0;
      for (let round = 0; round < 12; round += 1) {
        const child = spawn(process.execPath, [join(import.meta.dirname, 'undo-child.ts'), home, '1'], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const ended = once(child, 'exit');
        const first = await Promise.race([once(child.stdout, 'data'), ended]);
        expect(first).toBeDefined();
        await new Promise((resolve) => setTimeout(resolve, 5 + round * 12));
        if (child.kill('SIGKILL')) kills += 1;
        await ended;
      }
      expect(kills).toBeGreaterThan(0);
      const state = (await changes.record(1))?.state;
      if (state === 'undoing') await changes.recover();
      else if (state === 'kept') await changes.undo(1);
      await expect(changes.record(1)).resolves.toMatchObject({ state: 'undone' });
      expect(readLeaves(root)).toEqual(before);
    },
  );

  test('are forgotten when they are old, with the space they took', async () => {
    const home = temporaryDirectory();
    const root = workspaceOf({ 'a.txt': 'a' });
    const changes = changesIn(home);
    for (const jobId of [1, 2]) {
      await changes.begin({ path: root }, jobId);
      writeFileSync(join(root, 'a.txt'), `state ${jobId}`);
      await changes.finish(jobId);
    }
    await expect(changes.prune(0)).resolves.toBe(0);
    const secondMs = (await changes.record(2))?.atMs ?? 0;
    await expect(changes.prune(secondMs)).resolves.toBe(1);
    await expect(changes.record(1)).resolves.toBeUndefined();
    await expect(changes.undo(2)).resolves.toEqual({ ok: true, files: 1 });
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('state 1');
  });
});

test('what the parts of a run did to a file is one change', () => {
  const state = (hash: string): FileState => ({ kind: 'file', hash, mode: 0o644 });
  const change = (before: string | null, after: string | null) => ({
    path: 'a',
    before: before === null ? null : state(before),
    after: after === null ? null : state(after),
  });
  expect(mergeChanges([change('1', '2')], [change('2', '3')])).toEqual([change('1', '3')]);
  expect(mergeChanges([change('1', '2')], [change('2', '1')])).toEqual([]);
  expect(mergeChanges([change(null, '2')], [change('2', null)])).toEqual([]);
  expect(mergeChanges([change('1', '2')], [change('9', '1')])).toEqual([{ ...change('1', '1'), broken: true }]);
});
