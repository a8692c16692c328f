import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { uninstallService } from '../../service/install.ts';
import { isSystemd, LAUNCHD_LABEL, programRootOf, serviceHomeOf, unitDirectory } from '../../service/kinds.ts';
import { withExamples, type Act } from '../define.ts';
import { checkKind, chooseKind, kindOptions, type KindOptions } from '../service-kind.ts';
import { openManager } from '../service-manager.ts';

interface UninstallOptions extends KindOptions {
  readonly dryRun?: true;
  readonly purgePrograms?: true;
}

export function define(command: Command, act: Act): void {
  command.description(
    'Stop the service and remove its units. Never removes the home: a later install goes on where this one ended.',
  );
  kindOptions(command)
    .option('--dry-run', 'say what would be removed')
    .option('--purge-programs', 'also remove the installed versions of the program');
  withExamples(command, 'kairos uninstall', 'sudo kairos uninstall --system --purge-programs').action(
    act<UninstallOptions>(async (cli, _operands, options) => {
      const userId = process.getuid?.() ?? -1;
      const machine = { platform: process.platform, userId };
      const kind = chooseKind(options, machine);
      checkKind(kind, machine);
      const userHome = homedir();
      const directory = unitDirectory(kind, userHome);
      const programRoot = programRootOf(kind, userHome);
      const home = kind === 'system' ? serviceHomeOf(kind, userHome) : cli.home;
      const names = isSystemd(kind) ? ['kairosd.service', 'kairosd.socket'] : [`${LAUNCHD_LABEL}.plist`];
      const purge = options.purgePrograms === true ? programRoot : undefined;
      if (options.dryRun === true) {
        const paths = [...names.map((name) => join(directory, name)), ...(purge === undefined ? [] : [purge])];
        return cli.print(
          { kind, dryRun: true, removes: paths, keeps: home },
          () => `Would stop it and remove ${paths.join(', ')}.`,
        );
      }
      const manager = openManager(kind, { env: cli.env, userId, userHome, home });
      const { removed } = await uninstallService({ unitDirectory: directory, names, purge }, manager);
      const kept = purge === undefined ? `${programRoot} and the home` : 'The home';
      cli.print({ kind, removed, kept: home }, () =>
        removed.length === 0
          ? `Nothing to do: there is no service (${kind}).`
          : [
              `The service is gone (${kind}).`,
              ...removed.map((path) => `  removed  ${path}`),
              `  kept     ${kept}`,
            ].join('\n'),
      );
    }),
  );
}
