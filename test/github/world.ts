import type { Event } from '../../src/core/event.ts';
import type { Fetch } from '../../src/core/ports.ts';
import { createGitHub } from '../../src/github/client.ts';
import { createPoller, type Poller, type PollTarget } from '../../src/github/poller.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { compileSubscriptions } from '../../src/subscriptions/match.ts';
import { interpret } from '../../src/webhooks/interpret.ts';
import { POLLED_EVENTS } from '../../src/webhooks/poll-options.ts';
import { polledTaker } from '../../src/webhooks/polled.ts';
import { FakeClock } from '../fakes/clock.ts';
import { startFakeGitHub, type FakeGitHub } from '../fakes/github.ts';
import { folder, ledgerIn, recordingLog, steadyRandom, type LogLine } from '../ledger/make.ts';
import { subscriptions } from '../subscriptions/support.ts';

export const REPOSITORY = 'octo/app';
export const MINUTE_MS = 60_000;

/** One run of the daemon, as far as polling is concerned: real ledger, real HTTP, real interpretation. */
export interface Life {
  readonly ledger: Ledger;
  readonly poller: Poller;
  readonly troubles: string[];
  /** Looks and waits as the loop would, for so long. */
  run(ms: number): Promise<void>;
  /** A webhook that was verified. */
  webhook(guid: string, type: string, payload: unknown): Promise<{ id: number; duplicate: boolean }>;
  /** Oldest first. */
  events(): Event[];
  bodyOf(id: number): Record<string, unknown>;
  stop(): Promise<void>;
}

export interface World extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly github: FakeGitHub;
  readonly log: LogLine[];
  /** Counts calls to the ledger; the one of this number throws, as do all after it. */
  dieAt: number;
  begin(target?: Partial<PollTarget>): Promise<Life>;
}

export interface WorldOptions {
  readonly token?: string;
  readonly fetch?: Fetch;
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const clock = new FakeClock();
  const github = await startFakeGitHub(() => clock.wallMs());
  const home = folder();
  const lines = recordingLog();
  let calls = 0;
  let open: Life | undefined;
  const world: World = {
    clock,
    github,
    log: lines.lines,
    dieAt: Infinity,
    async begin(target = {}) {
      calls = 0;
      open = await beginLife(target);
      return open;
    },
    async [Symbol.asyncDispose]() {
      await open?.stop();
      await github[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    },
  };
  return world;

  function mortal<Args extends unknown[], Value>(call: (...args: Args) => Promise<Value>) {
    return async (...args: Args): Promise<Value> => {
      calls += 1;
      if (calls > world.dieAt) throw new Error('killed');
      const value = await call(...args);
      // Done, but nobody lives to hear of it.
      if (calls === world.dieAt) throw new Error('killed');
      return value;
    };
  }

  async function beginLife(target: Partial<PollTarget>): Promise<Life> {
    const ledger = await ledgerIn(home.path, { clock });
    const match = compileSubscriptions(subscriptions({}));
    const take = polledTaker({
      clock,
      append: mortal((draft) => ledger.events.append(draft)),
      read: (delivery) => interpret(delivery, match),
      inStorm: () => false,
      count() {},
    });
    const troubles: string[] = [];
    const poller = createPoller({
      targets: [{ source: 'github', repositories: [REPOSITORY], everyMs: MINUTE_MS, events: POLLED_EVENTS, ...target }],
      github: createGitHub({
        apiUrl: github.url,
        token: options.token,
        fetch: options.fetch ?? ((url, init) => fetch(url, init)),
        clock,
        random: steadyRandom,
      }),
      store: { ...ledger.polls, save: mortal((name, state) => ledger.polls.save(name, state)) },
      take,
      clock,
      random: steadyRandom,
      log: lines,
      onTrouble: (text) => troubles.push(text),
    });
    let stopped = false;
    const life: Life = {
      ledger,
      poller,
      troubles,
      async run(ms) {
        const untilMs = clock.monoMs() + ms;
        for (;;) {
          const waitMs = await poller.step(new AbortController().signal);
          if (clock.monoMs() + waitMs > untilMs) break;
          if (waitMs > 0) await clock.advance(waitMs);
        }
        if (clock.monoMs() < untilMs) await clock.advance(untilMs - clock.monoMs());
      },
      async webhook(guid, type, payload) {
        const receivedAtMs = clock.wallMs();
        const body = Buffer.from(JSON.stringify(payload));
        const headers = { 'x-github-event': type, 'x-github-delivery': guid, 'content-type': 'application/json' };
        const common = { source: 'github', trust: 'outside', receivedAtMs, body } as const;
        const read = interpret({ ...common, kind: 'github', headers, road: 'webhook' }, match);
        const { action, jobs, identity } = read;
        const draft = { ...common, delivery: guid, type, action, contentType: 'application/json', jobs, identity };
        return ledger.events.append(draft);
      },
      events: () => ledger.events.list({ limit: 1_000 }).toReversed(),
      bodyOf: (id) => JSON.parse(Buffer.from(ledger.events.body(id) ?? []).toString('utf8')) as Record<string, unknown>,
      async stop() {
        if (stopped) return;
        stopped = true;
        await ledger[Symbol.asyncDispose]();
      },
    };
    return life;
  }
}

let nextId = 47_000_000_000;

/** An entry of a repository's event list, as the API writes it. Ids do not grow with time. */
export function entry(type: string, payload: unknown, atMs: number, more: Record<string, unknown> = {}) {
  nextId = 47_000_000_000 + ((nextId * 7_919) % 999_999_937);
  return {
    id: String(nextId),
    type,
    actor: { id: 1, login: 'mona', display_login: 'mona', gravatar_id: '', url: 'https://api.github.com/users/mona' },
    repo: { id: 7, name: REPOSITORY, url: `https://api.github.com/repos/${REPOSITORY}` },
    payload,
    public: true,
    created_at: seconds(atMs),
    ...more,
  };
}

/** ISO 8601 as GitHub writes it: whole seconds. */
export function seconds(ms: number): string {
  return new Date(Math.floor(ms / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
}

export function issueOpened(number: number, atMs: number) {
  const issue = {
    id: 1_000 + number,
    number,
    title: `Issue ${number}`,
    html_url: `https://github.com/${REPOSITORY}/issues/${number}`,
    state: 'open',
    user: { login: 'mona' },
    updated_at: seconds(atMs),
  };
  return entry('IssuesEvent', { action: 'opened', issue }, atMs);
}

/** The webhook of the same. */
export function asWebhook({ payload, repo, actor }: ReturnType<typeof entry>): Record<string, unknown> {
  return { ...(payload as object), repository: { id: repo.id, full_name: repo.name }, sender: { login: actor.login } };
}

export function workflowRun(id: number, status: string, createdMs: number, updatedMs: number) {
  return {
    id,
    name: 'CI',
    run_attempt: 1,
    status,
    conclusion: status === 'completed' ? 'failure' : null,
    head_branch: 'main',
    html_url: `https://github.com/${REPOSITORY}/actions/runs/${id}`,
    workflow_id: 9,
    created_at: seconds(createdMs),
    updated_at: seconds(updatedMs),
    actor: { login: 'mona' },
    pull_requests: [],
    repository: { full_name: REPOSITORY },
  };
}
