import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { KairosError } from '../../core/errors.ts';
import { isTimeZone } from '../../core/units.ts';
import { configJsonSchema, parseConfig } from '../../daemon/config.ts';
import type { Cli } from '../cli.ts';
import { withExamples, type Act } from '../define.ts';
import { configYaml, KAIROS_MD, SECRETS_ENV, type Answers } from '../home-files.ts';

const PORT_DEFAULT = 7717;

export function define(command: Command, act: Act): void {
  command
    .description('Make a home: config.yaml, KAIROS.md, secrets.env. What exists is kept as it is. Asks, unless --yes.')
    .option('-y, --yes', 'ask nothing, take the defaults');
  withExamples(command, 'kairos init', 'kairos init --yes --home ~/.kairos').action(
    act<{ yes?: boolean }>(async (cli, _operands, { yes }) => {
      const asks = yes !== true && !cli.json && process.stdin.isTTY && !existsSync(join(cli.home, 'config.yaml'));
      const answers = asks ? await ask() : defaults();
      const made = makeHome(cli.home, answers);
      cli.print({ home: cli.home, ...made }, () => render(cli, made));
    }),
  );
}

interface Made {
  readonly created: readonly string[];
  readonly kept: readonly string[];
}

function makeHome(home: string, answers: Answers): Made {
  const config = configYaml(answers);
  // An answer that makes no valid configuration is told before anything is written.
  parseConfig(config, join(home, 'config.yaml'));
  const files: Readonly<Record<string, string>> = {
    'config.yaml': config,
    'KAIROS.md': KAIROS_MD,
    'secrets.env': SECRETS_ENV,
  };
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    // An empty directory somebody made for us; one with things in it may be a mistake, and is not ours to close.
    if (readdirSync(home).length === 0) chmodSync(home, 0o700);
    const created = Object.entries(files).flatMap(([name, text]) => (writeNew(join(home, name), text) ? [name] : []));
    // Ours, not the owner's: it follows the version.
    writeFileSync(join(home, 'config.schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`, {
      mode: 0o600,
    });
    return { created, kept: Object.keys(files).filter((name) => !created.includes(name)) };
  } catch (error) {
    throw new KairosError('HOME_UNUSABLE', `the home ${home} can't be made or written`, { home }, error);
  }
}

/** @returns false when the file was there already; it is never touched. */
function writeNew(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function defaults(): Answers {
  return { timeZone: Temporal.Now.timeZoneId(), port: PORT_DEFAULT, webhookUrl: '' };
}

async function ask(): Promise<Answers> {
  const { timeZone, port } = defaults();
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // The iterator keeps lines that come faster than they are asked for (somebody pastes them).
  const lines = terminal[Symbol.asyncIterator]();
  const question = async (text: string, otherwise: string, accepts: (answer: string) => boolean): Promise<string> => {
    terminal.setPrompt(`${text}${otherwise === '' ? '' : ` [${otherwise}]`}: `);
    for (;;) {
      terminal.prompt();
      const line = await lines.next();
      // Ctrl-C or Ctrl-D.
      if (line.done === true)
        throw new KairosError('INPUT_INVALID', 'expected answers, got the end of the input; nothing was written');
      const answer = line.value.trim() || otherwise;
      if (accepts(answer)) return answer;
    }
  };
  try {
    return {
      timeZone: await question('Time zone, such as Europe/Berlin', timeZone, isTimeZone),
      port: Number(
        await question(
          'Port on this machine',
          String(port),
          (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535,
        ),
      ),
      webhookUrl: await question(
        'Send messages to a webhook URL too (empty: no)',
        '',
        (text) => text === '' || URL.canParse(text),
      ),
    };
  } finally {
    terminal.close();
  }
}

function render({ home, paint, command }: Cli, { created, kept }: Made): string {
  const lines = [
    `${paint.good('Home')} ${home}`,
    ...(created.length > 0 ? [`  made  ${created.join(', ')}`] : []),
    ...(kept.length > 0 ? [`  kept  ${kept.join(', ')}`] : []),
    '',
    'Next:',
    `  ${command} webhook add github   a secret, and the steps at GitHub`,
    `  ${command} start                run it (Ctrl-C stops it)`,
    `  ${command} doctor               is everything right?`,
  ];
  return lines.join('\n');
}
