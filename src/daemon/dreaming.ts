import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter } from 'node:path';
import { resolveWorkspaces } from '../agent/workspaces.ts';
import { join } from 'node:path';
import { localDate } from '../budget/money.ts';
import { startLoop } from '../core/loop.ts';
import type { Log } from '../core/ports.ts';
import { isWorthATry } from '../dream/look.ts';
import { backoffMs } from '../dream/gates.ts';
import type { DreamReport } from '../dream/report.ts';
import type { Dreamer } from '../dream/run.ts';
import { formatId } from '../core/units.ts';
import type { Dreams } from '../ledger/dreams.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { takeLock } from '../ledger/lock.ts';
import type { Sandbox } from '../tools/confinement.ts';
import type { MemoryPort } from '../web/memory-ports.ts';
import type { DreamStatus } from '../web/ports.ts';
import type { Agent } from './agent.ts';
import { lazily } from './lazily.ts';
import type { DaemonMemory } from './memory.ts';
import type { DaemonOptions, Ports } from './options.ts';
import type { Settings } from './settings.ts';

/** Memory tended at night, and when somebody asks for it. */
export interface Dreaming extends AsyncDisposable {
  /** For the API. */
  readonly port: MemoryPort['dream'];
  /** For the status: one look at the ledger, and nothing is loaded for it. */
  status(): DreamStatus;
}

export interface DreamingParts {
  readonly options: DaemonOptions;
  readonly ports: Ports;
  readonly ledger: Ledger;
  readonly live: { readonly settings: Settings };
  readonly memory: DaemonMemory;
  readonly agent: Agent;
  /** Since when nothing was in the foreground; null: something is. */
  readonly idleSinceMs: () => number | null;
  /** While true it does not dream by itself: safe mode. */
  readonly held: () => boolean;
  /** Rows of the daily log were written. */
  readonly onEnd: () => void;
}

/** The gates are looked at so often; the first ones are a comparison. */
const LOOK_MS = 60_000;

/** Looks at the gates every minute. What dreams are made of is loaded when one may be due. */
export async function startDreaming(parts: DreamingParts): Promise<Dreaming> {
  const { ports, ledger, held, onEnd } = parts;
  const { clock } = ports;
  const log: Log = ports.log.child({ part: 'dream' });
  const store = ledger.dreams<DreamReport | null>();
  await store.closeLost(clock.wallMs());
  const stop = new AbortController();
  const looking = { ...gatesOf(parts), store };
  let dreamer: Dreamer | undefined;
  const made = lazily(async () => {
    const created = await createParts(parts, log, stop.signal);
    ({ dreamer } = created);
    return created;
  });
  const loop = startLoop({
    name: 'dream',
    clock,
    log,
    async step(signal) {
      if (held() || lacksSessions(parts) || !isWorthATry(looking)) return LOOK_MS;
      const result = await (await made()).dreamer.once({ byHand: false, dryRun: false }, signal);
      if (result.ran) onEnd();
      return LOOK_MS;
    },
  });
  return {
    port: {
      state: async () => (await made()).door.state(),
      once: async (request) => (await made()).door.once(request),
    },
    status: () => statusOf(parts, store, dreamer),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await loop[Symbol.asyncDispose]();
    },
  };
}

/** What the gates ask for. */
function gatesOf({ options, ports, live, idleSinceMs }: DreamingParts) {
  return {
    clock: ports.clock,
    timeZone: () => options.config.timezone,
    options: () => live.settings.config.dream,
    night: () => live.settings.config.nightshift,
    idleSinceMs,
  };
}

/** Without a single transcript there is no need to look through the files for enough of them. */
function lacksSessions({ options, live }: DreamingParts): boolean {
  return live.settings.config.dream.sessionsMin > 0 && !existsSync(join(options.home, 'sessions'));
}

/** `dueAtMs` is when time and backoff let it begin; the other gates are looked at then. */
function statusOf(
  { live, ports, held }: DreamingParts,
  store: Dreams<DreamReport | null>,
  dreamer: Dreamer | undefined,
): DreamStatus {
  const { enabled, minMs } = live.settings.config.dream;
  const { lastSuccessAtMs, lastFailureAtMs, failures } = store.gateTimes();
  const [last] = store.list(1);
  const afterMs = Math.max(
    (lastSuccessAtMs ?? -Infinity) + minMs,
    (lastFailureAtMs ?? -Infinity) + backoffMs(failures),
  );
  const dueAtMs = Math.max(ports.clock.wallMs(), afterMs);
  const { phase, done, total } = dreamer?.progress() ?? {};
  return {
    progress: phase === undefined ? null : { phase, done: done ?? 0, total: total ?? 0 },
    last:
      last === undefined
        ? null
        : { atMs: last.endedAtMs ?? last.startedAtMs, outcome: last.outcome, reason: last.reason },
    dueAtMs: enabled && !held() && Number.isFinite(dueAtMs) ? dueAtMs : null,
  };
}

interface Made {
  readonly dreamer: Dreamer;
  readonly door: MemoryPort['dream'];
}

async function createParts(parts: DreamingParts, log: Log, signal: AbortSignal): Promise<Made> {
  const { options, ports, ledger, live, memory, onEnd } = parts;
  const { home } = options;
  const { MEMORY_LIMITS } = await import('../memory/limits.ts');
  const { createDreamer } = await import('../dream/run.ts');
  const { createDreamDoor } = await import('../dream/shown.ts');
  const store = ledger.dreams<DreamReport | null>();
  let jail: string | undefined;
  const sandbox = lazily(async () => {
    const opened = await openSandbox(parts);
    jail = opened.kind;
    return opened;
  });
  const model = await modelOf(parts);
  const remembered = await memory.store();
  const { createStaleFinder } = await import('./stale.ts');
  const finder = createStaleFinder({
    store: remembered,
    places: () =>
      resolveWorkspaces(live.settings.config.workspaces, homedir()).workspaces.filter(({ trust }) => trust === 'owner'),
    programs: (options.commandEnv['PATH'] ?? '').split(delimiter).filter((directory) => directory !== ''),
    clock: ports.clock,
  });
  const alone = createDreamer({
    ...gatesOf(parts),
    home,
    log,
    redact: ports.redactor.redact,
    limits: () => ({ ...MEMORY_LIMITS, ...live.settings.config.dream.limits }),
    store,
    memory: remembered,
    stale: () => finder.find(),
    isEvent: (id) => isEvent(ledger, id),
    lock: () => takeLock(home, 'dream.lock', `pid ${options.pid}, a dream`),
    model: () => (live.settings.modelOn && live.settings.config.dream.model === 'auto' ? model : undefined),
    sandbox,
    nodePath: process.execPath,
    workspaces: () => live.settings.config.workspaces.map(({ path }) => path.replace(/^~(?=\/|$)/, homedir())),
  });
  const dreamer: Dreamer = {
    ...alone,
    async once(request, asked) {
      const result = await alone.once(request, asked);
      if (result.ran && !result.failed && !request.dryRun) await finder.settle();
      return result;
    },
  };
  return { dreamer, door: createDreamDoor({ dreamer, store, jail: () => jail, signal, onEnd }) };
}

async function openSandbox({ options, ports, live }: DreamingParts): Promise<Sandbox> {
  const tools = await import('../tools/sandbox.ts');
  return tools.openSandbox({
    platform: options.platform,
    clock: ports.clock,
    nodePath: process.execPath,
    searchPath: options.commandEnv['PATH'] ?? '',
    hidden: [],
    readable: live.settings.config.tools.shell.readable,
  });
}

/** The fast model, within the budget; asked of the agent's parts, which are made when the first question is put. */
async function modelOf({ options, ports, ledger, live, agent }: DreamingParts) {
  const { createModelPort } = await import('../dream/model-port.ts');
  const { clock } = ports;
  const store = ledger.dreams();
  return createModelPort({
    ask: async (request, context, signal) => (await agent.asking('dream'))(request, context, signal),
    charge: (charge, nowMs) => ledger.spend.charge(charge, nowMs),
    model: () => live.settings.config.models.fast,
    // Below zero: no job has it, and the cap of a run holds for the questions of one dream.
    runId: () => -(store.list(1)[0]?.id ?? 1),
    askedToday: () => store.questionsOn(localDate(clock.wallMs(), options.config.timezone)),
    clock,
  });
}

function isEvent(ledger: Ledger, id: string): boolean {
  const row = /^e([1-9]\d{0,14})$/.exec(id)?.[1];
  return row !== undefined && formatId('e', Number(row)) === id && ledger.events.find(Number(row)) !== undefined;
}
