import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { arch, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { startDaemon, startFloor, type Server } from './lib/children.ts';
import { median, option, pause } from './lib/figures.ts';
import { fillLedger } from './lib/fill.ts';
import { runLoad, type LoadResult } from './lib/load.ts';
import { benchOurs, benchRaw, type DispatchRate } from './dispatch.ts';
import { benchDream } from './dream.ts';
import { benchPeers } from './peers.ts';
import { benchSearch } from './search.ts';
import { benchTurn } from './turn.ts';

/**
 * `npm run bench`: kairosd beside its floors in the same run, as ratios. Prints Markdown for docs/performance.md; judges nothing.
 * Parts: ingest, idle, status, stored, turn, dream, search, dispatch, peers (all when none is named).
 * Options: `--seconds N` a load (default 6), `--rounds N` alternating rounds (default 3), `--idle N` seconds of idling (default 60),
 * `--mib N` of transcripts to search (default 128), `--jobs N` to dispatch (default 20 000), `--workers N` at most (default 4).
 */
const ROOT = join(import.meta.dirname, '..');
const SECRET = 'benchmark-secret-0123456789';
const seconds = option('seconds', 6);
const rounds = option('rounds', 3);
const idleSeconds = option('idle', 60);

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? arch()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}\n`,
);
const parts = {
  ingest: benchIngest,
  idle: benchIdle,
  status: benchStatus,
  stored: benchStored,
  turn: benchTurns,
  dream: benchDreams,
  search: benchSearches,
  dispatch: benchDispatch,
  peers: () => benchPeers({ seconds, idleSeconds, rounds }),
};
const asked = Object.keys(parts).filter((name) => process.argv.includes(name));
for (const [name, run] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await run();

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
    // The first start fills the compile cache.
    await (await start())[Symbol.asyncDispose]();
    await using server = await start();
    await pause(5);
    const before = usage(server.pid);
    await pause(idleSeconds);
    const after = usage(server.pid);
    const share = ((after.cpuSeconds - before.cpuSeconds) / idleSeconds) * 100;
    console.log(`| ${name} | ${server.readyMs.toFixed(0)} | ${after.residentMib.toFixed(0)} | ${share.toFixed(3)} |`);
  }
}

async function benchTurns(): Promise<void> {
  console.log('\n| a turn of the agent | history | median ms | p99 ms |\n|---|---|---|---|');
  const { medianMs, p99Ms } = await benchTurn(100);
  console.log(`| own cost, commits included | 200 messages | ${medianMs.toFixed(2)} | ${p99Ms.toFixed(2)} |`);
}

async function benchSearches(): Promise<void> {
  const { files, mib, times, indexMs, stillMs, residentMib } = await benchSearch(option('mib', 128));
  console.log(`\n| search in ${mib} MiB of transcripts, ${files} files | median ms |\n|---|---|`);
  for (const { what, medianMs } of times) console.log(`| ${what} | ${medianMs.toFixed(0)} |`);
  console.log(`| indexing all of it, once | ${indexMs.toFixed(0)} |`);
  console.log(`| longest stop of the event loop meanwhile | ${stillMs.toFixed(1)} |`);
  console.log(`| greatest memory of the process, MiB | ${residentMib.toFixed(0)} |`);
}

/** Jobs over Redis and back, beside BullMQ alone in the same run, with one to four workers. */
async function benchDispatch(): Promise<void> {
  const jobs = option('jobs', 20_000);
  console.log(
    '\n| dispatch | workers | raw BullMQ, jobs/s | raw, told of each outcome | kairosd | of raw | of raw, told | busy, ours: daemon / Redis / a worker | busy, raw | µs of processor a job, ours / raw / raw, told |\n|---|---|---|---|---|---|---|---|---|---|',
  );
  for (const workers of [1, 2, 3, 4].filter((count) => count <= option('workers', 4))) {
    const runs: Record<'raw' | 'told' | 'ours', DispatchRate>[] = [];
    for (let round = 0; round < rounds; round += 1) {
      runs.push({
        raw: await benchRaw(jobs, workers, false),
        ours: await benchOurs(jobs, workers),
        told: await benchRaw(jobs, workers, true),
      });
    }
    const ratios = (['raw', 'told'] as const).map((floor) =>
      median(runs.map((run) => run.ours.perSecond / run[floor].perSecond)).toFixed(2),
    );
    const { raw, told, ours } = runs.toSorted((a, b) => a.ours.perSecond - b.ours.perSecond)[
      Math.floor(rounds / 2)
    ] as (typeof runs)[number];
    const rates = [raw, told, ours].map(({ perSecond }) => perSecond.toFixed(0));
    const busy = [ours, raw].map(({ sender, redis, worker }) =>
      [sender, redis, worker].map((share) => `${Math.round(share * 100)} %`).join(' / '),
    );
    const cost = [ours, raw, told].map(({ processorMs }) => ((processorMs * 1_000) / jobs).toFixed(0)).join(' / ');
    console.log(`| a job that does nothing | ${workers} | ${[...rates, ...ratios, ...busy, cost].join(' | ')} |`);
  }
}

async function benchStatus(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'kairosd-bench-'));
  await using server = await startDaemon({ secret: SECRET, home });
  console.log(`\n| command | median ms of 11 | kairosd on port ${server.port} |\n|---|---|---|`);
  for (const command of ['status', 'events', 'doctor']) {
    const times = Array.from({ length: 11 }, () => {
      const startedMs = performance.now();
      spawnSync(join(ROOT, 'bin/kairos'), [command], { env: { ...process.env, KAIROS_HOME: home } });
      return performance.now() - startedMs;
    });
    console.log(`| kairos ${command} | ${median(times).toFixed(0)} | |`);
  }
}

/** The same ingest with a million events and 10 000 schedules stored, and how long lists take at any depth. */
async function benchStored(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'kairosd-bench-'));
  const config = `notify: []\nschedules:\n${Array.from({ length: 10_000 }, (_, index) => `  - { name: s${index}, cron: "0 4 1 1 *", do: notify, text: x }\n`).join('')}`;
  await (await startDaemon({ secret: SECRET, home }))[Symbol.asyncDispose]();
  fillLedger(home, 1_000_000);
  console.log('\n| 1 KiB, 100 connections | req/s | p99 ms | ready ms |\n|---|---|---|---|');
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const empty = await measuredIn(undefined, undefined);
    const full = await measuredIn(home, config);
    ratios.push(full.result.perSecond / empty.result.perSecond);
    for (const [name, { result, readyMs }] of Object.entries({ empty, full })) {
      console.log(`| ${name} | ${result.perSecond.toFixed(0)} | ${result.p99Ms.toFixed(1)} | ${readyMs.toFixed(0)} |`);
    }
  }
  console.log(`| full / empty | ${median(ratios).toFixed(2)} | | |`);
  await listTimes(home, config);
}

async function measuredIn(
  home: string | undefined,
  config: string | undefined,
): Promise<{ result: LoadResult; readyMs: number }> {
  await using server = await startDaemon({ secret: SECRET, ...(home && { home }), ...(config && { config }) });
  const load = { port: server.port, connections: 100, bodyBytes: 1_024, secret: SECRET };
  // A large ledger learns its delivery ids in the first seconds; both are given them.
  await pause(9);
  await runLoad({ ...load, seconds: 1 });
  return { result: await runLoad({ ...load, seconds }), readyMs: server.readyMs };
}

async function listTimes(home: string, config: string): Promise<void> {
  await using server = await startDaemon({ secret: SECRET, home, config });
  const headers = { authorization: `Bearer ${readFileSync(join(home, 'token'), 'utf8').trim()}` };
  console.log('\n| list, 50 rows | median ms of 21 |\n|---|---|');
  for (const path of [
    'events',
    'events?after=e500000',
    'events?after=e100',
    'jobs',
    'jobs?after=j500000',
    'jobs?state=dead',
    'messages',
  ]) {
    const times: number[] = [];
    for (let turn = 0; turn < 21; turn += 1) {
      const startedMs = performance.now();
      await (await fetch(`http://127.0.0.1:${server.port}/api/${path}`, { headers })).text();
      times.push(performance.now() - startedMs);
    }
    console.log(`| ${path} | ${median(times).toFixed(1)} |`);
  }
}

/** A dream of forty new sessions, on top of none and on top of a thousand, and the one of the thousand. */
async function benchDreams(): Promise<void> {
  const onNone: number[] = [];
  const onMany: number[] = [];
  const thousand = { ms: 0, lagMsMax: 0, workerMb: 0 };
  for (let round = 0; round < rounds; round += 1) {
    onNone.push((await benchDream(0, 40)).second.ms);
    const { first, second } = await benchDream(1_000, 40);
    onMany.push(second.ms);
    thousand.ms = Math.max(thousand.ms, first.ms);
    thousand.lagMsMax = Math.max(thousand.lagMsMax, first.lagMsMax);
    thousand.workerMb = Math.max(thousand.workerMb, first.workerMb);
  }
  console.log('| dream | ms | loop held at most, ms | worker, MiB |\n|---|---|---|---|');
  console.log(`| 40 sessions on top of none | ${median(onNone).toFixed(0)} | | |`);
  const ratio = median(onMany) / median(onNone);
  console.log(`| 40 sessions on top of 1 000 (× ${ratio.toFixed(2)}) | ${median(onMany).toFixed(0)} | | |`);
  console.log(
    `| 1 000 sessions | ${thousand.ms.toFixed(0)} | ${thousand.lagMsMax.toFixed(0)} | ${thousand.workerMb} |`,
  );
}

/** From /proc: resident memory, and processor time in ticks of 10 ms. */
function usage(pid: number): { residentMib: number; cpuSeconds: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { residentMib: Number(resident) / 1_024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}
