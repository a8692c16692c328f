import type { Database } from './database.ts';

/** What a message is made of at the moment it leaves. */
export interface MessageParts {
  readonly id: number;
  /** Happenings it stands for, those that joined it included. */
  readonly count: number;
  /** Newest first, each distinct text once, with the happenings behind it; at most five. */
  readonly texts: readonly { readonly text: string; readonly count: number }[];
}

const TEXTS_MAX = 5;
/** Of a great many that joined only the newest are read. */
const JOINED_MAX = 500;

/** What a message says together with those that joined it while it waited. */
export function partsOf(database: Database, id: number): MessageParts {
  return partsOfAll(database, id, [id]);
}

/** What a message says together with others that are shown in its place. @param ids With its own, newest first. */
export function partsOfAll(database: Database, id: number, ids: readonly number[]): MessageParts {
  const texts = new Map<string, number>();
  let total = 0;
  for (const part of ids) {
    for (const { text, count } of saidBy(database, part)) texts.set(text, (texts.get(text) ?? 0) + count);
    total += countOf(database, part);
  }
  return { id, count: total, texts: [...texts].slice(0, TEXTS_MAX).map(([text, count]) => ({ text, count })) };
}

function saidBy(database: Database, id: number): { text: string; count: number }[] {
  const joined = database
    .statement('SELECT id, text, count FROM messages WHERE into_id = ? ORDER BY id DESC LIMIT ?')
    .all<{ id: number; text: string; count: number }>(id, JOINED_MAX);
  const own = database
    .statement(
      `SELECT text, count - (SELECT coalesce(sum(count), 0) FROM messages WHERE into_id = ?1) AS count FROM messages WHERE id = ?1`,
    )
    .all<{ text: string; count: number }>(id);
  return [...joined, ...own];
}

function countOf(database: Database, id: number): number {
  return database.statement('SELECT count FROM messages WHERE id = ?').get<{ count: number }>(id)?.count ?? 0;
}
