import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEditTool } from '../../src/tools/edit.ts';
import { createReadTool } from '../../src/tools/read.ts';
import { createWriteTool } from '../../src/tools/write.ts';
import { contextIn } from './context.ts';
import { accessTo, workspaceOf } from './place.ts';

/** Swaps a path for a link and back, staying in each state for up to a millisecond, for at most twenty seconds. */
const RACER = `
  const fs = require('node:fs');
  const [path, target] = process.argv.slice(1);
  const stay = () => { for (const end = performance.now() + Math.random(); performance.now() < end; ); };
  const attempt = (step) => { try { step(); } catch {} };
  process.stdout.write('going');
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    attempt(() => fs.renameSync(path, path + '.real'));
    attempt(() => fs.symlinkSync(target, path));
    stay();
    // Somebody may have made a directory or a file here meanwhile.
    attempt(() => fs.lstatSync(path).isSymbolicLink() ? fs.unlinkSync(path) : fs.rmSync(path, { recursive: true }));
    attempt(() => fs.renameSync(path + '.real', path));
    stay();
  }
`;

async function race(path: string, target: string): Promise<void> {
  const child = spawn(process.execPath, ['-e', RACER, path, target], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await once(child.stdout, 'data');
}

/** As many calls as it takes to see both sides of the race often, and at least 400; at most ten seconds. */
async function callsUntilBoth(call: (round: number) => Promise<boolean>): Promise<{ done: number; refused: number }> {
  const seen = { done: 0, refused: 0 };
  const endMs = performance.now() + 10_000;
  for (let round = 0; performance.now() < endMs; round += 1) {
    if (round >= 400 && Math.min(seen.done, seen.refused) >= 20) break;
    seen[(await call(round)) ? 'done' : 'refused'] += 1;
  }
  return seen;
}

describe('a link swapped in between the check and the opening', () => {
  test(
    'of a directory never leads a write out of the workspace [TOOL-SWAP-HELD]',
    { timeout: 30_000 },
    async (context) => {
      context.skip(process.platform !== 'linux', 'only Linux names what is open, so that a directory can be held');
      const outside = workspaceOf({ 'keep.txt': 'theirs' });
      const root = workspaceOf({ 'folder/a.txt': 'mine', 'folder/deep/b.txt': 'mine' });
      mkdirSync(join(outside, 'deep'));
      await race(join(root, 'folder'), outside);
      const write = createWriteTool(accessTo([root]));
      const seen = await callsUntilBoth(async (round) => {
        const path =
          ['folder/new.txt', 'folder/deep/new.txt', 'folder/made/new.txt', 'folder/keep.txt'][round % 4] ?? '';
        const result = await write.run({ path, content: `round ${round}` }, contextIn(root, { callId: `c${round}` }));
        return result.isError !== true;
      });
      expect(readdirSync(outside).toSorted()).toEqual(['deep', 'keep.txt']);
      expect(readdirSync(join(outside, 'deep'))).toEqual([]);
      expect(readFileSync(join(outside, 'keep.txt'), 'utf8')).toBe('theirs');
      // The race was one: some writes came through, into the workspace.
      expect(Math.min(seen.done, seen.refused)).toBeGreaterThan(0);
    },
  );

  test('of a file never changes or shows another one [TOOL-SWAP-HELD]', { timeout: 30_000 }, async () => {
    const outside = workspaceOf({ 'keep.txt': 'the secret word' });
    const root = workspaceOf({ 'a.txt': 'the plain word' });
    await race(join(root, 'a.txt'), join(outside, 'keep.txt'));
    const access = accessTo([root]);
    const read = createReadTool({ access, redact: (text) => text });
    const edit = createEditTool(access);
    const shown: string[] = [];
    const seen = await callsUntilBoth(async (round) => {
      const context = contextIn(root, { callId: `c${round}` });
      shown.push((await read.run({ path: 'a.txt' }, context)).text);
      const changed = await edit.run({ path: 'a.txt', old: 'word', new: 'word!', all: true }, context);
      return changed.isError !== true;
    });
    expect(shown.filter((text) => text.includes('secret'))).toEqual([]);
    expect(readFileSync(join(outside, 'keep.txt'), 'utf8')).toBe('the secret word');
    expect(Math.min(seen.done, seen.refused)).toBeGreaterThan(0);
  });
});
