import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readAgent, type AgentRows } from '../../proof/lib/agent-box.ts';
import { readRows, type WeekRows } from '../../proof/lib/week-rows.ts';
import type { Box } from './box.ts';
import type { Outside } from './outside.ts';

/** What stands on the disk, read from outside, never through the daemon's own code. */
export interface HomeRows extends WeekRows {
  readonly agent: AgentRows;
  readonly generations: readonly { id: number; author: string; state: string; redo: string | null }[];
  readonly dreams: readonly { id: number; outcome: string | null; started_at: number }[];
  readonly deliveries: readonly { message_id: number; channel: string; state: string }[];
  readonly leases: readonly { id: number; state: string; due_at: number; attempts: number; error: string | null }[];
  readonly bodies: number;
  readonly integrity: string;
  /** Every text file of the home and the workspace, by path. */
  readonly files: ReadonlyMap<string, string>;
}

export function readHome({ home, workspace }: Pick<Box, 'home' | 'workspace'>): HomeRows {
  const path = join(home, 'ledger.db');
  using database = new DatabaseSync(path, { readOnly: true });
  const all = <Row>(sql: string): Row[] => database.prepare(sql).all() as Row[];
  return {
    ...readRows(path),
    agent: readAgent(home),
    generations: all('SELECT id, author, state, redo FROM memory_generations ORDER BY id'),
    dreams: all('SELECT id, outcome, started_at FROM dreams ORDER BY id'),
    deliveries: all('SELECT * FROM deliveries'),
    leases: all('SELECT id, state, due_at, attempts, error FROM jobs'),
    bodies:
      all<{ count: number }>(
        'SELECT count(*) AS count FROM body_chunks WHERE ref NOT IN (SELECT body_ref FROM events WHERE body_ref IS NOT NULL)',
      )[0]?.count ?? 0,
    integrity: all<{ integrity_check: string }>('PRAGMA integrity_check(3)')[0]?.integrity_check ?? '',
    files: new Map([...textsBelow(home), ...textsBelow(workspace)]),
  };
}

function textsBelow(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(md|jsonl|txt|json|yaml|part|tmp)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/.git/'))
    .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]);
}

/**
 * One hash over all that the daemon did and left. What was done in the same millisecond may have been done in any order:
 * the system's threads and children decide that.
 */
export function traceOf(home: HomeRows, { receipts, requests }: Outside): string {
  const hash = createHash('sha256');
  const { files, journal, ...rows } = home;
  hash.update(JSON.stringify({ ...rows, agent: { ...rows.agent, givenUp: [...rows.agent.givenUp] } }));
  hash.update(sorted(journal.map(({ at, kind, ref, text }) => JSON.stringify([at, kind, ref, text]))));
  for (const [path, text] of [...files].toSorted(([one], [other]) => (one < other ? -1 : 1)))
    if (!path.endsWith('run.json'))
      hash.update(`${path}\n${path.startsWith('logs/') ? sorted(text.split('\n')) : text}\n`);
  hash.update(JSON.stringify(receipts));
  hash.update(JSON.stringify(requests.map(({ raw }) => raw)));
  return hash.digest('hex');
}

function sorted(lines: readonly string[]): string {
  return lines.toSorted().join('\n');
}
