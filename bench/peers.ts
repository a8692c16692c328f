import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startDaemon, startFloor, type Server } from './lib/children.ts';
import { median, pause } from './lib/figures.ts';
import { runLoad, type RequestParts } from './lib/load.ts';
import {
  installPeer,
  killTree,
  openClawRequest,
  PEERS,
  startOctokit,
  startOpenClaw,
  usageOfTree,
} from './lib/peers.ts';

const SECRET = 'benchmark-secret-0123456789';
const CONNECTIONS = 10;
const BODY_BYTES = 1_024;
const EVENTS = 50;

export interface PeerOptions {
  readonly seconds: number;
  readonly idleSeconds: number;
  readonly rounds: number;
}

/** Something that takes deliveries, to be started as often as one likes. */
interface Contender {
  readonly name: string;
  readonly checks: string;
  /** @param home Kept from one start to the next. */
  readonly start: (home: string) => Promise<Server>;
  readonly parts: (port: number) => RequestParts | undefined;
}

/**
 * What users would pick instead, beside ours, in one run on one machine: how fast it is there, what it costs at rest, how fast
 * it says yes to a delivery, and whether that yes outlives the process. Peers are installed below the temporary directory.
 */
export async function benchPeers(options: PeerOptions): Promise<void> {
  using openclaw = installPeer('openclaw');
  using octokit = installPeer('@octokit/webhooks');
  const contenders: Contender[] = [
    {
      name: 'kairosd',
      checks: 'HMAC, fsync',
      start: (home) => startDaemon({ secret: SECRET, home }),
      parts: () => undefined,
    },
    {
      name: `OpenClaw ${PEERS.openclaw}`,
      checks: 'token',
      start: (home) => startOpenClaw(openclaw.directory, home),
      parts: openClawRequest,
    },
    {
      name: `@octokit/webhooks ${PEERS['@octokit/webhooks']}`,
      checks: 'HMAC',
      start: () => startOctokit(octokit.directory, SECRET),
      parts: () => undefined,
    },
    {
      name: 'bare Fastify',
      checks: 'HMAC',
      start: () => startFloor('bare-fastify.ts', SECRET),
      parts: () => undefined,
    },
  ];
  console.log(
    `\nInstalled: OpenClaw ${openclaw.packages} packages, ${openclaw.mib.toFixed(0)} MiB, ${openclaw.seconds.toFixed(0)} s.\n\n` +
      `| ${CONNECTIONS} connections, 1 KiB | checks | ready ms | at rest MiB | % of a core | yes/s | p50 / p99 ms | of ${EVENTS} after kill -9 |\n|---|---|---:|---:|---:|---:|---:|---:|`,
  );
  for (const contender of contenders) console.log(await measure(contender, options));
  console.log(`| node:sqlite, one commit with fsync each | | | | | ${commitsPerSecond(options.seconds)} | | |`);
}

async function measure({ name, checks, start, parts }: Contender, options: PeerOptions): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'kairosd-bench-'));
  try {
    // The first start fills caches.
    await (await start(home))[Symbol.asyncDispose]();
    const readyMs: number[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      await using server = await start(home);
      readyMs.push(server.readyMs);
    }
    const rest = await atRest(() => start(home), options.idleSeconds);
    const load = await underLoad(() => start(home), parts, options.seconds);
    const survived = await surviveKill({ start, parts }, home);
    return `| ${name} | ${checks} | ${median(readyMs).toFixed(0)} | ${rest.residentMib.toFixed(0)} | ${rest.share.toFixed(2)} | ${load.perSecond.toFixed(0)} | ${load.p50Ms.toFixed(1)} / ${load.p99Ms.toFixed(1)} | ${survived} |`;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function atRest(start: () => Promise<Server>, idleSeconds: number) {
  await using server = await start();
  await pause(10);
  const before = usageOfTree(server.pid);
  await pause(idleSeconds);
  const after = usageOfTree(server.pid);
  return {
    residentMib: after.residentMib,
    share: ((after.cpuSeconds - before.cpuSeconds) / idleSeconds) * 100,
  };
}

async function underLoad(start: () => Promise<Server>, parts: Contender['parts'], seconds: number) {
  await using server = await start();
  const own = parts(server.port);
  const load = {
    port: server.port,
    connections: CONNECTIONS,
    bodyBytes: BODY_BYTES,
    secret: SECRET,
    ...(own && { parts: own }),
  };
  await runLoad({ ...load, seconds: 1 });
  const result = await runLoad({ ...load, seconds });
  const refused = Object.entries(result.answers).filter(([status]) => !status.startsWith('2'));
  if (refused.length > 0) console.error(`refused: ${JSON.stringify(Object.fromEntries(refused))}`);
  return result;
}

/** Fifty events, each answered with a yes, then `kill -9`: how many are anywhere on the disk, in whatever form. */
async function surviveKill({ start, parts }: Pick<Contender, 'start' | 'parts'>, home: string): Promise<number> {
  const server = await start(home);
  const marks = Array.from({ length: EVENTS }, (_, index) => `survivor-${String(index).padStart(27, '0')}`);
  for (const mark of marks) {
    const own = parts(server.port);
    if (own === undefined) await postGithub(server.port, mark);
    else await postRaw(server.port, own, mark);
  }
  killTree(server.pid);
  await server[Symbol.asyncDispose]();
  const found = new Set<string>();
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = readFileSync(join(entry.parentPath, entry.name));
    for (const mark of marks) if (bytes.includes(mark)) found.add(mark);
  }
  return found.size;
}

async function postGithub(port: number, id: string): Promise<void> {
  const body = JSON.stringify({ action: 'opened', title: id });
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'issues',
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${signature}`,
  };
  const answer = await fetch(`http://127.0.0.1:${port}/webhooks/github`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
}

async function postRaw(port: number, { before, after }: RequestParts, id: string): Promise<void> {
  const [head = '', ...rest] = `${before}${id}${after}`.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
  );
  delete headers['host'];
  delete headers['content-length'];
  const answer = await fetch(`http://127.0.0.1:${port}${first.split(' ')[1]}`, {
    method: 'POST',
    headers,
    body: rest.join(''),
  });
  if (!answer.ok) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
}

/** The floor under all that keeps its word: one row, one commit, one fsync. */
function commitsPerSecond(seconds: number): string {
  const directory = mkdtempSync(join(tmpdir(), 'kairosd-bench-'));
  try {
    const database = new DatabaseSync(join(directory, 'floor.db'));
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB) STRICT',
    );
    const insert = database.prepare('INSERT INTO t (body) VALUES (?)');
    const body = Buffer.alloc(BODY_BYTES, 0x61);
    let count = 0;
    for (const untilMs = performance.now() + seconds * 1_000; performance.now() < untilMs; count += 1) insert.run(body);
    database.close();
    return (count / seconds).toFixed(0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
