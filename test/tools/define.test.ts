import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ToolContext } from '../../src/core/agent.ts';
import { KairosError } from '../../src/core/errors.ts';
import { defineTool } from '../../src/tools/define.ts';
import { contextOf } from './context.ts';

const input = z.strictObject({
  path: z.string().min(1).max(20).describe('The file.'),
  limit: z.int().min(1).max(10).optional(),
});
const toolOf = (run: (path: string, context: ToolContext) => string) =>
  defineTool({
    name: 'look',
    description: 'Looks.',
    input,
    run: ({ path }, context) => Promise.resolve({ text: run(path, context) }),
  });

describe('a defined tool', () => {
  test('describes its input as a JSON Schema of a strict object, computed once', () => {
    const tool = toolOf((path) => path);
    expect(tool.inputSchema).toEqual({
      type: 'object',
      properties: {
        path: { type: 'string', minLength: 1, maxLength: 20, description: 'The file.' },
        limit: { type: 'integer', minimum: 1, maximum: 10 },
      },
      required: ['path'],
      additionalProperties: false,
    });
    expect(tool.inputSchema).toBe(tool.inputSchema);
  });

  test('says which field was wrong, what was expected and what came', () => {
    const tool = toolOf((path) => path);
    const message = (value: unknown): string => {
      const parsed = tool.parse(value);
      return parsed.ok ? 'ok' : parsed.message;
    };
    expect(message({ path: 'a', limit: 10 })).toBe('ok');
    expect(message({ path: 5 })).toBe('look: `path`: expected string, got 5 (number). The fields are path, limit.');
    expect(message({})).toBe('look: `path`: expected string, got nothing. The fields are path, limit.');
    expect(message({ path: 'a', limit: 11 })).toBe(
      'look: `limit`: expected number to be <=10, got 11 (number). The fields are path, limit.',
    );
    expect(message({ path: 'a', file: 'b' })).toBe('look: there is no "file". The fields are path, limit.');
    expect(message('a')).toBe('look: the input: expected object, got "a". The fields are path, limit.');
    expect(message(undefined)).toContain('got nothing');
    expect(message(null)).toContain('got null.');
  });

  test('parses what it gave again to the same', () => {
    const tool = toolOf((path) => path);
    const once = tool.parse({ path: 'a', limit: 3 });
    expect(once.ok && tool.parse(once.input)).toEqual(once);
  });

  test('refuses an input over four million characters', () => {
    const parsed = toolOf((path) => path).parse({ path: 'a'.repeat(4_194_305) });
    expect(parsed).toMatchObject({ ok: false });
    expect(parsed.ok ? '' : parsed.message.length).toBeLessThan(200);
  });

  test('makes results of expected failures, and rejects for defects', async () => {
    const context = contextOf();
    const thrower = (error: unknown) =>
      toolOf(() => {
        throw error;
      });
    await expect(thrower(new KairosError('NOT_FOUND', 'no such thing')).run({ path: 'a' }, context)).resolves.toEqual({
      text: 'no such thing',
      isError: true,
    });
    const missing = Object.assign(new Error("ENOENT: no such file, open 'x'"), { code: 'ENOENT', syscall: 'open' });
    await expect(thrower(missing).run({ path: 'a' }, context)).resolves.toMatchObject({ isError: true });
    await expect(thrower(new TypeError('a defect')).run({ path: 'a' }, context)).rejects.toThrow('a defect');
    await expect(thrower(new KairosError('INTERNAL', 'a defect')).run({ path: 'a' }, context)).rejects.toThrow(
      'a defect',
    );
  });

  test('does not begin when it was stopped already', async () => {
    const ran: string[] = [];
    const tool = toolOf((path) => String(ran.push(path)));
    const result = await tool.run({ path: 'a' }, contextOf({ signal: AbortSignal.abort() }));
    expect(result).toMatchObject({ isError: true });
    expect(ran).toEqual([]);
  });

  test('cannot be made of something a model could not be told', () => {
    expect(() => defineTool({ name: 'Look', description: '', input, run: async () => ({ text: '' }) })).toThrow(
      'cannot',
    );
    expect(() =>
      defineTool({ name: 'look', description: 'x'.repeat(4_001), input, run: async () => ({ text: '' }) }),
    ).toThrow('cannot');
  });
});
