import { existsSync, readdirSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/core/agent.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { createGrepTool } from '../../src/tools/grep.ts';
import { createShortener, previewOf, pruneResults, resultsPathOf } from '../../src/tools/offload.ts';
import { createReadTool } from '../../src/tools/read.ts';
import { realClock } from './clock.ts';
import { contextIn, itemsOf } from './context.ts';
import { accessTo, temporaryDirectory, workspaceOf } from './place.ts';

const redact = (text: string): string => text;
const context = { sessionId: 4 };
const numbered = (count: number): string => Array.from({ length: count }, (_, index) => `row ${index + 1}`).join('\n');

describe('a large result', () => {
  test('goes to a private file, and its beginning, end and path stay [OFFLOAD-FROZEN]', async () => {
    const home = temporaryDirectory();
    const text = numbered(10_000);
    const preview = await createShortener({ home, redact })('toolu_1', 'shell', text, context);
    const path = join(resultsPathOf(home), 's4', 'toolu_1.txt');
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(Buffer.byteLength(preview)).toBeLessThan(4_096 + 400);
    expect(preview).toMatch(/^row 1\nrow 2\n/);
    expect(preview).toMatch(/row 9999\nrow 10000$/);
    expect(preview).toContain(`of ${text.length} bytes (10000 lines in all)`);
    expect(preview).toContain(path);
  });

  test('of exactly the limit stays; one byte more goes', async () => {
    const home = temporaryDirectory();
    const shorten = createShortener({ home, redact, limitBytes: 1_000 });
    const fits = 'x'.repeat(1_000);
    await expect(shorten('toolu_1', 'shell', fits, context)).resolves.toBe(fits);
    expect(existsSync(resultsPathOf(home))).toBe(false);
    await expect(shorten('toolu_1', 'shell', `${fits}x`, context)).resolves.toContain('left out here');
  });

  test('is answered with the same bytes for ever: later, under other limits, after a crash [OFFLOAD-FROZEN]', async () => {
    const home = temporaryDirectory();
    const text = numbered(10_000);
    const first = await createShortener({ home, redact })('toolu_1', 'shell', text, context);
    const other = createShortener({ home, redact, limitBytes: 10_000_000, previewBytes: 100 });
    await expect(other('toolu_1', 'shell', text, context)).resolves.toBe(first);
    await expect(other('toolu_1', 'shell', 'something else', context)).resolves.toBe(first);
    // Killed between the two files, or in the middle of either.
    const path = join(resultsPathOf(home), 's4', 'toolu_1.txt');
    unlinkSync(`${path}.preview`);
    writeFileSync(`${path}.preview.tmp`, 'half');
    await expect(createShortener({ home, redact })('toolu_1', 'shell', 'another attempt', context)).resolves.toBe(
      first,
    );
    expect(readdirSync(join(resultsPathOf(home), 's4')).toSorted()).toEqual(['toolu_1.txt', 'toolu_1.txt.preview']);
  });

  test('holds no secret, also not half of one at the cut [OFFLOAD-FROZEN]', async () => {
    const home = temporaryDirectory();
    const { redact: hide } = createRedactor([{ name: 'TOKEN', value: 'very-secret-value' }]);
    const text = `${'x'.repeat(2_040)}very-secret-value${'y'.repeat(40_000)}`;
    const preview = await createShortener({ home, redact: hide })('toolu_1', 'shell', text, context);
    const kept = readFileSync(join(resultsPathOf(home), 's4', 'toolu_1.txt'), 'utf8');
    for (const one of [preview, kept]) {
      expect(one).not.toContain('very-sec');
      expect(one).toContain('[redacted:TOKEN]'.slice(0, 6));
    }
  });

  test('is previewed by a pure function that never cuts a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 50, maxLength: 400 }),
        fc.integer({ min: 10, max: 200 }),
        (text, bytes) => {
          const preview = previewOf(text, '/p', bytes);
          expect(preview).toBe(previewOf(text, '/p', bytes));
          expect(preview.includes('\uFFFD')).toBe(text.includes('\uFFFD') && preview.includes('\uFFFD'));
          expect(text.startsWith(preview.slice(0, preview.indexOf('\n[')))).toBe(true);
        },
      ),
    );
  });

  test('refuses a call id that is no name of a file', async () => {
    const shorten = createShortener({ home: temporaryDirectory(), redact });
    await expect(shorten('../../x', 'shell', 'x', context)).rejects.toThrow('call id');
  });

  test('can be read on and searched, and is forgotten when it is old', async () => {
    const home = temporaryDirectory();
    const path = join(resultsPathOf(home), 's4', 'toolu_1.txt');
    await createShortener({ home, redact })('toolu_1', 'shell', numbered(10_000), context);
    const access = accessTo([resultsPathOf(home)], { resultsPath: resultsPathOf(home) });
    const own = contextIn('/', { sessionId: 4, items: itemsOf('toolu_1', 'shell', {}, '') });
    const read = await createReadTool({ access, redact }).run({ path, offset: 5_000, limit: 1 }, own);
    expect(read).toMatchObject({ text: expect.stringMatching(/^5000\trow 5000\n/), trust: 'tool' });
    const grep = createGrepTool({ access, clock: realClock, ripgrep: undefined });
    await expect(grep.run({ pattern: 'row 777$', path }, own)).resolves.toMatchObject({
      text: expect.stringMatching(/:777:row 777$/),
      trust: 'tool',
    });
    utimesSync(join(resultsPathOf(home), 's4'), 1_000, 1_000);
    await expect(pruneResults(home, 1_000_000)).resolves.toBe(0);
    await expect(pruneResults(home, 1_000_001)).resolves.toBe(1);
    expect(existsSync(path)).toBe(false);
    await expect(pruneResults(temporaryDirectory(), 5)).resolves.toBe(0);
  });
});

describe('a recorded run', () => {
  /** Reads one file before and after each of six turns, and looks at a large result once: what each request carries. */
  async function tokensOf(saving: { readonly dedup: boolean; readonly offload: boolean }): Promise<number> {
    const home = temporaryDirectory();
    const root = workspaceOf({
      'main.ts': 'export const value = 1;\n'.repeat(400),
      'log.txt': `${'x'.repeat(90)}\n`.repeat(250),
    });
    const read = createReadTool({ access: accessTo([root]), redact });
    const limitBytes = saving.offload ? 8_192 : 10_000_000;
    const shorten = createShortener({ home, redact, limitBytes });
    const items: Item[] = [];
    let bytes = 0;
    const turn = async (tool: string, text: string, input: Item['input']) => {
      const callId = `c${items.length}`;
      items.push(...itemsOf(callId, tool, input, await shorten(callId, tool, text, { sessionId: 1 })));
      bytes += Buffer.byteLength(JSON.stringify(items)); // Every request carries the whole conversation.
    };
    await turn('shell', readFileSync(join(root, 'log.txt'), 'utf8'), { command: 'cat log.txt' });
    for (let round = 0; round < 6; round += 1) {
      const known = saving.dedup ? items : [];
      await turn('read', (await read.run({ path: 'main.ts' }, contextIn(root, { items: known }))).text, {
        path: 'main.ts',
      });
    }
    return bytes / 4;
  }

  test('takes far fewer tokens with deduplication and offloading [TOOL-READ-DEDUP] [OFFLOAD-FROZEN]', async () => {
    const plain = await tokensOf({ dedup: false, offload: false });
    const dedup = await tokensOf({ dedup: true, offload: false });
    const both = await tokensOf({ dedup: true, offload: true });
    expect(plain).toBeGreaterThan(95_000);
    expect(dedup).toBeLessThan(plain * 0.62);
    expect(both).toBeLessThan(plain * 0.3);
  });
});
