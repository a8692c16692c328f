import { KairosError } from '../core/errors.ts';
import type { Event } from '../core/event.ts';
import type { Job, Outcome } from '../core/job.ts';
import { reached } from '../core/ports.ts';
import { effectsOf } from '../mood/effects.ts';
import { moodOf } from '../mood/mood.ts';
import type { RunFacts } from '../permissions/call.ts';
import { firstItems, isLater } from './first-items.ts';
import { memoryItems, surroundingItems } from './instructions.ts';
import { createKeyLocks, type KeyLocks } from './key-locks.ts';
import { runLoop } from './loop.ts';
import type { RunCharge, RunPorts, StoredRun } from './ports.ts';
import { freshProgress } from './progress.ts';
import { schemasOf } from './prompt.ts';
import { outcomeOf } from './outcome.ts';
import { redactItem } from './redact-item.ts';
import { Run, type RunSetting } from './run-state.ts';

/** Runs a job of the agent, as the lanes want it. */
export type AgentHandler = (job: Job, signal: AbortSignal) => Promise<Outcome>;

/** Begins a new conversation; what follows is its first message. */
const NEW = /^\/new(?:\s+|$)/i;

/**
 * The handler of `agent` jobs. A job that was begun before, by this process or one that is gone, is taken up where its last
 * recorded step left it. Two runs of one conversation follow each other.
 *
 * @param locks Whose turn it is in a conversation; handlers that stand beside each other share them.
 */
export function createAgentHandler<Charge extends RunCharge>(
  ports: RunPorts<Charge>,
  locks: KeyLocks = createKeyLocks(),
): AgentHandler {
  const schemas = schemasOf(ports.tools);
  return async (job, signal) => {
    const event = job.eventId === null ? undefined : ports.events.find(job.eventId);
    if (event === undefined) return { kind: 'failed', error: 'the event behind it is no longer kept' };
    const key = ports.conversation(job, event);
    using turn = await locks.take(key ?? `job:${job.id}`, signal);
    if (turn === undefined) throw new KairosError('STOPPING', 'the daemon stopped before the run began');
    await ports.approvals.expire(ports.clock.wallMs());
    const asked = chatWords(job, key);
    const setting = settingOf(job, event, ports);
    let stored = ports.store.find(job.id);
    if (stored === undefined) {
      if (asked.fresh && key !== undefined) await ports.sessions.endConversation(key, ports.clock.wallMs());
      if (asked.text === '') return newConversation(job, event, setting);
      stored = await beginRun({ job: { ...job, text: asked.text }, event, key, setting }, ports);
    }
    reached('agent.begun');
    const run = new Run<Charge>(setting, stored, ports);
    return outcomeOf(run, event, await runLoop(run, ports, schemas, signal));
  };
}

interface Beginning {
  readonly job: Job;
  readonly event: Event;
  readonly key: string | undefined;
  readonly setting: RunSetting;
}

async function beginRun<Charge extends RunCharge>(
  { job, event, key, setting }: Beginning,
  ports: RunPorts<Charge>,
): Promise<StoredRun> {
  const nowMs = ports.clock.wallMs();
  const timeZone = ports.timeZone();
  const { home, redact, afk } = ports;
  const tone = setting.source === 'owner' ? effectsOf(moodOf(job.text).tier).hint : '';
  const around = await surroundingItems({ home, workspace: setting.workspace, timeZone, afk: afk(), nowMs, tone });
  const items = [...around.items, ...firstItems(job, event, ports.events.body(event.id), nowMs)];
  const remembered = memoryItems((await ports.memory?.()) ?? { text: '', note: '' }, nowMs);
  return ports.store.begin(
    {
      jobId: job.id,
      key: key ?? `job:${job.id}`,
      origin: job.origin,
      folder: folderOf(nowMs, timeZone),
      continues: key === undefined ? undefined : ports.chat(),
      // Whoever begins with words from outside has read them.
      tainted: around.tainted || event.trust === 'outside',
      opening: remembered.flatMap((item) => redactItem(item, redact) ?? []),
      items: items.flatMap((item) => redactItem(item, redact) ?? []),
      progress: freshProgress(nowMs),
    },
    nowMs,
  );
}

function settingOf<Charge extends RunCharge>(job: Job, event: Event, ports: RunPorts<Charge>): RunSetting {
  return {
    job,
    source: sourceOf(job, event),
    workspace: ports.workspace(job, event),
    channel: job.reactive ? (ports.replyChannel(event) ?? null) : null,
  };
}

/** What a run put off for later is no longer the owner in person. */
function sourceOf(job: Job, event: Event): RunFacts['source'] {
  if (event.trust === 'outside') return 'outside';
  return job.reactive && !isLater(event) ? 'owner' : 'schedule';
}

function chatWords(job: Job, key: string | undefined): { readonly fresh: boolean; readonly text: string } {
  const fresh = key !== undefined && job.reactive && NEW.test(job.text.trim());
  return { fresh, text: fresh ? job.text.trim().replace(NEW, '') : job.text };
}

function newConversation(job: Job, event: Event, { channel }: RunSetting): Outcome {
  const text = 'A new conversation begins.';
  const message = {
    kind: 'reactive',
    urgent: false,
    topic: '',
    text,
    replyTo: event.id,
    jobId: job.id,
    count: 1,
    channel,
  } as const;
  return { kind: 'succeeded', effects: [{ kind: 'message', message }] };
}

/** Where the transcript of a conversation that begins now is: `sessions/2026/11`. */
function folderOf(nowMs: number, timeZone: string): string {
  const { year, month } = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone);
  return `sessions/${String(year).padStart(4, '0')}/${String(month).padStart(2, '0')}`;
}
