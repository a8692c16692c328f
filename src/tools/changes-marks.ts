import { lstatSync, readFileSync, readlinkSync, type BigIntStats } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ChangeRecord, FileState } from './changes-record.ts';
import { isInside } from './held.ts';

/** Longer ago a person has had the time to look at it. */
const MARK_MS_MAX = 30 * 86_400_000;
/** Where there are more, they are not looked at one by one: any of them counts. */
const LOOKED_AT_MAX = 2_000;
/** A larger file is not read for this: it counts as it was left. */
const HASHED_BYTES_MAX = 4_194_304;

interface Mark {
  readonly hashes: Set<string>;
  atMs: number;
}

/**
 * What runs left behind that had read text from outside: as long as a file is as such a run left it, whoever reads it reads
 * what may be somebody else's words. A file that a person, or a run without such text, has changed since is theirs.
 */
export class Marks {
  readonly #files = new Map<string, Mark>();
  readonly #seen = new Map<string, { readonly stamp: string; readonly hash: string }>();

  /** Takes up what a run left. Twice is once. */
  note({ outside, workspace, files, atMs }: ChangeRecord): void {
    if (outside !== true) return;
    for (const { path, after } of files) {
      if (after === null) continue;
      const absolute = join(workspace, path);
      const mark = this.#files.get(absolute) ?? { hashes: new Set(), atMs };
      mark.hashes.add(keyOf(after));
      mark.atMs = Math.max(mark.atMs, atMs);
      this.#files.set(absolute, mark);
    }
  }

  /** Whether a file, or anything below a directory, is as such a run left it. Looks at the disk; never throws. */
  hold(canonical: string, nowMs: number): boolean {
    const own = this.#files.get(canonical);
    if (own !== undefined) return this.#stands(canonical, own, nowMs);
    const below = [...this.#files].filter(([path]) => isInside(path, canonical));
    return below.length > LOOKED_AT_MAX || below.some(([path, mark]) => this.#stands(path, mark, nowMs));
  }

  #stands(path: string, { hashes, atMs }: Mark, nowMs: number): boolean {
    if (nowMs - atMs > MARK_MS_MAX) return false;
    try {
      const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      if (stats === undefined) return false;
      return stats.size > BigInt(HASHED_BYTES_MAX) || hashes.has(this.#keyNow(path, stats));
    } catch {
      return false;
    }
  }

  /** What was hashed is not hashed again while nothing of it has changed. */
  #keyNow(path: string, stats: BigIntStats): string {
    const stamp = `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
    const seen = this.#seen.get(path);
    if (seen?.stamp === stamp) return seen.hash;
    const link = stats.isSymbolicLink();
    const bytes = link ? Buffer.from(readlinkSync(path)) : readFileSync(path);
    const hash = keyOf({ kind: link ? 'link' : 'file', hash: blobHash(bytes) });
    this.#seen.set(path, { stamp, hash });
    return hash;
  }
}

function keyOf({ kind, hash }: Pick<FileState, 'kind' | 'hash'>): string {
  return `${kind} ${hash}`;
}

function blobHash(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
