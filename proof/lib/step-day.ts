import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { StepName } from '../../src/core/ports.ts';
import { deliveryKey } from '../../src/ledger/delivery-keys.ts';
import { openDatabase } from '../../src/ledger/database.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { MIGRATIONS } from '../../src/ledger/migrations.ts';
import { sessionFile } from '../../test/dream/make.ts';
import { text, toolUse, type ReceivedRequest, type ScriptedReply } from '../../test/fakes/messages-server.ts';
import type { Arming } from './arm-steps.ts';
import { beginDaemon, type DaemonProcess } from './daemon.ts';
import { inputTokensOf, OUTPUT_TOKENS } from './agent-script.ts';
import { postGithub, type GithubDelivery } from './sender.ts';
import type { StepWorld } from './step-world.ts';

/** A minute of the daemon's is two seconds. */
export const RATE = 30;
const DAY_MS = 86_400_000;
/** What is remembered, by the number of the plan. */
export const FACTS: Readonly<Record<number, string>> = {
  2: 'The shop has a red door.',
  5: 'Bread is delivered on Mondays.',
  6: 'Receipts are printed in two languages.',
};
const UNDO_TRIES_MAX = 5;
const SLOW = ['sh', '-c', 'echo begun; sleep 0.4'];
export const PEACE = '- The owner wrote this in peace.';
export const OWNERS_LINE = '- The owner wrote this while it was being replaced.';

export interface DayOptions {
  readonly home: string;
  readonly repository: string;
  /** Where the model and the owner's channel listen. */
  readonly model: string;
  readonly channel: string;
  /** The chats, GitHub and the other hosts. */
  readonly world: StepWorld;
  /** When the day begins, by the real clock. */
  readonly sinceMs: number;
  /** What each start of the daemon is armed with, in order; the starts after these are not armed. */
  readonly arms: readonly { readonly step: StepName; readonly hit: number }[];
  readonly hits?: string | undefined;
}

/** What was promised to whoever sent something. */
export interface Promised {
  readonly deliveries: readonly { readonly delivery: GithubDelivery; readonly id: string }[];
  readonly said: readonly { readonly number: number; readonly event: string }[];
  /** The number of the run that was undone. */
  readonly undone: number;
  /** How each process ended, in order. */
  readonly ends: readonly string[];
}

/** A home as a version before this one left it, a hundred days ago. */
export function layOutHome(options: DayOptions): void {
  const { home } = options;
  writeFileSync(join(home, 'config.yaml'), configOf(options, []));
  for (let index = 0; index < 3; index += 1) {
    const [path, words] = sessionFile(`old${index}`, [`Our server ${'abc'[index]}lpha runs on port ${5_000 + index}.`]);
    write(join(home, path), words);
  }
  write(
    join(home, 'memory/topics/shop.md'),
    '---\nname: shop\ntype: project\ndescription: the shop\n---\n- The shop is small.\n',
  );
  const database = openDatabase(join(home, 'ledger.db'), process.platform);
  migrate(database, MIGRATIONS.slice(0, -1));
  const atMs = Date.now() - 100 * DAY_MS;
  const insert = `INSERT INTO events (id, source, delivery, type, trust, received_at, content_type, delivery_key, body_bytes, body_ref, body)
    VALUES (?, 'github', ?, 'push', 'outside', ?, 'application/json', ?, 4, ?, ?)`;
  for (const id of [1, 2, 3]) {
    const large = id === 2;
    const body = large ? null : Buffer.from('{}');
    const key = deliveryKey('github', `old-${id}`);
    database.statement(insert).run(id, `old-${id}`, atMs, key, large ? 1 : null, body);
  }
  for (let piece = 0; piece < 6; piece += 1)
    database.statement('INSERT INTO body_chunks (ref, bytes) VALUES (1, ?)').run(Buffer.alloc(10_000, piece));
  database.close();
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, content, { mode: 0o600 });
}

function configOf({ repository, channel, world }: DayOptions, more: readonly object[]): string {
  const told = { topic: '{repository.full_name}', text: '{repository.full_name} {ref}' };
  return JSON.stringify({
    timezone: 'UTC',
    workspaces: [{ path: repository }],
    budget: {
      blocking: '5s',
      windows: [{ per: '15s', max: 1_000 }],
      money: { perDay: 10_000, perRun: 1_000 },
      // What is not an answer goes everywhere, wherever the owner was heard.
      presence: 'off',
    },
    agent: { limits: { toolResultBytes: '2KB' } },
    dream: { minSessions: 0, minHours: 8_000, model: 'off' },
    notify: [{ kind: 'webhook', url: channel }, ...world.config.notify],
    sources: [{ name: 'github', kind: 'github' }, ...world.config.sources],
    subscriptions: [
      { name: 'log-push', source: 'github', event: 'push', do: 'log', ...told },
      { name: 'tell-push', source: 'github', event: 'push', do: 'notify', ...told },
      ...world.config.subscriptions,
      ...more,
    ],
    schedules: [
      { name: 'beat', every: '1m', do: 'notify', topic: 'beat', text: 'tick' },
      // Not to the end: a slot that comes due as the daemon stops would wait for the next start.
      ...(more.length > 0 ? [] : [{ name: 'slow', every: '2m', do: 'command', argv: SLOW }]),
      { name: 'daily', cron: '0 0 1 1 *', do: 'digest' },
      ...world.config.schedules,
    ],
  });
}

/** What the model does when it is asked "DO what number". */
export function dayModel({ body, raw }: ReceivedRequest): ScriptedReply {
  const usage = { input_tokens: inputTokensOf(raw), output_tokens: 1 };
  const finalUsage = { output_tokens: OUTPUT_TOKENS };
  let plan = { what: 'words', number: 0, step: 0 };
  for (const { content } of body.messages)
    for (const block of content) {
      const [, what, number] = /^DO (\w+) (\d+)$/.exec(String(block['text'])) ?? [];
      if (what !== undefined) plan = { what, number: Number(number), step: 0 };
      else if (block.type === 'tool_result') plan = { ...plan, step: plan.step + 1 };
    }
  const id = `toolu_${plan.number}_${plan.step}`;
  const call = plan.step > 0 ? undefined : callOf(plan.what, plan.number, id);
  const blocks = call === undefined ? [text(`Plan ${plan.number} is done.`)] : [text('Now this.'), call];
  return { blocks, usage, finalUsage };
}

function callOf(what: string, number: number, id: string) {
  if (what === 'write') return toolUse('write', { path: `made-${number}.txt`, content: `made by ${id}\n` }, id);
  if (what === 'look') return toolUse('grep', { pattern: 'long file', path: 'LONG.md' }, id);
  if (what === 'ask') return toolUse('shell', { command: `echo ${id} >> log.txt; curl -s http://127.0.0.1:9/` }, id);
  if (what !== 'remember') return undefined;
  const fact = { topic: 'shop', type: 'project', text: FACTS[number] ?? '' };
  return toolUse('memory', { action: 'remember', ...fact }, id);
}

/** A day that passes every step, whatever ends the daemon in between: then it is started anew, and the day goes on. */
export class Day {
  readonly #options: DayOptions;
  readonly #deliveries: { delivery: GithubDelivery; id: string }[] = [];
  readonly #said: { number: number; event: string }[] = [];
  readonly #ends: string[] = [];
  #daemon: DaemonProcess | undefined;
  #starts = 0;
  #number = 0;

  constructor(options: DayOptions) {
    this.#options = options;
  }

  async live(): Promise<Promised> {
    const { home, world } = this.#options;
    for (let n = 0; n < 3; n += 1) await this.#deliver(`small-${n}`, 100);
    await this.#deliver('large', 400_000);
    await this.#deliver('large', 400_000);
    await this.#run('daily');
    // Nothing else is in the foreground, so that it is moved to the background.
    await this.#until(hasRunSlow);
    world.speak();
    if (world.hasHosts) await this.#ask('/api/schedules/far/run', {});
    await this.#ask('/api/subscribe', { ref: world.followed, poll: true });
    await this.#until(async () => world.happen(home));
    let written = { job: await this.#say('write'), number: this.#number };
    await this.#say('remember');
    await this.#say('look');
    await this.#say('ask');
    await this.#ask('/api/dream', { now: true, dryRun: false });
    appendFileSync(join(home, 'memory/topics/shop.md'), `${PEACE}\n`);
    await this.#say('remember');
    await this.#say('remember');
    // A machine that is busy may need more than a minute of the day to compare what a run changed: then another run is undone.
    for (let tries = 0; tries < UNDO_TRIES_MAX; tries += 1) {
      if (!isTooSlow(await this.#ask(`/api/jobs/${written.job}/undo`, {}))) break;
      written = { job: await this.#say('write'), number: this.#number };
    }
    const more = { name: 'tell-star', source: 'github', event: 'star', do: 'notify', topic: 'star', text: 'a star' };
    writeFileSync(join(home, 'config.yaml'), configOf(this.#options, [more]));
    await this.#until(async (daemon) => JSON.stringify(await daemon.get('/api/subscriptions')).includes('tell-star'));
    await this.#deliver('star', 100, 'star');
    for (const n of [1, 2]) await this.#deliver(`huge-${n}`, 18_000_000);
    // The housekeeping has its minute, and everything ends.
    await sleep(Math.max(0, 75_000 / RATE - 1));
    let open: string | undefined;
    const isSettled = async (): Promise<boolean> => (open = await world.waitsFor(home)) === undefined;
    await this.#until(isSettled, () => `it waits for ${open}`);
    await this.#until(isQuiet);
    await this.#stop();
    return { deliveries: this.#deliveries, said: this.#said, undone: written.number, ends: this.#ends };
  }

  async #start(): Promise<DaemonProcess> {
    const { home, model, world, arms, hits, sinceMs } = this.#options;
    const kill = arms[this.#starts];
    this.#starts += 1;
    const path = join(home, 'memory/topics/shop.md');
    const marker = hits === undefined ? undefined : `${hits}.edited`;
    const edit = { step: 'memory.begun', path, after: PEACE, text: `${OWNERS_LINE}\n`, marker } as const;
    const arming: Arming = { rate: RATE, sinceMs, kill, edit, hits };
    const env = {
      ...world.env,
      ANTHROPIC_BASE_URL: model,
      NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'arm-steps.ts')).href}`,
      KAIROS_PROOF_STEPS: JSON.stringify(arming),
    };
    return beginDaemon(home, { env, readyMsMax: 30_000 }).ready;
  }

  /** The daemon as it runs, or runs again. */
  async #alive(): Promise<DaemonProcess> {
    for (let starts = 0; this.#daemon === undefined || !this.#daemon.alive(); starts += 1) {
      if (this.#daemon !== undefined) this.#ends.push('killed');
      this.#daemon = undefined;
      if (starts > 4) throw new Error(`the daemon does not start any more: ${this.#ends.at(-1)}`);
      try {
        this.#daemon = await this.#start();
      } catch (error) {
        this.#ends.push(`not ready: ${String(error).slice(0, 1_500)}`);
      }
    }
    return this.#daemon;
  }

  /** Does something until the daemon has lived to answer it. */
  async #insist<T>(act: (daemon: DaemonProcess) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      const daemon = await this.#alive();
      try {
        return await act(daemon);
      } catch (error) {
        if (tries > 4) throw error;
        // A process that was just killed is seen to be gone a moment later.
        for (let looks = 0; looks < 40 && daemon.alive(); looks += 1) await sleep(50);
        if (daemon.alive()) throw error;
      }
    }
  }

  async #until(
    holds: (daemon: DaemonProcess) => Promise<boolean>,
    why = (): string => holds.toString().slice(0, 120),
  ): Promise<void> {
    const endMs = performance.now() + 40_000;
    while (!(await this.#insist(holds))) {
      if (performance.now() > endMs) throw new Error(`it did not come about: ${why()}`);
      await sleep(20);
    }
  }

  async #deliver(name: string, bytes: number, event = 'push'): Promise<void> {
    const body = Buffer.from(
      JSON.stringify({ ref: name, repository: { full_name: 'acme/app' }, pad: 'x'.repeat(bytes) }),
    );
    const delivery = { id: name, event, body };
    const id = await this.#insist(async (daemon) => {
      const { status, text: answer } = await postGithub(daemon.url, delivery);
      if (status >= 300) throw new Error(`a delivery was answered ${status}: ${answer}`);
      return (JSON.parse(answer) as { id: string }).id;
    });
    this.#deliveries.push({ delivery, id });
  }

  async #ask(path: string, body: object): Promise<unknown> {
    return this.#insist(async (daemon) => (await daemon.send(path, body)).body);
  }

  /** @returns The job, which has ended. */
  async #say(what: string): Promise<string> {
    this.#number += 1;
    const number = this.#number;
    const { event, job } = await this.#insist(async (daemon) => {
      const { body } = await daemon.send('/api/say', { text: `DO ${what} ${number}` });
      return body as { event: { id: string }; job: { id: string } };
    });
    this.#said.push({ number, event: event.id });
    await this.#until(async (daemon) => {
      await allowAll(daemon);
      const { state } = (await daemon.get(`/api/jobs/${job.id}`)) as { state: string };
      return ['succeeded', 'failed', 'dead'].includes(state);
    });
    return job.id;
  }

  async #run(name: string): Promise<void> {
    await this.#ask(`/api/schedules/${name}/run`, {});
    await this.#until(isQuiet);
  }

  async #stop(): Promise<void> {
    const daemon = await this.#alive();
    this.#ends.push(String(await daemon.stop()));
    if (this.#ends.at(-1) === '0') return;
    const again = await this.#start();
    this.#ends.push(String(await again.stop()));
  }
}

function isTooSlow(answer: unknown): boolean {
  return JSON.stringify(answer).includes('took longer than');
}

async function allowAll(daemon: DaemonProcess): Promise<void> {
  const { items } = (await daemon.get('/api/approvals?state=pending')) as { items: { id: string }[] };
  for (const { id } of items) await daemon.send(`/api/approvals/${id}`, { decision: 'allow' });
}

async function hasRunSlow(daemon: DaemonProcess): Promise<boolean> {
  const { items } = (await daemon.get('/api/jobs?state=succeeded&limit=500')) as { items: { origin: string }[] };
  return items.some(({ origin }) => origin === 'slow');
}

/** Nothing is left to be done; the beat goes on all the time. */
async function isQuiet(daemon: DaemonProcess): Promise<boolean> {
  await allowAll(daemon);
  for (const list of ['/api/jobs?state=queued', '/api/jobs?state=running', '/api/messages?state=queued'])
    if (((await daemon.get(`${list}&limit=1`)) as { items: unknown[] }).items.length > 0) return false;
  return true;
}
