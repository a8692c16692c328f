import type { Item, Json, Tool, ToolContext, ToolResult, Workspace } from '../../src/core/agent.ts';
import type { Outcome } from '../../src/core/job.ts';
import { agentLimits } from '../../src/agent/limits.ts';
import type { Block, ModelReply, ModelRequest, Turn } from '../../src/agent/model.ts';
import type { AskContext, Asked, Judged, RunDelta, RunPorts } from '../../src/agent/ports.ts';
import type { Progress } from '../../src/agent/progress.ts';
import { createAgentHandler } from '../../src/agent/run.ts';
import { runAttempt } from '../../src/dispatch/attempt.ts';
import { openLedger, type Ledger } from '../../src/ledger/ledger.ts';
import type { SpendCharge } from '../../src/ledger/spend.ts';
import type { Assessment } from '../../src/permissions/call.ts';
import { FakeClock } from '../fakes/clock.ts';
import { DAY_MS, event, folder, job, present, recordingLog, steadyRandom } from '../ledger/make.ts';

export type Answer = (
  request: ModelRequest,
  context: AskContext,
  signal: AbortSignal,
) => Promise<Asked<SpendCharge>> | Asked<SpendCharge>;
type Ports = RunPorts<SpendCharge>;

const LOW: Assessment = {
  risk: 'LOW',
  reason: 'reads',
  writes: false,
  readsOutside: false,
  readsSecrets: false,
  sends: false,
};
export const runs = (assessment: Partial<Assessment> = {}, flag = false): Judged => ({
  kind: 'run',
  flag,
  assessment: { ...LOW, ...assessment },
});
export const asks = (shown: string, hash = `hash of ${shown}`): Judged => ({
  kind: 'ask',
  reason: 'deletes',
  assessment: { ...LOW, risk: 'HIGH', writes: true },
  shown,
  hash,
});

export const text = (words: string): Block => ({ kind: 'text', text: words });
export const use = (id: string, name: string, input: Json = {}): Block => ({ kind: 'tool-use', id, name, input });

export function reply(blocks: readonly Block[], more: Partial<ModelReply> = {}): Asked<SpendCharge> {
  const stop = blocks.some(({ kind }) => kind === 'tool-use') ? 'tool-use' : 'end';
  const usage = { inputTokens: 100, outputTokens: 20, cacheReadTokens: 0, cacheWriteTokens: 0 };
  return { kind: 'reply', reply: { blocks, stop, usage, model: 'lead', requestId: null, ...more } };
}

/** A tool that says what it was given, and remembers the calls that were made of it. */
export function tool(
  name: string,
  answer: (input: Json, context: ToolContext) => Promise<ToolResult> | ToolResult = (input) => ({
    text: `${name} ${JSON.stringify(input)}`,
  }),
): Tool & { readonly made: string[] } {
  const made: string[] = [];
  return {
    made,
    name,
    description: `does ${name}`,
    inputSchema: { type: 'object' },
    parse: (input) =>
      typeof input === 'object' && input !== null && !('bad' in input)
        ? { ok: true, input: input as Json }
        : { ok: false, message: 'expected no key bad' },
    async run(input, context) {
      made.push(context.callId);
      return answer(input, context);
    },
  };
}

export interface WorldOptions {
  readonly answers?: readonly Answer[];
  readonly tools?: readonly Tool[];
  readonly ports?: Partial<Ports>;
  readonly judge?: (call: { tool: string; input: Json }) => Judged | Promise<Judged>;
  readonly limits?: Record<string, unknown>;
  readonly secret?: string;
}

/** A ledger with an agent whose model is scripted. */
export async function world(options: WorldOptions = {}) {
  const home = folder();
  const clock = new FakeClock();
  const log = recordingLog();
  const ledger = await openLedger(
    {
      home: home.path,
      platform: process.platform,
      retention: { events: 90 * DAY_MS, bodies: 30 * DAY_MS },
      messageTtlMs: () => DAY_MS,
      modelIsOn: () => true,
    },
    { clock, log, random: steadyRandom },
  );
  const requests: ModelRequest[] = [];
  const deltas: RunDelta[] = [];
  const answers = [...(options.answers ?? [])];
  const changes: string[] = [];
  let count = 0;
  const ports: Ports = {
    async ask(request, context, signal) {
      requests.push(structuredClone(request));
      const answer = present(answers.shift(), 'an answer of the model');
      return charged(ledger, context, clock.wallMs(), await answer(request, context, signal));
    },
    gate: gateOf(async (call) => options.judge?.(call) ?? runs()),
    tools: options.tools ?? [],
    shorten: async (_id, _tool, whole) => whole,
    changes: {
      begin: async (_workspace: Workspace, id: number) => void changes.push(`begin ${id}`),
      finish: async (id) => void changes.push(`finish ${id}`),
    },
    store: ledger.agentRuns<Progress>(),
    feed: { publish: (_id, delta) => void deltas.push(delta) },
    clock,
    log,
    redact: (words) => (options.secret === undefined ? words : words.replaceAll(options.secret, '[redacted:KEY]')),
    limits: () => agentLimits.parse(options.limits ?? {}),
    model: () => ({ name: 'lead', outputTokensMax: 1_000 }),
    approvalMs: () => DAY_MS,
    afk: () => false,
    timeZone: () => 'Europe/Berlin',
    events: ledger.events,
    sessions: ledger.sessions,
    approvals: ledger.approvals,
    conversation: (asked) => (asked.reactive ? 'say' : undefined),
    replyChannel: (from) => (from.source === 'telegram' ? 'telegram' : undefined),
    workspace: () => undefined,
    home: home.path,
    chat: () => ({ idleMs: 3_600_000, tokensMax: 100_000 }),
    ...options.ports,
  };
  return {
    home: home.path,
    clock,
    ledger,
    log,
    requests,
    deltas,
    answers,
    changes,
    ports,
    /** Records words of the owner, or an event of a subscription. @returns the job. */
    async record(words: string, from: { outside?: string; source?: string } = {}) {
      count += 1;
      const reactive = from.outside === undefined;
      const draft = job({
        kind: 'agent',
        origin: reactive ? 'say' : 'triage',
        reactive,
        topic: reactive ? '' : 'acme/app',
        text: words,
      });
      const more = {
        source: from.source ?? (reactive ? 'say' : 'github'),
        trust: reactive ? 'owner' : 'outside',
      } as const;
      const body = Buffer.from(from.outside ?? words);
      const { id } = await ledger.events.append(
        event(`d${count}`, { ...more, body, receivedAtMs: clock.wallMs(), jobs: [draft] }),
      );
      return present(ledger.events.find(id)?.jobs[0], 'a job');
    },
    /** One attempt of what is due, as the lanes do it. A handler of its own each time: nothing is left in memory. */
    async attempt(
      id: number,
      given: Partial<Ports> = {},
      signal = new AbortController().signal,
    ): Promise<Outcome | undefined> {
      const claimed = await ledger.work.claimWork(id, 'foreground', clock.wallMs(), 60_000);
      let outcome: Outcome | undefined;
      const handler = createAgentHandler<SpendCharge>({ ...ports, ...given });
      const agent = async (...call: Parameters<typeof handler>): Promise<Outcome> => (outcome = await handler(...call));
      await runAttempt(
        present(claimed, 'a due job'),
        { store: ledger.jobs, handlers: { agent }, clock, random: steadyRandom, log },
        signal,
      );
      return outcome;
    },
    messages: () => ledger.messages.list({ limit: 50 }).toReversed(),
    journal: () => ledger.journal.pending(500).map(({ kind, text: line }) => `${kind} ${line}`),
    items: (session = 1): Item[] => ledger.sessions.items(session, 1_000),
    async [Symbol.asyncDispose]() {
      await ledger[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
}

const TERMS = { caps: { perDayMicroUsd: 10_000_000, perRunMicroUsd: 10_000_000, ownerShare: 0 }, timeZone: 'UTC' };

/** Reserved and charged, as the real one does it: 100 micro-dollars a reply. */
async function charged(
  ledger: Ledger,
  { jobId, sessionId, reactive }: AskContext,
  nowMs: number,
  asked: Asked<SpendCharge>,
): Promise<Asked<SpendCharge>> {
  if (asked.kind !== 'reply') return asked;
  const reserved = await ledger.spend.reserve(
    { jobId, sessionId, model: 'lead', purpose: 'turn', reactive, microUsd: 500 },
    TERMS,
    nowMs,
  );
  if (reserved.kind === 'refused') throw new Error('the caps of the test are too low');
  const charge = {
    reservationId: reserved.id,
    microUsd: 100,
    usage: asked.reply.usage,
    requestId: null,
    outcome: 'ok',
  } as const;
  return { ...asked, charge };
}

/** What is wrong with a conversation as the API sees it; empty when nothing is. */
export function faultsOf(turns: readonly Turn[]): string[] {
  const faults: string[] = [];
  if (turns[0]?.role !== 'user') faults.push('begins without the user');
  let open: string[] = [];
  for (const [index, { role, blocks }] of turns.entries()) {
    if (role === turns[index - 1]?.role) faults.push(`two turns of the ${role} at ${index}`);
    const results = blocks.flatMap((block) => (block.kind === 'tool-result' ? [block.id] : []));
    if (role === 'user' && JSON.stringify(results) !== JSON.stringify(open))
      faults.push(`calls ${open.join()} got ${results.join()} at ${index}`);
    const firstOther = blocks.findIndex(({ kind }) => kind !== 'tool-result');
    if (results.length > 0 && firstOther !== -1 && firstOther < results.length)
      faults.push(`results are not first at ${index}`);
    open = blocks.flatMap((block) => (block.kind === 'tool-use' ? [block.id] : []));
    if (blocks.length === 0 || blocks.some((block) => block.kind === 'text' && block.text === ''))
      faults.push(`empty at ${index}`);
  }
  return open.length > 0 ? [...faults, `open: ${open.join()}`] : faults;
}

/** A gate that says this, and lets calls touch what they like. */
export function gateOf(judge: Ports['gate']['judge']): Ports['gate'] {
  return { judge, begin: () => ({ [Symbol.dispose]() {} }) };
}
