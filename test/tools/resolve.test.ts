import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolvePath } from '../../src/tools/resolve.ts';

let root = '';
const at = (path: string): string => join(root, path);

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'kairos-resolve-')));
  mkdirSync(at('real/deep'), { recursive: true });
  writeFileSync(at('real/file'), 'x');
  writeFileSync(at('real/twice'), 'x');
  linkSync(at('real/twice'), at('real/again'));
  symlinkSync('real/deep', at('to-deep'));
  symlinkSync(at('real/file'), at('to-file'));
  symlinkSync('to-file', at('to-link'));
  symlinkSync('real/not-yet', at('to-nothing'));
  symlinkSync('round', at('round'));
  symlinkSync('/proc/self/cwd', at('to-cwd'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a path', () => {
  test.each([
    ['real/file', 'real/file'],
    ['to-file', 'real/file'],
    ['to-link', 'real/file'],
    ['.//to-deep/.././file', 'real/file'],
    ['to-deep/../../real/file/', 'real/file'],
  ])('%s is followed to %s', (path, canonical) => {
    const expected = { canonical: at(canonical), exists: true, links: 1, directory: false };
    expect(resolvePath(`${root}/${path}`)).toEqual(expected);
  });

  test.each([
    ['real/new', 'real/new'],
    ['to-deep/new/file', 'real/deep/new/file'],
    ['to-nothing', 'real/not-yet'],
    ['nowhere/../to-deep/new', 'real/deep/new'],
    ['real/file/below', 'real/file/below'],
  ])('%s, which does not exist yet, would be %s', (path, canonical) => {
    const expected = { canonical: at(canonical), exists: false, links: 0, directory: false };
    expect(resolvePath(`${root}/${path}`)).toEqual(expected);
  });

  test('tells a directory, a file with two names and a device', () => {
    expect(resolvePath(at('to-deep'))).toMatchObject({ canonical: at('real/deep'), directory: true });
    expect(resolvePath(at('real/again'))).toMatchObject({ links: 2, directory: false });
    expect(resolvePath('/dev/null')).toMatchObject({ special: true });
  });

  test('that leads in a circle, is too long or not absolute is unclear, and nothing throws', () => {
    expect(resolvePath(at('round'))).toMatchObject({ unclear: 'it leads in a circle' });
    expect(resolvePath(`/${'a'.repeat(300)}`)).toMatchObject({ unclear: 'ENAMETOOLONG' });
    expect(resolvePath(`/${'a/'.repeat(3_000)}`)).toMatchObject({ unclear: 'it is too long' });
    expect(resolvePath('real/file')).toMatchObject({ unclear: 'it is not absolute' });
    expect(resolvePath('/a\0b')).toMatchObject({ unclear: 'it holds a NUL byte' });
  });

  test('stays above everything', () => {
    expect(resolvePath('/../../..')).toMatchObject({ canonical: '/', directory: true });
  });

  test('over /proc/self/cwd is followed too', (context) => {
    context.skip(process.platform !== 'linux', 'only Linux has /proc');
    expect(resolvePath(at('to-cwd'))).toMatchObject({ canonical: process.cwd(), directory: true });
    expect(resolvePath('/proc/self/root/usr')).toMatchObject({ canonical: '/usr', directory: true });
  });

  test('that exists is what the system itself resolves it to', () => {
    const step = fc.constantFrom('.', '..', '', 'real', 'deep', 'to-deep', 'to-file', 'to-link', 'file');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const path = [root, ...steps].join('/');
        const real = realOf(path);
        fc.pre(real !== undefined);
        expect(resolvePath(path)).toMatchObject({ canonical: real, exists: true });
      }),
    );
  });
});

function realOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}
