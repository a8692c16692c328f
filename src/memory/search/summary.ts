import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { identifiersIn } from './identifiers.ts';
import type { Piece } from './ports.ts';

/** Bytes that are read of the beginning and of the end of a transcript. What lies between is only looked through. */
const END_BYTES = 65_536;
/** Of what lies between; in a longer one nobody knows whose words are in it. */
const MIDDLE_BYTES_MAX = 33_554_432;
const CHUNK_BYTES = 262_144;
const TITLE_CHARS = 300;
const ANSWER_CHARS = 1_200;
const TOOLS_MAX = 20;
const IDENTIFIERS_MAX = 60;

const line = z.object({
  kind: z.string(),
  at: z.string().optional().catch(undefined),
  startedAt: z.string().optional().catch(undefined),
  text: z.string().catch(''),
  tool: z.string().optional().catch(undefined),
  trust: z.string().optional().catch('outside'),
  input: z.unknown().optional(),
});
type Line = z.output<typeof line>;

/**
 * A session in a few words, without a model: what the owner first asked, what the answer was in the end, which tools were used, and
 * the identifiers that were named. Keeps at most 128 KiB of the file in memory. One in which anything came from outside is outside.
 *
 * @returns undefined: there is nothing in it that could be told.
 */
export async function summarize(file: FileHandle, bytes: number): Promise<Piece | undefined> {
  const head = await readAt(file, 0, Math.min(bytes, END_BYTES));
  const tail =
    bytes <= END_BYTES ? Buffer.alloc(0) : await readAt(file, Math.max(END_BYTES, bytes - END_BYTES), END_BYTES);
  const between = { from: head.length, to: Math.max(head.length, bytes - tail.length) };
  // Torn lines, where a part ends, can't be read: they are looked through like what lies between.
  const lines = [...readLines(head), ...readLines(tail)];
  const asked = lines.find(({ kind, text }) => kind === 'user' && text.trim() !== '');
  const answer = lines.findLast(({ kind, text }) => kind === 'assistant' && text.trim() !== '');
  const tools = [...new Set(lines.flatMap(({ tool }) => tool ?? []))].slice(0, TOOLS_MAX);
  const names = identifiersIn(lines.map(wordsOf), IDENTIFIERS_MAX);
  if (asked === undefined && answer === undefined && names.length === 0) return undefined;
  const isOutside =
    lines.some(({ kind, trust = kind === 'meta' ? 'owner' : 'outside' }) => trust === 'outside') ||
    [head, tail].some(saysOutside) ||
    (between.to > between.from && (await outsideBetween(file, between)));
  const parts = [
    oneLine(answer?.text ?? '', ANSWER_CHARS),
    tools.length === 0 ? '' : `tools: ${tools.join(', ')}`,
    names.length === 0 ? '' : `names: ${names.join(' ')}`,
  ];
  return {
    line: 1,
    kind: 'session',
    trust: isOutside ? 'outside' : 'owner',
    at: lines[0]?.startedAt ?? lines[0]?.at ?? '',
    title: oneLine(asked?.text ?? '', TITLE_CHARS),
    text: parts.filter((part) => part !== '').join('\n'),
  };
}

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(bytes), 0, bytes, position);
  return buffer.subarray(0, bytesRead);
}

function readLines(part: Buffer): Line[] {
  return part
    .toString('utf8')
    .split('\n')
    .flatMap((text) => {
      try {
        const parsed = line.safeParse(JSON.parse(text));
        return parsed.success ? [parsed.data] : [];
      } catch {
        return [];
      }
    });
}

/** Whoever writes JSON writes the quotes of a value so, and those inside of texts with a backslash. */
function saysOutside(bytes: Buffer): boolean {
  return bytes.includes('"outside"');
}

async function outsideBetween(file: FileHandle, { from, to }: { from: number; to: number }): Promise<boolean> {
  if (to - from > MIDDLE_BYTES_MAX) return true;
  const overlap = '"outside"'.length - 1;
  for (let at = Math.max(0, from - overlap); at < to; at += CHUNK_BYTES - overlap) {
    const chunk = await readAt(file, at, Math.min(CHUNK_BYTES, to + overlap - at));
    if (saysOutside(chunk)) return true;
    if (chunk.length === 0) return false;
  }
  return false;
}

function wordsOf({ kind, text, input }: Line): string {
  if (kind === 'user' || kind === 'assistant') return text;
  return input === undefined ? '' : JSON.stringify(input);
}

function oneLine(text: string, charsMax: number): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, charsMax).toWellFormed();
}
