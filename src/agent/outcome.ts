import type { Event } from '../core/event.ts';
import type { Effect, Outcome } from '../core/job.ts';
import type { MessageDraft } from '../core/message.ts';
import { formatId } from '../core/units.ts';
import type { Aside } from './lay-aside.ts';
import type { LoopEnd } from './loop.ts';
import type { RunCharge } from './ports.ts';
import type { Ending } from './progress.ts';
import type { Run } from './run-state.ts';

/** What a proactive run says that found nothing. */
const NOTHING = /^\W*nothing to report\W*$/i;

/**
 * How a run left its job: what the owner is told, and the line for the daily log. The owner who asked is answered with
 * one message, whatever became of it; a run of the daemon's own speaks only if there is something worth telling.
 */
export function outcomeOf<Charge extends RunCharge>(run: Run<Charge>, event: Event, end: LoopEnd): Outcome {
  if (end.kind === 'waiting') return laidAside(run, event, end);
  const { ending } = end;
  const effects: Effect[] = [journalLine(run, ending)];
  const text = told(run, ending);
  if (text !== '') effects.unshift({ kind: 'message', message: message(run, event, ending, text) });
  return ending.kind === 'done' ? { kind: 'succeeded', effects } : { kind: 'failed', error: ending.text, effects };
}

/** Whoever asked and waits does not wait in silence for a model that is away. Said once: a job has one message of a topic. */
function laidAside<Charge extends RunCharge>(run: Run<Charge>, event: Event, end: Aside): Outcome {
  const { untilMs, reason, putOff } = end;
  const { job, channel } = run.setting;
  if (putOff === undefined || !job.reactive || event.trust !== 'owner')
    return { kind: 'waiting', untilMs, reason, effects: [] };
  const word: MessageDraft = {
    kind: 'reactive',
    urgent: false,
    topic: run.again === 0 ? 'put off' : `put off again ${run.again}`,
    text: putOff,
    replyTo: event.id,
    jobId: job.id,
    count: 1,
    channel,
  };
  return { kind: 'waiting', untilMs, reason, effects: [{ kind: 'message', message: word }] };
}

function told<Charge extends RunCharge>(run: Run<Charge>, { kind, text, code }: Ending): string {
  const { job } = run.setting;
  if (kind === 'done') {
    if (run.reactive) return text === '' ? 'I have come to the end without anything to say.' : text;
    return NOTHING.test(text) ? '' : text;
  }
  const id = formatId('j', job.id);
  const again = `Put it back with: kairos jobs requeue ${id}`;
  const reason = kind === 'failed' ? `I could not go on: ${text}${code === undefined ? '' : ` (${code})`}` : text;
  return run.reactive ? `${reason}\n${again}` : `${id} (${job.origin}): ${reason}\n${again}`;
}

function message<Charge extends RunCharge>(run: Run<Charge>, event: Event, ending: Ending, text: string): MessageDraft {
  const { job, channel } = run.setting;
  const answers = job.reactive && event.trust === 'owner';
  const topic = answers ? '' : topicOf(run, ending);
  return {
    kind: answers ? 'reactive' : 'proactive',
    urgent: job.urgent && ending.kind === 'done',
    // A job has one message of a topic; put back by hand, it speaks again.
    topic: run.again === 0 ? topic : `${topic} again ${run.again}`.trim(),
    text,
    replyTo: answers ? event.id : null,
    jobId: job.id,
    count: job.eventCount,
    channel,
  };
}

/** Failures for the same reason are one message. */
function topicOf<Charge extends RunCharge>(run: Run<Charge>, { kind, code }: Ending): string {
  return kind === 'done' ? run.setting.job.topic : `agent ${code?.toLowerCase().replaceAll('_', ' ') ?? kind}`;
}

function journalLine<Charge extends RunCharge>(run: Run<Charge>, { kind, text }: Ending): Effect {
  const { job } = run.setting;
  const { turns, inputTokens, outputTokens, microUsd } = run.progress;
  const used = `${turns} ${turns === 1 ? 'turn' : 'turns'}, ${inputTokens + outputTokens} tokens, $${(microUsd / 1_000_000).toFixed(4)}`;
  const how = kind === 'done' ? 'done' : `${kind}: ${text}`;
  const line = `${job.origin}: ${used}, ${formatId('s', run.sessionId)}: ${how}`;
  return { kind: 'journal', line: { kind: 'agent', ref: formatId('j', job.id), text: line } };
}
