import type { BudgetOptions } from '../budget/options.ts';
import { planMessages, type ChannelsState, type Held } from '../budget/plan.ts';
import { presentOn, routeOf } from '../budget/presence.ts';
import { quietEndMs } from '../budget/quiet.ts';
import { admit, type Admission, longestMs, usedPlaces, type WindowRule } from '../budget/window.ts';
import { startLoop } from '../core/loop.ts';
import { reached, type Clock, type Log, type Random, type Redact } from '../core/ports.ts';
import type { ApprovalOf } from './buttons.ts';
import type { Channel } from './channel.ts';
import { startChannelLoop, type ChannelLoop, type ChannelStatus } from './channel-loop.ts';
import { editingChannels, growingNow } from './growth.ts';
import { renderMessage } from './render.ts';
import type { MessageParts, OutboxStore } from './store.ts';
import { createWindows, type WindowLog, type Windows } from './windows.ts';

export interface OutboxOptions {
  readonly store: OutboxStore;
  readonly channels: readonly Channel[];
  readonly budget: BudgetOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly redact: Redact;
  /** IANA zone of the quiet hours. */
  readonly timeZone: string;
  /** An approval by its row number; undefined: there is none. Without it messages have no buttons. */
  readonly approval?: ApprovalOf | undefined;
  /** A message's state, reason or delivery records have changed, and that is on disk. */
  readonly onChange?: (messageId: number) => void;
  readonly limits?: Partial<OutboxLimits>;
}

interface OutboxLimits {
  /** One attempt: 10 s, what a webhook receiver is usually given. */
  readonly timeoutMs: number;
  /** An attempt under way when the daemon stops may go on this long: 2 s. */
  readonly graceMs: number;
  /** A delivery that still fails so long after its release is given up: 24 h. */
  readonly giveUpMs: number;
}

const LIMITS: OutboxLimits = { timeoutMs: 10_000, graceMs: 2_000, giveUpMs: 86_400_000 };

/** What holds messages back at this moment, for `kairos budget` and the API. */
export interface OutboxSnapshot {
  readonly blockingMs: number;
  readonly windows: readonly WindowState[];
  readonly urgentWindows: readonly WindowState[];
  /** `untilMs` is null outside quiet hours. */
  readonly quietHours: { readonly from: string; readonly to: string; readonly untilMs: number | null } | null;
  readonly mutes: readonly { readonly topic: string; readonly untilMs: number }[];
  readonly waiting: number;
  /** In the order in which they would leave; `untilMs` is infinite when it is not a matter of time. At most 100. */
  readonly held: readonly Held[];
  /** When windows, quiet hours and a mute of everything next let a proactive message leave; null when one may now. */
  readonly nextSlotAtMs: number | null;
  readonly channels: readonly ChannelStatus[];
}

interface WindowState extends WindowRule {
  readonly used: number;
  /** When it has a place again, wall time; null when it has one now. */
  readonly freeAtMs: number | null;
}

export interface Outbox extends AsyncDisposable {
  /** Something was queued, muted or withdrawn: look now. */
  wake(): void;
  snapshot(): OutboxSnapshot;
  /** How each channel stands; cheaper than a snapshot. */
  channels(): readonly ChannelStatus[];
}

/**
 * Lets messages go through the windows and carries each to every channel, at least once, always under the same key.
 *
 * Two kinds of loops: one lets go (decides by `planMessages`, fixes the text), one per channel delivers. The windows
 * are kept twice: over the releases, and per channel over what its receiver got, so that a channel that was dead for
 * an hour does not pour it out at once. Disposing lets attempts under way end (2 s) and sends nothing more.
 *
 * @throws {KairosError} what the ledger throws while the last process's attempts are taken up again.
 */
export async function startOutbox(options: OutboxOptions): Promise<Outbox> {
  const { store, budget, clock, log } = options;
  const channelNames = options.channels.map((channel) => channel.name);
  await store.recover(channelNames, clock.wallMs());
  const keepMs = longestMs([...budget.windows, ...budget.urgentWindows]);
  const windows = createWindows(clock, keepMs);
  const releases = windows.open(store.recentReleases(clock.wallMs() - keepMs));
  const limits = { ...LIMITS, ...options.limits };
  const onAttempt = (messageId: number, well: boolean): void => {
    options.onChange?.(messageId);
    letGo.wake();
    // Who stood aside for one that failed is called back.
    if (!well) for (const channel of channels) channel.wake();
  };
  const channels: readonly ChannelLoop[] = options.channels.map((channel) =>
    startChannelLoop({ ...options, channel, windows, limits, onAttempt }),
  );
  const step = releaseStep({ options, channelNames, channels, windows, releases, keepMs });
  const letGo = startLoop({ name: 'outbox', clock, log, step });
  return {
    wake() {
      letGo.wake();
      // An approval may have been decided: its buttons go.
      for (const channel of channels) channel.wakeIfAsking();
    },
    snapshot: () => snapshot(options, { channels, windows, releases }),
    channels: () => channels.map((channel) => channel.status()),
    async [Symbol.asyncDispose]() {
      await letGo[Symbol.asyncDispose]();
      await Promise.all(channels.map((channel) => channel[Symbol.asyncDispose]()));
    },
  };
}

interface Parts {
  readonly channels: readonly ChannelLoop[];
  readonly windows: Windows;
  readonly releases: WindowLog;
}

interface ReleaseParts extends Parts {
  readonly options: OutboxOptions;
  readonly channelNames: readonly string[];
  readonly keepMs: number;
}

/** Without a wake it looks again after this: somebody may have set a clock. */
const IDLE_MS_MAX = 15_000;

function releaseStep(parts: ReleaseParts): () => Promise<number> {
  const { options, channelNames, channels, windows, releases, keepMs } = parts;
  const { store, redact, onChange } = options;
  const edits = editingChannels(options.channels);
  const render = (made: MessageParts): string => renderMessage(made, redact);
  let jumpMs = 0;
  return async () => {
    jumpMs += windows.takeJump();
    if (jumpMs !== 0) {
      await store.shiftWindows(jumpMs, windows.now().wallMs - jumpMs - keepMs);
      jumpMs = 0;
    }
    const { plan, waiting, now, growths } = decide(options, parts);
    const nowMs = now.wallMs;
    if (plan.expire.length > 0) await store.expire(plan.expire, nowMs);
    const noted = worthNoting(plan.held, waiting, nowMs);
    if (noted.length > 0) await store.hold(noted, nowMs);
    for (const message of plan.release.map((id) => waiting.get(id))) {
      if (message === undefined) continue;
      // One after the other: what was let go stands in the windows before the next is.
      const audience = { channels: channelNames, present: presentChannel(options, channels, nowMs) };
      const route = (routed: Parameters<typeof routeOf>[0]) => routeOf(routed, audience);
      const left = await store.release(message.id, { nowMs, channels: channelNames, render, edits, route });
      reached('message.released');
      if (left && message.kind === 'proactive') releases.note(message.id, message.urgent);
      for (const channel of channels) channel.wake();
    }
    for (const { id } of growths.filter(({ atMs }) => atMs <= nowMs)) {
      await store.release(id, { nowMs, channels: channelNames, render, edits, silent: true });
      for (const channel of channels) channel.wake();
      onChange?.(id);
    }
    for (const { id } of [...plan.expire, ...noted]) onChange?.(id);
    for (const id of plan.release) onChange?.(id);
    const growMs = Math.min(...growths.map(({ atMs }) => (atMs <= nowMs ? Infinity : atMs)));
    return Math.max(1, Math.min(plan.nextWakeMs - nowMs, growMs - nowMs, IDLE_MS_MAX));
  };
}

/** Where the owner is, if that channel works. */
function presentChannel(
  { store, budget: { presenceMs } }: OutboxOptions,
  channels: readonly ChannelLoop[],
  nowMs: number,
): string | undefined {
  if (presenceMs === 0 || channels.length < 2) return undefined;
  const name = presentOn(store.seenSince(nowMs - presenceMs), nowMs, presenceMs);
  return channels.find((channel) => channel.name === name && channel.ready())?.name;
}

function decide(options: OutboxOptions, { channels, windows, releases }: Parts) {
  const { store, budget, timeZone } = options;
  const now = windows.now();
  const mutes = store.mutes(now.wallMs);
  const growths = channelsState(channels) === 'ready' ? growingNow(options, now.wallMs, mutes) : [];
  const shown = new Set(growths.map(({ id }) => id));
  const waiting = store.waiting(now.wallMs).filter(({ id }) => !shown.has(id));
  const plan = planMessages(
    {
      waiting,
      mutes,
      releases: releases.entries(false),
      urgentReleases: releases.entries(true),
      channels: channelsState(channels),
    },
    { ...budget, timeZone },
    now,
  );
  return { plan, now, growths, waiting: new Map(waiting.map((message) => [message.id, message])) };
}

function channelsState(channels: readonly ChannelLoop[]): ChannelsState {
  if (channels.length === 0) return 'none';
  return channels.some((channel) => channel.ready()) ? 'ready' : 'failing';
}

/** A wait shorter than this needs no record. */
const NOTED_MS_MIN = 30_000;
const NOTED_MAX = 200;

function worthNoting(
  held: readonly Held[],
  waiting: ReadonlyMap<number, { reason: string | null }>,
  nowMs: number,
): Held[] {
  return held
    .filter(({ id, reason, untilMs }) => untilMs - nowMs >= NOTED_MS_MIN && waiting.get(id)?.reason !== reason)
    .slice(0, NOTED_MAX);
}

const HELD_SHOWN_MAX = 100;

function snapshot(options: OutboxOptions, parts: Parts): OutboxSnapshot {
  const { store, budget, timeZone } = options;
  const { plan, now } = decide(options, parts);
  const used = (rules: readonly WindowRule[], urgent: boolean): WindowState[] => {
    const entries = parts.releases.entries(urgent);
    return rules.map((rule) => ({
      ...rule,
      used: usedPlaces(rule, entries, now),
      freeAtMs: freeAtMs(admit([rule], entries, now)),
    }));
  };
  const untilMs = quietEndMs(budget.quietHours, timeZone, now.wallMs) ?? null;
  const mutes = store.mutes(now.wallMs);
  const windowsFreeMs = freeAtMs(admit(budget.windows, parts.releases.entries(false), now));
  return {
    blockingMs: budget.blockingMs,
    windows: used(budget.windows, false),
    urgentWindows: used(budget.urgentWindows, true),
    quietHours: budget.quietHours === undefined ? null : { ...budget.quietHours, untilMs },
    mutes: [...mutes].map(([topic, until]) => ({ topic, untilMs: until })),
    waiting: store.counts().waiting,
    held: plan.held.slice(0, HELD_SHOWN_MAX),
    nextSlotAtMs: nextSlotMs(options, now.wallMs, [windowsFreeMs ?? 0, mutes.get('') ?? 0]),
    channels: parts.channels.map((channel) => channel.status()),
  };
}

/** The windows and the mute may be over in the middle of quiet hours that have not begun yet. */
function nextSlotMs({ budget, timeZone }: OutboxOptions, nowMs: number, endsMs: readonly number[]): number | null {
  const openMs = Math.max(nowMs, ...endsMs);
  const slotMs = quietEndMs(budget.quietHours, timeZone, openMs) ?? openMs;
  return slotMs > nowMs ? slotMs : null;
}

function freeAtMs(admission: Admission): number | null {
  return admission.kind === 'now' ? null : admission.untilMs;
}
