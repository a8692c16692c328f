import { setTimeout as pause } from 'node:timers/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { KairosError } from '../../core/errors.ts';
import { formatDuration, parseDurationMs } from '../../core/units.ts';
import type { Cli } from '../cli.ts';
import { isAlive, openClient, type Client } from '../client.ts';
import { withExamples, type Act } from '../define.ts';

const TIMEOUT_MS = 60_000;
const TIMEOUT_MS_MAX = 3_600_000;
const LOOK_MS = 50;

export function define(command: Command, act: Act): void {
  command
    .description('Stop the running daemon: it finishes or hands back what it is doing, then ends. Waits for the end.')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for its end')
        .argParser(readTimeout)
        .default(TIMEOUT_MS, `${TIMEOUT_MS / 1_000}s`),
    )
    .option(
      '--agent',
      'stop only the agent: what it does is cut off, and it begins nothing until kairos start --agent',
    );
  withExamples(command, 'kairos stop', 'kairos stop --timeout 2m', 'kairos stop --agent').action(
    act<{ timeout: number; agent?: true }>(async (cli, _operands, { timeout, agent }) => {
      const { pid, ...client } = openRunning(cli);
      if (agent === true) {
        const state = await client.post('/api/agent/stop');
        return cli.print(
          state,
          `The agent is stopped. Events, messages and rules go on. Again: ${cli.command} start --agent`,
        );
      }
      const startedMs = cli.nowMs();
      await client.post('/api/stop');
      while (isAlive(pid)) {
        if (cli.nowMs() - startedMs > timeout) {
          throw new KairosError(
            'OVERLOADED',
            `process ${pid} has not ended within ${formatDuration(timeout)}; it is still stopping`,
          );
        }
        await pause(LOOK_MS);
      }
      cli.print({ stopped: true, pid }, `Stopped (process ${pid}).`);
    }),
  );
}

/** Whoever wants it to be stopped is not told to start it. */
function openRunning({ home, env }: Cli): Client {
  try {
    return openClient(home, env);
  } catch (error) {
    if (!(error instanceof KairosError) || error.code !== 'NOT_RUNNING') throw error;
    const hint = 'Nothing, if this is the home you mean: none runs. --home or KAIROS_HOME names another one.';
    throw new KairosError('NOT_RUNNING', error.message, { hint }, error.cause);
  }
}

function readTimeout(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= LOOK_MS && ms <= TIMEOUT_MS_MAX) return ms;
  throw new InvalidArgumentError('Expected a duration such as 30s or 2m, at most 1h.');
}
