import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, unwatchFile, watchFile, writeFileSync } from 'node:fs';
import { Agent, get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { post } from '../../proof/lib/sender.ts';
import { createDice } from '../../proof/lib/seed.ts';
import { makeRepository } from '../../proof/lib/agent-box.ts';
import { STEP_CHANNEL, type Log, type Random, type StepName } from '../../src/core/ports.ts';
import { loadConfig } from '../../src/daemon/config.ts';
import { readSecrets } from '../../src/daemon/secrets.ts';
import { startDaemon, type Daemon } from '../../src/daemon/start.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { SimulatedClock } from './clock.ts';
import { MODEL_URL, outsideFetch, type Outside } from './outside.ts';

const TOKEN = 'simulation-token-0123456789';
export const GITHUB_SECRET = 'simulation-of-the-github-secret';
const ENV = { KAIROS_PORT: '0', GITHUB_WEBHOOK_SECRET: GITHUB_SECRET, ANTHROPIC_BASE_URL: MODEL_URL };

/** One process of the daemon. */
interface Life {
  readonly daemon: Daemon;
  readonly clock: SimulatedClock;
  /** Its image was taken: what it does from then on never happened. */
  dead: boolean;
}

export interface LogLine {
  readonly wallMs: number;
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * The box a daemon lives in: its home, its workspace, its clock. The daemon is the real one, from its composition root. A
 * crash is an image of all files, taken in the middle of a step; the process it is taken of goes on where nobody sees it.
 */
export class Box {
  readonly root: string;
  readonly home: string;
  readonly outside: Outside;
  readonly log: LogLine[] = [];
  readonly #seed: number;
  #life: Life | undefined;
  #lives = 0;
  #configsTaken = 0;
  #listener: ((step: unknown) => void) | undefined;
  #wallMs: number;
  #trueMs = 0;

  constructor({
    seed,
    wallMs,
    outside,
  }: {
    readonly seed: number;
    readonly wallMs: number;
    readonly outside: Outside;
  }) {
    // Always the same path: it is part of what a call is, and of what the owner is shown.
    this.root = join(
      existsSync('/dev/shm') ? '/dev/shm' : tmpdir(),
      `kairos-simulation-${seed === WARM_SEED ? `warm-${process.pid}` : seed}`,
    );
    rmSync(this.root, { recursive: true, force: true });
    this.home = join(this.root, 'now', 'home');
    mkdirSync(this.home, { recursive: true, mode: 0o700 });
    makeRepository(join(this.root, 'now', 'shop'));
    // The daemon's own watch of its configuration looks as often as the first one that watches the file.
    for (const name of WATCHED) watchFile(join(this.home, name), { interval: WATCH_MS, persistent: false }, ignore);
    this.#seed = seed;
    this.#wallMs = wallMs;
    this.outside = outside;
  }

  get workspace(): string {
    return join(this.root, 'now', 'shop');
  }

  get clock(): SimulatedClock {
    return this.life.clock;
  }

  get life(): Life {
    if (this.#life === undefined) throw new Error('the daemon is not running');
    return this.#life;
  }

  get lives(): number {
    return this.#lives;
  }

  async start(): Promise<void> {
    const clock = new SimulatedClock({ wallMs: this.#wallMs, trueMs: this.#trueMs });
    this.#lives += 1;
    if (this.#listener !== undefined) unsubscribe(STEP_CHANNEL, this.#listener);
    this.#listener = (step) => clock.passed(String(step));
    subscribe(STEP_CHANNEL, this.#listener);
    const life: { daemon?: Daemon; clock: SimulatedClock; dead: boolean } = { clock, dead: false };
    const starting = this.#open(clock, () => life.dead);
    // A start may wait for time to pass.
    const started = new AbortController();
    void starting.finally(() => started.abort()).catch(() => undefined);
    await letTimePass(clock, started.signal, 1_000);
    life.daemon = await starting;
    this.#life = life as Life;
    await clock.rest();
  }

  /** Stops cleanly; then the box is off for a while. */
  async stop(awayMs = 0): Promise<void> {
    const life = this.life;
    // How often it has to be given time depends on the system's threads: what it takes is always the same.
    this.#rememberTime(life, STOP_MS + awayMs);
    await endLife(life);
    this.#life = undefined;
  }

  /**
   * Does something, and is cut off in the middle of it, when this step is passed; afterwards if it is not. The box is back
   * after a while. Not after so many steps: how many writes share a commit depends on the system's threads.
   */
  async crash(at: StepName, awayMs: number, act: () => Promise<void>): Promise<void> {
    const life = this.life;
    const passed = (step: unknown): void => {
      if (step === at && !life.dead) this.#takeImage(life, awayMs);
    };
    subscribe(STEP_CHANNEL, passed);
    try {
      await act();
      if (!life.dead) this.#takeImage(life, awayMs);
      await endLife(life);
    } finally {
      unsubscribe(STEP_CHANNEL, passed);
    }
    this.#life = undefined;
    rmSync(join(this.root, 'now'), { recursive: true, force: true });
    renameSync(join(this.root, 'image'), join(this.root, 'now'));
    await this.start();
  }

  /** Waits until an edit of the configuration was seen, and gives it the time it takes. */
  async editConfig(config: object): Promise<void> {
    const before = this.#configsTaken;
    await this.clock.rest();
    const due = this.clock.dueWithin(EDIT_QUIET_MS);
    writeFileSync(join(this.home, 'config.yaml'), JSON.stringify(config));
    // The watch is real: whenever it sees the edit, a look is due a moment later, and time goes on only then.
    for (let looks = 0; this.clock.dueWithin(EDIT_QUIET_MS) === due && looks < EDIT_LOOKS_MAX; looks += 1)
      await pause(WATCH_MS);
    for (let tries = 0; this.#configsTaken === before && tries < 20; tries += 1) await this.clock.pass(2_000);
    if (this.#configsTaken === before) throw new Error('an edit of the configuration was not taken up');
  }

  /** @returns undefined when the daemon was gone before it answered. */
  async post(path: string, headers: Readonly<Record<string, string>>, body: string | Buffer) {
    const life = this.life;
    try {
      const answer = await post(`${life.daemon.url}${path}`, headers, Buffer.from(body), { agent: ONCE });
      return life.dead
        ? undefined
        : { status: answer.status, body: JSON.parse(answer.text || '{}') as Record<string, unknown> };
    } catch (error) {
      if (life.dead) return undefined;
      throw error;
    }
  }

  async api(path: string, body: object) {
    return this.post(
      path,
      { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      JSON.stringify(body),
    );
  }

  async get(path: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const asked = get(`${this.life.daemon.url}${path}`, { headers, agent: ONCE });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return JSON.parse(await text(answer));
  }

  /** Jobs that this life has in its lanes. */
  async running(): Promise<ReadonlySet<string>> {
    const { running } = (await this.get('/api/status')) as { running?: unknown };
    return new Set(JSON.stringify(running ?? null).match(/j\d+/g) ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#life !== undefined) await endLife(this.#life);
    if (this.#listener !== undefined) unsubscribe(STEP_CHANNEL, this.#listener);
    for (const name of WATCHED) unwatchFile(join(this.home, name));
    rmSync(this.root, { recursive: true, force: true });
  }

  #takeImage(life: Life, awayMs: number): void {
    life.dead = true;
    const filter = (from: string): boolean => !from.endsWith('-shm') && !from.endsWith('lock.db');
    cpSync(join(this.root, 'now'), join(this.root, 'image'), { recursive: true, filter, verbatimSymlinks: true });
    this.#rememberTime(life, awayMs);
  }

  #rememberTime({ clock }: Life, awayMs: number): void {
    this.#wallMs = clock.wallMs() + awayMs;
    this.#trueMs = clock.trueMs + awayMs;
  }

  #open(clock: SimulatedClock, isDead: () => boolean): Promise<Daemon> {
    const { home } = this;
    const reread = () => ({ config: loadConfig(home, ENV), secrets: readSecrets(home, ENV) });
    return startDaemon(
      {
        home,
        ...reread(),
        reread,
        token: TOKEN,
        commandEnv: { PATH: process.env['PATH'] ?? '' },
        version: 'simulation',
        pid: 1,
        platform: process.platform,
        onStopAsked: () => undefined,
      },
      {
        clock,
        random: randomOf(this.#seed * 1_000 + this.#lives, clock),
        log: this.#logOf(clock, isDead),
        redactor: createRedactor([]),
        fetch: outsideFetch(this.outside, clock, isDead),
        print: () => undefined,
        usage: () => ({ residentBytes: 0, cpuSeconds: 0 }),
      },
    );
  }

  #logOf(clock: SimulatedClock, isDead: () => boolean): Log {
    const at =
      (level: string) =>
      (fields: Readonly<Record<string, unknown>>, message: string): void => {
        if (!isDead()) this.log.push({ wallMs: clock.wallMs(), level, message, fields });
      };
    const info = (_fields: object, message: string): void => {
      if (message === 'configuration taken up') this.#configsTaken += 1;
    };
    const log: Log = { debug: ignore, info, warn: at('warn'), error: at('error'), child: () => log };
    return log;
  }
}

/** A connection for each request: a stop lingers for one that is kept, in the time of the machine. */
const ONCE = new Agent({ keepAlive: false });
/** The seed of the week whose traces nobody compares: several processes may live it at one time. */
export const WARM_SEED = 0;
/** How often the watch of the configuration looks. */
const WATCH_MS = 20;
/** After an edit it has to be quiet for so long (daemon/watch.ts). */
const EDIT_QUIET_MS = 250;
/** A busy machine looks late. */
const EDIT_LOOKS_MAX = 1_000;
const WATCHED = ['config.yaml', 'secrets.env'];

function ignore(): void {
  // Nobody needs to know.
}

/** Chance by the moment, not by how many asked before: who is first among those of one moment is the system's doing. */
function randomOf(seed: number, clock: SimulatedClock): Random {
  const ids = createDice(seed);
  return {
    fraction: () => createDice(seed + Math.round(clock.monoMs())).fraction(),
    bytes: (count) => Uint8Array.from({ length: count }, () => ids.between(0, 255)),
  };
}

const STOP_MS = 5_000;

/** What is under way has its time to end. */
async function endLife({ daemon, clock }: Life): Promise<void> {
  const stopped = new AbortController();
  const ending = Promise.resolve(daemon[Symbol.asyncDispose]()).finally(() => stopped.abort());
  await letTimePass(clock, stopped.signal, 5_000);
  await ending;
}

/** Looks, with a pause between them, at whether a start or a stop comes to its end without any time; a stop may linger. */
const LOOKS = 60;
const LOOK_PAUSE_MS = 10;

/** Time passes only when nothing else helps: what the system does for a start or a stop is not always to be seen. */
async function letTimePass(clock: SimulatedClock, over: AbortSignal, ms: number): Promise<void> {
  for (;;) {
    for (let look = 0; look < LOOKS && !over.aborted; look += 1) {
      await clock.rest();
      if (!over.aborted) await pause(look < LOOKS / 2 ? 0 : LOOK_PAUSE_MS);
    }
    if (over.aborted) return;
    await clock.pass(ms);
  }
}
