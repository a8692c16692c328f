import { Argument, type Command } from 'commander';
import { COMMANDS } from '../commands.ts';
import { asTyped } from '../command-name.ts';
import { withExamples, type Act } from '../define.ts';
import { INSTALL_LINES, renderCompletion, SHELLS } from '../completion.ts';
import { buildProgram } from '../program.ts';

export function define(command: Command, act: Act): void {
  command
    .description('Print a completion script: commands, subcommands, options and their values.')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS));
  const shown = SHELLS.map((shell) => INSTALL_LINES[shell]?.replace(/ {2,}\(.*$/, '') ?? '');
  withExamples(command, 'source <(kairos completion bash)', ...shown).action(
    act(async (cli, [shell = '']) => {
      const program = await buildProgram(new Set(COMMANDS.map(({ name }) => name)), act, cli);
      const script = renderCompletion(shell, program);
      cli.print({ shell, script }, script);
      // Somebody reads it instead of installing it.
      if (cli.stdout.isTTY) cli.note(`\nTo install it: ${asTyped(INSTALL_LINES[shell] ?? '', cli.command)}`);
    }),
  );
}
