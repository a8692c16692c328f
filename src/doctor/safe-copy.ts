import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { KairosError } from '../core/errors.ts';
import { withEntry, type Inside } from './inside.ts';
import type { Step } from './repair.ts';

/** Where everything that is about to be changed is written down. */
export interface SafeCopy {
  /** `<home>/backups/doctor-<time>`. Holds `manifest.json`, and the files that were taken out of the home. */
  readonly path: string;
  /** How a file of the home is called in it. */
  nameOf(path: string): string;
}

/** Larger files are not digested for the manifest. They are moved, not copied, so nothing is lost. */
const DIGEST_BYTES_MAX = 16 * 1_048_576;
const TRIES_MAX = 100;
const FOLDER = 'backups';

/**
 * Writes down what is there before anything is changed: path, mode, owner, size and digest of each thing, and the bytes of what
 * the repair itself would remove. On disk when this returns.
 *
 * @throws what the system says when it can't be written: then nothing may be changed.
 */
export function openSafeCopy(inside: Inside, steps: readonly Step[], nowMs: number): SafeCopy {
  const path = makeFolder(inside, nowMs);
  const names = new Map<string, string>();
  for (const step of steps) {
    if (step.kind === 'set aside' || step.kind === 'free lock')
      names.set(step.path, `${String(names.size + 1).padStart(4, '0')}-${step.path.replaceAll(/[^\w.-]/g, '_')}`);
  }
  for (const step of steps)
    if (step.kind === 'free lock') copyBytes(inside, step.path, join(path, names.get(step.path) ?? ''));
  const entries = steps.map((step) => ({ ...describe(inside, step), keptAs: names.get(step.path) }));
  const at = Temporal.Instant.fromEpochMilliseconds(nowMs).toString();
  write(
    join(path, 'manifest.json'),
    `${JSON.stringify({ at, by: 'kairos doctor --fix', changes: entries }, null, 2)}\n`,
  );
  flush(path);
  return { path, nameOf: (one) => names.get(one) ?? one.replaceAll(/[^\w.-]/g, '_') };
}

/** Two in one second get numbers. */
function makeFolder(inside: Inside, nowMs: number): string {
  const time = Temporal.Instant.fromEpochMilliseconds(nowMs).toString({ smallestUnit: 'second' }).replaceAll(':', '');
  withEntry(inside, FOLDER, (entry) => {
    if (!existsSync(entry)) mkdirSync(entry, { mode: 0o700 });
    if (!lstatSync(entry).isDirectory())
      throw new KairosError(
        'HOME_UNUSABLE',
        `${FOLDER} is no directory of the home: what is changed could not be kept`,
      );
  });
  for (let number = 1; number <= TRIES_MAX; number += 1) {
    const name = `doctor-${time}${number === 1 ? '' : `-${number}`}`;
    const made = withEntry(inside, join(FOLDER, name), (entry) => {
      if (existsSync(entry)) return false;
      mkdirSync(entry, { mode: 0o700 });
      return true;
    });
    if (made) return join(inside.root, FOLDER, name);
  }
  throw new KairosError('HOME_UNUSABLE', `${FOLDER} holds ${TRIES_MAX} backups of this second already`);
}

interface Described {
  readonly kind: Step['kind'];
  readonly path: string;
  readonly mode?: string;
  readonly toMode?: string;
  readonly userId?: number;
  readonly bytes?: number;
  readonly sha256?: string;
}

function describe(inside: Inside, step: Step): Described {
  const { kind, path } = step;
  const stats = withEntry(inside, path, (entry) => lstatSync(entry, { throwIfNoEntry: false }));
  if (stats === undefined) return { kind, path };
  const mode = (stats.mode & 0o7777).toString(8);
  const described = { kind, path, mode, userId: stats.uid, bytes: stats.size };
  if (step.kind === 'mode') return { ...described, toMode: step.to.toString(8) };
  if (!stats.isFile() || stats.size > DIGEST_BYTES_MAX) return described;
  return { ...described, sha256: createHash('sha256').update(readWhole(inside, path)).digest('hex') };
}

function copyBytes(inside: Inside, path: string, target: string): void {
  write(target, readWhole(inside, path));
}

function readWhole(inside: Inside, path: string): Buffer {
  return withEntry(inside, path, (entry) => {
    const file = openSync(entry, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!fstatSync(file).isFile()) throw new KairosError('HOME_UNUSABLE', `${path} is no file`);
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  });
}

function write(path: string, bytes: string | Uint8Array): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function flush(directory: string): void {
  const file = openSync(directory, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
