import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { asKairosError, type KairosError } from '../../core/errors.ts';
import { loadConfig } from '../../daemon/config.ts';
import { readSecrets } from '../../daemon/secrets.ts';
import { systemClock } from '../../daemon/system.ts';
import type { Finding, TriedSandbox } from '../../doctor/check.ts';
import { examine } from '../../doctor/doctor.ts';
import { inspectLedger } from '../../ledger/inspect.ts';
import { openSandbox } from '../../tools/sandbox.ts';
import type { Cli } from '../cli.ts';
import { findClient, send } from '../client.ts';
import { asTyped } from '../command-name.ts';
import { openChannels, readLogLevel } from '../dry-start.ts';
import { withExamples, type Act } from '../define.ts';
import { paintState } from '../paint.ts';

export function define(command: Command, act: Act): void {
  command
    .description(
      'Look at everything that can be wrong and say how to fix it. Works without a running daemon. Exit code 1 if something fails.',
    )
    .option('--deep', 'also read a very large ledger through');
  withExamples(command, 'kairos doctor', 'kairos doctor --json').action(
    act<{ deep?: boolean }>(async (cli, _operands, { deep }) => {
      const findings = await examine({
        home: cli.home,
        env: cli.env,
        nodeVersion: process.versions.node,
        userId: process.getuid?.() ?? -1,
        nowMs: cli.nowMs(),
        config: () => {
          readLogLevel(cli.env);
          return loadConfig(cli.home, cli.env);
        },
        channelErrors: () => channelErrors(cli),
        secrets: () => readSecrets(cli.home, cli.env),
        ledger: () => {
          const path = join(cli.home, 'ledger.db');
          return existsSync(path) ? inspectLedger(path, { nowMs: cli.nowMs(), deep: deep === true }) : undefined;
        },
        userHome: homedir(),
        sandbox: async () => trySandbox(cli),
        daemon: async () => findClient(cli.home, cli.env),
        send,
        fetch,
      });
      const failed = findings.some(({ verdict }) => verdict === 'fail');
      if (failed) cli.exitCode = 1;
      cli.print({ ok: !failed, findings }, () => findings.map((finding) => render(cli, finding)).join('\n'));
    }),
  );
}

function channelErrors({ home, env }: Cli): KairosError[] {
  const secrets = readSecrets(home, env);
  return loadConfig(home, env).notify.flatMap((options) => {
    try {
      openChannels([options], (name) => secrets.of(name));
      return [];
    } catch (error) {
      return [asKairosError(error)];
    }
  });
}

/** With what the daemon opens it with. */
async function trySandbox({ home, env }: Cli): Promise<TriedSandbox> {
  const { readable } = loadConfig(home, env).tools.shell;
  const { platform, execPath: nodePath } = process;
  const place = { platform, nodePath, searchPath: env['PATH'] ?? '', hidden: [home], readable };
  return { ...(await openSandbox({ clock: systemClock, ...place })), platform };
}

function render({ paint, command }: Cli, { check, verdict, what, why, fix }: Finding): string {
  const head = `${paintState(paint, verdict)(verdict.padEnd(4))}  ${check.padEnd(10)} ${what}`;
  if (verdict === 'ok' || verdict === 'skip') return head;
  const indent = `\n${' '.repeat(17)}`;
  return `${head}${why === '' ? '' : indent + paint.dim(why)}${fix === '' ? '' : `${indent}→ ${asTyped(fix, command)}`}`;
}
