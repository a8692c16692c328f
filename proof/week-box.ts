/**
 * The box of a simulated week, as a process of its own: the real daemon over a clock that is moved by hand. It lives until
 * the week is over, or until the plan has it kill itself with SIGKILL; the next one goes on from `world.json`.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import type { Fetch, Log } from '../src/core/ports.ts';
import { loadConfig } from '../src/daemon/config.ts';
import { readSecrets } from '../src/daemon/secrets.ts';
import { startDaemon, type Daemon } from '../src/daemon/start.ts';
import { createRedactor } from '../src/redact/redactor.ts';
import { createDice, type Dice } from './lib/seed.ts';
import { oneConnection, post } from './lib/sender.ts';
import { WeekClock } from './lib/week-clock.ts';
import { planWeek, type Delivery, type Happening, type Season, type WeekPlan } from './lib/week-plan.ts';

/** Where the world stands: what a process that is killed leaves to the next. */
interface World {
  readonly wallMs: number;
  readonly life: number;
  /** Happenings before this one are over. */
  readonly next: number;
}

const TOKEN = 'week-token-0123456789';
const SECRET = 'week-secret-0123456789';
const [home = '', seedText = '', season = ''] = process.argv.slice(2);

const plan = planWeek(Number(seedText), season as Season);
const worldPath = join(home, 'world.json');
const before: World = existsSync(worldPath)
  ? (JSON.parse(readFileSync(worldPath, 'utf8')) as World)
  : { wallMs: plan.fromMs, life: 0, next: 0 };
await live(plan, before);

async function live({ happenings, toMs }: WeekPlan, { wallMs, life, next }: World): Promise<void> {
  const clock = new WeekClock(wallMs);
  const dice = createDice(Number(seedText) + life + 1);
  const daemon = await start(clock, dice);
  const agent = oneConnection();
  for (let index = next; index < happenings.length;) {
    const happening = happenings[index] as Happening;
    await clock.pass(happening.atMs);
    if (happening.kind === 'crash') {
      const world = { wallMs: clock.wallMs() + happening.awayMs, life: life + 1, next: index + 1 };
      await crash(daemon, world, happening.turns);
    }
    // What comes at the same moment, or came while the box was away, comes together.
    const together = happenings.slice(index).findIndex((one) => one.atMs > clock.wallMs() || one.kind === 'crash');
    const batch = happenings.slice(index, index + Math.max(1, together === -1 ? happenings.length : together));
    for (const one of batch) await happen(one, { daemon, clock, agent });
    index += batch.length;
  }
  await clock.pass(toMs);
  await clock.rest();
  await lookBack(daemon, clock);
  await stop(daemon, clock);
  agent.destroy();
  process.exit(0);
}

async function start(clock: WeekClock, dice: Dice): Promise<Daemon> {
  const env = { KAIROS_PORT: '0', WEEK_SECRET: SECRET };
  return startDaemon(
    {
      home,
      config: loadConfig(home, env),
      secrets: readSecrets(home, env),
      token: TOKEN,
      commandEnv: { PATH: process.env['PATH'] ?? '' },
      version: 'week',
      pid: process.pid,
      platform: process.platform,
      onStopAsked: () => undefined,
    },
    {
      clock,
      random: {
        fraction: () => dice.fraction(),
        bytes: (count) => Uint8Array.from({ length: count }, () => dice.between(0, 255)),
      },
      log: troubleLog(clock),
      redactor: createRedactor([]),
      fetch: receiver(clock, dice),
      print: () => undefined,
      usage: () => ({ residentBytes: 0, cpuSeconds: 0 }),
    },
  );
}

/** Written at once, so that it is there when the process is killed in the next moment. */
function note(name: string, facts: object): void {
  appendFileSync(join(home, name), `${JSON.stringify(facts)}\n`);
}

function troubleLog(clock: WeekClock): Log {
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      note('trouble.jsonl', { atMs: clock.wallMs(), level, message, ...fields });
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  };
  return log;
}

/** The owner's end of the channel: mostly well; sometimes it refuses, asks for time, hangs, or takes it and breaks off. */
function receiver(clock: WeekClock, dice: Dice): Fetch {
  return async (_url, { body, headers, signal }) => {
    const share = dice.fraction();
    const answered =
      share < 0.9 ? 200 : share < 0.94 ? 500 : share < 0.97 ? 429 : share < 0.985 ? 'hangs' : 'breaks off';
    const { data } = JSON.parse(body as string) as { data: object };
    const key = (headers as Record<string, string>)['idempotency-key'];
    note('receipts.jsonl', { atMs: clock.wallMs(), key, answered, ...data });
    if (answered === 'breaks off') throw new Error('the connection broke off');
    if (answered === 'hangs')
      await new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(new Error('given up'))));
    return new Response(null, { status: Number(answered), headers: answered === 429 ? { 'retry-after': '45' } : {} });
  };
}

interface Box {
  readonly daemon: Daemon;
  readonly clock: WeekClock;
  readonly agent: ReturnType<typeof oneConnection>;
}

async function happen(happening: Happening, { daemon, clock, agent }: Box): Promise<void> {
  if (happening.kind === 'sleep') clock.standStill(happening.forMs);
  if (happening.kind === 'say') await ask(daemon, '/api/say', { text: happening.text });
  if (happening.kind === 'mute')
    await ask(daemon, '/api/mute', { topic: happening.topic, duration: happening.duration });
  if (happening.kind !== 'delivery') return;
  for (let times = happening.delivery.twice ? 2 : 1; times > 0; times -= 1)
    await deliver(daemon, happening.delivery, clock, agent);
}

async function deliver(daemon: Daemon, delivery: Delivery, clock: WeekClock, agent?: Box['agent']): Promise<void> {
  const { n, source, type, topic } = delivery;
  const headers = {
    authorization: `Bearer ${SECRET}`,
    'content-type': 'application/json',
    'idempotency-key': `d${n}`,
    'x-event-type': type,
  };
  const body = Buffer.from(JSON.stringify({ n, topic }));
  const answer = await post(`${daemon.url}/webhooks/${source}`, headers, body, agent && { agent });
  note('answers.jsonl', { n, status: answer.status, atMs: clock.wallMs() });
}

async function ask(daemon: Daemon, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${daemon.url}${path}`, {
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

/** Deliveries come in, and in the middle of it the process is gone. Their senders do them again afterwards. */
async function crash(daemon: Daemon, world: World, turns: number): Promise<never> {
  const { happenings } = plan;
  writeFileSync(worldPath, JSON.stringify(world));
  const clock = new WeekClock(world.wallMs);
  for (const one of happenings.slice(world.next, world.next + 20))
    if (one.kind === 'delivery') deliver(daemon, one.delivery, clock).catch(() => undefined);
  for (let turn = 0; turn < turns; turn += 1) await nextTurn();
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

/** The digests of the week as the daemon shows them now, and the ledger as it is at this very moment. */
async function lookBack(daemon: Daemon, clock: WeekClock): Promise<void> {
  const digests: unknown[] = [];
  for (const date of [...plan.dates, 'today']) digests.push(await ask(daemon, `/api/digest?date=${date}`));
  writeFileSync(join(home, 'digests.json'), JSON.stringify({ atMs: clock.wallMs(), digests }));
  using database = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true });
  database.exec(`VACUUM INTO '${join(home, 'moment.db')}'`);
}

/** What is under way has its time to end. */
async function stop(daemon: Daemon, clock: WeekClock): Promise<void> {
  const stopped = new AbortController();
  const ending = Promise.resolve(daemon[Symbol.asyncDispose]()).finally(() => stopped.abort());
  while (!stopped.signal.aborted) await clock.pass(clock.wallMs() + 1_000);
  await ending;
}
