import type { Command } from 'commander';
import { formatDuration } from '../../core/units.ts';
import type { Cli } from '../cli.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { shortTime } from '../list.ts';
import { plainLine } from '../../subscriptions/plain.ts';
import type { ChannelRow, DreamRow, ListenerRow, PollingRow, ReconcileRow, StatusRow } from '../rows.ts';
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
      ['Dream', dreamOf(cli, status.dream)],
      ['Heartbeat', status.heartbeat ? 'on' : 'off'],
      ['Disk free', `${Math.floor(status.freeBytes / 1_048_576)} MiB`],
    ],
    paint,
  );
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

function stateOf(paint: Cli['paint'], status: StatusRow, command: string): string {
  if (status.safeMode) return paint.bad(`safe mode: doors and notifications only (see ${command} log)`);
  if (!status.accepting.ok) return paint.bad(`not accepting events: ${status.accepting.reason ?? 'unknown'}`);
  return status.ready ? paint.good('running') : paint.warn(`not ready: ${status.notReady.join(', ')}`);
}
