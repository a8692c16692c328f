import { AGENT_MIGRATIONS } from './migrations-agent.ts';

/**
 * The ledger's schema, as numbered steps forward. A step that has been released is never edited.
 * Times are Unix milliseconds. `STRICT` everywhere: a wrong type is an error, not a surprise.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Append-only, and without a second index: a commit touches as few pages as it can.
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  delivery TEXT NOT NULL,
  type TEXT NOT NULL,
  action TEXT,
  trust TEXT NOT NULL CHECK (trust IN ('owner', 'outside')),
  received_at INTEGER NOT NULL,
  content_type TEXT NOT NULL,
  delivery_key BLOB NOT NULL,
  body_bytes INTEGER NOT NULL,
  body_ref INTEGER,
  body BLOB
) STRICT;
CREATE INDEX events_body_ref ON events (body_ref) WHERE body_ref IS NOT NULL;

-- Bodies over 256 KiB, in pieces, so that no single transaction is long.
CREATE TABLE body_chunks (id INTEGER PRIMARY KEY, ref INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX body_chunks_ref ON body_chunks (ref, id);

-- Which deliveries were taken. Rows get here in sorted batches some time after the event (see delivery-keys.ts).
CREATE TABLE delivery_keys (key BLOB PRIMARY KEY, event_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  origin TEXT NOT NULL,
  reactive INTEGER NOT NULL CHECK (reactive IN (0, 1)),
  urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
  topic TEXT NOT NULL,
  text TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'dead', 'parked')),
  lane TEXT NOT NULL CHECK (lane IN ('foreground', 'background')),
  attempts INTEGER NOT NULL DEFAULT 0,
  event_id INTEGER,
  event_count INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  lease_until INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  error TEXT
) STRICT;
CREATE INDEX jobs_due ON jobs (reactive, due_at, id) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (reactive, lease_until, id) WHERE state = 'running';
CREATE INDEX jobs_event ON jobs (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX jobs_topic ON jobs (topic, origin, id) WHERE state = 'queued' AND attempts = 0;
CREATE INDEX jobs_state ON jobs (state, id);

-- Events that joined a job which was waiting already (a storm).
CREATE TABLE job_events (event_id INTEGER NOT NULL, job_id INTEGER NOT NULL, PRIMARY KEY (event_id, job_id)) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
  id INTEGER PRIMARY KEY,
  job_id INTEGER,
  kind TEXT NOT NULL CHECK (kind IN ('proactive', 'reactive')),
  urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
  -- Whether the newest thing it says is that its topic is resolved.
  resolves INTEGER NOT NULL CHECK (resolves IN (0, 1)),
  topic TEXT NOT NULL,
  text TEXT NOT NULL,
  count INTEGER NOT NULL,
  reply_to INTEGER,
  state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'coalesced', 'withdrawn', 'expired', 'failed')),
  queued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  released_at INTEGER,
  -- The release as the windows see it: moved along when somebody sets the clock.
  window_at INTEGER,
  sent_at INTEGER,
  into_id INTEGER,
  reason TEXT,
  -- The text as it left: every attempt repeats it.
  rendered TEXT,
  idempotency_key TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX messages_state ON messages (state, id);
CREATE UNIQUE INDEX messages_job ON messages (job_id, topic) WHERE job_id IS NOT NULL;
CREATE INDEX messages_waiting ON messages (topic, id) WHERE state = 'queued' AND released_at IS NULL;
CREATE INDEX messages_queue ON messages (kind, urgent, id) WHERE state = 'queued' AND released_at IS NULL;
CREATE INDEX messages_expiry ON messages (expires_at) WHERE state = 'queued' AND released_at IS NULL;
CREATE INDEX messages_under_way ON messages (id) WHERE state = 'queued' AND released_at IS NOT NULL;
CREATE INDEX messages_window ON messages (window_at) WHERE window_at IS NOT NULL;
CREATE INDEX messages_told ON messages (topic, released_at) WHERE released_at IS NOT NULL;
CREATE INDEX messages_into ON messages (into_id, id) WHERE into_id IS NOT NULL;
CREATE INDEX messages_reply ON messages (reply_to) WHERE reply_to IS NOT NULL;

-- One row a message and channel: who has it, who is still to get it.
CREATE TABLE deliveries (
  message_id INTEGER NOT NULL,
  channel TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'dropped')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  attempted_at INTEGER,
  ended_at INTEGER,
  -- When the receiver may last have got it, for the channel's own pace; moved along when somebody sets the clock.
  window_at INTEGER,
  error TEXT,
  PRIMARY KEY (message_id, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_open ON deliveries (channel, message_id) WHERE state IN ('pending', 'sending');
CREATE INDEX deliveries_window ON deliveries (channel, window_at) WHERE window_at IS NOT NULL;

-- Topic '' is everything.
CREATE TABLE mutes (topic TEXT PRIMARY KEY, until_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- The daily log on its way to its file; the file follows these rows.
CREATE TABLE journal (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL, text TEXT NOT NULL) STRICT;

CREATE TABLE boots (
  id INTEGER PRIMARY KEY,
  started_at INTEGER NOT NULL,
  pid INTEGER NOT NULL,
  version TEXT NOT NULL,
  ready_at INTEGER,
  stopped_at INTEGER,
  safe_mode INTEGER NOT NULL CHECK (safe_mode IN (0, 1)),
  reason TEXT
) STRICT;
`,
  // GitHub without a tunnel: how far each poller has read, and what tells a polled event from one a webhook brought.
  `
CREATE TABLE polls (name TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Only events of sources that are polled have a row. paired: the delivery by the other road that it stood for as well.
CREATE TABLE identities (
  event_id INTEGER PRIMARY KEY,
  key BLOB NOT NULL,
  road TEXT NOT NULL CHECK (road IN ('webhook', 'poll')),
  happened_at INTEGER,
  paired BLOB
) STRICT;
CREATE INDEX identities_key ON identities (key);
`,
  // Schedules: which slots were decided, and how; and what became of the runs.
  `
-- through_at: every slot up to here is decided. last_event_id: the newest run that was begun, by the clock or by hand.
CREATE TABLE schedules (
  name TEXT PRIMARY KEY,
  timing TEXT NOT NULL,
  through_at INTEGER NOT NULL,
  last_event_id INTEGER
) STRICT, WITHOUT ROWID;

-- One row a slot that runs; missed ones that follow each other share a row. count is null when they were too many to count.
CREATE TABLE slots (
  schedule TEXT NOT NULL,
  slot_at INTEGER NOT NULL,
  through_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('run', 'missed')),
  count INTEGER,
  reason TEXT,
  event_id INTEGER,
  decided_at INTEGER NOT NULL,
  PRIMARY KEY (schedule, slot_at),
  CHECK (through_at >= slot_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX slots_event ON slots (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX slots_missed ON slots (schedule, slot_at) WHERE state = 'missed';
CREATE INDEX slots_decided ON slots (decided_at);

-- One attempt at a scheduled job. ended says how the process or handler came to its end, succeeded whether the task did.
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  schedule TEXT NOT NULL,
  job_id INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  scheduled_for INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  ended TEXT,
  succeeded INTEGER CHECK (succeeded IN (0, 1)),
  exit_code INTEGER,
  error TEXT,
  output_path TEXT
) STRICT;
CREATE INDEX runs_schedule ON runs (schedule, id);
CREATE INDEX runs_open ON runs (id) WHERE ended_at IS NULL;
`,
  // How long work took, for the estimate of how long it will.
  `
CREATE INDEX jobs_ran ON jobs (origin, id) WHERE state = 'succeeded' AND kind IN ('command', 'agent');
CREATE INDEX jobs_ran_lately ON jobs (id) WHERE state = 'succeeded' AND kind IN ('command', 'agent');
`,
  `
-- What a channel calls the message it delivered, to change it or to answer it.
ALTER TABLE deliveries ADD COLUMN receipt TEXT;
-- The message on the channel that this one is written into, instead of becoming a message of its own.
ALTER TABLE deliveries ADD COLUMN edits INTEGER;
CREATE INDEX deliveries_edits ON deliveries (edits, channel) WHERE edits IS NOT NULL;
`,
  // What was missed lately is shown with the status, again and again.
  `
CREATE INDEX slots_missed_lately ON slots (decided_at) WHERE state = 'missed';
`,
  ...AGENT_MIGRATIONS,
];
