import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Parser, ReadEntry } from 'tar';
import { KairosError, messageOf } from '../core/errors.ts';
import { PIECE_BYTES } from './archive.ts';
import { MANIFEST_BYTES_MAX, MANIFEST_PATH, notOurs, parseManifest, type Manifest } from './manifest.ts';

export interface UnpackOptions {
  readonly archive: string;
  /** An empty directory. Nothing is ever written outside it. */
  readonly target: string;
  /** Which files are written; the others are only read and compared. */
  readonly wants: (path: string) => boolean;
  readonly signal: AbortSignal;
  /** Called as soon as it is known what the archive says it holds; throws when that is too much. */
  readonly onManifest?: ((manifest: Manifest) => void | Promise<void>) | undefined;
}

/**
 * Reads a whole archive, and compares every file with the manifest. The archive may come from anybody: what is no plain file
 * with a name that a home has, comes twice, is longer than announced or has another hash, is refused.
 *
 * @throws {KairosError} `INPUT_INVALID`; what was written until then stays for the caller to remove.
 */
export async function unpack(options: UnpackOptions): Promise<Manifest> {
  const { Parser: TarParser } = await import('tar');
  const parser = new TarParser({ strict: true });
  const reading = createReading(options);
  const entries = readEntries(parser, (entry) => reading.take(entry));
  const source = createReadStream(options.archive, { highWaterMark: 262_144 });
  try {
    await Promise.all([
      entries.ended,
      pipeline(
        source,
        createGunzip({ chunkSize: PIECE_BYTES }),
        (chunks: AsyncIterable<Buffer>) => feed(parser, chunks, { ...entries, bytesMax: reading.bytesMax }),
        {
          signal: options.signal,
        },
      ),
    ]);
  } catch (error) {
    await entries.letGo(error);
    throw asRefusal(error, options.archive);
  }
  return reading.end();
}

interface Entries {
  /** Settles when the last entry was read, or with the first failure. */
  readonly ended: Promise<void>;
  readonly failed: AbortSignal;
  /** Ends the reading of an entry whose rest will never come, so that its file is closed. */
  letGo(why: unknown): Promise<void>;
}

/** One entry after the other, each read to its end. */
function readEntries(parser: Parser, take: (entry: ReadEntry) => Promise<void>): Entries {
  const failed = new AbortController();
  const waiting = new Set<ReadEntry>();
  let last: Promise<void> = Promise.resolve();
  const ended = new Promise<void>((resolve, reject) => {
    const fail = (error: unknown): void => {
      failed.abort();
      reject(error);
    };
    parser.on('error', fail);
    // What the parser itself would pass over: unknown kinds, devices.
    parser.on('ignoredEntry', (entry: ReadEntry) =>
      fail(notOurs(`holds ${JSON.stringify(entry.path)}, which is no plain file (${entry.type})`)),
    );
    parser.on('entry', (entry: ReadEntry) => {
      // The next one may come before this one was looked at; it waits with what it holds.
      waiting.add(entry);
      // Whoever reads it is told; nobody may be reading it yet.
      entry.on('error', () => undefined);
      last = last.then(() => take(entry)).finally(() => waiting.delete(entry));
      last.catch(fail);
    });
    parser.on('end', () => void last.then(resolve, fail));
  });
  ended.catch(() => undefined);
  const letGo = async (why: unknown): Promise<void> => {
    for (const entry of waiting) entry.destroy(why);
    await Promise.allSettled([last]);
  };
  return { ended, failed: failed.signal, letGo };
}

async function feed(
  parser: Parser,
  chunks: AsyncIterable<Buffer>,
  { ended, failed, bytesMax }: Entries & { readonly bytesMax: () => number },
): Promise<void> {
  let bytes = 0;
  let filling = 0;
  let isOver = false;
  parser.once('eof', () => (isOver = true));
  for await (const chunk of chunks) {
    if (failed.aborted) return;
    bytes += chunk.length;
    // What follows the end is read, so that its checksum is: the filling of the last record, and no more.
    if (isOver && (filling += chunk.length) > SLACK_BYTES) throw notOurs('goes on after its end');
    // A few kilobytes can unpack to as many gigabytes of nothing.
    if (bytes > bytesMax()) throw notOurs('unpacks to more than its manifest says');
    if (parser.write(chunk)) continue;
    await Promise.race([new Promise((resolve) => parser.once('drain', resolve)), ended]);
  }
  parser.end();
}

/** Of one entry: its header, that of a long name, and what fills up the last block. */
const HEADER_BYTES_MAX = 8_192;
/** The end of an archive is filled up to a record, of any size one likes. */
const SLACK_BYTES = 1_048_576;

function createReading({ target, wants, onManifest }: UnpackOptions) {
  let manifest: Manifest | undefined;
  let files = new Map<string, Manifest['files'][number]>();
  const left = new Set<string>();
  let bytesMax = MANIFEST_BYTES_MAX + SLACK_BYTES;
  return {
    bytesMax: () => bytesMax,
    async take(entry: ReadEntry): Promise<void> {
      const { path, type } = entry;
      if (type !== 'File') throw notOurs(`holds ${JSON.stringify(path)}, which is no plain file (${type})`);
      if (manifest === undefined) {
        manifest = parseManifest(await readText(entry));
        files = new Map(manifest.files.map((file) => [file.path, file]));
        for (const name of files.keys()) left.add(name);
        for (const { bytes } of files.values()) bytesMax += bytes + HEADER_BYTES_MAX;
        await onManifest?.(manifest);
        return;
      }
      const file = files.get(path);
      if (file === undefined) throw notOurs(`holds ${JSON.stringify(path)}, which its manifest does not name`);
      if (!left.delete(path)) throw notOurs(`holds ${JSON.stringify(path)} twice`);
      if (entry.size !== file.bytes) {
        throw notOurs(`holds ${JSON.stringify(path)} with ${entry.size} bytes, and its manifest says ${file.bytes}`);
      }
      const found = await readFile(entry, wants(path) ? join(target, path) : undefined);
      if (found !== file.sha256) throw notOurs(`is damaged: ${JSON.stringify(path)} is not what its manifest says`);
    },
    end(): Manifest {
      if (manifest === undefined) throw notOurs('is empty');
      const [missing] = left;
      if (missing !== undefined) throw notOurs(`lacks ${JSON.stringify(missing)}, which its manifest names`);
      return manifest;
    },
  };
}

async function readText(entry: ReadEntry): Promise<string> {
  if (entry.path !== MANIFEST_PATH) throw notOurs(`does not begin with ${MANIFEST_PATH}: it is none of kairosd`);
  if (entry.size > MANIFEST_BYTES_MAX) throw notOurs('has a manifest that is too large');
  const pieces: Buffer[] = [];
  for await (const piece of entry) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** @returns Its SHA-256. */
async function readFile(entry: ReadEntry, path: string | undefined): Promise<string> {
  const hash = createHash('sha256');
  if (path === undefined) {
    for await (const piece of entry) hash.update(piece);
    return hash.digest('hex');
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Never onto something that is there.
  await using file = await open(path, 'wx', 0o600);
  for await (const piece of entry) {
    hash.update(piece);
    await file.writeFile(piece);
  }
  await file.sync();
  return hash.digest('hex');
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);

function asRefusal(error: unknown, archive: string): unknown {
  if (error instanceof KairosError) return error;
  const { code = '', name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError') return (error as Error).cause ?? error;
  if (FULL.has(code)) return new KairosError('DISK_FULL', 'there is no room to unpack the backup', {}, error);
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
    return new KairosError('INPUT_INVALID', `${archive} can't be read: ${messageOf(error)}`, {}, error);
  }
  return notOurs(`can't be read: ${messageOf(error)}`);
}
