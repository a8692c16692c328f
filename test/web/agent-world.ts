import { KairosError } from '../../src/core/errors.ts';
import type { AgentPort, ApprovalRow, SessionRow } from '../../src/web/agent-ports.ts';
import { createRunFeed } from '../../src/web/run-feed.ts';

/** An agent in memory, just enough for the API. */
export interface AgentWorld {
  readonly port: AgentPort;
  readonly approvals: ApprovalRow[];
  readonly sessions: SessionRow[];
  stopped: { sinceMs: number; reason: string } | null;
}

export function makeAgent(secret: string): AgentWorld {
  const approvals: ApprovalRow[] = [];
  const sessions: SessionRow[] = [];
  const world: AgentWorld = { approvals, sessions, stopped: null, port: undefined as never };
  const port: AgentPort = {
    state: () => ({
      on: true,
      stopped: world.stopped,
      approvalsPending: approvals.filter(({ state }) => state === 'pending').length,
    }),
    async setStopped(reason) {
      world.stopped = reason === undefined ? null : { sinceMs: 0, reason };
    },
    approvals: {
      list: ({ state, limit, after = Infinity }) =>
        approvals
          .filter((row) => row.id < after && (state === undefined || row.state === state))
          .toReversed()
          .slice(0, limit),
      find: (id) => approvals.find((row) => row.id === id),
      async decide(id, verdict, { by, answer }) {
        const index = approvals.findIndex((row) => row.id === id);
        const row = approvals[index];
        if (row?.state !== 'pending') throw new KairosError('STATE_CONFLICT', `it is ${row?.state}`);
        approvals[index] = { ...row, state: verdict, decidedAtMs: 1, decidedBy: by, answer: answer ?? null };
      },
    },
    sessions: {
      list: ({ limit }) => sessions.toReversed().slice(0, limit),
      find: (id) => sessions.find((row) => row.id === id),
      items: () => [
        { atMs: 0, kind: 'user', text: `tell me ${secret}`, trust: 'owner', eventId: 7 },
        { atMs: 1, kind: 'assistant', text: '', trust: 'agent', opaque: { model: 'm', block: { type: 'thinking' } } },
        { atMs: 2, kind: 'tool_use', text: '', trust: 'agent', tool: 'read', input: { path: 'a' }, callId: 'c1' },
        { atMs: 3, kind: 'tool_result', text: 'hello', trust: 'outside', tool: 'read', callId: 'c1' },
      ],
    },
    cost: () => ({
      todayMicroUsd: 1_250_000,
      dayMicroUsdMax: 5_000_000,
      runMicroUsdMax: 1_000_000,
      reservedMicroUsd: 10,
      days: [
        {
          day: '2026-11-02',
          model: 'claude-opus-5-5',
          requests: 3,
          inputTokens: 10,
          outputTokens: 20,
          cacheReadTokens: 0,
          cacheWriteTokens: 5,
          microUsd: 1_250_000,
        },
      ],
    }),
    runs: createRunFeed(),
    undo: async (jobId) =>
      jobId === 1 ? { ok: true, files: ['a.txt'] } : { ok: false, reason: 'a.txt has changed since' },
    patch: async (jobId) => (jobId === 1 ? `+${secret}\n` : undefined),
  };
  return Object.assign(world, { port });
}

export function makeApproval(id: number, more: Partial<ApprovalRow> = {}): ApprovalRow {
  return {
    id,
    kind: 'call',
    state: 'pending',
    jobId: 1,
    sessionId: 1,
    tool: 'shell',
    shown: 'shell: rm -rf build',
    hash: 'abcdef0123456789'.repeat(4),
    risk: 'HIGH',
    reason: 'deletes for good',
    askedAtMs: Date.UTC(2026, 10, 2, 12),
    expiresAtMs: Date.UTC(2026, 10, 3, 12),
    decidedAtMs: null,
    decidedBy: null,
    answer: null,
    ...more,
  };
}
