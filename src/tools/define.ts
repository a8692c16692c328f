import { z } from 'zod';
import type { Json, Tool, ToolContext, ToolResult } from '../core/agent.ts';
import { KairosError, messageOf } from '../core/errors.ts';
import { isSystemError } from './system-error.ts';

/** A tool as it is written: its input is a zod schema of an object, and `run` gets what the schema made of it. */
export interface ToolDefinition<Schema extends z.ZodObject> {
  /** 1 to 64 of a-z, 0-9 and `_`. */
  readonly name: string;
  /** For the model; part of the cached prefix, so it never depends on anything that changes. At most 4 000 characters. */
  readonly description: string;
  /**
   * A strict object. Parsing twice must change nothing: what `parse` gave is recorded, and may be parsed again when the run
   * is taken up after a crash.
   */
  readonly input: Schema;
  /** What goes wrong in an expected way is returned with `isError`, or thrown as a KairosError or as a system error. */
  run(input: z.output<Schema>, context: ToolContext): Promise<ToolResult>;
}

const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const DESCRIPTION_CHARS_MAX = 4_000;
/** Bytes of the JSON of a call's input: a file that is written travels in it. */
const INPUT_CHARS_MAX = 4_194_304;
const ISSUES_MAX = 4;

/**
 * A tool of the agent from its definition. The JSON Schema is computed here, once. A call whose signal was aborted, and
 * every KairosError or system error (ENOENT …) out of `run`, becomes a result with `isError`; anything else rejects: a defect.
 *
 * @throws {KairosError} `INTERNAL` when the name, description or schema could not be sent to a model.
 */
export function defineTool<Schema extends z.ZodObject>(definition: ToolDefinition<Schema>): Tool {
  const { name, description, input: schema } = definition;
  const { $schema: _, ...inputSchema } = z.toJSONSchema(schema, { io: 'input' }) as Record<string, Json>;
  if (!NAME.test(name) || description.length > DESCRIPTION_CHARS_MAX || inputSchema['type'] !== 'object') {
    throw new KairosError('INTERNAL', `the tool ${JSON.stringify(name)} cannot be described to a model`);
  }
  return {
    name,
    description,
    inputSchema,
    parse(input) {
      const chars = typeof input === 'object' ? JSON.stringify(input).length : 0;
      if (chars > INPUT_CHARS_MAX) {
        return {
          ok: false,
          message: `${name}: expected an input of at most ${INPUT_CHARS_MAX} characters, got ${chars}`,
        };
      }
      const parsed = schema.safeParse(input, { reportInput: true });
      if (parsed.success) return { ok: true, input: parsed.data as Json };
      return { ok: false, message: describeIssues(name, parsed.error.issues, Object.keys(schema.shape)) };
    },
    async run(input, context) {
      if (context.signal.aborted) return failure('it was stopped before it began');
      try {
        return await definition.run(input as z.output<Schema>, context);
      } catch (thrown) {
        return expected(thrown, context.signal);
      }
    },
  };
}

/** The result of something that went wrong in an expected way: what was expected, what came, what to do. */
export function failure(text: string): ToolResult {
  return { text, isError: true };
}

/** What `run` threw, as a result; rethrown when it is a defect. */
function expected(thrown: unknown, signal: AbortSignal): ToolResult {
  if (thrown instanceof KairosError && thrown.code !== 'INTERNAL') return failure(messageOf(thrown));
  if (signal.aborted) return failure('it was stopped before it was done');
  if (isSystemError(thrown)) return failure(messageOf(thrown));
  throw thrown;
}

function describeIssues(tool: string, issues: readonly z.core.$ZodIssue[], fields: readonly string[]): string {
  const told = issues.slice(0, ISSUES_MAX).map((issue) => {
    const field = issue.path.length === 0 ? 'the input' : `\`${issue.path.join('.')}\``;
    if (issue.code === 'unrecognized_keys') {
      return `there is no ${issue.keys
        .slice(0, ISSUES_MAX)
        .map((key) => JSON.stringify(key.slice(0, 64)))
        .join(', ')}`;
    }
    return `${field}: ${expectation(issue.message)}, got ${shown(issue.input)}`;
  });
  const more = issues.length > ISSUES_MAX ? [`and ${issues.length - ISSUES_MAX} more`] : [];
  return `${tool}: ${[...told, ...more].join('; ')}. The fields are ${fields.join(', ')}.`;
}

/** "Invalid input: expected string, received number" → "expected string": what came is said by `shown`. */
function expectation(message: string): string {
  return message.replace(/^[A-Z][a-z ]+: /, '').replace(/, received .*$/s, '');
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (value === null) return 'null';
  if (typeof value !== 'object') return `${JSON.stringify(value)} (${typeof value})`;
  return Array.isArray(value) ? 'an array' : 'an object';
}
