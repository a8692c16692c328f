import type { Command } from 'commander';
import { withExamples, type Act } from '../define.ts';

/** `kairos start`: what it takes. What it does is loaded when it is run. */
export function defineStart(command: Command, act: Act): void {
  command.description(
    'Run the daemon in the foreground until Ctrl-C, a signal or kairos stop. Makes the home if there is none.',
  );
  command.option('--agent', 'let the agent of the running daemon work again, after kairos stop --agent');
  command.option(
    '--rehearse',
    'start a copy of the home, sending and running nothing, and say whether it goes; for upgrades',
  );
  withExamples(command, 'kairos start', 'KAIROS_PORT=0 kairos start --home /tmp/try', 'kairos start --agent').action(
    act<{ agent?: true; rehearse?: true }>(async (cli, _operands, { agent, rehearse }) => {
      if (rehearse === true) return (await import('./rehearse.ts')).runRehearsal(cli);
      if (agent === true) {
        const { openClient } = await import('../client.ts');
        const state = await openClient(cli.home, cli.env).post('/api/agent/start');
        return cli.print(state, 'The agent may work again.');
      }
      const { runStart } = await import('./start.ts');
      cli.exitCode = await runStart({ ...cli.env, KAIROS_HOME: cli.home }, cli.json);
    }),
  );
}

/** `kairos demo`, in a temporary home of its own. */
export function defineDemo(command: Command, act: Act): void {
  command.description(
    'Show the whole thing in under a minute, in a temporary home and without a key: real deliveries, duplicates, forgeries, a kill -9.',
  );
  withExamples(command, 'kairos demo', 'kairos demo --json 2>/dev/null').action(
    act(async (cli) => {
      const { runDemo } = await import('./demo.ts');
      // With --json the story goes to stderr: the one document on stdout is the facts.
      const out = cli.json ? cli.stderr : cli.stdout;
      const facts = await runDemo(cli.env, (text) => void out.write(`${text}\n`));
      if (!facts.ok) cli.exitCode = 1;
      cli.print(facts, '');
    }),
  );
}
