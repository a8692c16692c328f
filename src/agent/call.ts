import type { Item, Json, Tool, ToolContext, ToolResult } from '../core/agent.ts';
import { KairosError, messageOf } from '../core/errors.ts';
import type { Effect } from '../core/job.ts';
import { reached } from '../core/ports.ts';
import { formatId } from '../core/units.ts';
import { showsSecret } from '../permissions/secret-shown.ts';
import { hashOf } from '../permissions/shown.ts';
import { answer, brief, publishResult, resultItem, shortened } from './call-result.ts';
import { asleep, layAside, stillWaits, type Aside } from './lay-aside.ts';
import { DENIALS } from './limits.ts';
import type { AskedApproval, Judged, LoopPorts, RunCharge } from './ports.ts';
import type { Ending } from './progress.ts';
import type { Run } from './run-state.ts';

/** How a step left the run: undefined, it goes on. */
export type Turnout = Aside | { readonly kind: 'ended'; readonly ending: Ending } | undefined;

/** The signals of a run: the daemon stops, or the time of the run is over. */
export interface Cuts {
  readonly stop: AbortSignal;
  /** Either of them. */
  readonly any: AbortSignal;
}

/** A call with its tool found and its input read. */
interface ReadyCall {
  readonly callId: string;
  readonly tool: Tool;
  readonly input: Json;
}

const SLEEP_MS_MAX = 3_600_000;

/**
 * Does what is to be done about a call that has no result: gate, question to the owner, execution, result. A call that
 * a process before began is not made again: the model is told that it was interrupted.
 *
 * @throws {KairosError} `STOPPING` when the daemon stops in between; what the ledger throws.
 */
export async function handleCall<Charge extends RunCharge>(
  run: Run<Charge>,
  call: Item,
  ports: LoopPorts<Charge>,
  cuts: Cuts,
): Promise<Turnout> {
  const callId = call.callId ?? '';
  const left = run.openCall(callId);
  const tool = ports.tools.find(({ name }) => name === call.tool);
  if (left?.approval?.kind === 'question') return answered(run, call, left.approval, ports);
  if (left?.begun === true) return answer(run, call, ports, { text: INTERRUPTED, isError: true });
  if (tool === undefined) return answer(run, call, ports, { text: unknownTool(call, ports.tools), isError: true });
  const parsed = tool.parse(call.input);
  if (!parsed.ok) return answer(run, call, ports, { text: `The input is not right: ${parsed.message}`, isError: true });
  const ready = { callId, tool, input: parsed.input };
  const judged = await judge(run, ready, ports, cuts);
  if (judged.kind === 'unjudged') return answer(run, call, ports, { text: judged.text, isError: true });
  if (judged.kind === 'hand-back') return { kind: 'ended', ending: handedBack(judged.reason) };
  if (left?.approval !== undefined)
    return decided(run, call, { ...ready, approval: left.approval, judged }, ports, cuts);
  if (judged.kind === 'ask') return ask(run, call, judged, ports);
  return execute(run, call, { ...ready, judged }, ports, cuts);
}

const INTERRUPTED =
  'Interrupted: kairosd ended while this call was under way. It may or may not have happened, in whole or in part. Look before you make it again.';
const NO_REPEAT = "Asking again won't help: go on without it, or tell the owner what you would need.";

async function judge<Charge extends RunCharge>(
  run: Run<Charge>,
  { tool, input }: ReadyCall,
  ports: LoopPorts<Charge>,
  { any }: Cuts,
): Promise<Judged | { readonly kind: 'unjudged'; readonly text: string }> {
  const { workspace, job } = run.setting;
  const { sessionId, items, progress } = run;
  const about = { workspace, items, signal: any, jobId: job.id, sessionId, spentMicroUsd: progress.microUsd };
  try {
    return await ports.gate.judge({ tool: tool.name, input }, run.facts, about);
  } catch (error) {
    ports.log.error({ jobId: formatId('j', job.id), tool: tool.name, error: messageOf(error) }, 'gate failed');
    return { kind: 'unjudged', text: `The permission gate failed, so the call was not made: ${messageOf(error)}` };
  }
}

/** Puts the question to the owner and lays the run aside: approval, message and calls are one transaction. */
async function ask<Charge extends RunCharge>(
  run: Run<Charge>,
  call: Item,
  { shown, hash, reason, assessment }: Extract<Judged, { kind: 'ask' }>,
  ports: LoopPorts<Charge>,
): Promise<Aside> {
  return layAside(run, call, { kind: 'call', shown, hash, reason, risk: assessment.risk }, ports);
}

/** A call that was put to the owner: made only if they allowed it, and only if it is still what they were shown. */
async function decided<Charge extends RunCharge>(
  run: Run<Charge>,
  call: Item,
  ready: ReadyCall & { readonly approval: AskedApproval; readonly judged: Exclude<Judged, { kind: 'hand-back' }> },
  ports: LoopPorts<Charge>,
  cuts: Cuts,
): Promise<Turnout> {
  const { approval, judged } = ready;
  const taken = ready.callId;
  if (approval.state === 'pending') return stillWaits(approval, ports);
  if (approval.state === 'denied') {
    return deny(run, call, ports, `The owner said no to this call.${words(approval)} ${NO_REPEAT}`);
  }
  if (approval.state === 'expired') {
    return deny(run, call, ports, `Nobody answered in time, which is a no. ${NO_REPEAT}`);
  }
  if (judged.kind === 'ask' && (judged.hash !== approval.hash || ports.redact(judged.shown) !== approval.shown)) {
    const text =
      'The owner allowed something else: what this call would do has changed since they saw it. It was not made. Make it anew if it is still needed.';
    return answer(run, call, ports, { text, isError: true }, taken);
  }
  return execute(run, call, { ...ready, taken }, ports, cuts);
}

/** A question of the agent's own: its answer is the result. */
async function answered<Charge extends RunCharge>(
  run: Run<Charge>,
  call: Item,
  approval: AskedApproval,
  ports: LoopPorts<Charge>,
): Promise<Turnout> {
  if (approval.state === 'pending') return stillWaits(approval, ports);
  const answers = {
    allowed: approval.answer === null ? 'The owner said yes.' : `The owner answered: ${approval.answer}`,
    denied: approval.answer === null ? 'The owner said no.' : `The owner said no.${words(approval)}`,
    expired: 'The owner did not answer in time. Take it as a no, and go on without.',
  } as const;
  const isError = approval.state === 'expired';
  return answer(run, call, ports, { text: answers[approval.state], isError }, call.callId);
}

function words({ answer: text }: AskedApproval): string {
  return text === null || text === '' ? '' : ` Their words: ${text}`;
}

async function deny<Charge extends RunCharge>(
  run: Run<Charge>,
  call: Item,
  ports: LoopPorts<Charge>,
  text: string,
): Promise<Turnout> {
  const denials = run.progress.denials + 1;
  const denialsInARow = run.progress.denialsInARow + 1;
  const items = [resultItem(call, { text, isError: true }, ports.clock.wallMs())];
  await run.record({ items, progress: { denials, denialsInARow }, taken: call.callId });
  publishResult(run, call, ports, { text, isError: true });
  if (denialsInARow < DENIALS.inARow && denials < DENIALS.total) return undefined;
  const many = denialsInARow >= DENIALS.inARow ? `${denialsInARow} calls in a row` : `${denials} calls`;
  return { kind: 'ended', ending: handedBack(`${many} were not allowed`) };
}

function handedBack(reason: string): Ending {
  return { kind: 'handed-back', text: `I stopped and hand back to you: ${reason}.` };
}

type Execution = ReadyCall & {
  readonly judged: Exclude<Judged, { kind: 'hand-back' }>;
  readonly taken?: string | undefined;
};

/** Written down before it begins, and after: in between a crash leaves it begun, which is never begun again. */
async function execute<Charge extends RunCharge>(
  run: Run<Charge>,
  call: Item,
  { callId, tool, input, judged, taken }: Execution,
  ports: LoopPorts<Charge>,
  cuts: Cuts,
): Promise<Turnout> {
  const { job, workspace } = run.setting;
  const { assessment } = judged;
  if (assessment.writes && workspace !== undefined) await ports.changes.begin(workspace, job.id);
  const { hasReadSecrets, hasSent } = run.facts;
  const { calls } = run.progress;
  await run.record({
    begun: { callId, tool: tool.name, hash: hashOf({ tool: tool.name, input, cwd: workspace?.path ?? null }) },
    taken,
    facts: { hasReadSecrets: hasReadSecrets || assessment.readsSecrets, hasSent: hasSent || assessment.sends },
    progress: { denialsInARow: 0, calls: { ...calls, [tool.name]: (calls[tool.name] ?? 0) + 1 } },
    effects: judged.kind === 'run' && judged.flag ? [flagged(run, tool, input, assessment.reason, ports)] : [],
  });
  reached('call.begun');
  ports.feed.publish(job.id, { kind: 'tool', tool: tool.name, text: brief(input) });
  const context = contextOf(run, callId, cuts.any);
  const made = { tool: tool.name, input };
  const target = judged.kind === 'ask' ? judged.target : undefined;
  using _open = ports.gate.begin({ callId, call: made, assessment, approved: taken !== undefined, target, workspace });
  const warning = await ports.beforeActing?.(made, run.items);
  const result = await outcomeOf(tool, input, context, cuts);
  reached('call.made');
  const outside = result.trust === 'outside' || assessment.readsOutside;
  const told = warning === undefined ? result.text : `[${warning}]\n${result.text}`;
  const text = await shortened(ports, { tool, context, text: told });
  const secret = !assessment.readsSecrets && showsSecret(tool.name, input, result.text);
  return await recordResult(run, call, { ...result, text, trust: outside ? 'outside' : 'tool', secret }, ports);
}

function contextOf(run: Run, callId: string, signal: AbortSignal): ToolContext {
  const { job, workspace } = run.setting;
  return {
    jobId: job.id,
    sessionId: run.sessionId,
    callId,
    workspace,
    signal,
    items: run.items,
    eventId: job.eventId,
    reactive: run.reactive,
    tainted: run.facts.tainted,
  };
}

/** Also a tool that does not heed the signal is left behind when it aborts. */
async function outcomeOf(tool: Tool, input: Json, context: ToolContext, { stop, any }: Cuts): Promise<ToolResult> {
  const cut = new Promise<ToolResult>((resolve) => {
    const text = 'Cut off: the time of this run is over. It may or may not have happened.';
    const end = (): void => resolve({ text, isError: true });
    if (any.aborted) end();
    else any.addEventListener('abort', end, { once: true });
  });
  const ran = tool
    .run(input, context)
    .catch((error: unknown): ToolResult => ({ text: `The tool failed: ${messageOf(error)}`, isError: true }));
  const result = await Promise.race([ran, cut]);
  // Left begun: the process that comes next reports it as interrupted.
  if (stop.aborted) throw new KairosError('STOPPING', `the daemon stopped during a call of ${tool.name}`);
  return result;
}

async function recordResult<Charge extends RunCharge>(
  run: Run<Charge>,
  call: Item,
  result: ToolResult & { readonly secret: boolean },
  ports: LoopPorts<Charge>,
): Promise<Turnout> {
  if (result.question !== undefined) {
    const hash = hashOf({ tool: call.tool ?? '', input: call.input ?? null, cwd: null });
    const { question: shown, effects } = result;
    return layAside(run, call, { kind: 'question', shown, hash, risk: 'LOW', reason: 'a question', effects }, ports);
  }
  const nowMs = ports.clock.wallMs();
  const untilMs = result.sleepUntilMs === undefined ? null : Math.min(result.sleepUntilMs, nowMs + SLEEP_MS_MAX);
  const { tainted, hasReadSecrets } = run.facts;
  const facts = { tainted: tainted || result.trust === 'outside', hasReadSecrets: hasReadSecrets || result.secret };
  try {
    const items = [resultItem(call, result, nowMs)];
    await run.record({ items, facts, progress: { sleepUntilMs: untilMs }, effects: result.effects });
    publishResult(run, call, ports, result);
  } catch (error) {
    // Rows that the ledger refuses are the tool's failure, and for the model to read.
    if (!isRefusal(error) || (result.effects ?? []).length === 0) throw error;
    return answer(run, call, ports, { text: `Refused: ${messageOf(error)}`, isError: true });
  }
  return untilMs === null ? undefined : asleep(untilMs, ports);
}

function isRefusal(error: unknown): boolean {
  return error instanceof KairosError && ['INPUT_INVALID', 'STATE_CONFLICT', 'NOT_FOUND'].includes(error.code);
}

function flagged(
  run: Run,
  tool: Tool,
  input: Json,
  reason: string,
  { redact }: { redact: (text: string) => string },
): Effect {
  const text = redact(`${tool.name} ${brief(input)}: ${reason}`);
  return { kind: 'journal', line: { kind: 'flagged', ref: formatId('j', run.setting.job.id), text } };
}

function unknownTool({ tool = '' }: Item, tools: readonly Tool[]): string {
  return `There is no tool ${JSON.stringify(tool.slice(0, 80))}. There are: ${tools.map(({ name }) => name).join(', ')}.`;
}
