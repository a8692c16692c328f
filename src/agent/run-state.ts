import type { Item, Workspace } from '../core/agent.ts';
import type { Effect, Job } from '../core/job.ts';
import { reached } from '../core/ports.ts';
import type { RunFacts } from '../permissions/call.ts';
import type { LoopPorts, OpenCall, RunCharge, RunStep, SessionFacts, StoredRun } from './ports.ts';
import type { Progress } from './progress.ts';
import { redactItem } from './redact-item.ts';

/** What does not change while a run is at work. */
export interface RunSetting {
  readonly job: Job;
  readonly source: RunFacts['source'];
  readonly workspace: Workspace | undefined;
  /** Where its messages go: null, everywhere. */
  readonly channel: string | null;
}

/** What one step adds. What is left out stays as it is. */
export interface Step<Charge extends RunCharge> {
  readonly items?: readonly Item[];
  readonly progress?: Partial<Progress>;
  readonly facts?: Partial<SessionFacts>;
  readonly contextTokens?: number | undefined;
  readonly charge?: Charge | undefined;
  readonly begun?: RunStep['begun'];
  readonly taken?: string | undefined;
  readonly approval?: RunStep['approval'];
  readonly effects?: readonly Effect[] | undefined;
}

/** A run in memory: what the ledger holds of it, and calls that wait for a result. Changes only by `record`. */
export class Run<Charge extends RunCharge = RunCharge> {
  readonly setting: RunSetting;
  readonly sessionId: number;
  readonly again: number;
  readonly #ports: LoopPorts<Charge>;
  readonly #items: Item[];
  readonly #pending: Item[];
  readonly #callIds: Set<string>;
  readonly #open: ReadonlyMap<string, OpenCall>;
  #progress: Progress;
  #facts: SessionFacts;
  #sinceMs: number;

  constructor(setting: RunSetting, stored: StoredRun, ports: LoopPorts<Charge>) {
    this.setting = setting;
    this.sessionId = stored.sessionId;
    this.again = stored.again;
    this.#ports = ports;
    this.#items = stored.items;
    this.#pending = callsWithoutResult(stored.items);
    this.#callIds = new Set(stored.items.flatMap(({ callId }) => callId ?? []));
    this.#open = stored.open;
    this.#progress = stored.progress;
    this.#facts = stored.facts;
    this.#sinceMs = ports.clock.monoMs();
  }

  /** Grows in place: whoever holds it sees what comes. */
  get items(): readonly Item[] {
    return this.#items;
  }

  /** With the time at work up to this moment. */
  get progress(): Progress {
    return { ...this.#progress, activeMs: this.#progress.activeMs + this.#ports.clock.monoMs() - this.#sinceMs };
  }

  /** The first call that has no result. */
  get pending(): Item | undefined {
    return this.#pending[0];
  }

  get allPending(): readonly Item[] {
    return this.#pending;
  }

  get facts(): RunFacts {
    const { denials, denialsInARow } = this.#progress;
    return { source: this.setting.source, afk: this.#ports.afk(), ...this.#facts, denials, denialsInARow };
  }

  get reactive(): boolean {
    return this.setting.job.reactive;
  }

  hasCallId(id: string): boolean {
    return this.#callIds.has(id);
  }

  /** What a process that is gone left of a call. */
  openCall(callId: string): OpenCall | undefined {
    return this.#open.get(callId);
  }

  /** Writes a step down, redacted, in one transaction; only then it is so in memory as well. */
  async record(step: Step<Charge>): Promise<number | undefined> {
    const { clock, redact, store } = this.#ports;
    const items = (step.items ?? []).flatMap((item) => redactItem(item, redact) ?? []);
    const progress = { ...this.progress, ...step.progress };
    const sinceMs = clock.monoMs();
    const facts = { ...this.#facts, ...step.facts };
    const { contextTokens, charge, begun, taken, approval, effects } = step;
    const whole = {
      jobId: this.setting.job.id,
      sessionId: this.sessionId,
      afterSeq: this.#items.length,
      items,
      progress,
      ended: progress.ending !== null,
      facts,
      contextTokens,
      charge,
      begun,
      taken,
      approval,
      effects,
    };
    const approvalId = await store.record(whole, clock.wallMs());
    reached('agent.recorded');
    this.#progress = progress;
    this.#sinceMs = sinceMs;
    this.#facts = facts;
    for (const item of items) this.#take(item);
    return approvalId;
  }

  #take(item: Item): void {
    this.#items.push(item);
    if (item.callId !== undefined) this.#callIds.add(item.callId);
    if (item.kind === 'tool_use') this.#pending.push(item);
    if (item.kind !== 'tool_result') return;
    const at = this.#pending.findIndex(({ callId }) => callId === item.callId);
    if (at !== -1) this.#pending.splice(at, 1);
  }
}

function callsWithoutResult(items: readonly Item[]): Item[] {
  const answered = new Set(items.flatMap(({ kind, callId }) => (kind === 'tool_result' ? (callId ?? []) : [])));
  return items.filter(({ kind, callId }) => kind === 'tool_use' && !answered.has(callId ?? ''));
}
