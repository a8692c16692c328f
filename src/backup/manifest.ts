import { z } from 'zod';
import { KairosError } from '../core/errors.ts';

/** Rises when an older kairosd could not read what a newer one writes. */
export const FORMAT = 1;
export const MANIFEST_PATH = 'manifest.json';
/** Limits of an archive that is read: far above any home of ours. */
export const MANIFEST_BYTES_MAX = 64 * 1_048_576;
const FILES_MAX = 400_000;

const count = z.int().min(0);

const manifestSchema = z.object({
  kairosd: z.literal('backup'),
  format: z.int().min(1),
  version: z.string().max(100),
  createdAt: z.iso.datetime({ offset: true }),
  homeId: z.string().regex(/^[0-9a-f]{0,64}$/),
  ledger: z.object({
    schema: count,
    rows: z.record(z.string().max(100), count),
    lastEventId: count,
    lastEventAt: z.iso.datetime({ offset: true }).nullable(),
    jobsQueued: count,
    jobsRunning: count,
    messagesWaiting: count,
  }),
  /** Secrets whose value stood in a file or in the ledger, and does not any more. Names only. */
  redacted: z.array(z.object({ path: z.string().max(2_048), names: z.array(z.string().max(200)).max(1_000) })),
  /** Secrets that this home has, by name: none is in the backup. */
  secretNames: z.array(z.string().max(200)).max(10_000),
  files: z
    .array(z.object({ path: z.string().min(1).max(2_048), bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
    .max(FILES_MAX),
});

/** What a backup says of itself: the first entry of the archive. */
export type Manifest = z.output<typeof manifestSchema>;

/**
 * @throws {KairosError} `INPUT_INVALID`: it is none, a newer kairosd made it, or it names a file that belongs in no backup or
 * twice.
 */
export function parseManifest(text: string): Manifest {
  const document = parseJson(text);
  const format = (document as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format > FORMAT) {
    throw notOurs(
      `has format ${format}, and this version of kairosd reads up to ${FORMAT}: restore it with a newer one`,
    );
  }
  const parsed = manifestSchema.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw notOurs(`has a manifest that is none of ours (${issue?.path.join('.')}: ${issue?.message})`);
  }
  const seen = new Set<string>();
  for (const { path } of parsed.data.files) {
    const refusal = refusalOf(path);
    if (refusal !== undefined) throw notOurs(`names ${JSON.stringify(path)}, which ${refusal}`);
    const key = path.normalize('NFC').toLowerCase();
    if (seen.has(key)) throw notOurs(`names ${JSON.stringify(path)} twice`);
    seen.add(key);
  }
  if (!seen.has('ledger.db')) throw notOurs('has no ledger.db');
  return parsed.data;
}

/** Something that was read and is no backup of kairosd, or a damaged one. */
export function notOurs(why: string): KairosError {
  return new KairosError('INPUT_INVALID', `the backup ${why}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notOurs('has a manifest that is no JSON');
  }
}

/** Folders of a home that go into a backup whole; of `artifacts/` what commands and tools printed, not the copies of workspaces. */
export const FOLDERS = ['memory', 'sessions', 'logs', 'digests', 'artifacts/runs', 'artifacts/results'] as const;
/** The owner's own texts beside `config.yaml`: standing instructions, the tasks of the night. */
export const OWN_TEXT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.md$/;
const SEGMENT_BYTES_MAX = 255;
const DEPTH_MAX = 12;

/** Why a path has no place in a backup; undefined: it has. Pure: the one rule for what is written and what is read. */
export function refusalOf(path: string): string | undefined {
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is an absolute path';
  const segments = path.split('/');
  if (segments.length > DEPTH_MAX) return 'lies too deep';
  for (const segment of segments) {
    if (segment === '' || segment === '.' || segment === '..') return 'leads elsewhere';
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    if (/[\u0000-\u001f\u007f\\]/.test(segment)) return 'has characters that no file of a home has';
    if (Buffer.byteLength(segment) > SEGMENT_BYTES_MAX) return 'is too long';
  }
  const inFolder = FOLDERS.some((folder) => path.startsWith(`${folder}/`));
  const isTop = path === 'ledger.db' || path === 'config.yaml' || (segments.length === 1 && OWN_TEXT.test(path));
  return inFolder || isTop ? undefined : 'is no file of a home that a backup holds';
}
