import { createPulse, type Pulse } from '../care/pulses.ts';
import type { Job } from '../core/job.ts';
import type { Log } from '../core/ports.ts';
import { runAttempt } from '../dispatch/attempt.ts';
import { createDigestReport } from '../dispatch/digest-report.ts';
import { ruleHandlers, type Handler, type Handlers } from '../dispatch/handlers.ts';
import { startLanes, type LanesSnapshot } from '../dispatch/lanes.ts';
import { approvalsOver } from '../dispatch/approvals.ts';
import { createOverdue, type Overdue } from '../dispatch/overdue.ts';
import { createReply } from '../dispatch/reply.ts';
import { startWorker } from '../dispatch/worker.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { commandHandler, recorded, TIMEOUT_MS } from '../scheduler/handler.ts';
import type { Agent } from './agent.ts';
import { createDigests, type Digests } from './digest.ts';
import type { DaemonOptions, Ports } from './options.ts';
import { openWorkers, type Workers } from './remote.ts';
import type { Settings } from './settings.ts';

/** Everything that does jobs: rules at once, work in its lanes. */
export interface Hands extends AsyncDisposable {
  /** There are new jobs. */
  wake(): void;
  lanes(): LanesSnapshot;
  /** Hands on other hosts. */
  readonly workers: Pick<Workers, 'snapshot'>;
  /** Since when the foreground is free; null: it is not. */
  idleSinceMs(): number | null;
  /** Beats whenever the worker looks for jobs. */
  readonly pulse: Pulse;
  readonly digests: Digests;
  /** Attempts that go on too long. */
  readonly overdue: Pick<Overdue, 'look'>;
}

export interface HandsParts {
  readonly options: DaemonOptions;
  readonly ports: Ports;
  readonly ledger: Ledger;
  readonly live: { readonly settings: Settings };
  readonly agent: Agent;
  /** One short paragraph on what the daemon is doing. */
  readonly status: () => string;
  /** While true no work begins: safe mode. */
  readonly held: () => boolean;
  /** Jobs were settled: what they made is there. */
  readonly onSettled: (jobIds: readonly number[]) => void;
  /** Work began or changed its lane. */
  readonly onChange: (jobId: number) => void;
}

/** Takes back what the process before left running, then works. */
export async function startHands(parts: HandsParts): Promise<Hands> {
  const { options, ports, ledger, live, agent, onSettled, onChange, held } = parts;
  const { clock, random } = ports;
  const log: Log = ports.log.child({ part: 'worker' });
  const { redact } = ports.redactor;
  const digests = createDigests({ home: options.home, timeZone: options.config.timezone, clock, redact });
  const wake = (): void => {
    worker.wake();
    lanes.wake();
    workers.wake();
  };
  const handlers = createHandlers(parts, digests, wake);
  const pulse = createPulse(clock);
  const store: Ledger['jobs'] = {
    ...ledger.jobs,
    claim(...given) {
      pulse.beat();
      return ledger.jobs.claim(...given);
    },
  };
  await ledger.runs.closeLost(clock.wallMs());
  const attempt = { store, handlers, clock, random, log };
  const onTold = (): void => worker.wake();
  const workers = await openWorkers({ options, ports, ledger, live, held, onSettled, onChange, onTold });
  const interrupted = (): Job[] => ledger.jobs.interrupted(!workers.on);
  const worker = await startWorker({ ...attempt, store: { ...store, interrupted }, onSettled });
  const overdue = watchAttempts(parts, log);
  const lanes = startLanes({
    store: {
      ...ledger.work,
      // What another host takes waits for it; without one it is done here.
      dueWork: (limit, nowMs) => agent.dueWork(limit, nowMs, workers.serves('') ? 'own-work' : 'work'),
    },
    clock,
    log,
    get budgetMs() {
      return live.settings.config.budget.blockingMs;
    },
    held,
    onChange,
    async attempt(job, signal, isBehind) {
      using watched = overdue.watch(job, signal);
      await runAttempt(job, { ...attempt, isBehind }, watched.signal);
      if (job.kind === 'agent' && ledger.jobs.find(job.id)?.state !== 'queued')
        agent.runs.publish(job.id, { kind: 'end' });
      onSettled([job.id]);
    },
  });
  return {
    pulse,
    digests,
    overdue,
    wake,
    workers,
    lanes: () => lanes.snapshot(),
    idleSinceMs: () => lanes.idleSinceMs(),
    async [Symbol.asyncDispose]() {
      await Promise.all([worker, lanes, workers].map((part) => part[Symbol.asyncDispose]()));
    },
  };
}

/** What an attempt may take by the configuration, and where it shows that it lives. */
function watchAttempts({ ports, live, agent }: HandsParts, log: Log): Overdue {
  const scheduleOf = (name: string) => live.settings.config.schedules.find((schedule) => schedule.name === name);
  return createOverdue({
    clock: ports.clock,
    log,
    limitMs(job) {
      if (job.kind === 'agent') return live.settings.config.agent.limits.wall;
      return job.kind === 'command' ? (scheduleOf(job.origin)?.timeout ?? TIMEOUT_MS) : null;
    },
    signs: (job, alive) => (job.kind === 'agent' ? agent.runs.watch(job.id, alive) : undefined),
    quietMs: () => live.settings.config.care.quiet,
  });
}

/** What each kind of job does. Those that a schedule began leave a record of the run. */
function createHandlers(
  { options, ports, ledger, live, status, agent }: HandsParts,
  digests: Digests,
  wake: () => void,
): Handlers {
  const { clock } = ports;
  const runPorts = { runs: ledger.runs, scheduledFor: (eventId: number) => ledger.slots.scheduledFor(eventId), clock };
  const reply = createReply({
    wallMs: () => clock.wallMs(),
    status,
    digest: (signal) => digests.today(signal),
    approvals: approvalsOver(ledger.approvals, clock, wake),
    agentAway: () => agent.away(),
  });
  const rules: Readonly<Record<string, Handler>> = {
    ...ruleHandlers(reply),
    'digest-report': createDigestReport(digests),
  };
  return {
    ...Object.fromEntries(Object.entries(rules).map(([kind, handler]) => [kind, recorded(handler, runPorts)])),
    agent: recorded((job, signal) => agent.run(job, signal), runPorts),
    command: commandHandler({
      ...runPorts,
      find: (name) => live.settings.config.schedules.find((schedule) => schedule.name === name),
      redact: ports.redactor.redact,
      secretOf: (name) => live.settings.secrets.of(name),
      home: options.home,
      env: options.commandEnv,
    }),
  };
}
