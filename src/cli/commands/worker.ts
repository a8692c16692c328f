import type { Command } from 'commander';
import { withExamples, type Act } from '../define.ts';

interface Given {
  readonly redis?: string;
  readonly labels?: string;
  readonly concurrency: string;
  readonly name?: string;
  readonly dir?: string;
  readonly keyFile?: string;
}

/** `kairos worker`: what it takes. What it does, and all that Redis needs, is loaded when it is run. */
export function define(command: Command, act: Act): void {
  command
    .description(
      'Do work for a daemon on another host, until Ctrl-C or a signal. Needs no home: all it needs comes over Redis.',
    )
    .option('--redis <url>', 'where Redis is, such as rediss://user:password@host:6380; default $REDIS_URL')
    .option(
      '--labels <list>',
      'what this host has, such as macos,gpu: it takes what asks for one of these, and with "any" also what asks for none; default any',
    )
    .option('--concurrency <count>', 'jobs at one time, for each label', '2')
    .option('--name <name>', 'what people call it; default the name of this host')
    .option('--dir <dir>', 'where commands run that name no place; default an empty one of its own')
    .option(
      '--key-file <file>',
      'a file with the key that the daemon has as KAIROS_WORKER_KEY; default $KAIROS_WORKER_KEY',
    );
  withExamples(
    command,
    'kairos worker --redis redis://127.0.0.1:6379',
    'kairos worker --redis rediss://brain.example:6380 --labels macos,any --concurrency 4 --key-file ~/.kairos-worker-key',
  ).action(
    act<Given>(async (cli, _operands, given) => {
      const { runWorker } = await import('../run-worker.ts');
      cli.exitCode = await runWorker(cli, given);
    }),
  );
}
