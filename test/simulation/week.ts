import { createHmac } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Box, GITHUB_SECRET, WARM_SEED } from './box.ts';
import { TOPICS, TYPES, type Command, type DeliveryType, type WeekCommands } from './commands.ts';
import { configOf, originsOf, ZONE } from './config.ts';
import { checkNow, checkWeek, type Broken } from './invariants.ts';
import type { Outside } from './outside.ts';
import { readHome, traceOf, type HomeRows } from './rows.ts';

/** What is known of a delivery without asking the daemon. */
export interface SentDelivery {
  readonly id: string;
  readonly type: DeliveryType;
  readonly topic: string;
  readonly body: string;
  /** Of whole answers with 2xx. */
  readonly answers: { readonly id: string; readonly duplicate: boolean }[];
  /** What had to follow when it was first taken; undefined while nobody knows whether it was. */
  origins: readonly string[] | undefined;
  /** The daemon was gone, or refused it, before it answered. */
  doubtful: boolean;
}

/** The reference: plain facts about what was done to the box, and what must have come of it. */
export interface Reference {
  readonly deliveries: SentDelivery[];
  readonly said: { readonly what: string; readonly number: number; readonly event: string; readonly job: string }[];
  /** Lines that the owner wrote into the memory. */
  readonly written: string[];
  /** What the owner allowed, by the number of the approval. */
  readonly allowed: Set<string>;
  /** The configuration in force. */
  variant: number;
  /** When it began to be, by the wall clock of the daemon. */
  readonly extra: { fromMs: number; toMs: number }[];
  /** The furthest that the wall clock ever stood, and whether somebody set it. */
  wallMsMax: number;
  readonly startedMs: number;
  jumped: boolean;
}

export interface WeekResult {
  readonly broken: readonly Broken[];
  /** SHA-256 of all rows, files and receipts: the same commands give the same one. */
  readonly trace: string;
  readonly figures: Readonly<Record<string, number>>;
  /** What is left, for whoever wants to look closer. */
  readonly home: HomeRows;
  readonly outside: Outside;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const LOCK_MS_MAX = 240_000;

/** Everything the daemon loads when it is first needed is loaded: the first week takes no other course than the later ones. */
const WARM: WeekCommands = {
  monday: '2026-06-08',
  commands: [
    { kind: 'say', what: 'remember' },
    { kind: 'say', what: 'dangerous' },
    { kind: 'decide', allow: true },
    { kind: 'config', variant: 1, hot: true },
    { kind: 'pass', ms: 3 * HOUR_MS },
  ],
};
let warm: Promise<unknown> | undefined;

/**
 * A week of a box to which these things happen.
 *
 * @param days Fewer, for whoever has no time. What is left of the commands then does not happen.
 */
export async function liveWeek(week: WeekCommands, seed: number, days = 7): Promise<WeekResult> {
  warm ??= liveFor(WARM, WARM_SEED, HOUR_MS);
  await warm;
  return liveFor(week, seed, days * DAY_MS);
}

async function liveFor({ monday, commands }: WeekCommands, seed: number, forMs: number): Promise<WeekResult> {
  const wallMs = Temporal.PlainDate.from(monday).toZonedDateTime({
    timeZone: ZONE,
    plainTime: '06:17',
  }).epochMilliseconds;
  const outside: Outside = { receipts: [], requests: [], microUsd: 0, channel: 'well', model: 'well' };
  await using box = new Box({ seed, wallMs, outside });
  const reference: Reference = {
    deliveries: [],
    said: [],
    written: [],
    allowed: new Set(),
    variant: 0,
    extra: [],
    wallMsMax: wallMs,
    startedMs: wallMs,
    jumped: false,
  };
  layOut(box);
  await box.start();
  const week = new Week(box, reference);
  const broken: Broken[] = [];
  for (const [index, command] of commands.entries()) {
    if (box.clock.trueMs > forMs) break;
    const lives = box.lives;
    await week.happen(command);
    await box.clock.rest();
    if (box.lives !== lives)
      broken.push(...checkNow(box, reference, await box.running()).map((one) => ({ ...one, after: index })));
    if (broken.length > 0) break;
  }
  if (broken.length === 0) {
    await week.end(forMs);
    const busySteps = await week.idleSteps();
    await box.stop();
    await box.start();
    await box.stop();
    broken.push(...checkWeek(box, reference, busySteps));
  }
  const home = readHome(box);
  const figures = {
    lives: box.lives,
    events: home.events.length,
    jobs: home.jobs.length,
    messages: home.messages.length,
    receipts: outside.receipts.length,
    requests: outside.requests.length,
    dreams: home.dreams.length,
    generations: home.generations.length,
    slots: home.slots.length,
  };
  return { broken, trace: traceOf(home, outside), figures, home, outside };
}

function layOut(box: Box): void {
  writeFileSync(join(box.home, 'config.yaml'), JSON.stringify(configOf(0, box.workspace)));
  const topic = join(box.home, 'memory/topics/house.md');
  mkdirSync(dirname(topic), { recursive: true });
  writeFileSync(topic, '---\nname: house\ntype: project\ndescription: the house\n---\n- The house has two doors.\n');
}

/** Does one thing after the other to a box, and keeps account of it. */
class Week {
  readonly #box: Box;
  readonly #reference: Reference;
  #number = 0;
  #lock: DatabaseSync | undefined;

  constructor(box: Box, reference: Reference) {
    this.#box = box;
    this.#reference = reference;
  }

  async happen(command: Command): Promise<void> {
    const box = this.#box;
    const { outside } = box;
    box.clock.stir();
    switch (command.kind) {
      case 'pass':
        await this.#pass(command.ms);
        break;
      case 'deliver':
        await this.#deliver(command.type, command.topic);
        if (command.twice) await this.#redeliver(this.#reference.deliveries.at(-1));
        break;
      case 'again':
        await this.#redeliver(
          this.#reference.deliveries[command.which % Math.max(1, this.#reference.deliveries.length)],
        );
        break;
      case 'storm':
        for (let count = 0; count < command.count; count += 1) await this.#deliver(command.type, command.topic);
        break;
      case 'large':
        await this.#deliver('push', 0, command.kilobytes);
        break;
      case 'say':
        await this.#say(command.what);
        break;
      case 'decide':
        await this.#decide(command.allow);
        break;
      case 'jump':
        box.clock.jump(command.ms);
        this.#reference.jumped = true;
        await this.#pass(1_000);
        break;
      case 'sleep':
        box.clock.standStill(command.ms);
        await this.#pass(1_000);
        break;
      case 'crash':
        await this.#crash(command);
        break;
      case 'restart':
        this.#healDisk();
        await box.stop(command.awayMs);
        await box.start();
        break;
      case 'config':
        await this.#config(command.variant, command.hot);
        break;
      case 'channel':
        outside.channel = command.mode;
        break;
      case 'model':
        outside.model = command.mode;
        break;
      case 'disk':
        this.#disk(command.fault);
        break;
      case 'edit':
        this.#edit(command.line);
        break;
      case 'mute':
        await box.api('/api/mute', { topic: topicOf(command.topic), duration: `${command.minutes}m` });
        break;
    }
    this.#reference.wallMsMax = Math.max(this.#reference.wallMsMax, box.clock.wallMs());
  }

  /** All is well again, the owner answers what is asked, and everything has the time to end. */
  async end(forMs: number): Promise<void> {
    const box = this.#box;
    this.#healDisk();
    box.outside.channel = 'well';
    box.outside.model = 'well';
    for (const sent of this.#reference.deliveries) if (sent.answers.length === 0) await this.#redeliver(sent);
    await this.#pass(Math.max(HOUR_MS, forMs - box.clock.trueMs));
    await this.#decide(false);
    await this.#pass(14 * HOUR_MS);
    // To a time of the day when nothing is due, and what is in quiet hours has gone out.
    const noon = Temporal.Instant.fromEpochMilliseconds(box.clock.wallMs()).toZonedDateTimeISO(ZONE);
    const next = noon.with({ hour: 10, minute: 40, second: 0, millisecond: 0 }).add({ days: 1 });
    await this.#pass(next.epochMilliseconds - box.clock.wallMs());
  }

  /** @returns how many commits an hour without any stimulus takes. */
  async idleSteps(): Promise<number> {
    const before = commitsOf(await this.#box.get('/api/status'));
    await this.#pass(HOUR_MS);
    return commitsOf(await this.#box.get('/api/status')) - before;
  }

  async #pass(ms: number): Promise<void> {
    // A ledger that can't be written is tried again every second.
    const brokenMs = this.#lock === undefined ? 0 : Math.min(ms, LOCK_MS_MAX);
    await this.#box.clock.pass(brokenMs);
    if (brokenMs === LOCK_MS_MAX) this.#healDisk();
    await this.#box.clock.pass(ms - brokenMs);
    this.#reference.wallMsMax = Math.max(this.#reference.wallMsMax, this.#box.clock.wallMs());
  }

  async #deliver(type: DeliveryType, topic: number, kilobytes = 0): Promise<void> {
    const n = this.#reference.deliveries.length + 1;
    const words = { n, topic: topicOf(topic), ...(kilobytes > 0 && { pad: 'x'.repeat(kilobytes * 1_024) }) };
    const sent = {
      id: `d${n}`,
      type,
      topic: topicOf(topic),
      body: JSON.stringify(words),
      answers: [],
      origins: undefined,
      doubtful: false,
    };
    this.#reference.deliveries.push(sent);
    await this.#redeliver(sent);
  }

  async #redeliver(sent: SentDelivery | undefined): Promise<void> {
    if (sent === undefined) return;
    const { id, type, body } = sent;
    const { variant } = this.#reference;
    const headers = {
      'content-type': 'application/json',
      'x-github-event': type,
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${createHmac('sha256', GITHUB_SECRET).update(body).digest('hex')}`,
    };
    const answer = await this.#box.post('/webhooks/github', headers, body);
    if (answer === undefined || answer.status >= 300) {
      sent.doubtful = true;
      return;
    }
    const { id: event, duplicate } = answer.body as { id: string; duplicate: boolean };
    if (sent.answers.length === 0 && !sent.doubtful) sent.origins = originsOf(type, variant);
    sent.answers.push({ id: event, duplicate });
  }

  async #say(what: string): Promise<void> {
    this.#number += 1;
    const number = this.#number;
    const text = what === 'status' ? '/status' : `DO ${what} ${number}`;
    const answer = await this.#box.api('/api/say', { text });
    if (answer === undefined || answer.status >= 300) return;
    const { event, job } = answer.body as { event: { id: string }; job: { id: string } };
    this.#reference.said.push({ what, number, event: event.id, job: job.id });
    await this.#pass(1_000);
  }

  async #decide(allow: boolean): Promise<void> {
    const { items } = (await this.#box.get('/api/approvals?state=pending')) as { items: { id: string }[] };
    for (const { id } of items) {
      const answer = await this.#box.api(`/api/approvals/${id}`, { decision: allow ? 'allow' : 'deny' });
      // Cut off in the middle: it may have been heard.
      if (allow && (answer === undefined || answer.status < 300)) this.#reference.allowed.add(id);
    }
    await this.#pass(1_000);
  }

  async #crash({ at, awayMs, during }: Extract<Command, { kind: 'crash' }>): Promise<void> {
    this.#healDisk();
    await this.#box.crash(at, awayMs, async () => {
      if (during === 'deliveries')
        for (let n = 0; n < 6; n += 1)
          await this.#deliver(TYPES[(at.length + n) % TYPES.length] as DeliveryType, n % TOPICS);
      if (during === 'talk') {
        await this.#say(at.length % 2 === 0 ? 'remember' : 'dangerous');
        await this.#decide(true);
      }
      await this.#pass(5 * 60_000);
    });
    for (const sent of this.#reference.deliveries) if (sent.answers.length === 0) await this.#redeliver(sent);
  }

  async #config(variant: number, hot: boolean): Promise<void> {
    const box = this.#box;
    this.#healDisk();
    if (variant === this.#reference.variant) return;
    const had = this.#reference.variant % 2 === 1;
    const has = variant % 2 === 1;
    if (has && !had) this.#reference.extra.push({ fromMs: box.clock.wallMs(), toMs: Infinity });
    const config = configOf(variant, box.workspace);
    if (hot) await box.editConfig(config);
    else {
      await box.stop();
      writeFileSync(join(box.home, 'config.yaml'), JSON.stringify(config));
      await box.start();
    }
    if (had && !has) (this.#reference.extra.at(-1) as { toMs: number }).toMs = box.clock.wallMs();
    this.#reference.variant = variant;
  }

  /** `ledger`: no commit is possible. `logs`: the daily log can't be written. */
  #disk(fault: 'ledger' | 'logs' | 'well'): void {
    this.#healDisk();
    const { home } = this.#box;
    if (fault === 'ledger') {
      this.#lock = new DatabaseSync(join(home, 'ledger.db'), { timeout: 0 });
      this.#lock.exec('BEGIN IMMEDIATE');
    }
    if (fault === 'logs') {
      if (existsSync(join(home, 'logs'))) renameSync(join(home, 'logs'), join(home, 'logs.away'));
      writeFileSync(join(home, 'logs'), 'in the way');
    }
  }

  #healDisk(): void {
    const { home } = this.#box;
    if (this.#lock !== undefined) {
      this.#lock.exec('ROLLBACK');
      this.#lock.close();
      this.#lock = undefined;
    }
    const logs = join(home, 'logs');
    if (existsSync(logs) && statSync(logs).isFile()) rmSync(logs);
    if (existsSync(`${logs}.away`)) renameSync(`${logs}.away`, logs);
  }

  #edit(line: number): void {
    const text = `- The owner noted number ${line}.`;
    if (this.#reference.written.includes(text)) return;
    this.#reference.written.push(text);
    appendFileSync(join(this.#box.home, 'memory/topics/house.md'), `${text}\n`);
  }
}

function topicOf(topic: number): string {
  return `acme/app${topic}`;
}

function commitsOf(status: unknown): number {
  return Number(/"commits":(\d+)/.exec(JSON.stringify(status))?.[1] ?? 0);
}
