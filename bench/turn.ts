import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tool } from '../src/core/agent.ts';
import { agentLimits } from '../src/agent/limits.ts';
import type { Progress } from '../src/agent/progress.ts';
import { createAgentHandler } from '../src/agent/run.ts';
import { openLedger } from '../src/ledger/ledger.ts';
import type { SpendCharge } from '../src/ledger/spend.ts';
import { createRedactor } from '../src/redact/redactor.ts';

/**
 * What our loop costs a turn when the conversation has 200 messages: from a reply of the model to the next request, a
 * call of a tool with a result of 2 KiB and its commits to the disk included. The model is in this process and takes no time.
 */
export async function benchTurn(turns: number): Promise<{ readonly medianMs: number; readonly p99Ms: number }> {
  const home = mkdtempSync(join(tmpdir(), 'kairosd-bench-'));
  const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
  const clock = {
    wallMs: () => Date.now(),
    monoMs: () => performance.now(),
    sleep: (delayMs: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(delayMs, 30_000));
        signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
      }),
  };
  const random = { fraction: () => 0.5, bytes: (count: number) => new Uint8Array(count) };
  const ledger = await openLedger(
    {
      home,
      platform: process.platform,
      retention: { events: 9e9, bodies: 9e9 },
      messageTtlMs: () => 9e7,
      modelIsOn: () => true,
    },
    { clock, log, random },
  );
  const usage = { inputTokens: 10, outputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0 };
  const assessment = {
    risk: 'LOW',
    reason: 'reads',
    writes: false,
    readsOutside: false,
    readsSecrets: false,
    sends: false,
  } as const;
  const times: number[] = [];
  let answeredMs = 0;
  let count = 0;
  const draft = {
    kind: 'agent',
    origin: 'say',
    reactive: true,
    topic: '',
    text: 'go',
    urgent: false,
    mayCoalesce: false,
  } as const;
  const event = {
    source: 'say',
    delivery: 'd',
    type: 'say',
    action: null,
    trust: 'owner',
    contentType: 'text/plain',
  } as const;
  const { id } = await ledger.events.append({
    ...event,
    receivedAtMs: Date.now(),
    body: Buffer.from('go'),
    jobs: [draft],
  });
  const job = await ledger.work.claimWork(ledger.events.find(id)?.jobs[0] ?? 0, 'foreground', Date.now(), 60_000);
  const look: Tool = {
    name: 'look',
    description: 'looks',
    inputSchema: {},
    parse: () => ({ ok: true, input: { path: 'src/core/agent.ts' } }),
    run: async () => ({
      text: 'a line of source code with some words in it\n'.repeat(45),
      trust: count % 2 === 0 ? 'outside' : 'tool',
    }),
  };
  const handler = createAgentHandler<SpendCharge>({
    async ask() {
      count += 1;
      // A turn is two messages.
      if (count > 100) times.push(performance.now() - answeredMs);
      const last = count === turns + 100;
      const text = { kind: 'text', text: 'I look at the next file.' } as const;
      const call = { kind: 'tool-use', id: `call-${count}`, name: 'look', input: { path: 'src' } } as const;
      answeredMs = performance.now();
      return {
        kind: 'reply',
        reply: {
          blocks: last ? [text] : [text, call],
          stop: last ? 'end' : 'tool-use',
          usage,
          model: 'm',
          requestId: null,
        },
      };
    },
    gate: {
      judge: async () => ({ kind: 'run', flag: false, assessment }),
      begin: () => ({ [Symbol.dispose]() {} }),
    },
    tools: [look],
    shorten: async (_id, _tool, whole) => whole,
    changes: { begin: async () => {}, finish: async () => {} },
    store: ledger.agentRuns<Progress>(),
    feed: { publish() {} },
    clock,
    log,
    redact: createRedactor([{ name: 'KEY', value: 'a-secret-of-the-benchmark' }]).redact,
    limits: () => agentLimits.parse({ turns: 1_000 }),
    model: () => ({ name: 'm', outputTokensMax: 1_000 }),
    approvalMs: () => 9e7,
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
  });
  if (job !== undefined) await handler(job, new AbortController().signal);
  await ledger[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
  const sorted = times.toSorted((one, other) => one - other);
  return { medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0 };
}
