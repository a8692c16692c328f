import type { MessageKind } from '../core/message.ts';
import { formatDuration, formatInstant } from '../core/units.ts';
import type { BudgetOptions } from './options.ts';
import { quietEndMs } from './quiet.ts';
import { admit, type Now, type WindowEntry } from './window.ts';

/** A message that has not left yet, as far as the decision needs it. */
export interface WaitingMessage {
  readonly id: number;
  readonly kind: MessageKind;
  readonly urgent: boolean;
  readonly topic: string;
  readonly queuedAtMs: number;
  readonly expiresAtMs: number;
  /** What held it back when it was last looked at. */
  readonly reason: string | null;
}

/** Whether the channels could take something: `failing` when every one of them is backing off. */
export type ChannelsState = 'ready' | 'failing' | 'none';

export interface PlanState {
  readonly waiting: readonly WaitingMessage[];
  /** Topic → until when it is muted (wall time); the empty topic is everything. */
  readonly mutes: ReadonlyMap<string, number>;
  readonly releases: readonly WindowEntry[];
  readonly urgentReleases: readonly WindowEntry[];
  readonly channels: ChannelsState;
}

export type PlanRules = Pick<BudgetOptions, 'windows' | 'urgentWindows' | 'quietHours'> & { readonly timeZone: string };

export interface Held {
  readonly id: number;
  readonly reason: string;
  /** When it is worth looking again, wall time; infinite when only something from outside can change it. */
  readonly untilMs: number;
}

/** What is to be done with the waiting messages. Every one of them is in exactly one of the three lists. */
export interface Plan {
  readonly expire: readonly { readonly id: number; readonly reason: string }[];
  readonly release: readonly number[];
  readonly held: readonly Held[];
  /** When something may change by itself, wall time; infinite when nothing waits. */
  readonly nextWakeMs: number;
}

type Hold = Omit<Held, 'id'>;

/**
 * Decides what leaves now. Replies to the owner first and always; then urgent messages under their own windows; then
 * the oldest. Nothing leaves without a channel that could take it.
 */
export function planMessages(state: PlanState, rules: PlanRules, now: Now): Plan {
  const places = { normal: [...state.releases], urgent: [...state.urgentReleases] };
  const quietMs = quietEndMs(rules.quietHours, rules.timeZone, now.wallMs);
  const expire: { id: number; reason: string }[] = [];
  const release: number[] = [];
  const held: Held[] = [];
  let nextWakeMs = Infinity;
  for (const message of state.waiting.toSorted(byRank)) {
    const lane = message.urgent ? places.urgent : places.normal;
    const hold = holdOf(message, { state, rules, now, quietMs, lane });
    if (message.expiresAtMs <= now.wallMs && (message.kind === 'proactive' || hold !== undefined)) {
      expire.push({ id: message.id, reason: expiryReason(message, hold) });
    } else if (hold === undefined) {
      release.push(message.id);
      if (message.kind === 'proactive') lane.push(now);
    } else {
      held.push({ id: message.id, ...hold });
      nextWakeMs = Math.min(nextWakeMs, hold.untilMs, message.expiresAtMs);
    }
  }
  return { expire, release, held, nextWakeMs };
}

/** Replies before urgent before the rest; in each the oldest first. */
function byRank(a: WaitingMessage, b: WaitingMessage): number {
  return rank(a) - rank(b) || a.id - b.id;
}

function rank(message: WaitingMessage): number {
  if (message.kind === 'reactive') return 0;
  return message.urgent ? 1 : 2;
}

interface Circumstances {
  readonly state: PlanState;
  readonly rules: PlanRules;
  readonly now: Now;
  readonly quietMs: number | undefined;
  readonly lane: readonly WindowEntry[];
}

function holdOf(message: WaitingMessage, { state, rules, now, quietMs, lane }: Circumstances): Hold | undefined {
  if (state.channels === 'none') return { reason: 'no channel is configured under notify:', untilMs: Infinity };
  if (message.kind === 'reactive') return undefined;
  const mute = muteOf(message.topic, state.mutes, now.wallMs);
  if (mute !== undefined) {
    const what = mute.topic === '' ? 'everything' : 'its topic';
    return {
      reason: `${what} is muted until ${momentOf(mute.untilMs, now.wallMs, rules.timeZone)}`,
      untilMs: mute.untilMs,
    };
  }
  if (quietMs !== undefined && !message.urgent) {
    return { reason: `quiet hours until ${rules.quietHours?.to}`, untilMs: quietMs };
  }
  const admission = admit(message.urgent ? rules.urgentWindows : rules.windows, lane, now);
  if (admission.kind === 'wait') {
    const { max, perMs } = admission.rule;
    return { reason: `the window of ${max} per ${formatDuration(perMs)} is full`, untilMs: admission.untilMs };
  }
  if (state.channels === 'failing') return { reason: 'every channel is failing', untilMs: Infinity };
  return undefined;
}

/** `14:30`, or `2026-11-03 14:30` when that is not today. */
function momentOf(ms: number, nowMs: number, timeZone: string): string {
  const [date = '', time = ''] = formatInstant(ms, timeZone).split('T');
  const today = formatInstant(nowMs, timeZone).startsWith(date);
  return today ? time.slice(0, 5) : `${date} ${time.slice(0, 5)}`;
}

/** The mute that holds a topic longest. */
function muteOf(topic: string, mutes: ReadonlyMap<string, number>, nowMs: number) {
  let longest: { topic: string; untilMs: number } | undefined;
  for (const muted of new Set(['', topic])) {
    const untilMs = mutes.get(muted);
    if (untilMs === undefined || untilMs <= nowMs || untilMs <= (longest?.untilMs ?? 0)) continue;
    longest = { topic: muted, untilMs };
  }
  return longest;
}

function expiryReason(message: WaitingMessage, hold: Hold | undefined): string {
  const waited = formatDuration(message.expiresAtMs - message.queuedAtMs);
  const why = hold?.reason ?? message.reason ?? 'nobody looked at it in time (the daemon was not running?)';
  return `waited ${waited}, the most a message may: ${why}`;
}
