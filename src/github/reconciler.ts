import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import type { Clock, Log } from '../core/ports.ts';
import type { GitHub } from './client.ts';
import type { PollStore } from './feed.ts';
import { findHooks, listDeliveries, redeliver, type HookDelivery } from './hook-deliveries.ts';
import { findMissed, type Asked } from './missed.ts';

/** A source whose missed deliveries are asked for. */
export interface ReconcileTarget {
  /** The name of the source: its webhooks end in `/webhooks/<source>`. */
  readonly source: string;
  /** owner/repo each. */
  readonly repositories: readonly string[];
  readonly everyMs: number;
}

export interface ReconcilerOptions {
  readonly targets: readonly ReconcileTarget[];
  readonly github: GitHub;
  /** Whether the ledger has this delivery of this source. */
  readonly isKnown: (source: string, guid: string) => boolean;
  readonly store: PollStore;
  readonly clock: Clock;
  readonly log: Log;
  /** What the owner should know, once each. Must not throw. */
  readonly onTrouble?: (text: string) => void;
  /** While true nothing is asked; looked at again a minute later. */
  readonly isHeld?: () => boolean;
  /** Redeliveries asked for in one round of one repository; default 20. */
  readonly roundMax?: number;
}

/** How it goes with one repository. */
export interface ReconcileStatus {
  readonly source: string;
  readonly repository: string;
  /** `no-rights`: the token may not see webhooks there. `no-hook`: none points here. */
  readonly state: 'new' | 'ok' | 'no-rights' | 'no-hook' | 'failing';
  /** Why not ok; else empty. */
  readonly reason: string;
  readonly checkedAtMs: number | null;
  /** Asked for since the start. */
  readonly askedCount: number;
}

export interface Reconciler {
  /** Looks after what is due first. @returns How long until the next is. Throws nothing. */
  step(signal: AbortSignal): Promise<number>;
  status(): readonly ReconcileStatus[];
  /** Everything is due now: after a sleep, say. */
  soon(): void;
}

/** GitHub keeps deliveries for three days. */
const KEPT_MS = 3 * 86_400_000;
const ATTEMPTS_MAX = 3;
const ROUND_MAX = 20;
/** 3 000 attempts a round: what lies further back comes when these are settled. */
const PAGES_MAX = 30;
/** After the start, so that what comes by itself has come. */
const FIRST_MS = 20_000;
const IDLE_MS = 3_600_000;
const HELD_MS = 60_000;
const NO_RIGHTS_MS = 86_400_000;
const NO_HOOK_MS = 3_600_000;
const FAILED_MS = 300_000;
const ASKED_MAX = 2_000;

const askedShape = z.record(z.string(), z.object({ times: z.number(), lastMs: z.number(), told: z.boolean() }));

/** Runs until disposed; undefined when there is nothing to look after. */
export function startReconciler(options: ReconcilerOptions): (Reconciler & Loop) | undefined {
  if (options.targets.every(({ repositories }) => repositories.length === 0)) return undefined;
  const reconciler = createReconciler(options);
  const { clock, log } = options;
  const loop = startLoop({ name: 'reconciler', clock, log, step: (signal) => reconciler.step(signal) });
  const soon = (): void => {
    reconciler.soon();
    loop.wake();
  };
  return { ...reconciler, ...loop, soon };
}

interface Place {
  readonly source: string;
  readonly repository: string;
  readonly everyMs: number;
  dueMs: number;
  hooks: readonly number[] | undefined;
  state: ReconcileStatus['state'];
  reason: string;
  checkedAtMs: number | null;
  askedCount: number;
}

/**
 * Finds deliveries of the last three days that never arrived here, and asks GitHub to send them again. They come by the
 * ordinary door under their old guid, so that asking once too often is a duplicate and no more.
 */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { clock, github, log } = options;
  const startedMs = clock.monoMs();
  const places: Place[] = options.targets.flatMap(({ source, repositories, everyMs }) =>
    repositories.map((repository): Place => {
      const fresh = { hooks: undefined, state: 'new', reason: '', checkedAtMs: null, askedCount: 0 } as const;
      return { ...fresh, source, repository, everyMs, dueMs: startedMs + FIRST_MS };
    }),
  );
  const settle = (place: Place, outcome: Round): void => {
    const before = place.state;
    Object.assign(place, { state: outcome.state, reason: outcome.reason });
    if (outcome.state === 'ok') place.checkedAtMs = clock.wallMs();
    place.dueMs = clock.monoMs() + (RETRY_MS[outcome.state] ?? place.everyMs);
    if (before === outcome.state || outcome.state === 'ok') return;
    const { source, repository } = place;
    log.warn({ source, repository, reason: outcome.reason }, 'missed deliveries cannot be looked for');
  };

  return {
    async step(signal) {
      if (options.isHeld?.() === true) return HELD_MS;
      const paused = github.pause();
      if (paused !== undefined) return paused.leftMs;
      const place = places.toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (place === undefined) return IDLE_MS;
      const waitMs = place.dueMs - clock.monoMs();
      if (waitMs > 0) return Math.ceil(waitMs);
      const outcome = await roundOf(place, options, signal).catch(failing);
      if (!signal.aborted) settle(place, outcome);
      return 0;
    },
    status: () =>
      places.map(({ source, repository, state, reason, checkedAtMs, askedCount }) => {
        return { source, repository, state, reason, checkedAtMs, askedCount };
      }),
    soon() {
      for (const place of places) place.dueMs = Math.min(place.dueMs, clock.monoMs());
    },
  };
}

interface Round {
  readonly state: ReconcileStatus['state'];
  readonly reason: string;
}

const RETRY_MS: Partial<Record<ReconcileStatus['state'], number>> = {
  'no-rights': NO_RIGHTS_MS,
  'no-hook': NO_HOOK_MS,
  failing: FAILED_MS,
};
const OK: Round = { state: 'ok', reason: '' };

function failing(error: unknown): Round {
  return { state: 'failing', reason: messageOf(error) };
}

async function roundOf(place: Place, options: ReconcilerOptions, signal: AbortSignal): Promise<Round> {
  const { github, clock, log, store } = options;
  const { source, repository } = place;
  if (place.hooks === undefined || place.hooks.length === 0) {
    const hooks = await findHooks(github, repository, source, signal);
    if (hooks.kind !== 'ok') return refusal(hooks);
    if (hooks.value.length === 0)
      return { state: 'no-hook', reason: `no webhook of ${repository} ends in /webhooks/${source}` };
    place.hooks = hooks.value;
  }
  const name = `reconcile ${source} ${repository}`;
  const asked = readAsked(store.load(name), clock.wallMs());
  let left = options.roundMax ?? ROUND_MAX;
  const lost: HookDelivery[] = [];
  for (const id of place.hooks) {
    const toMs = clock.wallMs() - KEPT_MS;
    const listed = await listDeliveries(github, { repository, id }, { toMs, pagesMax: PAGES_MAX }, signal);
    if (listed.kind === 'refused') place.hooks = undefined;
    if (listed.kind !== 'ok') return refusal(listed);
    const missed = findMissed({
      deliveries: listed.value.deliveries,
      asked,
      isKnown: (guid) => options.isKnown(source, guid),
      nowMs: clock.wallMs(),
      max: left,
      attemptsMax: ATTEMPTS_MAX,
    });
    lost.push(...missed.lost);
    for (const delivery of missed.ask) {
      const { guid } = delivery;
      // Noted before it is asked: killed in between, it is asked for once less rather than for ever.
      asked.set(guid, { times: (asked.get(guid)?.times ?? 0) + 1, lastMs: clock.wallMs(), told: false });
      await store.save(name, writeAsked(asked));
      const posted = await redeliver(github, { repository, id }, delivery.id, signal);
      if (posted.kind === 'later') return { state: 'failing', reason: posted.reason };
      left -= 1;
      place.askedCount += 1;
      log.info({ source, repository, event: delivery.event, delivery: guid }, 'missed delivery asked for');
    }
  }
  if (lost.length > 0) await tell(lost, { place, asked, name }, options);
  return OK;
}

/** Told once, all together; remembered before, so that a restart does not repeat it. */
async function tell(
  lost: readonly HookDelivery[],
  { place, asked, name }: { place: Place; asked: Map<string, Asked>; name: string },
  { store, onTrouble }: ReconcilerOptions,
): Promise<void> {
  for (const { guid } of lost)
    asked.set(guid, { ...(asked.get(guid) ?? { times: ATTEMPTS_MAX, lastMs: 0 }), told: true });
  await store.save(name, writeAsked(asked));
  const count = lost.length === 1 ? 'a delivery' : `${lost.length} deliveries`;
  const codes = [...new Set(lost.map(({ statusCode }) => statusCode))].slice(0, 5).join(', ');
  const events = [...new Set(lost.map(({ event }) => event.slice(0, 60)))].slice(0, 5).join(', ');
  onTrouble?.(
    `GitHub could not deliver ${count} of ${place.repository} (${events}), asked ${ATTEMPTS_MAX} times; it was answered with ${codes}. Look at the webhook's settings there: address, secret, firewall.`,
  );
}

function refusal({ kind, reason }: { readonly kind: 'refused' | 'later'; readonly reason: string }): Round {
  if (kind === 'later') return { state: 'failing', reason };
  return {
    state: 'no-rights',
    reason: `GITHUB_TOKEN may not see the webhooks (it needs "Webhooks: read and write"): ${reason}`,
  };
}

/** What is older than GitHub keeps is forgotten. State that cannot be read is none: at worst something is asked for again. */
function readAsked(text: string | undefined, nowMs: number): Map<string, Asked> {
  try {
    const read = Object.entries(askedShape.parse(JSON.parse(text ?? '{}')));
    return new Map(read.filter(([, { lastMs }]) => nowMs - lastMs < KEPT_MS));
  } catch {
    return new Map();
  }
}

function writeAsked(asked: ReadonlyMap<string, Asked>): string {
  return JSON.stringify(Object.fromEntries([...asked].slice(-ASKED_MAX)));
}
