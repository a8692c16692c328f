import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from '../../src/core/agent.ts';
import type { Clock } from '../../src/core/ports.ts';
import { agentLimits } from '../../src/agent/limits.ts';
import type { ModelReply } from '../../src/agent/model.ts';
import type { RunPorts } from '../../src/agent/ports.ts';
import type { Progress } from '../../src/agent/progress.ts';
import { createAgentHandler } from '../../src/agent/run.ts';
import { startLanes } from '../../src/dispatch/lanes.ts';
import { runAttempt } from '../../src/dispatch/attempt.ts';
import { startWorker } from '../../src/dispatch/worker.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import type { SpendCharge } from '../../src/ledger/spend.ts';
import { recordingLog, steadyRandom } from '../ledger/make.ts';

/**
 * A process with a real ledger and a scripted model, to be killed: `killed-run.ts HOME tool|stream|approval`. Says where
 * it is on stdout, and what its tool did in the file `made` of the home. With `done` it takes up what is there.
 */
const [home = '', place = ''] = process.argv.slice(2);
const clock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(delayMs, 30_000));
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    }),
};
const log = recordingLog();
const ledger = await openLedger(
  {
    home,
    platform: process.platform,
    retention: { events: 9e9, bodies: 9e9 },
    messageTtlMs: () => 9e7,
    modelIsOn: () => true,
  },
  { clock, log, random: steadyRandom },
);
await ledger.spend.closeOpen(clock.wallMs());
const say = (word: string): void => void process.stdout.write(`${word}\n`);
const forEver = new Promise<never>(() => {});

const push: Tool = {
  name: 'push',
  description: 'pushes',
  inputSchema: {},
  parse: () => ({ ok: true, input: {} }),
  async run(_input, { callId }) {
    appendFileSync(join(home, 'made'), `${callId}\n`);
    if (place !== 'tool') return { text: 'pushed' };
    say('here');
    return forEver;
  },
};

const usage = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0 };
const assessment = {
  risk: 'HIGH',
  reason: 'pushes',
  writes: false,
  readsOutside: false,
  readsSecrets: false,
  sends: true,
} as const;
const terms = { caps: { perDayMicroUsd: 1e9, perRunMicroUsd: 1e9, ownerShare: 0 }, timeZone: 'UTC' };

const ports: RunPorts<SpendCharge> = {
  async ask({ turns }, { jobId, sessionId, reactive, onDelta }) {
    const draft = { jobId, sessionId, model: 'lead', purpose: 'turn', reactive, microUsd: 500 };
    const reserved = await ledger.spend.reserve(draft, terms, clock.wallMs());
    if (reserved.kind === 'refused') throw new Error('refused');
    const seen = turns.filter(({ role }) => role === 'assistant').length;
    onDelta({ kind: 'text', text: 'I ' });
    if (place === 'stream' && seen === 1) {
      say('here');
      return forEver;
    }
    const blocks: ModelReply['blocks'] =
      seen === 0 ? [{ kind: 'tool-use', id: 'c1', name: 'push', input: {} }] : [{ kind: 'text', text: 'the end' }];
    const charge = { reservationId: reserved.id, microUsd: 100, usage, requestId: null, outcome: 'ok' } as const;
    return {
      kind: 'reply',
      reply: { blocks, stop: seen === 0 ? 'tool-use' : 'end', usage, model: 'lead', requestId: null },
      charge,
    };
  },
  gate: {
    judge: async () =>
      process.argv.includes('asking')
        ? { kind: 'ask', reason: 'pushes', assessment, shown: 'push', hash: 'h' }
        : { kind: 'run', flag: false, assessment },
    begin: () => ({ [Symbol.dispose]() {} }),
  },
  tools: [push],
  shorten: async (_id, _tool, whole) => whole,
  changes: { begin: async () => {}, finish: async () => {} },
  store: ledger.agentRuns<Progress>(),
  feed: { publish: (_job, delta) => (delta.kind === 'waiting' ? say('here') : undefined) },
  clock,
  log,
  redact: (text) => text,
  limits: () => agentLimits.parse({}),
  model: () => ({ name: 'lead', outputTokensMax: 100 }),
  approvalMs: () => 3_600_000,
  afk: () => false,
  timeZone: () => 'UTC',
  events: ledger.events,
  sessions: ledger.sessions,
  approvals: ledger.approvals,
  conversation: () => 'say',
  replyChannel: () => undefined,
  workspace: () => undefined,
  home,
  chat: () => ({ idleMs: 3_600_000, tokensMax: 100_000 }),
};

const options = {
  store: ledger.jobs,
  handlers: { agent: createAgentHandler(ports) },
  clock,
  random: steadyRandom,
  log,
};
// Takes back what a process before left running.
await startWorker({ ...options, onSettled() {} });
startLanes({
  store: ledger.work,
  clock,
  log,
  budgetMs: 15_000,
  held: () => false,
  onChange(id) {
    if (ledger.jobs.find(id)?.state === 'succeeded') say('succeeded');
  },
  attempt: (job, signal) => runAttempt(job, options, signal),
});
