import type { Seen } from '../budget/presence.ts';
import { KairosError } from '../core/errors.ts';
import { formatId } from '../core/units.ts';
import type { Message, MessageDraft, MessageState, Withdrawal } from '../core/message.ts';
import type { Database } from './database.ts';
import { openDeliveries, type Deliveries } from './deliveries.ts';
import type { Page } from './events.ts';
import { appendJournal } from './journal-rows.ts';
import {
  countMessages,
  deliveriesOf,
  findMessage,
  listMessages,
  type DeliveryRecord,
  type MessageCounts,
} from './message-rows.ts';
import { openOutboxRows, type OutboxRows } from './outbox-rows.ts';
import { placeOf, seenSince } from './places.ts';
import type { Writer } from './writer.ts';

export { pruneMessages } from './message-rows.ts';

/** What the ledger adds to a message as it is recorded. */
export interface MessageContext {
  readonly nowMs: number;
  /** How long it may wait. */
  readonly ttlMs: number;
  /** Tells the idempotency keys of this home from those of another. */
  readonly homeId: string;
}

/** The outbox and its lists. */
export interface Messages extends OutboxRows, Deliveries {
  /** Queues a message that no job asked for. @returns its row. @throws as `enqueueMessage`. */
  enqueue(draft: MessageDraft, nowMs: number): Promise<number>;
  /** Where answers to an event go: the channel it came by, and the place in it; undefined: everywhere. */
  placeOf(eventId: number): { readonly channel: string; readonly place: string } | undefined;
  /** On which channels the owner was heard since then. */
  seenSince(sinceMs: number): Seen[];
  /** Mutes a topic, or with the empty topic everything; a time in the past ends the mute. */
  mute(topic: string, untilMs: number): Promise<void>;
  find(id: number): Message | undefined;
  list(page: Page & { readonly state?: MessageState | undefined }): Message[];
  deliveriesOf(messageId: number): DeliveryRecord[];
  counts(): MessageCounts;
}

export function openMessages(database: Database, writer: Writer, context: (nowMs: number) => MessageContext): Messages {
  return {
    ...openOutboxRows(database, writer),
    ...openDeliveries(database, writer),
    enqueue: (draft, nowMs) => writer.write((target) => enqueueMessage(target, draft, context(nowMs))),
    mute: (topic, untilMs) => writer.write((target) => setMute(target, topic, untilMs)),
    placeOf: (eventId) => placeOf(database, eventId),
    seenSince: (sinceMs) => seenSince(database, sinceMs),
    find: (id) => findMessage(database, id),
    list: (page) => listMessages(database, page),
    deliveriesOf: (messageId) => deliveriesOf(database, messageId),
    counts: () => countMessages(database),
  };
}

/** A longer text loses its end. Four times what a channel is given, so that no secret is cut in two before it is found. */
const TEXT_CHARS_MAX = 16_000;

/** Replies to one event beyond these are the daemon's own idea (CONTRACT, "Reactive"). */
const REPLIES_MAX = 5;

/** How long the owner is taken to remember an alert that nobody resolved. */
const REMEMBERED_MS = 7 * 86_400_000;

/**
 * Inside a transaction: queues a message once per job and topic, or lets it join the one of its topic that waits.
 *
 * @returns The row; that of the first time when the job has queued it before.
 * @throws {KairosError} `INPUT_INVALID` for a reply that does not answer an event of the owner by the job it started.
 */
export function enqueueMessage(database: Database, draft: MessageDraft, context: MessageContext): number {
  const { redact } = database;
  const clean = { ...draft, topic: redact(draft.topic), text: redact(draft.text) };
  return enqueue(database, clean, { ...context, resolves: false });
}

/**
 * Inside a transaction: takes back the alerts of a topic that wait. If the last thing the owner was told about the
 * topic is an alert of the last seven days, the resolution follows it as a message; else there is nothing to resolve.
 */
export function withdrawTopic(
  database: Database,
  withdrawal: Withdrawal,
  context: MessageContext,
): { withdrawn: number; messageId: number | null } {
  const { redact } = database;
  const clean = {
    ...withdrawal,
    topic: redact(withdrawal.topic),
    text: redact(withdrawal.text),
    reason: redact(withdrawal.reason),
  };
  const { topic, reason } = clean;
  if (topic === '') return { withdrawn: 0, messageId: null };
  const withdrawn = database
    .statement(
      `UPDATE messages SET state = 'withdrawn', reason = ?
       WHERE topic = ? AND state = 'queued' AND released_at IS NULL AND kind = 'proactive' AND resolves = 0 RETURNING id`,
    )
    .all<{ id: number }>(reason, topic);
  for (const { id } of withdrawn) {
    appendJournal(database, { kind: 'withdrawn', ref: formatId('m', id), text: `${topic}: ${reason}` }, context.nowMs);
  }
  const follows = clean.text !== '' && ownerKnows(database, topic, context.nowMs) && !resolutionWaits(database, topic);
  const messageId = follows ? enqueue(database, resolutionOf(clean), { ...context, resolves: true }) : null;
  return { withdrawn: withdrawn.length, messageId };
}

/** Inside a transaction: mutes a topic until then; the empty topic is everything. A later call overrules an earlier one. */
export function setMute(database: Database, topic: string, untilMs: number): void {
  database
    .statement(
      'INSERT INTO mutes (topic, until_at) VALUES (?, ?) ON CONFLICT (topic) DO UPDATE SET until_at = excluded.until_at',
    )
    .run(database.redact(topic), untilMs);
}

interface EnqueueContext extends MessageContext {
  readonly resolves: boolean;
}

function enqueue(database: Database, draft: MessageDraft, context: EnqueueContext): number {
  const known = ofJob(database, draft);
  if (known !== undefined) return known;
  const kind = kindOf(database, draft);
  const to = addressOf(database, draft);
  const mayJoin = kind === 'proactive' && draft.topic !== '' && (draft.approvalId ?? null) === null;
  const carrier = mayJoin ? carrierOf(database, draft, to.channel) : undefined;
  const id = insert(database, { ...draft, kind }, { ...context, ...to, carrier });
  if (carrier !== undefined) {
    // What joined is as fresh as this moment: the whole lives as long as its newest part.
    database
      .statement('UPDATE messages SET count = count + ?, resolves = ?, expires_at = max(expires_at, ?) WHERE id = ?')
      .run(draft.count, Number(context.resolves), context.nowMs + context.ttlMs, carrier);
  }
  return id;
}

function ofJob(database: Database, draft: MessageDraft): number | undefined {
  if (draft.jobId === null) return undefined;
  return database
    .statement('SELECT id FROM messages WHERE job_id = ? AND topic = ?')
    .get<{ id: number }>(draft.jobId, draft.topic)?.id;
}

/** Reactive is a fact of the ledger, not a claim: the event must be the owner's and must have started this job. */
function kindOf(database: Database, draft: MessageDraft): MessageDraft['kind'] {
  if (draft.kind === 'proactive') return 'proactive';
  const { replyTo, jobId } = draft;
  const trust = database.statement('SELECT trust FROM events WHERE id = ?').get<{ trust: string }>(replyTo)?.trust;
  if (replyTo === null || trust !== 'owner') throw notReply(draft, 'an event of the owner');
  const started = database.statement('SELECT 1 FROM jobs WHERE id = ? AND event_id = ?').get(jobId, replyTo);
  if (started === undefined) throw notReply(draft, 'the event that started its job');
  const replies = database
    .statement("SELECT count(*) AS n FROM messages WHERE reply_to = ? AND kind = 'reactive'")
    .get<{ n: number }>(replyTo);
  return (replies?.n ?? 0) < REPLIES_MAX ? 'reactive' : 'proactive';
}

function notReply({ replyTo, jobId }: MessageDraft, expected: string): KairosError {
  return new KairosError(
    'INPUT_INVALID',
    `a reactive message must answer ${expected}, got event ${replyTo} and job ${jobId}`,
    {
      replyTo,
      jobId,
    },
  );
}

/** The only channel of a message, and where in it. */
interface Address {
  readonly channel: string | null;
  readonly place: string | null;
}

/** An answer goes where its question came by, unless it names a channel of its own. */
function addressOf(database: Database, draft: MessageDraft): Address {
  const asked = draft.replyTo === null ? undefined : placeOf(database, draft.replyTo);
  const channel = draft.channel ?? asked?.channel ?? null;
  return { channel, place: asked !== undefined && asked.channel === channel ? asked.place : null };
}

/** What asks for an approval stands alone, so that its buttons mean one thing. */
function carrierOf(database: Database, draft: MessageDraft, channel: string | null): number | undefined {
  return database
    .statement(
      `SELECT id FROM messages
       WHERE topic = ? AND state = 'queued' AND released_at IS NULL AND kind = 'proactive' AND urgent = ?
         AND channel IS ? AND approval_id IS NULL ORDER BY id LIMIT 1`,
    )
    .get<{ id: number }>(draft.topic, Number(draft.urgent), channel)?.id;
}

function insert(
  database: Database,
  draft: MessageDraft,
  context: EnqueueContext & Address & { readonly carrier: number | undefined },
): number {
  const { nowMs, ttlMs, homeId, resolves, carrier } = context;
  const last = database.statement('SELECT max(id) AS id FROM messages').get<{ id: number | null }>()?.id ?? 0;
  const id = last + 1;
  database
    .statement(
      `INSERT INTO messages (id, job_id, kind, urgent, resolves, topic, text, count, reply_to, state, queued_at, expires_at, into_id, idempotency_key,
         channel, place, approval_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      id,
      draft.jobId,
      draft.kind,
      Number(draft.urgent),
      Number(resolves),
      draft.topic,
      draft.text.slice(0, TEXT_CHARS_MAX).toWellFormed(),
      draft.count,
      draft.replyTo,
      carrier === undefined ? 'queued' : 'coalesced',
      nowMs,
      nowMs + ttlMs,
      carrier ?? null,
      `msg_${homeId}_${formatId('m', id)}`,
      context.channel,
      context.place,
      draft.approvalId ?? null,
    );
  return id;
}

/** Whether the newest thing that left about the topic is an alert. What reached no channel, nobody knows. */
function ownerKnows(database: Database, topic: string, nowMs: number): boolean {
  const told = database
    .statement(
      `SELECT resolves FROM messages
       WHERE topic = ? AND released_at >= ? AND kind = 'proactive' AND state IN ('queued', 'sent')
       ORDER BY released_at DESC, id DESC LIMIT 1`,
    )
    .get<{ resolves: number }>(topic, nowMs - REMEMBERED_MS);
  return told?.resolves === 0;
}

function resolutionWaits(database: Database, topic: string): boolean {
  const waiting = database
    .statement("SELECT 1 FROM messages WHERE topic = ? AND state = 'queued' AND released_at IS NULL AND resolves = 1")
    .get(topic);
  return waiting !== undefined;
}

function resolutionOf({ topic, text, jobId }: Withdrawal): MessageDraft {
  return { kind: 'proactive', urgent: false, topic, text, replyTo: null, jobId, count: 1 };
}
