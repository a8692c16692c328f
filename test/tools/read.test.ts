import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Item, ToolContext } from '../../src/core/agent.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { createReadTool } from '../../src/tools/read.ts';
import { contextIn, contextOf, itemsOf } from './context.ts';
import { accessTo, workspaceOf } from './place.ts';

const redact = (text: string): string => text;
const lines = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('');

async function read(root: string, input: Record<string, string | number>, context: Partial<ToolContext> = {}) {
  return createReadTool({ access: accessTo([root]), redact }).run(input, contextIn(root, context));
}

describe('read', () => {
  test('shows the lines of a file with their numbers [TOOL-READ]', async () => {
    const root = workspaceOf({ 'a.txt': 'one\r\ntwo\n\nfour' });
    await expect(read(root, { path: 'a.txt' })).resolves.toEqual({
      text: '1\tone\n2\ttwo\n3\t\n4\tfour',
      trust: 'tool',
    });
    await expect(read(root, { path: join(root, 'a.txt'), offset: 2, limit: 1 })).resolves.toMatchObject({
      text: '2\ttwo\n[14 bytes in all; go on with offset 3]',
    });
  });

  test('shows 2 000 lines and says where to go on; exactly 2 000 are all [TOOL-READ]', async () => {
    const root = workspaceOf({ 'more.txt': lines(2_001), 'all.txt': lines(2_000) });
    const { text } = await read(root, { path: 'more.txt' });
    expect(text.split('\n')).toHaveLength(2_001);
    expect(text).toMatch(/2000\tline 2000\n\[\d+ bytes in all; go on with offset 2001\]$/);
    expect((await read(root, { path: 'all.txt' })).text).toMatch(/2000\tline 2000$/);
    expect((await read(root, { path: 'more.txt', offset: 2_001 })).text).toBe('2001\tline 2001');
  });

  test('shows at most 256 KiB, and cuts a long line with a note [TOOL-READ]', async () => {
    const wide = `${'x'.repeat(1_900)}\n`.repeat(400);
    const root = workspaceOf({ 'wide.txt': wide, 'long.txt': `${'é'.repeat(5_000)}\nnext` });
    const { text } = await read(root, { path: 'wide.txt' });
    expect(Buffer.byteLength(text)).toBeLessThan(262_144 + 100);
    expect(Buffer.byteLength(text)).toBeGreaterThan(250_000);
    const cut = (await read(root, { path: 'long.txt' })).text;
    expect(cut).toBe(`1\t${'é'.repeat(2_000)}… [cut: the line has 10000 bytes]\n2\tnext`);
  });

  test('reads a file of 4 GiB in bounded memory [TOOL-READ]', async () => {
    const root = workspaceOf({ 'huge.txt': 'first\n' });
    truncateSync(join(root, 'huge.txt'), 4 * 1_024 ** 3);
    // Zeros after the first 8 KiB would make it binary: text enough to begin with.
    writeFileSync(join(root, 'huge.txt'), lines(2_000), { flag: 'r+' });
    const before = process.memoryUsage().rss;
    const { text } = await read(root, { path: 'huge.txt', limit: 3 });
    expect(text).toContain('3\tline 3');
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  });

  test('names what is not text, is empty, has no such line, or is not there', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d', 'hex');
    const root = workspaceOf({
      'a.png': png,
      'b.bin': Buffer.from([1, 0, 2]),
      empty: '',
      'odd.txt': Buffer.from([0x61, 0xff, 0x62]),
    });
    mkdirSync(join(root, 'folder'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect((await read(root, { path: 'a.png' })).text).toBe(
      'a.png is binary (PNG image, 12 bytes); read shows text only',
    );
    expect((await read(root, { path: 'b.bin' })).text).toContain('unknown type, 3 bytes');
    expect((await read(root, { path: 'empty' })).text).toBe('empty is empty');
    expect((await read(root, { path: 'odd.txt' })).text).toBe('1\ta\uFFFDb');
    await expect(read(root, { path: 'odd.txt', offset: 9 })).resolves.toEqual({
      text: 'odd.txt has 1 lines, so there is no line 9',
      isError: true,
    });
    await expect(read(root, { path: 'none' })).resolves.toMatchObject({
      isError: true,
      text: expect.stringContaining('there is no'),
    });
    await expect(read(root, { path: 'folder' })).resolves.toMatchObject({
      isError: true,
      text: expect.stringContaining('glob'),
    });
    await expect(read(root, { path: 'pipe' })).resolves.toMatchObject({ isError: true });
    await expect(read(root, { path: '/dev/zero' })).resolves.toMatchObject({ isError: true });
    await expect(read(root, { path: 'a\0b' })).resolves.toMatchObject({ isError: true });
    const homeless = await createReadTool({ access: accessTo([root]), redact }).run({ path: 'empty' }, contextOf());
    expect(homeless).toMatchObject({ isError: true, text: expect.stringContaining('no workspace') });
  });

  test('refuses what a link leads to, unless that was let through', async () => {
    const outside = workspaceOf({ secret: 'hidden\n' });
    const root = workspaceOf({ 'a.txt': 'a\n' });
    symlinkSync(join(outside, 'secret'), join(root, 'link'));
    symlinkSync(outside, join(root, 'folder'));
    for (const path of ['link', 'folder/secret', join(outside, 'secret'), '../../etc/passwd']) {
      const result = await read(root, { path });
      expect(result, path).toMatchObject({ isError: true });
      expect(result.text).not.toContain('hidden');
    }
    const open = createReadTool({ access: accessTo([root, outside]), redact });
    await expect(open.run({ path: 'link' }, contextIn(root))).resolves.toMatchObject({ text: '1\thidden' });
  });

  test('bears the trust of the workspace', async () => {
    const root = workspaceOf({ 'a.txt': 'a\n' });
    const tool = createReadTool({ access: accessTo([root], { trustOf: () => 'outside' }), redact });
    await expect(tool.run({ path: 'a.txt' }, contextIn(root))).resolves.toMatchObject({ trust: 'outside' });
  });

  test('reads offloaded results with the trust of the call they came from', async () => {
    const results = workspaceOf({ 's1/own.txt': 'x\n', 's1/web.txt': 'x\n', 's2/own.txt': 'x\n' });
    const tool = createReadTool({ access: accessTo([results], { resultsPath: results }), redact });
    const web: Item = { atMs: 1, kind: 'tool_result', text: '', trust: 'outside', tool: 'fetch', callId: 'web' };
    const items = [...itemsOf('own', 'shell', {}, ''), web];
    const trusts = ['s1/own.txt', 's1/web.txt', 's2/own.txt'].map(async (name) => {
      const { trust } = await tool.run({ path: join(results, name) }, contextOf({ items }));
      return trust;
    });
    await expect(Promise.all(trusts)).resolves.toEqual(['tool', 'outside', 'outside']);
  });
});

describe('reading a file again', () => {
  const content = lines(100);

  test('is answered with a stub while the same text is in the conversation [TOOL-READ-DEDUP]', async () => {
    const root = workspaceOf({ 'a.txt': content });
    const first = await read(root, { path: 'a.txt' });
    const items = itemsOf('call_7', 'read', { path: './a.txt' }, first.text);
    const second = await read(root, { path: 'a.txt' }, { items });
    expect(second.text).toBe('a.txt: unchanged since it was read in call_7; those lines, above, still hold');
  });

  test('is answered in full after a change, for another part, and once the result is gone [TOOL-READ-DEDUP]', async () => {
    const root = workspaceOf({ 'a.txt': content, 'b.txt': content });
    const first = await read(root, { path: 'a.txt' });
    const items = itemsOf('call_7', 'read', { path: 'a.txt' }, first.text);
    const stub = await read(root, { path: 'a.txt' }, { items });
    expect((await read(root, { path: 'b.txt' }, { items })).text).toBe(first.text);
    expect((await read(root, { path: 'a.txt', limit: 50 }, { items })).text).toContain('50\tline 50');
    // Compaction took the full text and left the stub.
    const compacted = itemsOf('call_8', 'read', { path: 'a.txt' }, stub.text);
    expect((await read(root, { path: 'a.txt' }, { items: compacted })).text).toBe(first.text);
    // The same length and the same time of change: the content decides.
    writeFileSync(join(root, 'c.txt'), content.replace('line 50', 'LINE 50'));
    renameSync(join(root, 'c.txt'), join(root, 'a.txt'));
    expect((await read(root, { path: 'a.txt' }, { items })).text).toContain('50\tLINE 50');
  });

  test('is recognized also when a secret in it was redacted [TOOL-READ-DEDUP]', async () => {
    const redactor = createRedactor([{ name: 'TOKEN', value: 'very-secret-value-1' }]);
    const root = workspaceOf({ 'a.txt': `${content}very-secret-value-1\n` });
    const tool = createReadTool({ access: accessTo([root]), redact: redactor.redact });
    const first = await tool.run({ path: 'a.txt' }, contextIn(root));
    const items = itemsOf('call_7', 'read', { path: 'a.txt' }, redactor.redact(first.text));
    expect((await tool.run({ path: 'a.txt' }, contextIn(root, { items }))).text).toContain('unchanged since');
  });
});
