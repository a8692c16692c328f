import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { homeOf } from '../daemon/home.ts';
import { commandName } from './command-name.ts';
import { createCli, type Cli, type World } from './cli.ts';
import { COMMANDS } from './commands.ts';
import { withSeeAlso, type Act } from './define.ts';
import { describeFailure } from './failure.ts';
import { SEE_ALSO } from './see-also.ts';

const DESCRIPTION = 'kairosd: an always-on background agent that watches, keeps quiet and loses nothing.';

/** What a script can tell by `$?`; docs/errors.md says the same. */
const EXIT_CODES_HELP = `Exit codes:
  0 done          1 failed                  2 wrong usage
  3 not running   4 home held by another    5 configuration invalid, or a secret missing`;

/** Runs one command line. Never throws. @returns The exit code. */
export async function runCli(argv: readonly string[], world: World): Promise<number> {
  let exitCode = 0;
  const act: Act =
    (work) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const options = command.optsWithGlobals<{ home?: string; json?: boolean }>();
      const home = homeOf(options.home === undefined ? world.env : { KAIROS_HOME: options.home });
      const cli: Cli = createCli(world, home, options.json === true);
      await work(cli, given.slice(0, -2).flat().filter(isText), options as never);
      exitCode = cli.exitCode;
    };
  try {
    const program = await buildProgram(namedCommands(argv), act, world);
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Without a command: the help was shown, on stderr.
    if (error instanceof CommanderError && error.code === 'commander.help') return 2;
    const failure = describeFailure(error, argv.includes('--json'), () => commandName(world.env, process.cwd()));
    world.stderr.write(failure.text);
    return failure.exitCode;
  }
}

/** Every command by name, and of those in `names` all they take. Loading one command's file instead of all keeps it quick. */
export async function buildProgram(names: ReadonlySet<string>, act: Act, world: World): Promise<Command> {
  const program = new Command('kairos')
    .description(DESCRIPTION)
    .option('--home <dir>', 'the home; default $KAIROS_HOME, else ~/.kairos')
    .option('--json', 'answer with one JSON document')
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show what a command takes')
    .helpCommand('help [command]', 'show what a command takes')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      // Said once, by describeFailure.
      outputError: () => undefined,
    })
    .exitOverride()
    .addHelpText('after', `\nExample:\n  $ kairos init && kairos start\n\n${EXIT_CODES_HELP}`);
  for (const entry of COMMANDS) {
    const command = program
      .command(entry.name)
      .summary(entry.summary)
      .description(`${entry.summary[0]?.toUpperCase()}${entry.summary.slice(1)}.`);
    if (!names.has(entry.name)) continue;
    (await entry.load()).define(command, act);
    withSeeAlso(command, ...(SEE_ALSO[entry.name] ?? []));
  }
  return program;
}

function namedCommands(argv: readonly string[]): ReadonlySet<string> {
  const known = new Set(COMMANDS.map(({ name }) => name));
  return new Set(argv.filter((word) => known.has(word)));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
