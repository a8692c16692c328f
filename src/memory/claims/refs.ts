import { isAbsolute, join, resolve } from 'node:path';
import type { Sight } from './sight.ts';

/** What a repository's own files say about its branches and tags. git itself is not run: a checkout can name programs for it. */
export interface Refs {
  /** undefined: detached. */
  readonly current: string | undefined;
  hasBranch(name: string): boolean;
  hasTag(name: string): boolean;
  /** What the remote calls its default; undefined: it isn't known here. */
  readonly remoteDefault: string | undefined;
}

/** undefined: no repository, or one whose refs are kept in another way (reftable). */
export function readRefs(root: string, sight: Sight): Refs | undefined {
  const own = gitDirectory(root, sight);
  if (own === undefined) return undefined;
  const shared = sight.text(join(own, 'commondir'))?.trim();
  const common = shared === undefined ? own : resolve(own, shared);
  const head = sight.text(join(own, 'HEAD'));
  if (head === undefined || sight.kind(join(common, 'reftable')) === 'directory') return undefined;
  const packed = sight.text(join(common, 'packed-refs')) ?? '';
  const has = (ref: string): boolean =>
    packed.includes(` ${ref}\n`) || (safe(ref) && sight.kind(join(common, ref)) === 'file');
  const remotes = remotesOf(common, packed, sight);
  const current = /^ref: refs\/heads\/(.+?)\s*$/.exec(head)?.[1];
  return {
    current,
    hasBranch: (name) =>
      name === current ||
      has(`refs/heads/${name}`) ||
      remotes.some((remote) => has(`refs/remotes/${remote}/${name}`)) ||
      has(`refs/remotes/${name}`),
    hasTag: (name) => has(`refs/tags/${name}`),
    get remoteDefault() {
      return remotes
        .map(
          (remote) =>
            /^ref: refs\/remotes\/[^/]+\/(.+?)\s*$/.exec(
              sight.text(join(common, 'refs/remotes', remote, 'HEAD')) ?? '',
            )?.[1],
        )
        .find((name) => name !== undefined);
    },
  };
}

function gitDirectory(root: string, sight: Sight): string | undefined {
  const path = join(root, '.git');
  const kind = sight.kind(path);
  if (kind === 'directory') return path;
  if (kind !== 'file') return undefined;
  const target = /^gitdir:\s*(.+?)\s*$/m.exec(sight.text(path) ?? '')?.[1];
  return target === undefined ? undefined : isAbsolute(target) ? target : resolve(root, target);
}

function remotesOf(common: string, packed: string, sight: Sight): readonly string[] {
  const names = new Set([...packed.matchAll(/ refs\/remotes\/([^/\n]+)\//g)].map((found) => found[1] ?? ''));
  const path = join(common, 'refs/remotes');
  if (sight.kind(path) === 'directory') for (const name of sight.names(path)) names.add(name);
  return [...names].toSorted();
}

function safe(ref: string): boolean {
  return !ref.includes('..') && !ref.includes('\0');
}
