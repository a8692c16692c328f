import type { Item } from '../core/agent.ts';
import { KairosError, messageOf } from '../core/errors.ts';
import { formatId } from '../core/units.ts';
import { handleCall, type Cuts, type Turnout } from './call.ts';
import { resultItem } from './call-result.ts';
import { asleep, putOff, type Aside } from './lay-aside.ts';
import { limitReached } from './limits.ts';
import { createLiveText } from './live-text.ts';
import type { ModelReply, ToolSchema } from './model.ts';
import type { Asked, LoopPorts, RunCharge } from './ports.ts';
import type { Ending } from './progress.ts';
import { requestOf } from './prompt.ts';
import { replyItems, textOf } from './reply-items.ts';
import type { Run } from './run-state.ts';

/** How the loop left a run. */
export type LoopEnd = Aside | { readonly kind: 'ended'; readonly ending: Ending };

/** A request that the provider puts off is asked again for this long, then the run fails. */
const PUT_OFF_MS_MAX = 86_400_000;
const SLEEP_MS_MAX = 3_600_000;
/** A conversation whose window is full is not gone on with: larger than any limit. */
const FULL_TOKENS = 1_000_000_000;

/**
 * Takes a run on, step by step, until it ends or is laid aside: a call without a result is dealt with first, else the
 * model is asked. Each step is recorded before the next, so a run that is taken up again goes on where it was.
 *
 * @throws {KairosError} `STOPPING` when the signal aborts; what the ledger throws.
 */
export async function runLoop<Charge extends RunCharge>(
  run: Run<Charge>,
  ports: LoopPorts<Charge>,
  schemas: readonly ToolSchema[],
  stop: AbortSignal,
): Promise<LoopEnd> {
  const { ending, sleepUntilMs } = run.progress;
  if (ending !== null) return { kind: 'ended', ending };
  const leftMs = (sleepUntilMs ?? 0) - ports.clock.wallMs();
  // Longer than it can have asked for: the clock was set back.
  if (sleepUntilMs !== null && leftMs > 0 && leftMs <= SLEEP_MS_MAX) return asleep(sleepUntilMs, ports);
  using deadline = startDeadline(run, ports);
  const cuts = { stop, any: AbortSignal.any([stop, deadline.signal]) };
  try {
    for (;;) {
      if (stop.aborted) throw new KairosError('STOPPING', 'the daemon stopped during a run');
      const turnout = await step(run, ports, schemas, cuts);
      if (turnout?.kind === 'waiting') return turnout;
      if (turnout !== undefined) return await end(run, turnout.ending, ports);
      const { ending: reached } = run.progress;
      if (reached !== null) return { kind: 'ended', ending: reached };
    }
  } finally {
    await ports.changes.finish(run.setting.job.id, run.facts.tainted).catch((error: unknown) => {
      ports.log.error(
        { jobId: formatId('j', run.setting.job.id), error: messageOf(error) },
        'changes could not be kept',
      );
    });
  }
}

async function step<Charge extends RunCharge>(
  run: Run<Charge>,
  ports: LoopPorts<Charge>,
  schemas: readonly ToolSchema[],
  cuts: Cuts,
): Promise<Turnout> {
  const limits = ports.limits();
  const limit = limitReached(cuts.any.aborted ? { ...run.progress, activeMs: limits.wall } : run.progress, limits);
  if (limit !== undefined) return { kind: 'ended', ending: limitEnding(run, limit) };
  const call = run.pending;
  if (call !== undefined) return handleCall(run, call, ports, cuts);
  const { name: model, outputTokensMax } = ports.model();
  const { sessionId, items, reactive, progress } = run;
  const { id: jobId } = run.setting.job;
  const live = createLiveText(ports.redact, (text) => ports.feed.publish(jobId, { kind: 'text', text }));
  const request = requestOf({ model, tools: schemas, items, outputTokensMax });
  const context = { jobId, sessionId, reactive, spentMicroUsd: progress.microUsd };
  const asked = await ports.ask(
    request,
    { ...context, onDelta: (delta) => (delta.kind === 'text' ? live.add(delta.text) : undefined) },
    cuts.any,
  );
  live.end();
  return takeUp(run, asked, ports, cuts);
}

async function takeUp<Charge extends RunCharge>(
  run: Run<Charge>,
  asked: Asked<Charge>,
  ports: LoopPorts<Charge>,
  cuts: Cuts,
): Promise<Turnout> {
  const nowMs = ports.clock.wallMs();
  const { charge } = asked;
  const progress = { microUsd: run.progress.microUsd + (charge?.microUsd ?? 0) };
  if (asked.kind === 'reply') return takeReply(run, asked.reply, charge, ports);
  if (asked.kind === 'later') {
    if (charge !== undefined) await run.record({ charge, progress });
    if (nowMs - run.progress.startedAtMs < PUT_OFF_MS_MAX) return putOff(run, asked, ports);
    return { kind: 'ended', ending: { kind: 'failed', text: asked.reason, code: 'MODEL_OVERLOADED' } };
  }
  const partial = textOf(asked.partial ?? []);
  const note: Item = { atMs: nowMs, kind: 'note', trust: 'agent', text: `(cut off here) ${partial}` };
  const full = asked.code === 'MODEL_TOO_LONG' ? FULL_TOKENS : undefined;
  if (charge !== undefined || partial !== '' || full !== undefined) {
    await run.record({ items: partial === '' ? [] : [note], charge, progress, contextTokens: full });
  }
  // The next turn of the loop sees why: the daemon stops, or the time is over.
  if (cuts.any.aborted) return undefined;
  return { kind: 'ended', ending: { kind: 'failed', text: asked.reason, code: asked.code } };
}

async function takeReply<Charge extends RunCharge>(
  run: Run<Charge>,
  reply: ModelReply,
  charge: Charge | undefined,
  ports: LoopPorts<Charge>,
): Promise<Turnout> {
  const nowMs = ports.clock.wallMs();
  const { usage, stop } = reply;
  const before = run.progress;
  const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  const refused = stop === 'refusal' || stop === 'too-long';
  const said = replyItems(reply, nowMs, (id) => run.hasCallId(id));
  const calls = said.some(({ kind }) => kind === 'tool_use');
  const verdict = calls && !refused ? undefined : afterWords(run, reply);
  const goesOn = verdict?.kind === 'again' ? [goOnItem(reply, nowMs)] : [];
  await run.record({
    // What a model that refuses has said is kept for people; sent back, it would refuse again.
    items: refused ? asNotes(said) : [...said, ...goesOn],
    charge,
    contextTokens: stop === 'too-long' ? FULL_TOKENS : input + usage.outputTokens,
    progress: {
      turns: before.turns + 1,
      inputTokens: before.inputTokens + input,
      outputTokens: before.outputTokens + usage.outputTokens,
      microUsd: before.microUsd + (charge?.microUsd ?? 0),
      continuations: before.continuations + goesOn.length,
      sleepUntilMs: null,
      // In the same transaction as the last words: a run that is taken up again here does not ask once more.
      ending: verdict?.kind === 'ended' ? redacted(verdict.ending, ports) : null,
    },
  });
  return undefined;
}

type AfterWords = { readonly kind: 'ended'; readonly ending: Ending } | { readonly kind: 'again' } | undefined;

/** What follows a reply that calls no tools. */
function afterWords(run: Run, reply: ModelReply): AfterWords {
  const text = textOf(reply.blocks);
  switch (reply.stop) {
    case 'refusal':
      return {
        kind: 'ended',
        ending: { kind: 'refused', text: `The model declined to go on with this.${quoted(text)}` },
      };
    case 'too-long': {
      const full = 'This conversation no longer fits the model. Begin another one with /new.';
      return { kind: 'ended', ending: { kind: 'failed', code: 'MODEL_TOO_LONG', text: full } };
    }
    case 'length':
      if (run.progress.continuations === 0) return { kind: 'again' };
      return {
        kind: 'ended',
        ending: limitEnding(run, 'a reply, which was cut off twice (models.outputTokens)', text),
      };
    case 'end':
    case 'tool-use':
      return { kind: 'ended', ending: { kind: 'done', text: [...cutOffBefore(run), text].join('') } };
    case 'pause':
      break;
  }
  return undefined;
}

const GO_ON = 'Your reply was cut off at its greatest length.';

function goOnItem(reply: ModelReply, atMs: number): Item {
  const torn = reply.blocks.findLast((block) => block.kind === 'tool-use');
  const how =
    torn?.kind === 'tool-use'
      ? `The call of ${torn.name} in it was not made. Do it in smaller steps.`
      : 'Go on exactly where it ends, without repeating anything.';
  return { atMs, kind: 'event', trust: 'owner', text: `${GO_ON} ${how}` };
}

/** The words that a reply goes on from: it was cut off, or the provider paused in it. */
function cutOffBefore(run: Run): string[] {
  const words: string[] = [];
  for (let at = run.items.length - 1; at >= 0; at -= 1) {
    const { kind, text } = run.items[at] as Item;
    if (kind === 'assistant') words.unshift(text);
    else if (kind !== 'event' || !text.startsWith(GO_ON)) return words;
  }
  return words;
}

function asNotes(items: readonly Item[]): Item[] {
  return items.flatMap(({ atMs, text }): Item[] => (text === '' ? [] : [{ atMs, kind: 'note', trust: 'agent', text }]));
}

/** Which limit, and what was done until then. */
function limitEnding(run: Run, limit: string, said = lastWords(run)): Ending {
  const calls = Object.entries(run.progress.calls);
  const total = calls.reduce((sum, [, count]) => sum + count, 0);
  const done = total === 0 ? 'no calls were made' : calls.map(([tool, count]) => `${count} × ${tool}`).join(', ');
  return { kind: 'limit', text: `I stopped at the limit of ${limit}. Done until then: ${done}.${quoted(said)}` };
}

const QUOTED_CHARS = 2_000;

function lastWords(run: Run): string {
  const from = run.items.findLastIndex(({ kind }) => kind === 'user');
  return run.items.slice(from + 1).findLast(({ kind, text }) => kind === 'assistant' && text !== '')?.text ?? '';
}

function quoted(text: string): string {
  return text === '' ? '' : ` Last words: ${text.slice(0, QUOTED_CHARS)}`;
}

/** Calls that will not be made get a result, so that the conversation stays one that can be gone on with. */
async function end<Charge extends RunCharge>(
  run: Run<Charge>,
  ending: Ending,
  ports: LoopPorts<Charge>,
): Promise<LoopEnd> {
  const { redact, clock } = ports;
  const nowMs = clock.wallMs();
  const told = redacted(ending, { redact });
  const results = run.allPending.map((call) => {
    const began = run.openCall(call.callId ?? '')?.begun === true;
    const text = began ? 'Interrupted: it may or may not have happened.' : 'Not made: the run came to its end before.';
    return resultItem(call, { text, isError: true }, nowMs);
  });
  const note: Item = { atMs: nowMs, kind: 'note', trust: 'agent', text: told.text };
  await run.record({ items: [...results, note], progress: { ending: told } });
  return { kind: 'ended', ending: told };
}

function redacted(ending: Ending, { redact }: { readonly redact: (text: string) => string }): Ending {
  return { ...ending, text: redact(ending.text) };
}

/** Aborts when the run has been at work for as long as it may. */
function startDeadline<Charge extends RunCharge>(
  run: Run<Charge>,
  ports: LoopPorts<Charge>,
): Disposable & { readonly signal: AbortSignal } {
  const over = new AbortController();
  const done = new AbortController();
  const leftMs = ports.limits().wall - run.progress.activeMs;
  void ports.clock.sleep(Math.max(1, leftMs), done.signal).then(() => {
    if (!done.signal.aborted) over.abort('limit');
  });
  return { signal: over.signal, [Symbol.dispose]: () => done.abort() };
}
