import { homedir } from 'node:os';
import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createAnthropic } from '../agent/anthropic.ts';
import { createAsk, type Charge } from '../agent/ask.ts';
import { createClassifier } from '../agent/classifier.ts';
import type { Ask, RunPorts } from '../agent/ports.ts';
import { createKeyLocks, type KeyLocks } from '../agent/key-locks.ts';
import type { Progress } from '../agent/progress.ts';
import { createAgentHandler, type AgentHandler } from '../agent/run.ts';
import { resolveWorkspaces } from '../agent/workspaces.ts';
import { moneyCaps } from '../budget/money.ts';
import { conversationOf } from '../chat/place.ts';
import type { Item, Json, Workspace } from '../core/agent.ts';
import type { Event } from '../core/event.ts';
import type { Log } from '../core/ports.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createRepositoryApi } from '../github/repository-api.ts';
import type { Surroundings, ToolCall } from '../permissions/call.ts';
import { createChanges, type Changes } from '../tools/changes.ts';
import type { Sandbox } from '../tools/confinement.ts';
import { createForesight } from '../tools/git-foresight.ts';
import { createShortener } from '../tools/offload.ts';
import { plainRepository } from '../tools/plain-repository.ts';
import { resolvePath } from '../tools/resolve.ts';
import { openSandbox } from '../tools/sandbox.ts';
import type { RunFeed } from '../web/run-feed.ts';
import { createTools } from './agent-tools.ts';
import { placeOfRun } from './agent-workspace.ts';
import { createGate, type DaemonGate } from './gate.ts';
import type { DaemonMemory } from './memory.ts';
import type { DaemonOptions, Ports } from './options.ts';
import { createRecall, type Recall } from './recall.ts';
import type { Settings } from './settings.ts';

export interface AgentParts {
  readonly options: DaemonOptions;
  readonly ports: Ports;
  readonly ledger: Ledger;
  readonly memory: DaemonMemory;
  readonly live: { readonly settings: Settings };
  /** While true no work begins: safe mode. */
  readonly held: () => boolean;
}

/** What runs are made of, for one state of the settings. */
export interface AgentRuntime {
  readonly handler: AgentHandler;
  readonly changes: Changes;
  /** The model within the budget, for a purpose of its own. */
  askOf(purpose: string): Ask<Charge>;
}

/** What all runs share, whatever the settings they began under: what they change, and whose turn it is. */
export interface Shared {
  readonly changes: Changes;
  readonly locks: KeyLocks;
}

/** Once a daemon: ends what a crash left open, which must not happen to a run that is under way. */
export async function openShared({ options, ports }: AgentParts): Promise<Shared> {
  const changes = createChanges({
    home: realpathSync(options.home),
    clock: ports.clock,
    searchPath: options.commandEnv['PATH'] ?? '',
  });
  await changes.recover();
  return { changes, locks: createKeyLocks() };
}

export interface RuntimeParts extends AgentParts {
  readonly settings: Settings;
  readonly shared: Shared;
  readonly runs: RunFeed;
  readonly log: Log;
}

/** Everything a run needs: model and money, gate, tools, sandbox, and what keeps its changes. */
export async function createRuntime(parts: RuntimeParts): Promise<AgentRuntime> {
  const { options, ports, settings } = parts;
  const { changes, locks } = parts.shared;
  const { clock } = ports;
  const { config } = settings;
  const { redact } = ports.redactor;
  const home = realpathSync(options.home);
  const searchPath = options.commandEnv['PATH'] ?? '';
  // Looked at anew for each call: what is checked out decides whose words a workspace holds.
  const workspaces = (): readonly Workspace[] => resolveWorkspaces(config.workspaces, homedir()).workspaces;
  for (const problem of resolveWorkspaces(config.workspaces, homedir()).problems) parts.log.warn({}, problem);
  const sandbox = await openSandbox({
    platform: options.platform,
    clock,
    nodePath: process.execPath,
    searchPath,
    hidden: [home],
    readable: config.tools.shell.readable,
  });
  if (sandbox.kind === 'none') parts.log.warn({ reason: sandbox.reason }, 'no sandbox: every shell command asks');
  const { askOf, classifier, model } = createAsking(parts);
  const { timezone } = config;
  const foresee = createForesight(config.tools.shell, { sandbox, clock, lang: 'C.UTF-8', timezone });
  const gate = createGate({
    surroundings: (workspace) => surroundingsOf(parts, { workspaces: workspaces(), sandbox, home, changes }, workspace),
    policy: () => config.agent.policy,
    classifier: () => classifier,
    foresee: async ({ tool, input }, workspace, signal) =>
      tool === 'git' ? foresee((input as { readonly args?: Json }).args ?? null, workspace, signal) : undefined,
  });
  const recall = await recallOf(parts, workspaces(), searchPath);
  const tools = createTools({
    config,
    home,
    workspaces,
    gate,
    sandbox,
    github: await gitHubOf(parts),
    memory: recall.tool,
    searchPath,
    clock,
    redact,
  });
  const shorten = createShortener({ home, redact, limitBytes: Math.min(config.agent.limits.toolResultBytes, 32_768) });
  const handlerPorts = {
    ...portsOf(parts, gate, workspaces),
    ask: askOf('turn'),
    model: () => ({ name: model, outputTokensMax: config.models.outputTokens.lead }),
    tools,
    shorten,
    changes: {
      begin: (workspace: Workspace, jobId: number) => changes.begin(workspace, jobId),
      finish: async (jobId: number, outside: boolean) => void (await changes.finish(jobId, outside)),
    },
    home,
    memory: () => recall.words(),
    beforeActing: (call: ToolCall, items: readonly Item[]) => recall.beforeActing(call, items),
  };
  return { handler: createAgentHandler(handlerPorts, locks), changes, askOf };
}

/** Its thread ends with the memory. */
async function recallOf(
  { memory, ports, log }: RuntimeParts,
  workspaces: readonly Workspace[],
  searchPath: string,
): Promise<Recall> {
  const recall = createRecall({
    store: await memory.store(),
    index: memory.search,
    workspaces,
    searchPath,
    clock: ports.clock,
    log,
  });
  memory.keep(recall);
  return recall;
}

/** The model behind its budget: once for turns, once for the gate's fast one. */
function createAsking({ ports, settings, ledger, options }: RuntimeParts) {
  const { clock, random, fetch } = ports;
  const { config, secrets } = settings;
  const { models, budget } = config;
  const log = ports.log.child({ part: 'model' });
  const model = createAnthropic({
    apiKey: secrets.of('ANTHROPIC_API_KEY'),
    baseUrl: secrets.of('ANTHROPIC_BASE_URL'),
    cacheTtl: models.cacheTtl,
    fetch,
    clock,
    log,
  });
  const terms = { caps: moneyCaps(budget.money), timeZone: options.config.timezone };
  const askOf = (purpose: string) =>
    createAsk({
      model,
      spend: {
        reserve: (draft, nowMs) => ledger.spend.reserve(draft, terms, nowMs),
        charge: (charge, nowMs) => ledger.spend.charge(charge, nowMs),
      },
      latches: ledger.latches,
      prices: () => ({ own: models.prices, cacheTtl: models.cacheTtl }),
      fallback: () => models.fallback,
      purpose,
      clock,
      random,
      log,
    });
  const classifier = createClassifier({
    ask: askOf('classify'),
    charge: (charge, nowMs) => ledger.spend.charge(charge, nowMs),
    model: () => models.fast,
    clock,
    log,
  });
  return { askOf, classifier, model: models.lead };
}

function surroundingsOf(
  { options, settings }: RuntimeParts,
  place: {
    readonly workspaces: readonly Workspace[];
    readonly sandbox: Sandbox;
    readonly home: string;
    readonly changes: Changes;
  },
  workspace: Workspace | undefined,
): Surroundings {
  const { tools, notify } = settings.config;
  return {
    workspaces: place.workspaces,
    cwd: workspace?.path,
    home: place.home,
    userHome: homedir(),
    platform: options.platform,
    sandbox: place.sandbox.kind,
    shellNetwork: tools.shell.network,
    fetchHosts: tools.fetch.allow,
    protectedPlaces: [PROGRAM_PLACE],
    channels: notify.map(({ name }) => name),
    plainRepository,
    leftByOutside: (canonical) => place.changes.leftByOutside(canonical),
    resolve: resolvePath,
  };
}

/** Where kairosd itself lies: `src/` or `dist/`, and what is around it. */
const PROGRAM = realpathSync(new URL('../..', import.meta.url));
/** Of an installed one: the place of all versions, with the file that says which one is started. */
const PROGRAM_PLACE = basename(dirname(PROGRAM)) === 'versions' ? dirname(dirname(PROGRAM)) : PROGRAM;

/** Over the line that polling asks over as well: one allowance for all. */
async function gitHubOf({ settings }: RuntimeParts) {
  return settings.github.hasToken ? createRepositoryApi(await settings.github.open()) : undefined;
}

type FixedPorts = Omit<RunPorts<Charge>, 'ask' | 'model' | 'tools' | 'shorten' | 'changes' | 'home'>;

function portsOf(parts: RuntimeParts, gate: DaemonGate, workspaces: () => readonly Workspace[]): FixedPorts {
  const { options, ports, ledger, settings, runs, log } = parts;
  const { agent } = settings.config;
  const chatOf = (event: Event): string | undefined => {
    const place = ledger.messages.placeOf(event.id);
    return place === undefined ? undefined : conversationOf(place.channel, place.place);
  };
  return {
    gate,
    store: ledger.agentRuns<Progress>(),
    feed: runs,
    clock: ports.clock,
    log,
    redact: ports.redactor.redact,
    limits: () => agent.limits,
    approvalMs: () => (agent.afk ? agent.approvals.afkExpiry : agent.approvals.expiry),
    afk: () => agent.afk,
    timeZone: () => options.config.timezone,
    events: { find: (id) => ledger.events.find(id), body: (id) => ledger.events.body(id) },
    sessions: ledger.sessions,
    approvals: ledger.approvals,
    conversation: (_job, event) => (event.source === 'say' ? 'say' : chatOf(event)),
    replyChannel: (event) => ledger.messages.placeOf(event.id)?.channel,
    workspace: (job, event) =>
      placeOfRun({ job, event, body: ledger.events.body(event.id), config: settings.config, workspaces: workspaces() }),
    chat: () => ({ idleMs: agent.chat.idle, tokensMax: agent.chat.tokens }),
  };
}
