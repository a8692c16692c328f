import { reached } from '../core/ports.ts';
import type { Database } from './database.ts';
import type { Writer } from './writer.ts';

/** Bodies up to this size stand in the event's own row; 256 KiB insert in about 2 ms. */
export const INLINE_BYTES_MAX = 262_144;
const CHUNK_BYTES = 131_072;

/** Writes a large body in pieces, each its own short transaction. @returns The reference for the event's row. */
export async function stageBody(writer: Writer, ref: number, body: Uint8Array): Promise<number> {
  for (let at = 0; at < body.byteLength; at += CHUNK_BYTES) {
    const piece = body.subarray(at, at + CHUNK_BYTES);
    const insert = (database: Database): number =>
      database.statement('INSERT INTO body_chunks (ref, bytes) VALUES (?, ?)').run(ref, piece);
    await writer.write(insert, { bytes: piece.byteLength });
    reached('body.piece');
  }
  return ref;
}

/** Takes a staged body back, piece by piece: after a duplicate, a failed event, or by retention. */
export async function dropBody(writer: Writer, ref: number): Promise<void> {
  const drop = (database: Database): number =>
    database
      .statement('DELETE FROM body_chunks WHERE id IN (SELECT id FROM body_chunks WHERE ref = ? ORDER BY id LIMIT 4)')
      .run(ref);
  while ((await writer.write(drop, { bytes: CHUNK_BYTES })) > 0) reached('body.dropping');
}

export function readBody(database: Database, ref: number): Uint8Array {
  const rows = database
    .statement('SELECT bytes FROM body_chunks WHERE ref = ? ORDER BY id')
    .all<{ bytes: Uint8Array }>(ref);
  return Buffer.concat(rows.map((row) => row.bytes));
}

/** References of staged bodies that no event names: a crash came between the pieces and the event. */
export function orphanedBodies(database: Database): number[] {
  return database
    .statement(
      'SELECT DISTINCT ref FROM body_chunks WHERE ref NOT IN (SELECT body_ref FROM events WHERE body_ref IS NOT NULL)',
    )
    .all<{ ref: number }>()
    .map((row) => row.ref);
}

/** The largest reference in use, so that a new one is never an old one. */
export function lastBodyRef(database: Database): number {
  return database.statement('SELECT coalesce(max(ref), 0) AS ref FROM body_chunks').get<{ ref: number }>()?.ref ?? 0;
}
