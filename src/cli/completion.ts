import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'];

/** Where each shell looks for the script by itself, and what to type. */
export const INSTALL_LINES: Readonly<Record<string, string>> = {
  bash: 'kairos completion bash > ~/.local/share/bash-completion/completions/kairos',
  zsh: 'kairos completion zsh > ~/.zfunc/_kairos   (with "fpath+=~/.zfunc; autoload -Uz compinit; compinit" in ~/.zshrc)',
  fish: 'kairos completion fish > ~/.config/fish/completions/kairos.fish',
};

/** A place on the command line (`''`, `jobs`, `jobs show`) and what may stand there. */
interface Place {
  readonly path: string;
  readonly words: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly { readonly long: string; readonly summary: string; readonly takes: Takes }[];
}

/** What follows an option, or a place's own operand. */
type Takes =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'anything' }
  | { readonly kind: 'file' }
  | { readonly kind: 'one-of'; readonly values: readonly string[] };

/** A completion script made of the commands themselves. The words are ours; nothing in them needs quoting. */
export function renderCompletion(shell: string, program: Command): string {
  const places = placesOf(program);
  const head = `# ${shell} completion for kairos. To install it:\n#   ${INSTALL_LINES[shell] ?? ''}\n`;
  if (shell === 'fish') return head + fish(places);
  return shell === 'zsh' ? `#compdef kairos\n${head}${zsh(places)}` : head + bash(places);
}

function placesOf(program: Command): Place[] {
  const globals = program.options;
  const root = placeOf('', program, globals);
  const help = { name: 'help', summary: 'show what a command takes' };
  const commands = program.commands.flatMap((command) => [
    placeOf(command.name(), command, globals),
    ...command.commands.map((each) =>
      placeOf(`${command.name()} ${each.name()}`, each, [...command.options, ...globals]),
    ),
  ]);
  const names = { path: 'help', words: root.words, options: [] };
  return [{ ...root, words: [...root.words, help] }, ...commands, names];
}

function placeOf(path: string, command: Command, inherited: readonly Option[]): Place {
  const values = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const options = [...command.options, ...inherited]
    .filter(({ hidden }) => !hidden)
    .map((option) => ({
      long: option.long ?? '',
      summary: option.description,
      takes: takesOf(option),
    }));
  const help = { long: '--help', summary: 'show what a command takes', takes: { kind: 'nothing' } as const };
  return {
    path,
    words: [
      ...command.commands.map((each) => ({ name: each.name(), summary: each.summary() || each.description() })),
      ...values.map((name) => ({ name, summary: '' })),
    ],
    options: [...new Map([...options, help].map((option) => [option.long, option])).values()],
  };
}

function takesOf({ required, optional, argChoices, flags }: Option): Takes {
  if (!required && !optional) return { kind: 'nothing' };
  if (argChoices !== undefined) return { kind: 'one-of', values: argChoices };
  return { kind: /<(file|dir|path)>/.test(flags) ? 'file' : 'anything' };
}

/** All that may stand at a place, as one text. */
function wordsAt({ words, options }: Place): string {
  return [...words.map(({ name }) => name), ...options.map(({ long }) => long)].join(' ');
}

/** Shell patterns of "place word" pairs that lead one place further: `" jobs"`, `"jobs show"`. */
function steps(places: readonly Place[]): { first: string; second: string } {
  const quoted = (deep: boolean): string =>
    places
      .map(({ path }) => path)
      .filter((path) => path !== '' && path.includes(' ') === deep)
      .map((path) => (deep ? `"${path}"` : `" ${path}"`))
      .join('|');
  return { first: quoted(false), second: quoted(true) };
}

function valueCases(places: readonly Place[], render: (takes: Takes) => string): string[] {
  return places.flatMap(({ path, options }) =>
    options
      .filter(({ takes }) => takes.kind !== 'nothing')
      .map(({ long, takes }) => `    "${path} ${long}") ${render(takes)} ;;`),
  );
}

function bash(places: readonly Place[]): string {
  const { first, second } = steps(places);
  const values = valueCases(places, (takes) => {
    if (takes.kind === 'one-of') return `COMPREPLY=($(compgen -W "${takes.values.join(' ')}" -- "$word")); return`;
    return takes.kind === 'file' ? 'COMPREPLY=($(compgen -f -- "$word")); return' : 'return';
  });
  const words = places.map((place) => `    "${place.path}") words="${wordsAt(place)}" ;;`);
  return `_kairos() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}" at="" each words=""
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $each" in
      ${first}) at="$each" ;;
      ${second}) at="$at $each" ;;
    esac
  done
  COMPREPLY=()
  case "$at $before" in
${values.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _kairos kairos
`;
}

/** A file in \`fpath\` is run as the function at the first Tab, and sourced by whoever likes that better. */
function zsh(places: readonly Place[]): string {
  const { first, second } = steps(places);
  const values = valueCases(places, (takes) => {
    if (takes.kind === 'one-of') return `compadd -- ${takes.values.join(' ')}; return`;
    return takes.kind === 'file' ? '_files; return' : 'return';
  });
  const words = places.map((place) => `    "${place.path}") choices="${wordsAt(place)}" ;;`);
  return `_kairos() {
  local at="" each choices="" before="\${words[CURRENT-1]}"
  for each in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $each" in
      ${first}) at="$each" ;;
      ${second}) at="$at $each" ;;
    esac
  done
  case "$at $before" in
${values.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
  esac
  compadd -- \${=choices} || _files
}
if [ "\${funcstack[1]}" = _kairos ]; then _kairos "$@"; else compdef _kairos kairos; fi
`;
}

function fish(places: readonly Place[]): string {
  const deep = (place: Place): boolean => place.path.includes(' ');
  const named = places.filter(({ path }) => path !== '');
  const first = named.filter((place) => !deep(place)).map(({ path }) => `' ${path}'`);
  const second = named.filter(deep).map(({ path }) => `'${path}'`);
  const lines = places.flatMap(({ path, words, options }) => [
    ...words.map(({ name, summary }) => `${at(path)} -f -a ${name}${described(summary)}`),
    ...options.map(
      ({ long, summary, takes }) => `${at(path)} -l ${long.slice(2)}${fishValue(takes)}${described(summary)}`,
    ),
  ]);
  return `function __kairos_at
  set -l at ''
  for each in (commandline -opc)[2..]
    switch "$at $each"
      case ${first.join(' ')}
        set at $each
      case ${second.join(' ')}
        set at "$at $each"
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function at(path: string): string {
  return `complete -c kairos -n '__kairos_at "${path}"'`;
}

function fishValue(takes: Takes): string {
  if (takes.kind === 'one-of') return ` -x -a '${takes.values.join(' ')}'`;
  if (takes.kind === 'nothing') return ' -f';
  return takes.kind === 'file' ? ' -r' : ' -x';
}

function described(summary: string): string {
  return summary === '' ? '' : ` -d '${summary.replaceAll("'", '’')}'`;
}
