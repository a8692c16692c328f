import { ok, warn, type Check, type CheckedDaemon, type Found } from './check.ts';

/** What the running daemon says of it. */
interface Answer {
  readonly agent?: {
    readonly on: boolean;
    readonly stopped: { readonly since: string; readonly reason: string } | null;
    readonly approvalsPending: number;
  };
}

interface Approvals {
  readonly items: readonly { readonly id: string; readonly askedAt: string }[];
}

const OLD_MS = 86_400_000;
const SHOWN_MAX = 5;

/** The agent may work, and nothing of it has waited long for an answer. */
export const agent: Check = {
  name: 'agent',
  about: 'The agent was not stopped by hand, and no approval waits for more than 24 hours.',
  async look(ports) {
    const running = await ports.daemon();
    // What keeps a daemon from answering is told by `daemon`, and a model that is missing by `model`.
    const state = (await running?.get<Answer>('/api/status').catch(() => undefined))?.agent;
    if (running === undefined || state === undefined) return [];
    const found = [...stopped(state), ...(state.approvalsPending > 0 ? await waiting(running, ports.nowMs) : [])];
    if (found.length > 0 || !state.on) return found;
    const pending = state.approvalsPending === 0 ? 'nothing waits for an answer' : wait(state.approvalsPending);
    return [ok(`on; ${pending}`)];
  },
};

function stopped({ stopped: latch }: NonNullable<Answer['agent']>): Found[] {
  if (latch === null) return [];
  const why = 'What it is asked to do waits. It stays stopped over restarts.';
  return [warn(`stopped by hand since ${latch.since}: ${latch.reason}`, why, 'kairos start --agent')];
}

async function waiting(running: CheckedDaemon, nowMs: number): Promise<Found[]> {
  const { items } = await running.get<Approvals>('/api/approvals?state=pending&limit=500');
  const old = items.filter(({ askedAt }) => nowMs - Date.parse(askedAt) > OLD_MS).map(({ id }) => id);
  if (old.length === 0) return [];
  const named = `${old.slice(0, SHOWN_MAX).join(', ')}${old.length > SHOWN_MAX ? ', …' : ''}`;
  const why = 'Each holds up a run until you answer; unanswered it ends as a no.';
  return [warn(`${wait(old.length)} for more than 24 h (${named})`, why, 'kairos approvals --state pending')];
}

function wait(count: number): string {
  return `${count === 1 ? '1 approval waits' : `${count} approvals wait`} for your answer`;
}
