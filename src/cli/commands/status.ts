import type { Command } from 'commander';
import { formatDuration } from '../../core/units.ts';
import { mib } from '../../care/health.ts';
import type { Cli } from '../cli.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { shortTime } from '../list.ts';
import { failedTrial } from '../../service/trial.ts';
import { plainLine } from '../../subscriptions/plain.ts';
import type { ChannelRow, DreamRow, ListenerRow, PollingRow, ReconcileRow, StatusRow, WorkersRow } from '../rows.ts';
import { renderFacts } from '../table.ts';
import { tookOf } from '../took.ts';
import { usd } from '../usd.ts';

export function define(command: Command, act: Act): void {
  withExamples(command, 'kairos status', 'kairos status --json').action(
    act(async (cli) => {
      const status = await openClient(cli.home, cli.env).get<StatusRow>('/api/status');
      cli.print(status, () => render(cli, status));
    }),
  );
}

function render(cli: Cli, status: StatusRow): string {
  const { paint, command } = cli;
  const jobs = Object.entries(status.jobs).map(([state, count]) => `${count} ${state}`);
  return renderFacts(
    [
      ['State', stateOf(paint, status, command)],
      ['Version', `${status.version} (process ${status.pid})`],
      ...upgradeFacts(cli, status),
      ['Since', `${shortTime(status.startedAt)} (${formatDuration(status.uptimeMs)})`],
      ['Page', status.url],
      ['Home', status.home],
      ...runningFacts(cli, status),
      ...agentFacts(cli, status),
      ['Jobs', jobs.join(', ') || 'none open'],
      ['Messages', `${status.messages.queued} waiting`],
      ['Sources', status.sources.join(', ') || `none: ${command} webhook add github`],
      [
        'Channels',
        status.channels.map((channel) => channelOf(paint, channel)).join(', ') || 'none: notify: in config.yaml',
      ],
      ...(status.polling === null ? [] : [['Polling', pollingOf(paint, status.polling)] as const]),
      ...(status.reconcile === null ? [] : [['Reconcile', reconcileOf(paint, status.reconcile)] as const]),
      ...(status.listening.length === 0 ? [] : [['Listening', listeningOf(paint, status.listening)] as const]),
      ...workersFacts(cli, status.workers),
      ['Dream', dreamOf(cli, status.dream)],
      ['Heartbeat', status.heartbeat ? 'on' : 'off'],
      ...healthFacts(cli, status),
      ['Disk free', `${Math.floor(status.freeBytes / 1_048_576)} MiB`],
    ],
    paint,
  );
}

/** A version that was to take over and did not. Nothing where there is none. */
function upgradeFacts({ paint, command }: Cli, { home }: StatusRow): (readonly [string, string])[] {
  const failed = failedTrial(home);
  if (failed === undefined) return [];
  return [['Upgrade', paint.bad(`to ${failed.to} failed, the version before runs: ${command} doctor`)]];
}

/** What runs, what is next, and what was missed if anything was. */
function runningFacts({ paint, command, nowMs }: Cli, status: StatusRow): (readonly [string, string])[] {
  const running = status.running.map(({ jobId, kind, origin, lane, startedAt }) => {
    const forMs = startedAt === null ? 0 : Math.max(0, nowMs() - Date.parse(startedAt));
    return `${plainLine(origin, 80)} (${kind} ${jobId}, ${lane}, for ${tookOf(forMs)})`;
  });
  const { nextSchedule: next, missed } = status;
  const runs = missed.runs === 1 ? '1 run' : `${missed.runs} runs`;
  const lately = `${runs} of ${missed.schedules === 1 ? '1 schedule' : `${missed.schedules} schedules`}`;
  return [
    ['Running', running.join(', ') || 'nothing'],
    ['Next', next === null ? 'no schedule is due' : `${next.name} at ${shortTime(next.at)}`],
    ...(missed.runs === 0 ? [] : [['Missed', paint.warn(`${lately} in the last 24 h: ${command} schedules`)] as const]),
  ];
}

/** Who works on other hosts, and what waits for somebody. Nothing where there is neither. */
function workersFacts({ paint }: Cli, workers: WorkersRow | undefined): (readonly [string, string])[] {
  if (workers === undefined) return [];
  const { on, trouble, offered, unreadable, workers: hands, waiting } = workers;
  const who = hands.map(
    ({ name, labels, running, concurrency }) =>
      `${plainLine(name, 60)} (${labels.join(', ')}; ${running} of ${concurrency})`,
  );
  const there = `${who.join(', ') || 'none is there: commands run here'}${offered > 0 ? `, ${offered} jobs out` : ''}`;
  const strangers = unreadable === 0 ? '' : `; ${unreadable} with another KAIROS_WORKER_KEY`;
  const alone = waiting.filter(({ served }) => !served).map(({ label, count }) => `${count} for ${label}`);
  return [
    ...(on
      ? [['Workers', trouble === null ? `${there}${strangers}` : paint.bad(plainLine(trouble, 200))] as const]
      : []),
    ...(alone.length === 0 ? [] : [['Waiting', paint.warn(`${alone.join(', ')}: no worker with that label`)] as const]),
  ];
}

/** Whether it may work, on what, for how much, and what it waits for. */
function agentFacts({ paint, command }: Cli, { agent, model }: StatusRow): (readonly [string, string])[] {
  const { on, stopped, approvalsPending: pending } = agent;
  const stop = stopped && `stopped since ${shortTime(stopped.since)}: ${plainLine(stopped.reason, 120)}`;
  const approvals = pending === 1 ? '1 waits for your answer' : `${pending} wait for your answer`;
  return [
    ['Agent', stop === null ? (on ? 'on' : 'off: there is no model') : paint.bad(`${stop} (${command} start --agent)`)],
    ...(on ? [['Model', model ?? ''] as const] : []),
    ...(on || agent.todayUsd > 0 ? [['Cost', `${usd(agent.todayUsd)} of ${usd(agent.dayUsdMax)} today`] as const] : []),
    ...(pending === 0
      ? []
      : [['Approvals', paint.warn(`${approvals}: ${command} approvals --state pending`)] as const]),
  ];
}

/** `consolidate 12/40`, or when the last one was and when the next may be. */
function dreamOf({ paint, command, nowMs }: Cli, { progress, last, dueAt }: DreamRow): string {
  if (progress !== null) {
    const { phase, done, total } = progress;
    return `under way: ${phase}${total > 0 ? ` ${done}/${total}` : ''}`;
  }
  const bad = last?.outcome === 'failed' || last?.outcome === 'lost';
  const before =
    last === null
      ? 'none yet'
      : `last ${shortTime(last.at)}: ${bad ? `${last.outcome}: ` : ''}${plainLine(last.reason, 100)}`;
  const now = dueAt !== null && Date.parse(dueAt) <= nowMs();
  const next =
    dueAt === null
      ? `none by itself (${command} dream)`
      : now
        ? 'next when it is quiet'
        : `next after ${shortTime(dueAt)}`;
  return (bad ? paint.warn : String)(`${before}; ${next}`);
}

function reconcileOf(
  paint: Cli['paint'],
  { repositories, asked, checkedAt, troubledCount, troubled }: ReconcileRow,
): string {
  const looked = checkedAt === null ? 'not yet looked at' : `looked at ${shortTime(checkedAt)}`;
  const all = `${repositories} ${repositories === 1 ? 'repository' : 'repositories'}, ${looked}, ${asked} asked for`;
  const [first] = troubled;
  if (first === undefined) return all;
  return paint.warn(`${troubledCount} of ${all}: ${plainLine(`${first.repository}: ${first.reason}`, 160)}`);
}

function listeningOf(paint: Cli['paint'], listeners: readonly ListenerRow[]): string {
  return listeners
    .map(({ name, state, reason }) => {
      if (state === 'ok') return name;
      return state === 'new' ? `${name} (begins)` : paint.bad(`${name} ${state}: ${plainLine(reason, 160)}`);
    })
    .join(', ');
}

function pollingOf(paint: Cli['paint'], polling: PollingRow): string {
  const { feeds, paused, polledAt, troubledCount, troubled } = polling;
  const left = polling.requestsLeft === null ? '' : `, ${polling.requestsLeft} requests left`;
  const asked = `${feeds} ${feeds === 1 ? 'feed' : 'feeds'}, asked ${polledAt === null ? 'not yet' : `at ${shortTime(polledAt)}`}${left}`;
  if (paused !== '') return paint.warn(`paused: ${plainLine(paused, 160)}`);
  const [first] = troubled;
  if (first === undefined) return asked;
  return paint.bad(`${troubledCount} of ${asked}: ${plainLine(`${first.name}: ${first.reason}`, 160)}`);
}

function channelOf(paint: Cli['paint'], { name, state, open, failures, lastError, retryInMs }: ChannelRow): string {
  if (state === 'ready') return name;
  const error = plainLine(lastError ?? 'unknown', 120);
  const again = `${open} waiting, tried again ${retryInMs === 0 ? 'now' : `in ${formatDuration(retryInMs)}`}`;
  return paint.bad(`${name} fails (${failures} ${failures === 1 ? 'time' : 'times'}, last: ${error}; ${again})`);
}

/** What is not as it should be, the daemon's own word first. */
function degradedBy({ health, channels, jobs, agent, lastBackup }: StatusRow): string[] {
  const failing = channels.filter(({ state }) => state !== 'ready').map(({ name }) => name);
  const dead = jobs['dead'] ?? 0;
  return [
    ...(health?.ailments ?? []).map((words) => plainLine(words, 160)),
    ...(failing.length === 0 ? [] : [`${failing.join(', ')} ${failing.length === 1 ? 'fails' : 'fail'}`]),
    ...(dead === 0 ? [] : [`${dead} ${dead === 1 ? 'job was' : 'jobs were'} given up`]),
    ...(agent.stopped === null ? [] : ['the agent is stopped']),
    ...(lastBackup?.ok === false ? ['the last backup failed'] : []),
  ];
}

/** How the process is, and where to look. */
function healthFacts({ paint, command }: Cli, { health, lastBackup }: StatusRow): (readonly [string, string])[] {
  if (health === null) return [];
  const { memory, loopLag, lastRestart, supervisor, logPath } = health;
  const lag = `${Math.round(loopLag.p99Ms)} ms for 99 of 100, ${Math.round(loopLag.maxMs)} ms at most`;
  return [
    ['Memory', `${mib(memory.residentBytes)} of ${mib(memory.limitBytes)} (${memory.from})`],
    ['Loop lag', lag],
    ...(lastRestart === null
      ? []
      : [['Restarted', `${shortTime(lastRestart.at)}: ${plainLine(lastRestart.why, 120)}`] as const]),
    ['Service', supervisor ?? 'none: started by hand'],
    ...(lastBackup === null
      ? []
      : [
          [
            'Backup',
            (lastBackup.ok ? String : paint.bad)(`last ${shortTime(lastBackup.at)}${lastBackup.ok ? '' : ', failed'}`),
          ] as const,
        ]),
    ['Log', logPath === null ? 'stderr only' : `${logPath} (${command} logs -f)`],
  ];
}

function stateOf(paint: Cli['paint'], status: StatusRow, command: string): string {
  if (status.safeMode) return paint.bad(`safe mode: doors and notifications only (see ${command} log)`);
  if (!status.accepting.ok) return paint.bad(`not accepting events: ${status.accepting.reason ?? 'unknown'}`);
  if (!status.ready) return paint.warn(`not ready: ${status.notReady.join(', ')}`);
  const ailments = degradedBy(status);
  return ailments.length === 0
    ? paint.good('running, all is well')
    : paint.warn(`running, but: ${ailments.join('; ')}`);
}
