import { startFollower } from '../agent/follower.ts';
import { AGENT_STOPPED_LATCH, SPEND_CAP_LATCH } from '../agent/latches.ts';
import type { Charge } from '../agent/ask.ts';
import type { Ask } from '../agent/ports.ts';
import { localDate, moneyCaps } from '../budget/money.ts';
import type { Job, Outcome } from '../core/job.ts';
import { startLoop } from '../core/loop.ts';
import type { Log } from '../core/ports.ts';
import { PAUSE_TOPIC } from '../dispatch/reply.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AgentPort, CostRow } from '../web/agent-ports.ts';
import { createRunFeed, type RunFeed } from '../web/run-feed.ts';
import type { AgentParts, AgentRuntime, Shared } from './agent-runtime.ts';
import { lazily } from './lazily.ts';
import type { Settings } from './settings.ts';

/** The agent as the rest of the daemon knows it. What a run needs is loaded and made when the first one begins. */
export interface Agent extends AsyncDisposable {
  /** The handler of `agent` jobs. */
  run(job: Job, signal: AbortSignal): Promise<Outcome>;
  /** Work that may begin now: while the agent is stopped, or paused, that of others. */
  dueWork(limit: number, nowMs: number, jobs?: 'work' | 'own-work'): Job[];
  /** Why words of the owner are not for the agent now; undefined: they are. */
  away(): string | undefined;
  readonly runs: RunFeed;
  /** For the API. `wake` is called when a run may go on. */
  port(wake: () => void): AgentPort;
  /** Forgets what runs before a time changed: they can't be taken back any more. @returns how many. */
  pruneChanges(beforeMs: number): Promise<number>;
  /** The model within the budget, for a purpose of its own. */
  asking(purpose: string): Promise<Ask<Charge>>;
}

const MINUTE_MS = 60_000;
/** Enough to look past the agent's own jobs while they are held back. */
const LOOK_MAX = 200;
const STOPPED = 'the agent was stopped by hand';

/** Closes the accounts of a process that is gone, and begins to write transcripts. */
export async function startAgent(parts: AgentParts): Promise<Agent> {
  const { options, ports, ledger, live } = parts;
  const { clock } = ports;
  const log: Log = ports.log.child({ part: 'agent' });
  const runs = createRunFeed();
  const runtimes = createRuntimes(parts, runs, log);
  const timeZone = (): string => options.config.timezone;
  await ledger.spend.closeOpen(clock.wallMs());
  await using opened = new AsyncDisposableStack();
  const follower = opened.use(startFollower({ store: ledger.sessions, clock, log }, { home: options.home, timeZone }));
  opened.use(startSweep(parts, () => follower.wake()));
  const stopped = (): { readonly sinceMs: number; readonly reason: string } | null => {
    const latch = ledger.latches.get(AGENT_STOPPED_LATCH, clock.wallMs());
    return latch === undefined ? null : { sinceMs: latch.setAtMs, reason: latch.reason };
  };
  let cut = new AbortController();
  const running = opened.move();
  return {
    runs,
    async run(job, signal) {
      if (!live.settings.modelOn) return { kind: 'parked', reason: 'waiting for a model: none is configured' };
      const stop = cut.signal;
      const { handler } = await runtimes.now();
      const over = new AbortController();
      try {
        const ran = handler(job, AbortSignal.any([signal, stop]));
        return await Promise.race([ran, stoppedByHand(stop, over.signal, clock.wallMs())]);
      } finally {
        over.abort();
        follower.wake();
        parts.memory.search.wake();
      }
    },
    dueWork: (limit, nowMs, jobs) => dueWork(ledger, { limit, nowMs, jobs, isStopped: () => stopped() !== null }),
    away() {
      if (!live.settings.modelOn) return 'There is no model configured';
      if (parts.held()) return 'The daemon is in safe mode and begins no work (kairos log says why)';
      return stopped() === null ? undefined : 'The agent was stopped (kairos start --agent lets it work again)';
    },
    pruneChanges: async (beforeMs) => (await runtimes.shared()).changes.prune(beforeMs),
    asking: async (purpose) => (await runtimes.now()).askOf(purpose),
    port: (wake) =>
      portOf(
        parts,
        { runs, runtimes, stopped },
        {
          decided: wake,
          async setStopped(reason) {
            if (reason === undefined) {
              await ledger.latches.clear(AGENT_STOPPED_LATCH);
              await ledger.latches.clear(SPEND_CAP_LATCH);
              wake();
              return;
            }
            await ledger.latches.set(AGENT_STOPPED_LATCH, { reason, untilMs: null }, clock.wallMs());
            cut.abort('stop');
            cut = new AbortController();
          },
        },
      ),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The lanes ask all day: what holds the agent back is only looked up when it has something to do. */
function dueWork(
  { work, messages }: Pick<Ledger, 'work' | 'messages'>,
  asked: {
    readonly limit: number;
    readonly nowMs: number;
    readonly jobs: 'work' | 'own-work' | undefined;
    readonly isStopped: () => boolean;
  },
): Job[] {
  const { limit, nowMs, jobs, isStopped } = asked;
  const due = work.dueWork(limit, nowMs, jobs);
  if (due.every((job) => job.kind !== 'agent')) return due;
  const paused = messages.mutes(nowMs).has(PAUSE_TOPIC);
  const held = isStopped();
  if (!held && !paused) return due;
  const may = (job: Job): boolean => job.kind !== 'agent' || (!held && job.reactive);
  return work.dueWork(LOOK_MAX, nowMs, jobs).filter(may).slice(0, limit);
}

/** A run that was cut off by hand is laid aside: it goes on when the agent may work again. */
function stoppedByHand(stop: AbortSignal, over: AbortSignal, nowMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const end = (): void => resolve({ kind: 'waiting', reason: STOPPED, untilMs: nowMs, effects: [] });
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true, signal: over });
  });
}

interface Runtimes {
  /** For the settings in force now; those of runs under way stay as they began. */
  now(): Promise<AgentRuntime>;
  /** What all of them share. */
  shared(): Promise<Shared>;
}

function createRuntimes(parts: AgentParts, runs: RunFeed, log: Log): Runtimes {
  let made: { readonly settings: Settings; readonly runtime: Promise<AgentRuntime> } | undefined;
  const shared = lazily(async () => (await import('./agent-runtime.ts')).openShared(parts));
  return {
    shared,
    now() {
      const { settings } = parts.live;
      if (made?.settings !== settings) {
        const runtime = import('./agent-runtime.ts').then(async ({ createRuntime }) =>
          createRuntime({ ...parts, settings, shared: await shared(), runs, log }),
        );
        made = { settings, runtime };
        // A failure is for who asked; the next one tries anew.
        runtime.catch(() => (made = undefined));
      }
      return made.runtime;
    },
  };
}

/** Conversations that have gone quiet are ended: only then do they count as whole. */
function startSweep({ ports, ledger, live }: AgentParts, wake: () => void): AsyncDisposable {
  const { clock } = ports;
  return startLoop({
    name: 'sessions',
    clock,
    log: ports.log.child({ part: 'agent' }),
    async step() {
      const { idle } = live.settings.config.agent.chat;
      if ((await ledger.sessions.endIdle(clock.wallMs(), idle)) > 0) wake();
      await ledger.approvals.expire(clock.wallMs());
      return MINUTE_MS;
    },
  });
}

interface Known {
  readonly runs: RunFeed;
  readonly runtimes: Runtimes;
  readonly stopped: () => { readonly sinceMs: number; readonly reason: string } | null;
}

interface Acts {
  readonly decided: () => void;
  readonly setStopped: (reason: string | undefined) => Promise<void>;
}

function portOf(
  { options, ports, ledger, live }: AgentParts,
  { runs, runtimes, stopped }: Known,
  acts: Acts,
): AgentPort {
  const { clock } = ports;
  return {
    runs,
    setStopped: acts.setStopped,
    state: () => ({ on: live.settings.modelOn, stopped: stopped(), approvalsPending: ledger.approvals.pendingCount() }),
    approvals: {
      list: (page) => ledger.approvals.list(page),
      find: (id) => ledger.approvals.find(id),
      async decide(id, verdict, given) {
        await ledger.approvals.decide(id, verdict, given, clock.wallMs());
        acts.decided();
      },
    },
    sessions: ledger.sessions,
    cost(days) {
      const { perDayMicroUsd, perRunMicroUsd } = moneyCaps(live.settings.config.budget.money);
      return {
        todayMicroUsd: ledger.spend.day(localDate(clock.wallMs(), options.config.timezone)),
        dayMicroUsdMax: perDayMicroUsd,
        runMicroUsdMax: perRunMicroUsd,
        reservedMicroUsd: ledger.spend.open(),
        days: ledger.spend.days({ limit: days }) satisfies readonly CostRow[],
      };
    },
    async undo(jobId) {
      const { changes } = await runtimes.now();
      const record = await changes.record(jobId);
      const undone = await changes.undo(jobId);
      return undone.ok ? { ok: true, files: (record?.files ?? []).map(({ path }) => path) } : undone;
    },
    async patch(jobId) {
      const { changes } = await runtimes.now();
      return changes.show(jobId);
    },
  };
}
