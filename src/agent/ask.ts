import { formatMicroUsd, type MoneyCap, type MoneySpent } from '../budget/money.ts';
import type { Usage } from '../core/agent.ts';
import { asKairosError, type KairosError } from '../core/errors.ts';
import { reached, type Clock, type Log, type Random } from '../core/ports.ts';
import { AGENT_STOPPED_LATCH, SPEND_CAP_LATCH } from './latches.ts';
import type { Block, Model, ModelReply, ModelRequest } from './model.ts';
import type { Ask, AskContext, Asked, RunCharge } from './ports.ts';
import { affordableOutputTokens, costMicroUsd, reserveMicroUsd, worstUsage, type Prices } from './prices.ts';
import { afterFailure, RETRY_POLICY, type RetryPolicy } from './retry.ts';

/** What a request has cost: to be recorded together with what it brought. Until then its reservation counts in full. */
export interface Charge extends RunCharge {
  readonly reservationId: number;
  readonly usage: Usage;
  readonly requestId: string | null;
  readonly outcome: 'ok' | 'cut' | 'failed';
}

/** The answer of `ask`, with why the budget said no where it did. */
export type Answer = Asked<Charge> & { readonly cap?: MoneyCap | undefined };

/** The ledger of money, with the caps and the time zone that hold now. */
export interface SpendPort {
  reserve(
    draft: {
      readonly jobId: number | null;
      readonly sessionId: number | null;
      readonly model: string;
      readonly purpose: string;
      readonly reactive: boolean;
      readonly microUsd: number;
    },
    nowMs: number,
  ): Promise<
    | { readonly kind: 'reserved'; readonly id: number }
    | { readonly kind: 'refused'; readonly cap: MoneyCap; readonly leftMicroUsd: number; readonly spent: MoneySpent }
  >;
  charge(charge: Charge, nowMs: number): Promise<unknown>;
}

/** Switches that outlive a restart. */
export interface LatchPort {
  get(name: string, nowMs: number): { readonly reason: string; readonly untilMs: number | null } | undefined;
  set(name: string, given: { readonly reason: string; readonly untilMs: number | null }, nowMs: number): Promise<void>;
}

export interface AskPorts {
  readonly model: Model;
  readonly spend: SpendPort;
  readonly latches: LatchPort;
  readonly prices: () => Prices;
  /** Asked instead while the API is overloaded; undefined: nobody. */
  readonly fallback: () => string | undefined;
  /** What the money is written down for: `turn`, `classify`, `dream`. */
  readonly purpose: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly policy?: Partial<RetryPolicy> | undefined;
}

/** A reply cut shorter than this to fit the budget is of no use. */
const OUTPUT_TOKENS_MIN = 1_024;
/** A 429 without `retry-after` and without the API's words may be any server's: it is looked at again then. */
const UNDOCUMENTED_CAP_MS = 3_600_000;
/** When the ledger can't write, as on a full disk. */
const LEDGER_LATER_MS = 60_000;
const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, cacheWriteTokens: 0, cacheReadTokens: 0 };

/**
 * Asks a model within the budget: reserve, request, and a charge that the caller records with the reply. Retries by class
 * of error; what the API is not to be asked again for is never asked again. Attempts that failed before the last one are
 * charged here.
 */
export function createAsk(ports: AskPorts): Ask<Charge> {
  const policy = { ...RETRY_POLICY, ...ports.policy };
  /** Over all runs: how often in a row the API could not be had. */
  const api = { laidAside: 0 };
  return (request, context, signal) => new Asking(ports, policy, api, { request, context, signal }).run();
}

interface Question {
  readonly request: ModelRequest;
  readonly context: AskContext;
  readonly signal: AbortSignal;
}

type Tried =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly error: KairosError; readonly charge: Charge };

/** One question with all its attempts. */
class Asking {
  readonly #ports: AskPorts;
  readonly #policy: RetryPolicy;
  readonly #api: { laidAside: number };
  readonly #question: Question;
  #model: string;
  #code = '';
  #count = 0;

  constructor(ports: AskPorts, policy: RetryPolicy, api: { laidAside: number }, question: Question) {
    this.#ports = ports;
    this.#policy = policy;
    this.#api = api;
    this.#question = question;
    this.#model = question.request.model;
  }

  async run(): Promise<Answer> {
    for (;;) {
      const tried = await this.#try();
      if (tried.kind === 'answer') return tried.answer;
      const answer = await this.#afterFailure(tried.error, tried.charge);
      if (answer !== undefined) return answer;
    }
  }

  async #try(): Promise<Tried> {
    const { context, signal } = this.#question;
    const barred = this.#barred();
    if (barred !== undefined) return { kind: 'answer', answer: barred };
    const reserved = await this.#reserve({ ...this.#question.request, model: this.#model });
    if ('answer' in reserved) return { kind: 'answer', answer: reserved.answer };
    const { id, request } = reserved;
    reached('agent.reserved');
    try {
      const reply = await this.#ports.model.complete(request, context.onDelta, signal);
      reached('agent.replied');
      this.#api.laidAside = 0;
      return { kind: 'answer', answer: { kind: 'reply', reply, charge: this.#chargeOf(id, request, reply) } };
    } catch (thrown) {
      const error = asKairosError(thrown);
      // A defect: what it cost is not known, and its reservation goes on counting.
      if (!error.code.startsWith('MODEL_')) throw error;
      return { kind: 'failed', error, charge: this.#failedCharge(id, request, error) };
    }
  }

  /** What keeps anything from being asked. */
  #barred(): Answer | undefined {
    const { clock, latches } = this.#ports;
    if (this.#question.signal.aborted) return ended('MODEL_ABORTED', 'the run was cut off');
    const stopped = latches.get(AGENT_STOPPED_LATCH, clock.wallMs());
    if (stopped !== undefined) return ended('AGENT_STOPPED', `the agent is stopped: ${stopped.reason}`);
    const spent = latches.get(SPEND_CAP_LATCH, clock.wallMs());
    return spent && ended('MODEL_SPEND_CAP', spent.reason);
  }

  /** Reserves the most the request can cost. Where that is too much, a shorter reply may still be affordable. */
  async #reserve(
    request: ModelRequest,
  ): Promise<{ readonly id: number; readonly request: ModelRequest } | { readonly answer: Answer }> {
    const prices = this.#ports.prices();
    try {
      const whole = await this.#reserveFor(request, prices);
      if (whole.kind === 'reserved') return { id: whole.id, request };
      const outputTokensMax = affordableOutputTokens(request, whole.leftMicroUsd, prices);
      if (outputTokensMax >= OUTPUT_TOKENS_MIN && outputTokensMax < request.outputTokensMax) {
        const shorter = { ...request, outputTokensMax };
        const less = await this.#reserveFor(shorter, prices);
        if (less.kind === 'reserved') return { id: less.id, request: shorter };
      }
      const reason = budgetReason(whole, reserveMicroUsd(request, prices));
      return { answer: { ...ended('BUDGET_SPENT', reason), cap: whole.cap } };
    } catch (thrown) {
      const { code, message } = asKairosError(thrown);
      if (code === 'MODEL_UNKNOWN') return { answer: ended(code, message) };
      if (code === 'INTERNAL') throw thrown;
      const untilMs = this.#ports.clock.wallMs() + LEDGER_LATER_MS;
      return { answer: { kind: 'later', untilMs, reason: `money could not be reserved: ${message}` } };
    }
  }

  #reserveFor(request: ModelRequest, prices: Prices) {
    const { spend, purpose, clock } = this.#ports;
    const { jobId, sessionId, reactive } = this.#question.context;
    const microUsd = reserveMicroUsd(request, prices);
    return spend.reserve({ jobId, sessionId, reactive, purpose, model: request.model, microUsd }, clock.wallMs());
  }

  /** @returns The answer, if this was the last attempt. */
  async #afterFailure(error: KairosError, charge: Charge): Promise<Answer | undefined> {
    const { context, signal, request } = this.#question;
    this.#count = this.#code === error.code ? this.#count + 1 : 1;
    this.#code = error.code;
    const fallback = this.#ports.fallback();
    const fallbackLeft = fallback !== undefined && fallback !== request.model && this.#model === request.model;
    const failure = {
      code: error.code,
      retryAfterMs: msOf(error.detail['retryAfterMs']),
      count: this.#count,
      reactive: context.reactive,
      fallbackLeft,
      laidAside: this.#api.laidAside,
    };
    const step = afterFailure(failure, this.#policy, this.#ports.random.fraction());
    const fields = { code: error.code, model: this.#model, count: this.#count, next: step.kind };
    this.#ports.log.warn(fields, 'model request failed');
    if (step.kind === 'end') return this.#end(error, charge);
    if (step.kind === 'later') {
      this.#api.laidAside += 1;
      const untilMs = this.#ports.clock.wallMs() + step.delayMs;
      return { kind: 'later', untilMs, reason: error.message, charge };
    }
    await this.#chargeNow(charge);
    // Whoever watches has seen the beginning of a reply that will come anew.
    if (partialOf(error).length > 0) context.onDelta({ kind: 'text', text: '\n' });
    if (step.kind === 'again') await this.#ports.clock.sleep(step.delayMs, signal);
    else {
      this.#model = fallback ?? this.#model;
      this.#count = 0;
    }
    return undefined;
  }

  async #end(error: KairosError, charge: Charge): Promise<Answer> {
    if (error.code === 'MODEL_SPEND_CAP') await this.#setSpendCap(error);
    const partial = partialOf(error);
    const { code, message: reason } = error;
    return { kind: 'ended', code, reason, charge, ...(partial.length === 0 ? {} : { partial }) };
  }

  /** From here on nothing is asked until the limit is a new one. */
  async #setSpendCap(error: KairosError): Promise<void> {
    const { clock, latches, log } = this.#ports;
    const nowMs = clock.wallMs();
    const untilMs = error.detail['documented'] === true ? nextMonthMs(nowMs) : nowMs + UNDOCUMENTED_CAP_MS;
    const until = Temporal.Instant.fromEpochMilliseconds(untilMs).toString({ smallestUnit: 'minute' });
    const reason = `the API says that its spending limit is reached; nothing is asked before ${until} (kairos start --agent asks again)`;
    log.error({ until }, 'spending limit at the API reached');
    await latches.set(SPEND_CAP_LATCH, { reason, untilMs }, nowMs);
  }

  /** Between two attempts. When it can't be written, the reservation goes on counting: too much, never too little. */
  async #chargeNow(charge: Charge): Promise<void> {
    const { spend, clock, log } = this.#ports;
    try {
      await spend.charge(charge, clock.wallMs());
    } catch (error) {
      log.warn({ code: asKairosError(error).code }, 'an attempt could not be charged');
    }
  }

  #chargeOf(reservationId: number, { model }: ModelRequest, { usage, requestId }: ModelReply): Charge {
    const microUsd = costMicroUsd(model, usage, this.#ports.prices());
    return { reservationId, microUsd, usage, requestId, outcome: 'ok' };
  }

  /** What was counted before it broke; its input, where nothing was; nothing, where the API has said no. */
  #failedCharge(reservationId: number, request: ModelRequest, { detail }: KairosError): Charge {
    const requestId = typeof detail['requestId'] === 'string' ? detail['requestId'] : null;
    if (detail['billable'] !== true) {
      return { reservationId, microUsd: 0, usage: NO_USAGE, requestId, outcome: 'failed' };
    }
    const usage = (detail['usage'] as Usage | undefined) ?? worstUsage(request, 0);
    const microUsd = costMicroUsd(request.model, usage, this.#ports.prices());
    return { reservationId, microUsd, usage, requestId, outcome: 'cut' };
  }
}

function ended(code: Extract<Answer, { readonly kind: 'ended' }>['code'], reason: string) {
  return { kind: 'ended', code, reason } as const;
}

/** For the owner: which cap, what it has left, and what this would have cost at most. */
function budgetReason(
  { cap, leftMicroUsd, spent }: { readonly cap: MoneyCap; readonly leftMicroUsd: number; readonly spent: MoneySpent },
  wantedMicroUsd: number,
): string {
  const wanted = `this reply may cost ${formatMicroUsd(wantedMicroUsd)}, and ${formatMicroUsd(leftMicroUsd)} is left`;
  switch (cap) {
    case 'run':
      return `the budget of this run is spent (${formatMicroUsd(spent.runMicroUsd)}): ${wanted} (budget.money.perRun)`;
    case 'owner-share':
      return `the rest of today's budget is kept for what the owner asks: ${wanted} (budget.money.ownerShare)`;
    default:
      return `today's budget is spent (${formatMicroUsd(spent.dayMicroUsd)}): ${wanted} (budget.money.perDay)`;
  }
}

/** Spending limits of the API are by the month, in UTC. */
function nextMonthMs(nowMs: number): number {
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO('UTC');
  return now.toPlainDate().with({ day: 1 }).add({ months: 1 }).toZonedDateTime('UTC').epochMilliseconds;
}

function partialOf({ detail }: KairosError): readonly Block[] {
  return Array.isArray(detail['partial']) ? (detail['partial'] as Block[]) : [];
}

function msOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
