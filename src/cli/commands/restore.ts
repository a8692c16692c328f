import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { prepareRestore, resumeRestore, type Prepared } from '../../backup/restore.ts';
import type { Swapped } from '../../backup/swap.ts';
import { KairosError } from '../../core/errors.ts';
import { readSecrets } from '../../daemon/secrets.ts';
import { systemClock, systemRandom } from '../../daemon/system.ts';
import type { Cli } from '../cli.ts';
import { withExamples, type Act } from '../define.ts';
import { heedSignals, sayProgress } from '../long-work.ts';
import { plainBlock } from '../plain-block.ts';
import { timeZoneOf } from '../time-zone.ts';

interface Options {
  readonly into?: string;
  readonly yes?: boolean;
  readonly resume?: boolean;
}

export function define(command: Command, act: Act): void {
  command
    .description(
      'Put the contents of a backup in the place of those of the home. All of it is read and checked first; what was there is ' +
        'moved to backups/before-restore-… in the home; secrets.env and the token stay. The daemon must not run.',
    )
    .argument('[file]', 'what `kairos backup` wrote')
    .option('--into <home>', 'another home than this one; made if it is not there')
    .option('-y, --yes', 'do not ask')
    .option('--resume', 'finish a restore that was cut off (the next start does so too)');
  withExamples(
    command,
    'kairos stop && kairos restore kairos.tar.gz',
    'kairos restore kairos.tar.gz --into /tmp/looking --yes',
    'kairos restore --resume',
  ).action(
    act<Options>(async (cli, [file], options) => {
      const home = options.into === undefined ? cli.home : resolve(options.into);
      if (options.resume === true) return resume(cli, home);
      if (file === undefined) throw new KairosError('INPUT_INVALID', 'expected the file of a backup, or --resume');
      await restore(cli, { archive: resolve(file), home }, options);
    }),
  );
}

async function resume(cli: Cli, home: string): Promise<void> {
  const done = await resumeRestore(home, `kairos restore --resume, pid ${process.pid}`);
  cli.print({ home, resumed: done !== undefined, safetyCopy: done?.safety ?? null }, () =>
    done === undefined
      ? `No restore was cut off in ${home}.`
      : `Finished. What was there before lies in ${done.safety}`,
  );
}

async function restore(
  cli: Cli,
  given: { readonly archive: string; readonly home: string },
  { yes }: Options,
): Promise<void> {
  const found = statSync(given.archive, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory()) {
    const what = found === undefined ? 'there is none' : 'that is a directory';
    throw new KairosError('INPUT_INVALID', `expected the file of a backup, got ${given.archive}, and ${what}`);
  }
  const asks = yes !== true && !cli.json && process.stdin.isTTY;
  if (yes !== true && !asks) {
    throw new KairosError('INPUT_INVALID', 'expected --yes, because nobody can be asked here; nothing was changed');
  }
  using heeding = heedSignals();
  const secrets = readSecrets(given.home, cli.env).all();
  await using prepared = await prepare(cli, { ...given, secrets }, heeding.signal);
  if (asks && !(await confirm(cli, given.home, prepared))) {
    throw new KairosError('INPUT_INVALID', 'the answer was no; nothing was changed');
  }
  heeding.signal.throwIfAborted();
  const swapped = await prepared.commit();
  cli.print(documentOf(given.home, prepared, swapped), () => render(cli, given.home, { prepared, swapped }));
}

async function prepare(
  cli: Cli,
  request: Omit<Parameters<typeof prepareRestore>[0], 'timeZone'>,
  signal: AbortSignal,
): Promise<Prepared> {
  using progress = sayProgress(cli);
  return await prepareRestore(
    { ...request, timeZone: timeZoneOf(cli) },
    { clock: systemClock, random: systemRandom, pid: process.pid, signal, onProgress: progress.say },
  );
}

async function confirm(cli: Cli, home: string, prepared: Prepared): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    cli.note(holds(prepared));
    const what = prepared.replaces ? `Exchange the contents of ${home} for it?` : `Restore it into ${home}?`;
    const answer = await new Promise<string>((resolve_) => {
      terminal.question(`${what} [y/N] `, resolve_);
      terminal.once('close', () => resolve_(''));
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function holds({ manifest, ledger }: Prepared): string {
  const { events = 0, jobs = 0, messages = 0 } = ledger.rows;
  const of = `backup of ${manifest.createdAt}, made by kairosd ${plainBlock(manifest.version)}`;
  return `A ${of}: ${events} events up to e${ledger.lastEventId}, ${jobs} jobs, ${messages} messages, ${manifest.files.length - 1} files.`;
}

function documentOf(home: string, prepared: Prepared, { safety }: Swapped): object {
  const { manifest, ledger, unfilled, missing, replaces } = prepared;
  return {
    home,
    createdAt: manifest.createdAt,
    version: manifest.version,
    backupPoint: { eventId: ledger.lastEventId, at: manifest.ledger.lastEventAt },
    rows: ledger.rows,
    goesOn: {
      jobsQueued: ledger.jobsQueued,
      jobsInterrupted: ledger.jobsRunning,
      messagesWaiting: ledger.messagesWaiting,
    },
    safetyCopy: replaces ? safety : null,
    secretsMissing: missing,
    secretsUnfilled: unfilled,
  };
}

function render(cli: Cli, home: string, done: { prepared: Prepared; swapped: Swapped }): string {
  const { prepared, swapped } = done;
  const { ledger, missing, unfilled, replaces } = prepared;
  const at = home === cli.home ? '' : ` --home ${home}`;
  const warn = (text: string): string => cli.paint.warn(`  ${text}`);
  return [
    `${cli.paint.good('Restored')} into ${home}`,
    `  ${holds(prepared)}`,
    ...(replaces
      ? [`  before    what was there lies in ${swapped.safety}: remove it when you do not need it any more`]
      : []),
    `  jobs      ${ledger.jobsQueued} wait, ${ledger.jobsRunning} were interrupted: the next start goes on with them`,
    `  messages  ${ledger.messagesWaiting} wait: those that were sent after the backup are sent again, those older than their time expire`,
    '  events    deliveries taken after the backup are unknown here: GitHub offers them again for three days',
    ...(missing.length > 0
      ? [warn(`secrets.env lacks ${plainBlock(missing.join(', '))}: a backup holds no secrets`)]
      : []),
    ...(unfilled.length > 0
      ? [
          warn(
            `config.yaml has [kairos-secret:…] in the place of ${plainBlock(unfilled.join(', '))}: write it in, or better into secrets.env`,
          ),
        ]
      : []),
    `  next      ${cli.command}${at} doctor && ${cli.command}${at} start`,
  ].join('\n');
}
