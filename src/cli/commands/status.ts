import type { Command } from 'commander';
import { formatDuration } from '../../core/units.ts';
import type { Cli } from '../cli.ts';
import { openClient } from '../client.ts';
import { withExamples, type Act } from '../commands.ts';
import { shortTime } from '../list.ts';
import { plainLine } from '../../subscriptions/plain.ts';
import type { ChannelRow, StatusRow } from '../rows.ts';
import { renderFacts } from '../table.ts';

export function define(command: Command, act: Act): void {
  withExamples(command, 'kairos status', 'kairos status --json').action(
    act(async (cli) => {
      const status = await openClient(cli.home, cli.env).get<StatusRow>('/api/status');
      cli.print(status, () => render(cli, status));
    }),
  );
}

function render({ paint, command }: Cli, status: StatusRow): string {
  const jobs = Object.entries(status.jobs).map(([state, count]) => `${count} ${state}`);
  return renderFacts(
    [
      ['State', stateOf(paint, status, command)],
      ['Version', `${status.version} (process ${status.pid})`],
      ['Since', `${shortTime(status.startedAt)} (${formatDuration(status.uptimeMs)})`],
      ['Page', status.url],
      ['Home', status.home],
      ['Jobs', jobs.join(', ') || 'none open'],
      ['Messages', `${status.messages.queued} waiting`],
      ['Sources', status.sources.join(', ') || `none: ${command} webhook add github`],
      [
        'Channels',
        status.channels.map((channel) => channelOf(paint, channel)).join(', ') || 'none: notify: in config.yaml',
      ],
      ['Disk free', `${Math.floor(status.freeBytes / 1_048_576)} MiB`],
    ],
    paint,
  );
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
