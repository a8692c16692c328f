import { z } from 'zod';
import type { Tool } from '../core/agent.ts';
import { defineTool } from './define.ts';
import { canonicalOf, demand, locate, shownPath, type FileAccess } from './held.ts';
import { replaceFile, statIfThere } from './replace.ts';
import { countLines, readWhole } from './text.ts';

const CONTENT_CHARS_MAX = 2_097_152;

/** `write`: a file with exactly this content, new or instead of what is there. */
export function createWriteTool(access: FileAccess): Tool {
  return defineTool({
    name: 'write',
    description:
      'Writes a file with exactly this content: a new one, with the directories it needs, or instead of what is there. ' +
      'To change a part of a file use edit. Paths are relative to the workspace.',
    input: z.strictObject({
      path: z.string().min(1).max(4_096).describe('The file to write.'),
      content: z.string().max(CONTENT_CHARS_MAX).describe('The whole content of the file.'),
    }),
    async run({ path, content }, context) {
      const { callId } = context;
      const canonical = await canonicalOf(locate(path, context, access.userHome));
      demand(access, canonical, 'write', callId);
      const shown = shownPath(canonical, context);
      const bytes = Buffer.from(content);
      const before = await statIfThere(canonical);
      const was =
        before?.isFile() === true ? await readWhole(canonical, access, callId).catch(() => undefined) : undefined;
      if (was?.bytes.equals(bytes) === true)
        return { text: `${shown} holds exactly that already; nothing was changed` };
      const callKey = `s${context.sessionId} ${callId}`;
      await replaceFile({ canonical, bytes, callKey, callId, basis: before ?? null }, access);
      const lines = countLines(content);
      const what = before === undefined ? 'new file' : `replaced, was ${size(Number(before.size))}`;
      return { text: `wrote ${shown}: ${what}, now ${lines} ${lines === 1 ? 'line' : 'lines'}, ${size(bytes.length)}` };
    },
  });
}

function size(bytes: number): string {
  return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
}
