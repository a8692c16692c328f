/** A command as a shell completes it. */
export interface Words {
  readonly name: string;
  readonly summary: string;
  readonly subcommands: readonly string[];
  readonly options: readonly string[];
}

export const SHELLS = ['bash', 'zsh', 'fish'];

const EVERYWHERE = ['--help', '--home', '--json'];

/** A completion script: commands, their subcommands and their options. The words are ours; nothing in them needs quoting. */
export function renderCompletion(shell: string, commands: readonly Words[]): string {
  if (shell === 'fish') return fish(commands);
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.map(({ name, subcommands, options }) => {
    const words = [...new Set([...subcommands, ...options, ...EVERYWHERE])].join(' ');
    return `    ${name}) words="${words}" ;;`;
  });
  return shell === 'zsh' ? zsh(names, cases) : bash(names, cases);
}

function bash(names: string, cases: readonly string[]): string {
  return `# bash completion for kairos
_kairos() {
  local words word="\${COMP_WORDS[COMP_CWORD]}"
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="${names} help" ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${names} help --help --version"
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _kairos kairos
`;
}

function zsh(names: string, cases: readonly string[]): string {
  return `#compdef kairos
_kairos() {
  local command="\${words[2]}" choices
  case "$command" in
${cases.map((line) => line.replace('words=', 'choices=')).join('\n')}
    *) choices="" ;;
  esac
  (( CURRENT == 2 )) && choices="${names} help --help --version"
  compadd -- \${=choices}
}
compdef _kairos kairos
`;
}

function fish(commands: readonly Words[]): string {
  const lines = commands.flatMap(({ name, summary, subcommands, options }) => [
    `complete -c kairos -n __fish_use_subcommand -a ${name} -d '${summary.replaceAll("'", '’')}'`,
    ...subcommands.map((each) => `complete -c kairos -n '__fish_seen_subcommand_from ${name}' -a ${each}`),
    ...[...new Set(options)].map(
      (each) => `complete -c kairos -n '__fish_seen_subcommand_from ${name}' -l ${each.slice(2)}`,
    ),
  ]);
  const everywhere = EVERYWHERE.map((each) => `complete -c kairos -l ${each.slice(2)}`);
  return ['# fish completion for kairos', 'complete -c kairos -f', ...lines, ...everywhere, ''].join('\n');
}
