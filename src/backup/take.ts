import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing, type Content } from './contents.ts';
import { createScrubber, type Needles } from './needles.ts';

/** A file in the staging directory. */
export interface Taken {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Secrets that were taken out of it. */
  readonly names: readonly string[];
}

const CHUNK_BYTES = 262_144;
const HASH_BYTES = 1_048_576;
const ATTEMPTS_MAX = 5;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
/** These only ever grow at their end: what they had when they were listed is whole. */
const GROWING = /^(logs|sessions|artifacts)\//;

/**
 * Copies one file of a home into the staging directory, without the secrets in it. One that somebody is just writing is
 * read again until it stands still.
 *
 * @returns undefined: it is gone.
 */
export async function takeFile(
  { home, stage }: { readonly home: string; readonly stage: string },
  content: Content,
  needles: Needles,
): Promise<Taken | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    let source: FileHandle;
    try {
      source = await open(join(home, content.path), READ);
    } catch (error) {
      if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'ELOOP') return undefined;
      throw error;
    }
    try {
      const before = await source.stat();
      if (!before.isFile()) return undefined;
      const grows = GROWING.test(content.path);
      const bytesMax = grows ? Math.min(content.bytes, before.size) : before.size;
      const taken = await copy(source, join(stage, content.path), { bytesMax, needles });
      const after = await source.stat();
      const still = after.size === before.size && after.mtimeMs === before.mtimeMs;
      if (grows || still || attempt === ATTEMPTS_MAX) return { path: content.path, ...taken };
    } finally {
      await source.close();
    }
  }
}

async function copy(
  source: FileHandle,
  target: string,
  { bytesMax, needles }: { readonly bytesMax: number; readonly needles: Needles },
): Promise<Omit<Taken, 'path'>> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  const scrubber = createScrubber(needles);
  await using file = await open(target, 'w', 0o600);
  let bytes = 0;
  const put = async (piece: Buffer): Promise<void> => {
    if (piece.length === 0) return;
    hash.update(piece);
    bytes += piece.length;
    await file.writeFile(piece);
  };
  const buffer = Buffer.alloc(Math.max(1, Math.min(CHUNK_BYTES, bytesMax)));
  for (let at = 0; at < bytesMax;) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, bytesMax - at), at);
    if (bytesRead === 0) break;
    at += bytesRead;
    await put(scrubber.push(buffer.subarray(0, bytesRead)));
  }
  await put(scrubber.end());
  return { bytes, sha256: hash.digest('hex'), names: [...scrubber.names] };
}

/** The size and hash of a file that is in place already. */
export async function hashFile(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(HASH_BYTES);
  await using file = await open(path, READ);
  for (let bytes = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, HASH_BYTES, bytes);
    if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
    hash.update(buffer.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}
