import { changeDirectory } from './directory.ts';
import { readFlags } from './flags.ts';
import { GIT_COMMANDS } from './git-commands.ts';
import { high, medium, NOTHING, shown } from './notes.ts';
import { judgeText } from './scene.ts';
import { mentions } from './mentions.ts';
import type { Field } from './field.ts';
import type { GitCommand } from './git-commands.ts';
import type { Note, Notes } from './notes.ts';
import type { Call } from './program.ts';
import type { Scene } from './scene.ts';

/**
 * git, by subcommand and flag.
 *
 * @param neutralised The runner keeps the checkout's configuration from running anything (the git tool does). Through the
 *   plain shell only what cannot run such a program is harmless, and plain `git log` without a patch, whose one such
 *   setting (`log.showSignature`) the shell's environment overrides.
 */
export function readGit(call: Call, neutralised: boolean): Notes {
  const { args } = call;
  let index = 0;
  const notes: Note[] = [];
  let { scene } = call;
  while (args[index]?.text.startsWith('-') === true) {
    const target = args[index]?.text === '-C' ? args[index + 1] : undefined;
    if (target !== undefined && !neutralised) {
      const { notes: lost, places } = changeDirectory([target], scene);
      scene = { ...scene, places };
      notes.push(...lost);
      index += 2;
    } else index += readGlobal(args, index, notes);
  }
  const subcommand = args[index];
  if (subcommand === undefined)
    return args.length === 1 && args[0]?.text === '--version'
      ? NOTHING
      : [...notes, medium('git without a known command')];
  if (!subcommand.plain || subcommand.opaque !== undefined || subcommand.patternAt >= 0)
    return [...notes, high('which git command runs cannot be seen')];
  const name = subcommand.text;
  const rest = { ...call, scene, name: `git ${name}`, args: args.slice(index + 1) };
  return [...notes, ...readSubcommand(name, rest, neutralised)];
}

/** Flags before the subcommand. */
function readGlobal(args: readonly Field[], index: number, notes: Note[]): number {
  const text = args[index]?.text ?? '';
  if (text === '--no-pager' || text === '--no-optional-locks' || text === '--literal-pathspecs') return 1;
  if (text === '--version' && args.length === 1) return 1;
  if (text === '-C') {
    notes.push(medium('git would obey the configuration of another directory', { readsOutside: true }));
    return 2;
  }
  notes.push(high(`\`git ${shown(text)}\` changes what git obeys or runs`));
  return /^(?:-c|--git-dir|--work-tree|--exec-path|--namespace|--config-env)$/.test(text) ? 2 : 1;
}

function readSubcommand(name: string, call: Call, neutralised: boolean): Notes {
  const command = Object.hasOwn(GIT_COMMANDS, name) ? GIT_COMMANDS[name] : undefined;
  const mode = command === undefined ? undefined : readMode(name, call);
  if (command === undefined || mode !== undefined)
    return mode === undefined ? readChange(name, call) : [mode, ...pathsIn(call)];
  const found = [...readFlags(command, call), ...readTexts(command, call)];
  if (neutralised || plainHere(call.scene)) return found;
  if (command.need === 'nothing') return moved(call) ? [...found, MOVED] : found;
  if (name === 'log' && !call.args.some(({ text }) => PATCHES.test(text)) && !moved(call)) return found;
  return [...found, medium(`\`git ${name}\` may run programs that the checkout's configuration names`)];
}

const MOVED = medium('git would obey the configuration of another directory');

/** Behind a `cd` lies perhaps another repository, even a bare one made of ordinary files. */
function moved({ scene }: Call): boolean {
  return scene.places.length !== 1 || scene.places[0] !== scene.surroundings.cwd;
}

/** Wherever it may run, the repository is one of the run's workspaces, and its settings were seen to name no program. */
function plainHere({ places, surroundings }: Scene): boolean {
  const { plainRepository, workspaces } = surroundings;
  return (
    plainRepository !== undefined &&
    places.every(
      (place) =>
        place !== undefined &&
        workspaces.some(({ path }) => place === path || place.startsWith(`${path}/`)) &&
        plainRepository(place),
    )
  );
}

/** Anything of `git log` that looks into files. `--` and what follows it are paths. */
const PATCHES =
  /^-(?:[pumcwWzbRaMCSGUL]|-(?:patch|stat|numstat|shortstat|summary|dirstat|name|raw|cc|unified|word-diff|color-words|check|binary|full-index|diff-filter|pickaxe|submodule|compact-summary|follow|exit-code|quiet|relative|text|function-context|find|ignore|inter-hunk|minimal|patience|histogram|diff-algorithm|no-renames|skip-to))/;

/** Subcommands whose operands decide whether they read. undefined: they do. */
function readMode(name: string, { args }: Call): Note | undefined {
  const words = args.map(({ text }) => text);
  const operands = words.filter((text) => !text.startsWith('-'));
  const listing = words.some((text) =>
    /^(?:-l|--list|--contains|--no-contains|--points-at|--merged|--no-merged)(?:=|$)/.test(text),
  );
  const changes = medium(`\`git ${name}\` with these words changes the repository`, { writes: true });
  if ((name === 'branch' || name === 'tag') && operands.length > 0 && !listing) return changes;
  if (name === 'remote' && /^(?:show|update|prune)$/.test(operands[0] ?? ''))
    return high(`\`git remote ${shown(operands[0] ?? '')}\` asks the network`, { sends: true, readsOutside: true });
  if (
    (name === 'stash' && /^(?:drop|clear)$/.test(operands[0] ?? '')) ||
    ((name === 'branch' || name === 'tag') &&
      words.some((text) => /^-(?:D|d|f|M|C|-delete|-force)/.test(text)) &&
      operands.length > 0)
  )
    return high(`\`git ${name}\` with these words throws work away`, { writes: true });
  if (name === 'remote' && operands.length > 0 && operands[0] !== 'get-url')
    return medium('`git remote` changes settings, or asks the network', { writes: true });
  if (name === 'remote' && operands[0] !== undefined && operands.length !== 2) return changes;
  if (name === 'stash' && operands[0] !== 'list') return changes;
  if (name === 'worktree' && operands[0] !== 'list') return changes;
  if (name === 'reflog' && /^(?:expire|delete|drop|write)$/.test(operands[0] ?? '')) return changes;
  if (name === 'symbolic-ref' && (operands.length > 1 || words.some((text) => /^-(?:d|-delete|m)/.test(text))))
    return changes;
  return undefined;
}

/** Formats that verify signatures run gpg; a revision or path that looks like a program's address is none. */
function readTexts(command: GitCommand, { args, name, scene }: Call): Notes {
  const notes: Note[] = [];
  for (const [index, { text }] of args.entries()) {
    if ((/%G|signature/i.test(text) && /%/.test(text)) || named(text, args[index + 1]))
      notes.push(medium(`what ${name} shows or sorts by may run gpg`));
    if (text.startsWith('-') || command.operands === undefined) continue;
    // A revision looks like a path in the workspace, which is fine; behind its colon stands a path.
    for (const path of new Set([text, text.replace(/^[^:]*:/, '')]))
      if (path !== '' && path.length < 512)
        notes.push(
          ...judgeText(path, 'read', scene).filter(
            ({ risk, readsSecrets, readsOutside }) =>
              risk === 'HIGH' || readsSecrets === true || readsOutside === true || /^[/~]|^\.\.\//.test(path),
          ),
        );
  }
  return notes;
}

/** A format under a name of its own is one of the checkout's settings, and verifying a signature is a key to sort by. */
function named(text: string, next: Field | undefined): boolean {
  const [, flag, attached] = /^--(sort|pretty|format)(?:=([\s\S]*))?$/.exec(text) ?? [];
  if (flag === undefined) return false;
  const value = attached ?? (flag === 'pretty' ? '' : (next?.text ?? ''));
  return flag === 'sort' ? !SORTS.test(value) : !FORMATS.test(value);
}

const SORTS =
  /^-?(?:(?:version|v):)?(?:refname|objectname|objectsize|objecttype|upstream|subject|HEAD|(?:committer|author|creator|tagger)(?:date|name|email)?)(?::\w+)?$/;
const FORMATS = /^$|%|^(?:oneline|short|medium|full|fuller|reference|email|mboxrd|raw)$|^t?format:/;

const REACHING = new Set(
  'fetch pull push clone ls-remote send-email request-pull fetch-pack send-pack remote-http remote-ext submodule svn p4 archive-remote daemon http-backend'.split(
    ' ',
  ),
);
const RUNNING = new Set(
  'bisect rebase filter-branch difftool mergetool config hook credential instaweb gui gitk citool help web--browse maintenance for-each-repo daemon shell upload-pack receive-pack'.split(
    ' ',
  ),
);
const DESTROYING = new Set('clean reset gc prune reflog update-ref replace filter-repo apply am'.split(' '));

/** What changes, runs or reaches something. */
function readChange(name: string, call: Call): Notes {
  const notes: Note[] = [...pathsIn(call)];
  if (REACHING.has(name))
    notes.push(high(`\`git ${name}\` reaches the network`, { sends: true, readsOutside: true, writes: true }));
  else if (name === 'config') notes.push(...readConfig(call));
  else if (RUNNING.has(name)) notes.push(high(`\`git ${shown(name)}\` runs other programs`, { writes: true }));
  else if (DESTROYING.has(name)) notes.push(high(`\`git ${shown(name)}\` throws work away`, { writes: true }));
  else if (KNOWN.has(name))
    notes.push(medium(`\`git ${name}\` changes the repository, and runs its hooks`, { writes: true }));
  else notes.push(high(`\`git ${shown(name)}\` is not known, and may be an alias for any program`, { writes: true }));
  return notes;
}

const KNOWN = new Set(
  'add commit checkout switch restore merge cherry-pick revert mv rm init stash tag branch worktree notes archive bundle format-patch sparse-checkout cat-file'.split(
    ' ',
  ),
);

/** Reading one setting by name is harmless, unless that setting holds a secret. */
function readConfig({ args }: Call): Notes {
  const words = args.map(({ text }) => text);
  const key = words.length === 1 ? words[0] : words[1];
  const reads =
    (words.length === 1 || (words.length === 2 && /^(?:--get|get)$/.test(words[0] ?? ''))) &&
    /^[\w.-]+\.[\w-]+$/.test(key ?? '');
  const telling =
    /^(?:user|branch|init|core|remote)\.(?:[\w/-]+\.)?(?:name|email|remote|merge|defaultbranch|bare|autocrlf|filemode)$/i;
  if (reads && telling.test(key ?? '')) return NOTHING;
  if (reads || words.some((text) => /^(?:--list|-l|--get|--get-all|--get-regexp|get|list)$/.test(text)))
    return [medium('git settings may hold tokens', { readsSecrets: true })];
  return [high('`git config` decides what git runs', { writes: true })];
}

/** A protected or outside place among the words of a change makes it HIGH. */
function pathsIn(call: Call): Notes {
  const risky = call.args.find(
    ({ text }) => /(?:^|=)(?:\/|~|\.\.(?:\/|$))/.test(text) || /ext::|--(?:upload|receive|exec)/.test(text),
  );
  return [
    ...(risky === undefined ? NOTHING : [high(`git is pointed at ${shown(risky.text)}`)]),
    ...mentions(call.args, call.scene),
  ];
}
