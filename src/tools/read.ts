import { z } from 'zod';
import type { Item, Tool, ToolContext } from '../core/agent.ts';
import type { Redact } from '../core/ports.ts';
import { defineTool, failure } from './define.ts';
import { holdFile, locate, shownPath, trustOfFile, type FileAccess } from './held.ts';
import { binaryKind } from './kind.ts';
import { readLines } from './lines.ts';

export interface ReadOptions {
  readonly access: FileAccess;
  /** The one that stands before the transcript: what was said before is compared after it. */
  readonly redact: Redact;
  /**
   * What is shown at most, whatever was asked for. Default and most 256 KiB. Keep it below what the loop cuts results at:
   * a result that is cut later is neither paged nor recognized.
   */
  readonly bytesMax?: number | undefined;
}

export const READ_BYTES_MAX = 262_144;
const LINES_DEFAULT = 2_000;
const LINES_MAX = 10_000;
/** A shorter answer is not worth a stub. */
const STUB_CHARS_MIN = 240;

/**
 * `read`: lines of a text file, numbered. What the conversation holds already, letter for letter, from an earlier read of
 * the same path, is answered with a short stub; after a change, or when that result is no longer there, in full.
 */
export function createReadTool({ access, redact, bytesMax = READ_BYTES_MAX }: ReadOptions): Tool {
  return defineTool({
    name: 'read',
    description:
      `Shows a text file with line numbers: ${LINES_DEFAULT} lines from the beginning, or \`limit\` lines from line \`offset\` on; ` +
      'it says so when there are more. Lines longer than 2 000 characters are cut. What was read before and has not changed is not repeated. ' +
      'Paths are relative to the workspace.',
    input: z.strictObject({
      path: z.string().min(1).max(4_096).describe('The file to read.'),
      offset: z.int().min(1).max(1_000_000_000).optional().describe('First line, counted from 1. Default 1.'),
      limit: z.int().min(1).max(LINES_MAX).optional().describe(`How many lines. Default ${LINES_DEFAULT}.`),
    }),
    async run({ path, offset = 1, limit = LINES_DEFAULT }, context) {
      const absolute = locate(path, context, access.userHome);
      await using file = await holdFile(absolute, access, context.callId);
      const { canonical, handle, stats } = file;
      const shown = shownPath(canonical, context);
      const trust = trustOfFile(canonical, context, access);
      const bytes = Number(stats.size);
      const binary = await binaryKind(handle);
      if (binary !== undefined)
        return { text: `${shown} is binary (${binary}, ${bytes} bytes); read shows text only`, trust };

      const page = await readLines(handle, {
        offset,
        limit,
        bytesMax: Math.min(bytesMax, READ_BYTES_MAX),
        signal: context.signal,
      });
      if (page.lines.length === 0) {
        if (page.lineCount === 0) return { text: `${shown} is empty`, trust };
        return failure(`${shown} has ${page.lineCount} lines, so there is no line ${offset}`);
      }
      const numbered = page.lines.map((line, index) => `${offset + index}\t${line}`).join('\n');
      const next = offset + page.lines.length;
      const text = page.more ? `${numbered}\n[${bytes} bytes in all; go on with offset ${next}]` : numbered;
      const earlier = earlierRead(redact(text), absolute, context, access.userHome);
      if (earlier === undefined) return { text, trust };
      return {
        text: `${shown}: unchanged since it was read in ${earlier.callId}; those lines, above, still hold`,
        trust,
      };
    },
  });
}

/** The result of an earlier read of the same path with exactly this text. */
function earlierRead(text: string, absolute: string, context: ToolContext, userHome: string): Item | undefined {
  if (text.length < STUB_CHARS_MIN) return undefined;
  const { items } = context;
  const same = items.filter((item) => item.kind === 'tool_result' && item.tool === 'read' && item.text === text);
  return same.findLast(({ callId }) => {
    const asked = items.find((item) => item.kind === 'tool_use' && item.callId === callId);
    const path = (asked?.input as { readonly path?: unknown } | undefined)?.path;
    return typeof path === 'string' && locate(path, context, userHome) === absolute;
  });
}
