import { readFileSync } from 'node:fs';
import { arch, cpus, totalmem } from 'node:os';
import { startDaemon, startFloor, type Server } from './lib/children.ts';
import { runLoad, type LoadResult } from './lib/load.ts';

/**
 * `npm run bench`: kairosd beside its floors in the same run, as ratios. Prints Markdown for docs/performance.md; judges nothing.
 * Options: `--seconds N` a load (default 6), `--rounds N` alternating rounds (default 3), `--idle N` seconds of idling (default 60).
 */
const SECRET = 'benchmark-secret-0123456789';
const seconds = option('seconds', 6);
const rounds = option('rounds', 3);
const idleSeconds = option('idle', 60);

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? arch()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}\n`,
);
await benchIngest();
await benchIdle();

async function benchIngest(): Promise<void> {
  console.log(
    '| ingest | connections | bare, req/s | kairosd, req/s | ratio | kairosd p50 / p99 ms | refused |\n|---|---|---|---|---|---|---|',
  );
  for (const bodyBytes of [1_024, 27_648]) {
    for (const connections of [10, 100]) {
      const pairs: [LoadResult, LoadResult][] = [];
      for (let round = 0; round < rounds; round += 1) {
        pairs.push([
          await measured(() => startFloor('bare-fastify.ts', SECRET), connections, bodyBytes),
          await measured(() => startDaemon({ secret: SECRET }), connections, bodyBytes),
        ]);
      }
      const ratio = median(pairs.map(([bare, ours]) => ours.perSecond / bare.perSecond));
      const [bare, ours] = pairs.toSorted((a, b) => a[1].perSecond - b[1].perSecond)[Math.floor(rounds / 2)] as [
        LoadResult,
        LoadResult,
      ];
      const refused = Object.entries(ours.answers).filter(([status]) => status !== '202');
      console.log(
        `| ${bodyBytes / 1_024} KiB | ${connections} | ${bare.perSecond.toFixed(0)} | ${ours.perSecond.toFixed(0)} | ${ratio.toFixed(2)} | ${ours.p50Ms.toFixed(1)} / ${ours.p99Ms.toFixed(1)} | ${JSON.stringify(Object.fromEntries(refused))} |`,
      );
    }
  }
}

async function measured(start: () => Promise<Server>, connections: number, bodyBytes: number): Promise<LoadResult> {
  await using server = await start();
  const load = { port: server.port, connections, bodyBytes, secret: SECRET };
  await runLoad({ ...load, seconds: 1 });
  return await runLoad({ ...load, seconds });
}

async function benchIdle(): Promise<void> {
  console.log('\n| idle | ready ms | memory MiB | processor % of a core |\n|---|---|---|---|');
  const starts = { bare: () => startFloor('bare-process.ts'), kairosd: () => startDaemon({ secret: SECRET }) };
  for (const [name, start] of Object.entries(starts)) {
    await using server = await start();
    await pause(5);
    const before = usage(server.pid);
    await pause(idleSeconds);
    const after = usage(server.pid);
    const share = ((after.cpuSeconds - before.cpuSeconds) / idleSeconds) * 100;
    console.log(`| ${name} | ${server.readyMs.toFixed(0)} | ${after.residentMib.toFixed(0)} | ${share.toFixed(3)} |`);
  }
}

/** From /proc: resident memory, and processor time in ticks of 10 ms. */
function usage(pid: number): { residentMib: number; cpuSeconds: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { residentMib: Number(resident) / 1_024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function pause(waitSeconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitSeconds * 1_000));
}

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
}
