import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ToolContext } from '../core/agent.ts';
import { KairosError } from '../core/errors.ts';
import { reached, type Redact } from '../core/ports.ts';
import { isSystemError } from './system-error.ts';
import { READ_BYTES_MAX } from './read.ts';

export interface ShortenerOptions {
  /** Absolute, canonical. Results go to `artifacts/results` in it. */
  readonly home: string;
  readonly redact: Redact;
  /** A result over this goes to a file. Default 32 KiB. */
  readonly limitBytes?: number | undefined;
  /** Of the result that stays in the conversation, half from its beginning, half from its end. Default 4 KiB. */
  readonly previewBytes?: number | undefined;
}

/** Shortens the result of a call. */
export type Shorten = (
  callId: string,
  tool: string,
  text: string,
  context: Pick<ToolContext, 'sessionId'>,
) => Promise<string>;

const LIMIT_BYTES = 32_768;
const PREVIEW_BYTES = 4_096;
/** What is kept of a result at most; tools have tighter limits of their own. */
const KEPT_BYTES_MAX = 33_554_432;
const CALL_ID = /^[A-Za-z0-9_-]{1,128}$/;

/** Where offloaded results are: what `read` may show of the home, and nothing else. */
export function resultsPathOf(home: string): string {
  return join(home, 'artifacts', 'results');
}

/**
 * Keeps large results out of the conversation: over the limit, a result goes to `artifacts/results/sN/CALL.txt` (0600,
 * redacted), and a preview with the path takes its place. What was once answered for a call is answered for ever, byte for
 * byte, also after a crash and under other limits: the preview is kept beside the result. `read` pages by itself, so its
 * results are left whole.
 *
 * The answer rejects with system errors only (a full disk).
 */
export function createShortener(options: ShortenerOptions): Shorten {
  const { home, redact, limitBytes = LIMIT_BYTES, previewBytes = PREVIEW_BYTES } = options;
  const root = resultsPathOf(home);
  return async (callId, tool, text, { sessionId }) => {
    if (!CALL_ID.test(callId))
      throw new KairosError('INTERNAL', `a call id cannot name a file: ${JSON.stringify(callId)}`);
    const path = join(root, `s${sessionId}`, `${callId}.txt`);
    const frozen = await readIfThere(`${path}.preview`);
    if (frozen !== undefined) return frozen;
    const clean = redact(text);
    const limit = tool === 'read' ? READ_BYTES_MAX * 2 : limitBytes;
    const kept = await readIfThere(path);
    if (kept === undefined && Buffer.byteLength(clean) <= limit) return clean;
    // A result that a crash cut off from its preview is the one that counts.
    const whole = kept ?? clean;
    if (kept === undefined) await writeWhole(path, cutBytes(clean, KEPT_BYTES_MAX));
    reached('result.kept');
    const preview = previewOf(whole, path, previewBytes);
    await writeWhole(`${path}.preview`, preview);
    return preview;
  };
}

/** Removes the results of sessions nothing was added to since `beforeMs`; returns how many sessions. Never throws for one that is gone. */
export async function pruneResults(home: string, beforeMs: number): Promise<number> {
  const root = resultsPathOf(home);
  const names = await readdir(root).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  });
  let removed = 0;
  for (const name of names.filter((one) => /^s\d+$/.test(one))) {
    const path = join(root, name);
    const { mtimeMs } = await lstat(path);
    if (mtimeMs >= beforeMs) continue;
    await rm(path, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

/** Beginning and end of a text at line ends where there are any near, and what lies between. A pure function of its arguments. */
export function previewOf(text: string, path: string, previewBytes: number): string {
  const bytes = Buffer.from(text);
  const half = Math.floor(previewBytes / 2);
  const head = trimToLines(cutBytes(text, half), 'end');
  const tail = trimToLines(lastBytes(bytes, half), 'start');
  const lines = text.split('\n').length;
  const omitted = bytes.length - Buffer.byteLength(head) - Buffer.byteLength(tail);
  const note =
    `[${omitted} of ${bytes.length} bytes (${lines} lines in all) are left out here. The whole result is in ${path}: ` +
    'read it with offset and limit, or search it with grep]';
  return `${head}\n${note}\n${tail}`;
}

/** At most half of the cut is given up to end at a line. */
function trimToLines(text: string, side: 'start' | 'end'): string {
  const at = side === 'end' ? text.lastIndexOf('\n') : text.indexOf('\n');
  if (side === 'end') return at > text.length / 2 ? text.slice(0, at) : text;
  return at >= 0 && at < text.length / 2 ? text.slice(at + 1) : text;
}

function cutBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  let end = bytesMax;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1; // Not inside a character.
  return bytes.toString('utf8', 0, end);
}

function lastBytes(bytes: Buffer, bytesMax: number): string {
  let start = Math.max(0, bytes.length - bytesMax);
  while (start < bytes.length && ((bytes[start] as number) & 0xc0) === 0x80) start += 1;
  return bytes.toString('utf8', start);
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  });
}

/** Whole or not at all, flushed; the home is 0700 and written by the daemon only, so its directories need not be held. */
async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const file = await open(`${path}.tmp`, flags, 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(`${path}.tmp`, 0o600);
  await rename(`${path}.tmp`, path);
}
