import type { Item } from '../core/agent.ts';
import type { Effect } from '../core/job.ts';
import { reached } from '../core/ports.ts';
import { askingMessage, instant, waitsFor } from './approval-words.ts';
import type { AskedApproval, LoopPorts, RunCharge } from './ports.ts';
import type { Run } from './run-state.ts';

/** A run that is laid aside: its job goes on at this time, or sooner when somebody wakes it. */
export interface Aside {
  readonly kind: 'waiting';
  readonly untilMs: number;
  readonly reason: string;
  /** The model could not be had: the owner who waits for an answer is told so, once. */
  readonly putOff?: string | undefined;
}

/** What is put to the owner. */
interface Asking {
  readonly kind: 'call' | 'question';
  readonly shown: string;
  readonly hash: string;
  readonly reason: string;
  readonly risk: string;
  readonly effects?: readonly Effect[] | undefined;
}

/** Puts a question to the owner and lays the run aside: approval, message and run are one transaction. */
export async function layAside<Charge extends RunCharge>(
  run: Run<Charge>,
  call: Item,
  { effects, ...asking }: Asking,
  { clock, approvalMs, redact, feed, timeZone }: LoopPorts<Charge>,
): Promise<Aside> {
  const expiresAtMs = clock.wallMs() + approvalMs();
  const until = instant(expiresAtMs, timeZone());
  const question = { ...asking, shown: redact(asking.shown), reason: redact(asking.reason), tool: call.tool ?? '' };
  const { questions } = run.progress;
  const message = askingMessage({ ...question, until }, run.setting, questions);
  const approval = { ...question, callId: call.callId ?? '', expiresAtMs, message };
  const id = await run.record({ approval, effects, progress: { questions: questions + 1 } });
  reached('approval.asked');
  const reason = waitsFor(id ?? 0, until);
  feed.publish(run.setting.job.id, { kind: 'waiting', text: reason });
  return { kind: 'waiting', untilMs: expiresAtMs, reason };
}

/** Nobody has answered yet. */
export function stillWaits(
  { id, expiresAtMs }: AskedApproval,
  { timeZone }: { readonly timeZone: () => string },
): Aside {
  return { kind: 'waiting', untilMs: expiresAtMs, reason: waitsFor(id, instant(expiresAtMs, timeZone())) };
}

/** A run whose model could not be had. */
export function putOff<Charge extends RunCharge>(
  run: Run<Charge>,
  { untilMs, reason }: { readonly untilMs: number; readonly reason: string },
  { timeZone, feed }: Pick<LoopPorts<Charge>, 'timeZone' | 'feed'>,
): Aside {
  const text = `The model can't be had: ${reason}. I try again at ${instant(untilMs, timeZone())}, and answer then.`;
  feed.publish(run.setting.job.id, { kind: 'waiting', text });
  return { kind: 'waiting', untilMs, reason, putOff: text };
}

/** A run that put itself to sleep. */
export function asleep(untilMs: number, { timeZone }: { readonly timeZone: () => string }): Aside {
  return { kind: 'waiting', untilMs, reason: `sleeps until ${instant(untilMs, timeZone())}` };
}
