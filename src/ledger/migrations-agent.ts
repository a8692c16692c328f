/**
 * The steps of the ledger's schema since the agent lives in it, in order: chat, agent, money, follows, memory, dreams. They
 * come after those of `migrations.ts`; the next step goes to the end of this list.
 */
export const AGENT_MIGRATIONS: readonly string[] = [
  // Chat: by which channel the owner speaks, where answers belong, and which messages show buttons.
  `
-- The only channel a message goes to, and where in it; NULL: all of them.
ALTER TABLE messages ADD COLUMN channel TEXT;
ALTER TABLE messages ADD COLUMN place TEXT;
-- The approval it asks for.
ALTER TABLE messages ADD COLUMN approval_id INTEGER;
-- The same, as long as the delivered message asks: until it shows the outcome.
ALTER TABLE deliveries ADD COLUMN asks INTEGER;
CREATE INDEX deliveries_asks ON deliveries (channel, message_id) WHERE asks IS NOT NULL;

-- Where an answer to an event of the owner belongs.
CREATE TABLE event_places (event_id INTEGER PRIMARY KEY, channel TEXT NOT NULL, place TEXT NOT NULL) STRICT;
-- When the owner was last heard on a channel.
CREATE TABLE presence (channel TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`,
  // The agent: conversations, the calls of its tools, and what only the owner may answer.
  `
-- path: the transcript, relative to the home. last_seq: items it has; written_seq: how many of them are in the file.
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  origin TEXT NOT NULL,
  path TEXT NOT NULL,
  chat INTEGER NOT NULL CHECK (chat IN (0, 1)),
  started_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  ended_at INTEGER,
  last_seq INTEGER NOT NULL DEFAULT 0,
  written_seq INTEGER NOT NULL DEFAULT 0,
  -- What the model was sent last, in tokens.
  context_tokens INTEGER NOT NULL DEFAULT 0,
  spent_micro_usd INTEGER NOT NULL DEFAULT 0,
  tainted INTEGER NOT NULL CHECK (tainted IN (0, 1)),
  has_read_secrets INTEGER NOT NULL DEFAULT 0 CHECK (has_read_secrets IN (0, 1)),
  has_sent INTEGER NOT NULL DEFAULT 0 CHECK (has_sent IN (0, 1))
) STRICT;
CREATE INDEX sessions_open ON sessions (key, id) WHERE ended_at IS NULL;
CREATE INDEX sessions_quiet ON sessions (last_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_unwritten ON sessions (id) WHERE written_seq < last_seq;

-- A conversation, item by item, never changed.
CREATE TABLE items (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  json TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX items_session ON items (session_id, seq);

-- One row a job that the agent has begun. progress: counters and the end, as JSON. again: how often it was put back by hand.
CREATE TABLE agent_runs (
  job_id INTEGER PRIMARY KEY,
  session_id INTEGER,
  again INTEGER NOT NULL DEFAULT 0,
  ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
  progress TEXT NOT NULL
) STRICT;
CREATE INDEX agent_runs_session ON agent_runs (session_id);

-- Written before a tool is called, and after: begun and not ended in a process that is gone is never begun again.
CREATE TABLE calls (
  session_id INTEGER NOT NULL,
  call_id TEXT NOT NULL,
  job_id INTEGER NOT NULL,
  tool TEXT NOT NULL,
  hash TEXT NOT NULL,
  begun_at INTEGER NOT NULL,
  ended_at INTEGER,
  PRIMARY KEY (session_id, call_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('call', 'question')),
  state TEXT NOT NULL CHECK (state IN ('pending', 'allowed', 'denied', 'expired')),
  job_id INTEGER NOT NULL,
  session_id INTEGER NOT NULL,
  call_id TEXT NOT NULL,
  tool TEXT NOT NULL,
  -- Exactly what the owner is shown, and the SHA-256 of the call.
  shown TEXT NOT NULL,
  hash TEXT NOT NULL,
  risk TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  decided_at INTEGER,
  decided_by TEXT,
  answer TEXT,
  -- The run has learned of the decision.
  taken_at INTEGER
) STRICT;
CREATE UNIQUE INDEX approvals_call ON approvals (session_id, call_id);
CREATE INDEX approvals_state ON approvals (state, id);
CREATE INDEX approvals_job ON approvals (job_id) WHERE taken_at IS NULL;

-- Work that a run put off: it is counted.
ALTER TABLE jobs ADD COLUMN later INTEGER NOT NULL DEFAULT 0 CHECK (later IN (0, 1));
CREATE INDEX jobs_later ON jobs (state) WHERE later = 1;
`,
  // Money: each request to a model before it is made, and what it cost; and switches that outlive a restart.
  `
-- reserved: the most it will cost. charged: what it did; NULL while it is under way, and then the reservation counts.
CREATE TABLE spend (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  -- Local date.
  day TEXT NOT NULL,
  job_id INTEGER,
  session_id INTEGER,
  model TEXT NOT NULL,
  purpose TEXT NOT NULL,
  reactive INTEGER NOT NULL CHECK (reactive IN (0, 1)),
  reserved_micro_usd INTEGER NOT NULL CHECK (reserved_micro_usd >= 0),
  charged_micro_usd INTEGER CHECK (charged_micro_usd >= 0),
  input_tokens INTEGER,
  output_tokens INTEGER,
  cache_write_tokens INTEGER,
  cache_read_tokens INTEGER,
  request_id TEXT,
  outcome TEXT CHECK (outcome IN ('ok', 'cut', 'failed', 'lost')),
  ended_at INTEGER
) STRICT;
CREATE INDEX spend_day ON spend (day, charged_micro_usd, reserved_micro_usd);
CREATE INDEX spend_job ON spend (job_id, charged_micro_usd, reserved_micro_usd) WHERE job_id IS NOT NULL;
CREATE INDEX spend_open ON spend (reserved_micro_usd) WHERE charged_micro_usd IS NULL;

-- until_at NULL: until somebody clears it.
CREATE TABLE latches (name TEXT PRIMARY KEY, set_at INTEGER NOT NULL, reason TEXT NOT NULL, until_at INTEGER) STRICT, WITHOUT ROWID;
`,
  // Single issues and pull requests that are followed until they close.
  `
CREATE TABLE follows (
  id INTEGER PRIMARY KEY,
  repository TEXT NOT NULL COLLATE NOCASE,
  number INTEGER NOT NULL,
  head_sha TEXT,
  -- How its events come: as webhooks, by the polling that is configured, or by polling for its sake.
  road TEXT NOT NULL CHECK (road IN ('webhook', 'poll', 'follow')),
  title TEXT NOT NULL,
  by TEXT NOT NULL,
  since_at INTEGER NOT NULL,
  ended_at INTEGER,
  ended_how TEXT
) STRICT;
CREATE UNIQUE INDEX follows_active ON follows (repository, number) WHERE ended_at IS NULL;
`,
  // The memory: its generations, the files as they were last seen, and marks beside its facts.
  `
-- redo: what it takes to finish or undo an apply that was begun, as JSON; NULL when it is over. The texts lie in the home.
CREATE TABLE memory_generations (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  author TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('begun', 'undoing', 'undone', 'done')),
  redo TEXT
) STRICT;
CREATE INDEX memory_generations_open ON memory_generations (id) WHERE redo IS NOT NULL;

CREATE TABLE memory_files (
  path TEXT PRIMARY KEY,
  sha256 TEXT NOT NULL,
  generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- stale: a fact (bullet) whose claim no longer holds; text says why. described: a topic whose description kairosd wrote, by hash.
CREATE TABLE memory_marks (
  kind TEXT NOT NULL CHECK (kind IN ('stale', 'described')),
  topic TEXT NOT NULL,
  bullet TEXT NOT NULL,
  text TEXT NOT NULL,
  moved TEXT,
  at INTEGER NOT NULL,
  PRIMARY KEY (kind, topic, bullet)
) STRICT, WITHOUT ROWID;
`,
  // Dreams: what each came to, and how far they have read in transcripts and logs.
  `
-- counted_at: ended_at as the gates see it, moved along when somebody sets the clock back.
-- staged: how far it has read, as JSON, while its changes are being applied: they and this count together or not at all.
CREATE TABLE dreams (
  id INTEGER PRIMARY KEY,
  started_at INTEGER NOT NULL,
  by_hand INTEGER NOT NULL CHECK (by_hand IN (0, 1)),
  ended_at INTEGER,
  counted_at INTEGER,
  outcome TEXT CHECK (outcome IN ('changed', 'nothing', 'failed', 'cancelled', 'lost')),
  reason TEXT,
  generation INTEGER,
  staged TEXT,
  -- What it did, for people, as JSON.
  report TEXT
) STRICT;
CREATE INDEX dreams_open ON dreams (id) WHERE outcome IS NULL;
CREATE INDEX dreams_well ON dreams (id) WHERE outcome IN ('changed', 'nothing');

-- hash: of the bytes just before the offset, to know whether what was read is still there.
CREATE TABLE dream_files (
  path TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  mtime_ms INTEGER NOT NULL,
  inode TEXT NOT NULL,
  offset INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spend_purpose ON spend (purpose, day);
`,
  // Work that other hosts do: what a job asks of its host, and who bears the open attempt.
  `
ALTER TABLE jobs ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN token TEXT;
CREATE INDEX jobs_offered ON jobs (id) WHERE token IS NOT NULL;
CREATE INDEX jobs_labelled ON jobs (label, due_at) WHERE state = 'queued' AND label <> '';
`,
];
