import { channel } from 'node:diagnostics_channel';

/** The time, passed in so that tests move it by hand. Wall time is for records, monotonic time for durations. */
export interface Clock {
  /** Unix milliseconds; may jump either way. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start; never goes back, may stand still while the machine sleeps. */
  monoMs(): number;
  /** Resolves after `delayMs`, or at once when the signal aborts. Never rejects; at most 30 s are waited in one piece. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

/** Randomness, passed in so that a test can repeat a run. */
export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  bytes(count: number): Uint8Array;
}

type LogFields = Readonly<Record<string, unknown>>;

/** The log: one event a line, facts in fields, the message constant. pino fits it by shape. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Log;
}

/** Takes secrets out of a text, by value and by shape. Stands before every sink. */
export type Redact = (text: string) => string;

/** Node's `fetch`, passed in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The moments between two changes of state, in the order of a day: where a proof ends the process, to see that nothing is
 * lost there. Each is passed in exactly one place. Whatever is written, sent or begun before a step is done; what follows is not.
 */
export const STEPS = {
  'ledger.backed-up': 'the ledger was copied before its migration',
  'ledger.migrated': 'the schema is one version further',
  'boot.begun': 'the start is recorded',
  'job.taken-back': 'a job that the last process left running is in the queue again',
  'memory.edit-staged': "an edit of the owner's has its generation, the ledger does not know it",
  'memory.edit-done': "an edit of the owner's is recorded, its generation is not complete",
  'boot.ready': 'the start is recorded as ready, the daily log does not say so',
  'daemon.announcing': 'the address is in run.json.part, nobody finds it yet',
  'ledger.committing': 'a transaction is written, not committed',
  'ledger.committed': 'a transaction is committed, nobody was told',
  'body.piece': 'a piece of a large body is kept',
  'body.staged': 'a large body is kept, its event is not',
  'body.dropping': 'some pieces of a large body are gone',
  'webhook.taken': 'a delivery is an event, its sender was not answered',
  'telegram.taken': 'updates of Telegram are events, how far it was read is not recorded',
  'telegram.recorded': 'how far Telegram was read is recorded, Telegram was not told',
  'slack.taken': 'an envelope of Slack is an event, it was not acknowledged',
  'poll.taken': 'what a poll found is events, how far the list was read is not recorded',
  'poll.recorded': 'what a poll found is recorded with how far the list was read, its next look has no time',
  'follow.begun': 'a follow is recorded, GitHub is not asked for its sake',
  'follow.ended': 'what was followed has ended, how far its lists were read is not forgotten',
  'slots.decided': 'due slots are decided, nobody was woken for their jobs',
  'rules.claimed': 'rules are claimed, none was begun',
  'work.claimed': 'work is claimed, it was not begun',
  'work.moved': 'work is recorded as in the background',
  'command.begun': 'the run of a command is recorded, it was not started',
  'command.ended': 'a command has ended, its run is open',
  'digest.written': 'the file of a digest is written, its job is open',
  'attempt.ended': 'an attempt has ended, its job is open',
  'job.settling': 'a job is settled, its effects are not written',
  'attempt.settled': 'a job is settled with its effects',
  'remote.written': 'an attempt for another host is written with its token, it was not offered',
  'remote.offered': 'an attempt is offered to other hosts, nothing was heard of it',
  'remote.given-up': 'an attempt on another host is given up, it was not withdrawn',
  'remote.judged': 'the output of another host is in its file, the attempt is open',
  'remote.settled': 'outcomes of other hosts are settled, they are not deleted from the stream',
  'message.released': 'a message was let go, the windows in memory do not count it',
  'delivery.begun': 'the attempt of a delivery is recorded, nothing was sent',
  'delivery.made': 'a channel has answered, the delivery is open',
  'delivery.recorded': 'a delivery is recorded',
  'journal.appended': 'lines are in the daily log, the ledger does not know it',
  'transcript.appended': 'lines are in a transcript, the ledger does not know it',
  'agent.begun': 'the run of a job has its conversation, the model was not asked',
  'agent.reserved': 'money is reserved, the model was not asked',
  'agent.replied': 'the model has answered, neither reply nor charge is recorded',
  'agent.recording': 'the items of a step are written, charge, progress and effects are not',
  'agent.recorded': 'a step of a run is recorded',
  'changes.begun': 'a workspace is kept as it was, the run has not written to it',
  'call.begun': 'a call is recorded as begun, it was not made',
  'file.written': 'the new text of a file lies beside it',
  'call.made': 'a call was made, its result is not recorded',
  'result.kept': 'a long result is in its file, its preview is not',
  'changes.compared': 'the patch of a run is kept, its record is open',
  'approval.asked': 'a question to the owner is recorded, its job is still claimed',
  'approval.decided': 'an approval is decided, its job was not woken',
  'changes.undoing': 'an undo is recorded as begun, no file is restored',
  'changes.restored': 'all files are restored, the undo is not recorded as done',
  'memory.staged': 'a generation is staged, the ledger does not know it',
  'memory.begun': 'an apply is recorded as begun, no file is replaced',
  'memory.moved': 'a file of the memory is aside, nothing is in its place',
  'memory.written': 'the new text of a file of the memory lies beside it',
  'memory.turned': 'an apply met an edit and is recorded as going back',
  'memory.restored': 'an apply is undone, the ledger does not know it',
  'memory.placed': 'all files are replaced, the apply is not recorded as done',
  'memory.done': 'an apply is recorded as done, its generation is not complete',
  'dream.begun': 'a dream is recorded as begun',
  'dream.proposed': 'a proposal is accepted, nothing of it is recorded',
  'dream.staged': 'what a dream has read is noted, nothing is applied',
  'dream.applied': 'a dream is applied, it is not recorded as ended',
  'config.read': 'an edit of the configuration is read, nothing was exchanged',
  'config.clockwork': 'the clockwork has the new configuration, the outbox has the old one',
  'config.taken': 'an edit of the configuration is taken up',
  'keys.moved': 'some delivery ids are in their table, the mark says otherwise',
  'checkpoint.copied': 'the log is copied back, it was not begun anew',
  'retention.bodies': 'old events have lost their bodies, the pieces of large ones are there',
  'retention.rows': 'old rows are gone, the bodies of large ones are there',
  'ledger.closing': 'all is written, the log is not copied back',
} as const;

export type StepName = keyof typeof STEPS;

/** Whoever subscribes hears of each step as it is passed, before anything else happens. */
export const STEP_CHANNEL = 'kairosd:step';
const steps = channel(STEP_CHANNEL);

/** Passes a step. Costs a comparison when nobody listens, and nobody but a test does. */
export function reached(name: StepName): void {
  if (steps.hasSubscribers) steps.publish(name);
}
