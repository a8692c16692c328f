import { literal } from './field.ts';
import { invoke } from './invocation.ts';
import { combine, high, shown } from './notes.ts';
import { openScene } from './scene.ts';
import { judgeSource, MEANS } from './walk.ts';
import type { Assessment, Surroundings } from '../call.ts';

/**
 * Assesses a shell command without running it. LOW only when every part was seen through and only reads or prints;
 * anything that is not understood is MEDIUM or HIGH. Without a sandbox every command is HIGH. Never throws; linear in the
 * length of the command, and over 64 KiB it is HIGH unread.
 */
export function assessShell(command: string, surroundings: Surroundings): Assessment {
  const found = combine(judgeSource(command, openScene(surroundings)), 'only reads and prints');
  return surroundings.sandbox === 'none' ? unsandboxed(found) : found;
}

/** Options of `assessArgv`. */
export interface ArgvOptions {
  /** The runner keeps a checkout's configuration from running anything, as the git tool does. Default false. */
  readonly neutralised?: boolean;
  /** The words are run without a shell by a tool of ours: no sandbox is needed for what only reads. Default false. */
  readonly ownTool?: boolean;
}

/** The same for a command already split into words, the program first; nothing in them is expanded. */
export function assessArgv(argv: readonly string[], surroundings: Surroundings, options: ArgvOptions = {}): Assessment {
  const { neutralised = false, ownTool = neutralised } = options;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const odd = argv.find((word) => /[\x00-\x08\x0b-\x1f\x7f]/.test(word) || !word.isWellFormed());
  const bytes = argv.reduce((sum, word) => sum + word.length, 0);
  const notes =
    odd !== undefined || bytes > 65_536
      ? [
          high(
            odd === undefined
              ? 'is longer than 64 KiB, and so not looked at'
              : `has control characters in ${shown(odd)}`,
          ),
        ]
      : invoke(argv.map(literal), openScene(surroundings), { ...MEANS, neutralised });
  const found = combine(notes, 'only reads and prints');
  return surroundings.sandbox === 'none' && !ownTool ? unsandboxed(found) : found;
}

function unsandboxed(found: Assessment): Assessment {
  const reason = found.risk === 'HIGH' ? found.reason : `no sandbox on this machine holds the shell (${found.reason})`;
  return { ...found, risk: 'HIGH', reason };
}
