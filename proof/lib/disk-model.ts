import { basename } from 'node:path';
import type { Dice } from './seed.ts';
import type { DiskOp } from './strace.ts';

/**
 * When a file's name survives: `posix` only after its directory was flushed; `ext4` also after the file itself was (a
 * flush there commits the journal, and with it every earlier change of names).
 */
export type NameModel = 'posix' | 'ext4';

/** What is on the disk when the power fails: of what was not flushed nothing, all, or some of it, torn into sectors. */
export type Fate = 'nothing' | 'everything' | 'some';

/** Files by name, as the next start finds them. */
export type DiskImage = ReadonlyMap<string, Buffer>;

const SECTOR_BYTES = 512;

type Change =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

/** A file, whatever its name. */
class Inode {
  durable: Buffer = Buffer.alloc(0);
  pending: Change[] = [];
  /** How many of the pending changes a flush under way will make durable. */
  flushing = 0;
  size = 0;

  change(change: Change): void {
    this.pending.push(change);
    this.size = change.kind === 'write' ? Math.max(this.size, change.at + change.bytes.length) : change.size;
  }

  flushed(): void {
    this.durable = apply(this.durable, this.pending.slice(0, this.flushing));
    this.pending = this.pending.slice(this.flushing);
    this.flushing = 0;
  }
}

interface NameChange {
  readonly name: string;
  /** undefined: the name was taken away. */
  readonly inode: Inode | undefined;
}

/** A directory on a disk that forgets what was not flushed. */
export class DiskModel {
  readonly #directory: string;
  readonly #model: NameModel;
  readonly #names = new Map<string, Inode>();
  readonly #durableNames = new Map<string, Inode>();
  #pendingNames: NameChange[] = [];
  #flushingNames = 0;

  constructor(directory: string, model: NameModel) {
    this.#directory = directory;
    this.#model = model;
  }

  /** Does what the process did. @throws for what cannot be replayed. */
  take(op: DiskOp): void {
    if (op.path === this.#directory) return this.#takeDirectory(op);
    const name = basename(op.path);
    // Shared memory of the living: the next start makes it anew.
    if (name.endsWith('-shm')) return;
    const inode = this.#names.get(name);
    if (op.kind === 'open') return this.#open(op, name, inode);
    if (op.kind === 'mmap') throw new Error(`${name} is written through shared memory, which no trace shows`);
    if (inode === undefined) return;
    switch (op.kind) {
      case 'write':
        return inode.change({ kind: 'write', at: op.at === 'end' ? inode.size : op.at, bytes: op.bytes });
      case 'truncate':
        return inode.change({ kind: 'truncate', size: op.size });
      case 'sync-begins':
        inode.flushing = inode.pending.length;
        if (this.#model === 'ext4') this.#flushingNames = this.#pendingNames.length;
        return;
      case 'sync-ends':
        inode.flushed();
        if (this.#model === 'ext4') this.#flushNames();
        return;
      case 'unlink':
        this.#rename({ name, inode: undefined });
        return;
    }
  }

  /** The disk after a power loss now. */
  crash(fate: Fate, dice: Dice): DiskImage {
    const names = new Map(this.#durableNames);
    for (const change of this.#survivingNames(fate, dice)) setName(names, change);
    return new Map(
      [...names].map(([name, inode]) => [name, apply(inode.durable, surviving(inode.pending, fate, dice))]),
    );
  }

  #open(op: DiskOp & { kind: 'open' }, name: string, inode: Inode | undefined): void {
    if (inode === undefined && op.creates) this.#rename({ name, inode: new Inode() });
    else if (op.truncates) inode?.change({ kind: 'truncate', size: 0 });
  }

  #takeDirectory(op: DiskOp): void {
    if (op.kind === 'sync-begins') this.#flushingNames = this.#pendingNames.length;
    if (op.kind === 'sync-ends') this.#flushNames();
  }

  #rename(change: NameChange): void {
    setName(this.#names, change);
    this.#pendingNames.push(change);
  }

  #flushNames(): void {
    for (const change of this.#pendingNames.slice(0, this.#flushingNames)) setName(this.#durableNames, change);
    this.#pendingNames = this.#pendingNames.slice(this.#flushingNames);
    this.#flushingNames = 0;
  }

  /** A journal keeps the order of names; POSIX promises none. */
  #survivingNames(fate: Fate, dice: Dice): NameChange[] {
    if (fate === 'nothing') return [];
    if (fate === 'everything') return this.#pendingNames;
    if (this.#model === 'ext4') return this.#pendingNames.slice(0, dice.between(0, this.#pendingNames.length));
    return this.#pendingNames.filter(() => dice.happens(0.5));
  }
}

function setName(names: Map<string, Inode>, { name, inode }: NameChange): void {
  if (inode === undefined) names.delete(name);
  else names.set(name, inode);
}

function surviving(pending: readonly Change[], fate: Fate, dice: Dice): Change[] {
  if (fate === 'nothing') return [];
  if (fate === 'everything') return [...pending];
  return pending.flatMap((change) => {
    if (dice.happens(1 / 3)) return [];
    return change.kind === 'write' && dice.happens(0.5) ? sectorsOf(change, dice) : [change];
  });
}

/** Some of the sectors of a write. */
function sectorsOf({ at, bytes }: Change & { kind: 'write' }, dice: Dice): Change[] {
  const sectors: Change[] = [];
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
    if (dice.happens(0.5)) sectors.push({ kind: 'write', at: at + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return sectors;
}

/** A new buffer: what was handed out before is not touched. */
function apply(before: Buffer, changes: readonly Change[]): Buffer {
  if (changes.length === 0) return before;
  let size = before.length;
  let capacity = size;
  for (const change of changes) {
    size = change.kind === 'write' ? Math.max(size, change.at + change.bytes.length) : change.size;
    capacity = Math.max(capacity, size);
  }
  const after = Buffer.alloc(capacity);
  before.copy(after);
  for (const change of changes) {
    if (change.kind === 'write') change.bytes.copy(after, change.at);
    else after.fill(0, change.size);
  }
  return after.subarray(0, size);
}
