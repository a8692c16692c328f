import { createReadStream, readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import packageJson from '../../../package.json' with { type: 'json' };
import { makeBackup, type BackupResult } from '../../backup/backup.ts';
import type { NamedSecret } from '../../backup/needles.ts';
import { applyRetention } from '../../backup/record.ts';
import { KairosError } from '../../core/errors.ts';
import { readIfThere, readSecrets } from '../../daemon/secrets.ts';
import { systemClock, systemRandom } from '../../daemon/system.ts';
import type { Cli } from '../cli.ts';
import { isAlive } from '../client.ts';
import { withExamples, type Act } from '../define.ts';
import { heedSignals, sayProgress, sizeText } from '../long-work.ts';
import { timeZoneOf } from '../time-zone.ts';
import { tookOf } from '../took.ts';

interface Options {
  readonly keep?: number;
  readonly scheduled?: boolean;
  readonly secretsFromStdin?: boolean;
}

export function define(command: Command, act: Act): void {
  command
    .description(
      'Write one archive of the home: ledger, memory, configuration, transcripts, logs. Works while the daemon runs, and ' +
        'is opened again before it gets its name. Holds no secret: keep secrets.env yourself.',
    )
    .argument('<file>', 'such as kairos.tar.gz; a directory: it is named by the time; -: to stdout')
    .option('--keep <count>', 'with a directory: how many of ours stay in it', readKeep)
    .addOption(new Option('--scheduled').hideHelp())
    .addOption(new Option('--secrets-from-stdin').hideHelp());
  withExamples(
    command,
    'kairos backup kairos.tar.gz',
    'kairos backup /mnt/usb --keep 14',
    "kairos backup - | ssh nas 'cat > kairos.tar.gz'",
  ).action(
    act<Options>(async (cli, [file = ''], options) => {
      if (file === '-' && cli.json)
        throw new KairosError('INPUT_INVALID', 'expected a file with --json, got -: stdout can only hold one of them');
      const result = await backUp(cli, file, options);
      const removed =
        options.keep === undefined || result.file === null ? [] : await keepNewest(result.file, options.keep);
      if (file === '-') return sayBesides(cli, result);
      cli.print(documentOf(result, removed), () => render(cli, result, removed));
    }),
  );
}

async function backUp(cli: Cli, target: string, options: Options): Promise<BackupResult> {
  if (cli.stdout === process.stdout) yieldToOthers();
  const secrets = await secretsOf(cli, options);
  using heeding = heedSignals();
  using progress = sayProgress(cli);
  return await makeBackup(
    {
      home: cli.home,
      target,
      secrets,
      version: packageJson.version,
      timeZone: timeZoneOf(cli),
      by: options.scheduled === true ? 'schedule' : 'hand',
    },
    {
      clock: systemClock,
      random: systemRandom,
      pid: process.pid,
      isAlive,
      signal: heeding.signal,
      onProgress: progress.say,
      onArchive: (path) => pipeline(createReadStream(path), cli.stdout, { end: false }),
    },
  );
}

/**
 * A daemon that works beside it goes first. Under Linux a priority belongs to a thread, and some are there already; under
 * macOS to the process.
 */
function yieldToOthers(): void {
  const threads = process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [process.pid];
  for (const thread of threads) {
    try {
      setPriority(thread, constants.priority.PRIORITY_LOW);
    } catch {
      // It is only politeness; and a thread may have ended.
    }
  }
}

/** All that must not be in it: what the home and the environment hold, and what the daemon that started us knows besides. */
async function secretsOf({ home, env }: Cli, { secretsFromStdin }: Options): Promise<readonly NamedSecret[]> {
  const token = (readIfThere(`${home}/token`) ?? '').trim();
  const given = secretsFromStdin === true ? stdinSchema.parse(JSON.parse(await readStdin())) : [];
  return [
    ...readSecrets(home, env).all(),
    ...given,
    ...(token === '' ? [] : [{ name: 'KAIROS_API_TOKEN', value: token }]),
  ];
}

const stdinSchema = z.array(z.object({ name: z.string(), value: z.string() })).max(10_000);

async function readStdin(): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

async function keepNewest(file: string, keep: number): Promise<readonly string[]> {
  return applyRetention(dirname(file), keep, basename(file));
}

function readKeep(text: string): number {
  const count = Number(text);
  if (/^\d{1,3}$/.test(text) && count >= 1 && count <= 365) return count;
  throw new InvalidArgumentError('Expected a number from 1 to 365.');
}

function documentOf({ manifest, ...result }: BackupResult, removed: readonly string[]): object {
  const { files, redacted, ledger, createdAt, version, homeId } = manifest;
  return {
    ...result,
    createdAt,
    version,
    homeId,
    backupPoint: { eventId: ledger.lastEventId, at: ledger.lastEventAt },
    schema: ledger.schema,
    rows: ledger.rows,
    files: files.length,
    redacted,
    removed,
  };
}

function render(cli: Cli, result: BackupResult, removed: readonly string[]): string {
  const { manifest, file, bytes, tookMs, checked } = result;
  const { events = 0, jobs = 0, messages = 0 } = manifest.ledger.rows;
  const whole =
    checked === 'whole' ? 'every hash and every index' : 'every hash, and the structure of the ledger (over 1 GiB)';
  return [
    `${cli.paint.good('Backup')} ${file ?? 'written'} (${sizeText(bytes)}, ${tookOf(tookMs)})`,
    `  holds     ${events} events, ${jobs} jobs, ${messages} messages, ${manifest.files.length - 1} files`,
    `  up to     e${manifest.ledger.lastEventId}${manifest.ledger.lastEventAt === null ? '' : ` of ${manifest.ledger.lastEventAt}`}`,
    `  verified  opened again: ${whole}`,
    '  not in it secrets.env, the token and copies of workspaces: keep the first yourself',
    ...warnings(result).map((text) => cli.paint.warn(`  ${text}`)),
    ...(removed.length > 0 ? [`  removed   ${removed.join(', ')}`] : []),
    `  restore   ${cli.command} restore ${file ?? 'FILE'}`,
  ].join('\n');
}

function warnings({ manifest, leftOut }: BackupResult): string[] {
  return [
    ...manifest.redacted.map(({ path, names }) =>
      path === 'config.yaml'
        ? `config.yaml holds the value of ${names.join(', ')}: it is marked in the backup, and put back at a restore where the secret is known. It belongs in secrets.env.`
        : `${path} held the value of ${names.join(', ')}: it was taken out in the backup.`,
    ),
    ...leftOut.slice(0, 20).map(({ path, why }) => `${path} was left out: it ${why}`),
    ...(leftOut.length > 20 ? [`and ${leftOut.length - 20} more were left out`] : []),
  ];
}

/** Stdout is the archive. */
function sayBesides(cli: Cli, result: BackupResult): void {
  cli.note(render(cli, result, []));
}
