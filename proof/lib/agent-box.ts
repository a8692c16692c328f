import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const FILES: Readonly<Record<string, string>> = {
  'README.md': '# shop\n\nSells things.\n',
  'src/price.ts': 'export const price = 3;\n',
};

/** A repository with two commits of today. @returns its path. */
export function makeRepository(path: string, files: Readonly<Record<string, string>> = FILES): string {
  mkdirSync(path, { recursive: true });
  const who = { GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'ann@example.org', GIT_CONFIG_GLOBAL: '/dev/null' };
  const env = {
    ...who,
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.org',
    PATH: process.env['PATH'] ?? '',
  };
  const git = (...args: string[]): void => void execFileSync('git', args, { cwd: path, env, stdio: 'ignore' });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  git('init', '--quiet', '--initial-branch=main');
  git('add', '.');
  git('commit', '--quiet', '-m', 'open the shop');
  git('commit', '--quiet', '--allow-empty', '-m', 'lower the price');
  return path;
}

/** What a ledger holds of the agent; read from outside, never through the daemon's own code. */
export interface AgentRows {
  readonly spend: readonly SpendRow[];
  readonly sessions: readonly {
    id: number;
    path: string;
    last_seq: number;
    written_seq: number;
    spent_micro_usd: number;
    ended_at: number | null;
  }[];
  readonly items: readonly { session_id: number; seq: number; item: ItemRow }[];
  readonly calls: readonly { session_id: number; call_id: string; tool: string; ended_at: number | null }[];
  /** Row numbers of conversations whose job was given up. */
  readonly givenUp: ReadonlySet<number>;
  readonly approvals: readonly {
    id: number;
    state: string;
    call_id: string;
    session_id: number;
    taken_at: number | null;
  }[];
}

/** Conversations whose job was given up: nobody goes on in them. */
function givenUp(database: DatabaseSync): ReadonlySet<number> {
  const sql = "SELECT session_id AS id FROM agent_runs JOIN jobs ON jobs.id = job_id WHERE jobs.state = 'dead'";
  return new Set((database.prepare(sql).all() as { id: number }[]).map(({ id }) => id));
}

export interface SpendRow {
  readonly id: number;
  /** Local date. */
  readonly day: string;
  readonly job_id: number | null;
  readonly session_id: number | null;
  readonly model: string;
  readonly purpose: string;
  readonly reserved_micro_usd: number;
  readonly charged_micro_usd: number | null;
  readonly outcome: string | null;
}

export interface ItemRow {
  readonly kind: string;
  readonly text: string;
  readonly trust: string;
  readonly tool?: string;
  readonly callId?: string;
  readonly isError?: boolean;
}

export function readAgent(home: string): AgentRows {
  using database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true, timeout: 2_000 });
  const all = <Row>(sql: string): Row[] => database.prepare(sql).all() as Row[];
  return {
    spend: all('SELECT * FROM spend ORDER BY id'),
    sessions: all('SELECT * FROM sessions ORDER BY id'),
    items: all<{ session_id: number; seq: number; json: string }>('SELECT * FROM items ORDER BY session_id, seq').map(
      ({ session_id, seq, json }) => ({ session_id, seq, item: JSON.parse(json) as ItemRow }),
    ),
    calls: all('SELECT * FROM calls'),
    approvals: all('SELECT * FROM approvals ORDER BY id'),
    givenUp: givenUp(database),
  };
}

/** The transcripts of a home: path relative to it, and the lines. */
export function readTranscripts(home: string): { path: string; lines: Record<string, unknown>[] }[] {
  return readdirSync(join(home, 'sessions'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      path: path.slice(home.length + 1),
      lines: readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    }));
}
