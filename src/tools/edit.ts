import { z } from 'zod';
import type { Tool } from '../core/agent.ts';
import { KairosError } from '../core/errors.ts';
import { defineTool, failure } from './define.ts';
import { locate, shownPath, type FileAccess } from './held.ts';
import { replaceFile } from './replace.ts';
import { countLines, decodeExactly, readWhole } from './text.ts';

const TEXT_CHARS_MAX = 1_048_576;
const PLACES_NAMED_MAX = 8;

/** `edit`: one text in a file becomes another. */
export function createEditTool(access: FileAccess): Tool {
  return defineTool({
    name: 'edit',
    description:
      'Replaces `old` by `new` in a file. `old` must be in the file exactly once, letter for letter, white space and all, ' +
      'without the line numbers that read shows; with `all` every place is replaced. Line endings stay as they are.',
    input: z.strictObject({
      path: z.string().min(1).max(4_096).describe('The file to change.'),
      old: z.string().min(1).max(TEXT_CHARS_MAX).describe('The text to replace, as it is in the file.'),
      new: z.string().max(TEXT_CHARS_MAX).describe('The text that takes its place; empty removes it.'),
      all: z.boolean().optional().describe('Replace every place. Default: there must be exactly one.'),
    }),
    async run({ path, old, new: fresh, all = false }, context) {
      const { callId } = context;
      const { canonical, bytes, stats } = await readWhole(locate(path, context, access.userHome), access, callId);
      const shown = shownPath(canonical, context);
      const text = decodeExactly(bytes);
      if (text === undefined) return failure(`expected a text file, but ${shown} is not UTF-8; nothing was changed`);
      const change = planEdit(text, old, fresh, all);
      if ('problem' in change) return failure(`${shown}: ${change.problem}; nothing was changed`);
      const callKey = `s${context.sessionId} ${callId}`;
      await replaceFile({ canonical, bytes: Buffer.from(change.text), callKey, callId, basis: stats }, access);
      const { places, line } = change;
      const where = places === 1 ? `line ${line}` : `${places} places`;
      return { text: `edited ${shown}: ${where}, ${places * countLines(old)} → ${places * countLines(fresh)} lines` };
    },
  });
}

type Edit =
  | { readonly text: string; readonly places: number; /** Of the first place. */ readonly line: number }
  | { readonly problem: string };

/**
 * The text after an edit, or why it cannot be. In a file whose lines all end with CRLF, both texts are taken to be of such
 * lines: a model writes LF.
 */
export function planEdit(text: string, oldText: string, newText: string, all: boolean): Edit {
  const crlf = text.includes('\r\n') && !/(?<!\r)\n/.test(text);
  const [old, fresh] = crlf ? [withCrlf(oldText), withCrlf(newText)] : [oldText, newText];
  if (old === fresh) return { problem: '`old` and `new` are the same' };
  const parts = text.split(old);
  const places = parts.length - 1;
  if (places === 0) return { problem: `\`old\` is not in it${nearly(text, old)}` };
  const lines = linesOf(parts, old);
  if (places > 1 && !all) {
    const named = lines.slice(0, PLACES_NAMED_MAX).join(', ');
    const problem = `\`old\` is in it ${places} times (lines ${named}${places > PLACES_NAMED_MAX ? ' …' : ''}), expected once: give more of what surrounds it, or \`all\`: true`;
    return { problem };
  }
  const edited = parts.join(fresh);
  if (edited.length > TEXT_CHARS_MAX * 16) throw new KairosError('INPUT_INVALID', 'the file would grow over 16 MiB');
  return { text: edited, places, line: lines[0] ?? 1 };
}

function linesOf(parts: readonly string[], old: string): number[] {
  const perPlace = old.split('\n').length - 1;
  let line = 1;
  return parts
    .slice(0, PLACES_NAMED_MAX + 1)
    .map((part) => {
      line += part.split('\n').length - 1;
      const at = line;
      line += perPlace;
      return at;
    })
    .slice(0, parts.length - 1);
}

/** The usual mistake is white space: says where the same words are. */
function nearly(text: string, old: string): string {
  const wanted = old.split('\n').map((line) => line.trim());
  const lines = text.split('\n').map((line) => line.trim());
  for (let at = 0; at + wanted.length <= lines.length; at += 1) {
    if (wanted.every((line, index) => line === lines[at + index])) {
      return `; line ${at + 1} has the same words with other white space: read it and copy it exactly`;
    }
  }
  return '; read the file and copy the text exactly, without line numbers';
}

function withCrlf(text: string): string {
  return text.replaceAll(/\r?\n/g, '\r\n');
}
