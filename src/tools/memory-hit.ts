import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Line } from './search-worker.ts';

/** A line that was found, or a session in a few words. */
export interface MemoryHit {
  /** Relative to the home. */
  readonly path: string;
  readonly line: number;
  /** `topic`, `archive`, `note` or `session` of the index; `memory`, `log`, or the kind of a line of a transcript. */
  readonly kind: string;
  /** Whose words it holds. */
  readonly trust: string;
  /** ISO 8601; empty when nobody knows. */
  readonly at: string;
  /** One line. */
  readonly text: string;
}

/** A hit as the model reads it: `memory/topics/a.md:3 [owner] …`. */
export function hitLine({ path, line, kind, trust, at, text }: MemoryHit): string {
  const inMemory = path.startsWith('memory/');
  const label = inMemory || kind === 'log' ? [trust] : [trust, kind, at.slice(0, 16)];
  return `${path}:${line} [${label.filter(Boolean).join(', ')}] ${text}`;
}

const EXCERPT_CHARS = 400;
const WORDS_MAX = 8;
const FRONT_MATTER_BYTES = 2_048;
const TRANSCRIPT_BYTES_MAX = 4_194_304;

const transcriptLine = z.object({
  kind: z.string(),
  text: z.string().optional(),
  at: z.string().optional(),
  trust: z.enum(['owner', 'agent', 'tool', 'outside']).optional().catch('outside'),
  tool: z.string().optional(),
  input: z.unknown().optional(),
});

/** The words of a query, in small letters. */
export function wordsOf(query: string): string[] {
  return query.toLowerCase().split(/\s+/).filter(Boolean).slice(0, WORDS_MAX);
}

/** A found line with whose words it is. undefined: the words are only in its packaging. */
export async function memoryHit(home: string, line: Line, words: readonly string[]): Promise<MemoryHit | undefined> {
  const { path, number, text } = line;
  const at = { path, line: number, at: '' };
  if (path.startsWith('memory/')) {
    const trust = trustOfBullet(text) ?? (await trustOfFile(join(home, path)));
    return { ...at, kind: 'memory', trust, text: excerpt(text, words) };
  }
  // A log tells of anything, in a line of one kind: whose words are in it cannot be told.
  if (path.startsWith('logs/')) return { ...at, kind: 'log', trust: 'outside', text: excerpt(text, words) };
  return transcriptHit(at, text, words, join(home, path));
}

async function transcriptHit(
  place: Pick<MemoryHit, 'path' | 'line'>,
  json: string,
  words: readonly string[],
  file: string,
): Promise<MemoryHit | undefined> {
  const parsed = transcriptLine.safeParse(parse(json));
  if (!parsed.success) return { ...place, kind: '', trust: 'outside', at: '', text: excerpt(json, words) };
  const { kind, text = '', trust: said = 'outside', tool, input, at = '' } = parsed.data;
  const shown = [text, input === undefined ? '' : JSON.stringify(input)].filter(Boolean).join(' ');
  if (!words.every((word) => shown.toLowerCase().includes(word))) return undefined;
  // What was said or done after text from outside was read may be that very text.
  const trust = said !== 'owner' && (await holdsOutside(file)) ? 'outside' : said;
  return { ...place, kind: tool === undefined ? kind : `${kind} ${tool}`, trust, at, text: excerpt(shown, words) };
}

/** Whether a conversation has met text from outside. One that is too long to be looked through has. */
async function holdsOutside(path: string): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) return true;
  try {
    if ((await file.stat()).size > TRANSCRIPT_BYTES_MAX) return true;
    // In a text the quotes would be escaped: only a line itself says this.
    return /"trust"\s{0,8}:\s{0,8}"outside"/.test(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** `{since: …, src: s1, trust: outside}` at the end of a bullet; one without a source is as its file says. */
function trustOfBullet(line: string): string | undefined {
  const facts = /\{([^{}]*)\}\s*$/.exec(line)?.[1];
  if (facts === undefined) return undefined;
  return /(?:^|,)\s*trust:\s*(owner|derived|outside)\b/.exec(facts)?.[1];
}

async function trustOfFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) return 'outside';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FRONT_MATTER_BYTES), 0, FRONT_MATTER_BYTES, 0);
    const head = /^---\r?\n([\s\S]*?)\n---/.exec(buffer.toString('utf8', 0, bytesRead))?.[1] ?? '';
    return /^trust:\s*(owner|derived|outside)\s*$/m.exec(head)?.[1] ?? 'owner';
  } finally {
    await file.close();
  }
}

/** What surrounds the first of the words, in one line. */
function excerpt(text: string, words: readonly string[]): string {
  const plain = text.replaceAll(/\s+/g, ' ').trim();
  if (plain.length <= EXCERPT_CHARS) return plain;
  const found = plain.toLowerCase().indexOf(words[0] ?? '');
  const start = Math.max(0, Math.min(found - EXCERPT_CHARS / 4, plain.length - EXCERPT_CHARS));
  const end = Math.min(plain.length, start + EXCERPT_CHARS);
  return `${start > 0 ? '…' : ''}${plain.slice(start, end)}${end < plain.length ? '…' : ''}`;
}
