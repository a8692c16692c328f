import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeHome, startDaemon, untilQuiet, type DaemonProcess } from './lib/daemon.ts';
import { startReceiver } from './lib/receiver.ts';
import { none, percentile, type CampaignOptions, type Check, type Report } from './lib/report.ts';
import { oneConnection, postGithub } from './lib/sender.ts';
import { hasRestarted, signsLine, takeSigns, type VitalSigns } from './lib/vital-signs.ts';

/** What a run of this length does. */
interface Plan {
  readonly events: number;
  /** Every so manieth event becomes a job and a message. */
  readonly jobEvery: number;
  readonly dreams: number;
  /** Of steady load. */
  readonly minutes: number;
  /** After this share of the minutes the memory must have found its level. */
  readonly settled: number;
  readonly perSecond: number;
}

const FULL: Plan = { events: 1_000_000, jobEvery: 50, dreams: 100, minutes: 30, settled: 1 / 3, perSecond: 200 };
const QUICK: Plan = { events: 20_000, jobEvery: 50, dreams: 4, minutes: 1, settled: 1 / 3, perSecond: 200 };
const CONNECTIONS = 16;
const SIGNS = 20;
const LAG_P99_MS_MAX = 50;
/** Beside other tests on a small machine; the long run is held to the promise itself. */
const LAG_P99_QUICK_MS_MAX = 1_000;
const GROWTH_MAX = 0.05;
/** In a minute memory has not found its level: noise of the first collections. */
const GROWTH_QUICK_MAX = 0.35;
/** A connection or a file of the moment. */
const DESCRIPTORS_SLACK = 4;

/**
 * A year in a few minutes, then half an hour in real time: memory, descriptors and the loop must stay where they are.
 * `--minutes N` is the length of the second part. Both print a table while they run.
 */
export async function proveSoak(options: CampaignOptions): Promise<Report> {
  const plan = {
    ...(options.quick ? QUICK : FULL),
    ...(options.minutes === undefined ? {} : { minutes: options.minutes }),
  };
  const year = await soakYear(plan, options);
  const steady = await soakSteadily(plan, options);
  return {
    checks: [...year.checks, ...steady.checks],
    figures: { ...year.figures, ...steady.figures },
  };
}

const WINDOWS = [{ per: '1s', max: 1_000 }];
/** Each event that matches is a job of its own. */
const STORM = { per: '1s', events: 1_000 };
const SUBSCRIPTIONS = [
  {
    name: 'tell',
    source: 'github',
    event: 'issues',
    do: 'notify',
    topic: '{issue.number}',
    text: 'issue {issue.number}',
  },
  { name: 'keep', source: 'github', event: 'push', do: 'log', text: '{ref}' },
];

/** Part one: as many events as a busy year has, as fast as they are taken, with jobs, messages and dreams between. */
async function soakYear(plan: Plan, { keep, say }: CampaignOptions): Promise<Report> {
  await using receiver = await startReceiver();
  using home = makeHome(
    {
      notify: [{ kind: 'webhook', url: receiver.url }],
      budget: { windows: WINDOWS },
      storm: STORM,
      subscriptions: SUBSCRIPTIONS.slice(0, 1),
    },
    { keep },
  );
  await using daemon = await startDaemon(home.path);
  const startedMs = performance.now();
  const signs: VitalSigns[] = [];
  const look = async (what: string): Promise<void> => {
    const now = await takeSigns(daemon, startedMs);
    signs.push(now);
    say(signsLine(what, now));
  };
  await look('begins');
  let outcomes = 0;
  for (let part = 0; part < SIGNS; part += 1) {
    await pour(daemon, {
      from: (plan.events / SIGNS) * part,
      to: (plan.events / SIGNS) * (part + 1),
      jobEvery: plan.jobEvery,
    });
    for (let dream = 0; dream < plan.dreams / SIGNS; dream += 1)
      outcomes += await dreamOnce(daemon, home.path, part * 100 + dream);
    await look(`${Math.round((plan.events / SIGNS) * (part + 1))} events, ${outcomes} dreams`);
  }
  const quiet = await untilQuiet(daemon, 120_000);
  await look('all is done');
  const half = signs[Math.floor(signs.length / 2)];
  const last = signs.at(-1);
  return {
    checks: [
      { name: 'year: everything was worked off', ok: quiet, detail: `${receiver.receipts.length} messages arrived` },
      { name: 'year: dreams were dreamt', ok: outcomes >= plan.dreams, detail: `${outcomes}` },
      steadyDescriptors('year', signs.slice(1)),
      none(
        'year: it did not start itself anew',
        [await hasRestarted(daemon)].filter((why) => why !== undefined),
      ),
    ],
    figures: {
      'year, events a second': Math.round(plan.events / ((last?.atMs ?? 1) / 1_000)),
      'year, MiB at the beginning, half, end': [signs[0], half, last]
        .map((one) => one?.residentMib.toFixed(1))
        .join(', '),
      'year, MiB at most': Math.max(...signs.map((one) => one.residentMib)).toFixed(1),
      'year, loop lag p99 / max ms': `${last?.lagP99Ms.toFixed(1)} / ${last?.lagMaxMs.toFixed(0)}`,
    },
  };
}

/** Part two: what a busy box really has, in real time. */
async function soakSteadily(plan: Plan, { keep, say, quick }: CampaignOptions): Promise<Report> {
  await using receiver = await startReceiver();
  using home = makeHome(
    {
      notify: [{ kind: 'webhook', url: receiver.url }],
      budget: { windows: WINDOWS },
      storm: STORM,
      subscriptions: SUBSCRIPTIONS,
      schedules: [{ name: 'nothing', every: '10s', do: 'command', argv: ['true'] }],
    },
    { keep },
  );
  await using daemon = await startDaemon(home.path);
  const startedMs = performance.now();
  const endMs = startedMs + plan.minutes * 60_000;
  const signs: VitalSigns[] = [];
  let sent = 0;
  let refused = 0;
  // What the machine itself does to a process that hardly works.
  const ownLag = monitorEventLoopDelay({ resolution: 20 });
  ownLag.enable();
  const load = keepUp(daemon, plan, endMs, (status) => {
    sent += 1;
    if (status !== 202) refused += 1;
  });
  const everyMs = Math.max(3_000, (plan.minutes * 60_000) / 60);
  while (performance.now() < endMs) {
    await sleep(Math.min(everyMs, Math.max(0, endMs - performance.now())));
    const now = await takeSigns(daemon, startedMs);
    signs.push(now);
    say(signsLine(`${sent} events, ${receiver.receipts.length} messages`, now));
  }
  await load;
  return {
    checks: [
      steadyMemory(signs, plan, quick ? GROWTH_QUICK_MAX : GROWTH_MAX),
      steadyDescriptors('steady', signs),
      lagCheck(signs, quick ? LAG_P99_QUICK_MS_MAX : LAG_P99_MS_MAX),
      { name: 'steady: every event was taken', ok: refused === 0, detail: `${sent} sent, ${refused} not` },
      none(
        'steady: it did not start itself anew',
        [await hasRestarted(daemon)].filter((why) => why !== undefined),
      ),
    ],
    figures: {
      'steady, minutes': plan.minutes,
      'steady, events a second': Math.round(sent / (plan.minutes * 60)),
      'steady, MiB in the end': signs.at(-1)?.residentMib.toFixed(1) ?? '',
      'steady, loop lag p99 of this sender, ms': Math.max(0, ownLag.percentile(99) / 1e6 - 20).toFixed(1),
      'steady, cores': (((signs.at(-1)?.cpuSeconds ?? 0) - (signs[0]?.cpuSeconds ?? 0)) / (plan.minutes * 60)).toFixed(
        3,
      ),
    },
  };
}

/** Medians, so that a collection of garbage right then does not decide. */
function steadyMemory(signs: readonly VitalSigns[], plan: Plan, growthMax: number): Check {
  const settledMs = plan.minutes * 60_000 * plan.settled;
  const length = Math.max(1, Math.round(signs.length / 10));
  const middle = (some: readonly VitalSigns[]): number =>
    percentile(
      some.map((one) => one.residentMib),
      0.5,
    );
  const before = middle(signs.filter(({ atMs }) => atMs <= settledMs).slice(-length));
  const after = middle(signs.slice(-length));
  const growth = after / before - 1;
  return {
    name: `steady: memory grows by less than ${growthMax * 100} % after a third of the time`,
    ok: growth < growthMax,
    detail: `${before.toFixed(1)} to ${after.toFixed(1)} MiB (${(growth * 100).toFixed(1)} %)`,
  };
}

function steadyDescriptors(part: string, signs: readonly VitalSigns[]): Check {
  const counts = signs.map(({ descriptors }) => descriptors).filter((count) => !Number.isNaN(count));
  const half = Math.ceil(counts.length / 2);
  const early = Math.max(0, ...counts.slice(0, half));
  const late = Math.max(0, ...counts.slice(half));
  return {
    name: `${part}: no more descriptors`,
    ok: late <= early + DESCRIPTORS_SLACK,
    detail: `${early}, then ${late}`,
  };
}

function lagCheck(signs: readonly VitalSigns[], lagMsMax: number): Check {
  const p99Ms = signs.at(-1)?.lagP99Ms ?? Infinity;
  return {
    name: `steady: the loop lags less than ${lagMsMax} ms, 99 of 100`,
    ok: p99Ms < lagMsMax,
    detail: `${p99Ms.toFixed(1)} ms`,
  };
}

interface Pour {
  readonly from: number;
  readonly to: number;
  readonly jobEvery: number;
}

/** Events one after the other on several connections, each signed as GitHub signs. */
async function pour(daemon: DaemonProcess, { from, to, jobEvery }: Pour): Promise<void> {
  let next = Math.ceil(from);
  const one = async (): Promise<void> => {
    const agent = oneConnection();
    try {
      while (next < to) {
        const number = next;
        next += 1;
        await postGithub(daemon.url, delivery(number, number % jobEvery === 0), { agent });
      }
    } finally {
      agent.destroy();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
}

/** So many a second, whatever the answers take. */
async function keepUp(
  daemon: DaemonProcess,
  plan: Plan,
  endMs: number,
  onAnswer: (status: number) => void,
): Promise<void> {
  const agents = Array.from({ length: 4 }, oneConnection);
  const startedMs = performance.now();
  const open = new Set<Promise<void>>();
  for (let number = 0; performance.now() < endMs; number += 1) {
    const aheadMs = (number / plan.perSecond) * 1_000 - (performance.now() - startedMs);
    if (aheadMs > 5) await sleep(aheadMs);
    const agent = agents[number % agents.length];
    const answered = postGithub(daemon.url, delivery(number, number % plan.perSecond === 0), agent ? { agent } : {})
      .then(({ status }) => onAnswer(status))
      .catch(() => onAnswer(0))
      .finally(() => open.delete(answered));
    open.add(answered);
  }
  await Promise.all(open);
  for (const agent of agents) agent.destroy();
}

function delivery(number: number, isJob: boolean): { id: string; event: string; body: Buffer } {
  const body = isJob
    ? { action: 'opened', issue: { number }, repository: { full_name: 'octo/app' } }
    : { ref: `refs/heads/b${number % 100}`, repository: { full_name: 'octo/app' }, text: 'x'.repeat(200) };
  return { id: `soak-${number}`, event: isJob ? 'issues' : 'push', body: Buffer.from(JSON.stringify(body)) };
}

/** Something new was said, and is dreamt of. @returns 1, or 0 when it did not run. */
async function dreamOnce(daemon: DaemonProcess, home: string, number: number): Promise<number> {
  const at = new Date().toISOString();
  const [year = '', month = ''] = at.split('-');
  const path = join(home, 'sessions', year, month, `soak${number}.jsonl`);
  mkdirSync(dirname(path), { recursive: true });
  const lines = [
    { at, kind: 'meta', session: `soak${number}`, startedAt: at, origin: 'say' },
    { at, kind: 'user', text: `Our host${number % 40} server runs on port ${5_000 + number}.`, trust: 'owner' },
    { at, kind: 'meta', endedAt: at },
  ];
  writeFileSync(path, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
  const { body } = await daemon.send('/api/dream', { now: true });
  return (body as { ran?: boolean }).ran === true ? 1 : 0;
}
