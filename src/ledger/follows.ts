import { KairosError } from '../core/errors.ts';
import type { EventDraft } from '../core/event.ts';
import type { Database } from './database.ts';
import type { Writer } from './writer.ts';

/** Something that is followed until it closes. Times are Unix milliseconds. */
export interface FollowRow {
  readonly id: number;
  readonly repository: string;
  readonly number: number;
  readonly headSha: string | null;
  /** How its events come: as webhooks, by the polling that is configured, or by polling for its sake. */
  readonly road: 'webhook' | 'poll' | 'follow';
  readonly title: string;
  /** Who asked: a channel, `cli`. */
  readonly by: string;
  readonly sinceMs: number;
}

/** What is followed. An end is written by the event that brings it, in its transaction. */
export interface Follows {
  /** Oldest first. A microsecond or two while there are none. */
  active(): readonly FollowRow[];
  /** @returns the row; the one that is there already when it is followed. @throws {KairosError} `STATE_CONFLICT` over 200. */
  add(draft: Omit<FollowRow, 'id'>): Promise<FollowRow>;
  /** @returns Whether it was followed. */
  remove(repository: string, number: number, nowMs: number): Promise<boolean>;
}

const FOLLOWS_MAX = 200;
const COLUMNS = 'id, repository, number, head_sha AS headSha, road, title, by, since_at AS sinceMs';

export function openFollows(database: Database, writer: Writer): Follows {
  return {
    active: () => active(database),
    add: (draft) =>
      writer.write((target) => {
        const known = find(target, draft.repository, draft.number);
        if (known !== undefined) return known;
        if (active(target).length >= FOLLOWS_MAX)
          throw new KairosError('STATE_CONFLICT', `at most ${FOLLOWS_MAX} issues and pull requests can be followed`);
        const { repository, number, headSha, road, title, by, sinceMs } = draft;
        target
          .statement(
            'INSERT INTO follows (repository, number, head_sha, road, title, by, since_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
          )
          .run(repository, number, headSha, road, title, by, sinceMs);
        const added = find(target, repository, number);
        if (added === undefined) throw new KairosError('INTERNAL', 'a follow that was written is not there');
        return added;
      }),
    remove: (repository, number, nowMs) =>
      writer.write((target) => {
        const known = find(target, repository, number);
        if (known === undefined) return false;
        end(target, known.id, 'removed', nowMs);
        return true;
      }),
  };
}

function active(database: Database): FollowRow[] {
  return database
    .statement(`SELECT ${COLUMNS} FROM follows WHERE ended_at IS NULL ORDER BY id`)
    .all<FollowRow>()
    .map((row) => ({ ...row }));
}

function find(database: Database, repository: string, number: number): FollowRow | undefined {
  return database
    .statement(`SELECT ${COLUMNS} FROM follows WHERE ended_at IS NULL AND repository = ? AND number = ?`)
    .get<FollowRow>(repository, number);
}

/** Inside the transaction that records an event: what it changes about follows. */
export function changeFollows(database: Database, { follows, receivedAtMs }: EventDraft): void {
  for (const { id, sha } of follows?.heads ?? [])
    database.statement('UPDATE follows SET head_sha = ? WHERE id = ? AND ended_at IS NULL').run(sha, id);
  for (const { id, how } of follows?.ends ?? []) end(database, id, how, receivedAtMs);
}

function end(database: Database, id: number, how: string, nowMs: number): void {
  database
    .statement('UPDATE follows SET ended_at = ?, ended_how = ? WHERE id = ? AND ended_at IS NULL')
    .run(nowMs, how, id);
}
