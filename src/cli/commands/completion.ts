import { Argument, type Command } from 'commander';
import { COMMANDS } from '../commands.ts';
import { withExamples, type Act } from '../define.ts';
import { renderCompletion, SHELLS, type Words } from '../completion.ts';
import { buildProgram } from '../program.ts';

export function define(command: Command, act: Act): void {
  command.addArgument(new Argument('<shell>', 'which shell').choices(SHELLS));
  withExamples(
    command,
    'kairos completion bash > ~/.local/share/bash-completion/completions/kairos',
    'kairos completion zsh > ~/.zfunc/_kairos',
    'kairos completion fish > ~/.config/fish/completions/kairos.fish',
  ).action(
    act(async (cli, [shell = '']) => {
      const program = await buildProgram(new Set(COMMANDS.map(({ name }) => name)), act, cli);
      const words = program.commands.map(wordsOf);
      const script = renderCompletion(shell, words);
      cli.print({ shell, script }, script);
    }),
  );
}

function wordsOf(command: Command): Words {
  return {
    name: command.name(),
    summary: command.summary(),
    subcommands: command.commands.map((each) => each.name()),
    options: [...command.options, ...command.commands.flatMap((each) => each.options)].flatMap(
      ({ long }) => long ?? [],
    ),
  };
}
