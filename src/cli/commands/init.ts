import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Command } from 'commander';
import { KairosError } from '../../core/errors.ts';
import { isModelOn } from '../../agent/options.ts';
import { parseConfig } from '../../daemon/config.ts';
import { readIfThere, readSecrets } from '../../daemon/secrets.ts';
import type { Cli } from '../cli.ts';
import { left, openAsker } from '../ask.ts';
import { additionText, insertIntoConfig, type Addition } from '../config-insert.ts';
import { withExamples, type Act } from '../define.ts';
import { additionsOf, configYaml } from '../home-files.ts';
import { answersOf, hasAnswers, SECRET, type Answers, type InitOptions } from '../init-answers.ts';
import { tryChannels, tryModel, type Tried } from '../init-try.ts';
import { askAdditions, askEverything, type WizardPorts } from '../init-wizard.ts';
import { replaceConfig, writeHome, type Made } from '../init-write.ts';

export function define(command: Command, act: Act): void {
  command
    .description(
      'Make a home: config.yaml, KAIROS.md, secrets.env. On a terminal it asks; with any of the options below it asks nothing. What exists is kept as it is; nothing is written before the last question.',
    )
    .option('-y, --yes', 'ask nothing, take the defaults')
    .option('--time-zone <zone>', 'IANA name such as Europe/Berlin (default: that of this machine)')
    .option('--port <port>', 'where it listens on 127.0.0.1, 0 to 65535 (default: 7717)')
    .option('--quiet-hours <from-to>', 'such as 22:00-07:00 (default: none)')
    .option('--channel <channel>', 'telegram:CHAT, slack:CHANNEL or webhook:URL; may be repeated', several)
    .option('--hear', 'obey what is written in the private Telegram chats of --channel')
    .option('--github <way>', 'webhook, poll or later (default: later)')
    .option('--repository <owner/repo>', 'for --github poll; may be repeated', several)
    .option('--model <model>', 'none, anthropic, or the address of a server (default: none)')
    .option('--model-name <name>', 'the model of that server')
    .option('--service', 'it is to run as a service: name the command for that')
    .option('--secrets-stdin', 'read NAME=value lines from standard input into secrets.env')
    .option('--try', 'send a test message over each channel, and ask the model server for its models')
    .option('--add', 'put what is asked for into a config.yaml that exists; lines are added, none is changed');
  withExamples(
    command,
    'kairos init',
    'kairos init --yes --home ~/.kairos',
    'kairos init --channel telegram:123456 --hear --secrets-stdin < secrets.txt',
    'kairos init --add --github poll --repository octo/app',
  ).action(
    act<InitOptions>(async (cli, _operands, options) => {
      const exists = existsSync(join(cli.home, 'config.yaml'));
      const asks = !hasAnswers(options) && !cli.json && process.stdin.isTTY && cli.stdout.isTTY;
      const result = asks ? await ask(cli, exists).catch(leave(cli)) : await fromOptions(cli, exists, options);
      if (result === undefined) return;
      if (result.tried.some(({ ok }) => !ok)) cli.exitCode = 1;
      cli.print(documentOf(cli, result), () => render(cli, result));
    }),
  );
}

/** What was done, and what is still to do. */
interface Done extends Made {
  readonly answers: Answers;
  readonly added: readonly Addition[];
  readonly byHand: readonly Addition[];
  /** Secrets the configuration needs and nobody gave. */
  readonly missing: readonly string[];
  readonly tried: readonly Tried[];
}

function several(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** Leaving is no mistake: no advice to correct anything, only where to begin again. */
function leave(cli: Cli): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof KairosError && error.detail['left'] === true)) throw error;
    cli.note(`You left before the end; nothing was written. Begin again with: ${cli.command} init`);
    cli.exitCode = 2;
    return undefined;
  };
}

async function fromOptions(cli: Cli, exists: boolean, options: InitOptions): Promise<Done> {
  const answers = answersOf(options, options.secretsStdin === true ? await secretsFromStdin() : {});
  const changes = exists && options.add !== true ? { added: [], byHand: [] } : undefined;
  return write(cli, { answers, exists, changes, tries: options.try === true });
}

async function ask(cli: Cli, exists: boolean): Promise<Done> {
  const secrets = readSecrets(cli.home, cli.env);
  const asker = await openAsker(cli.env);
  const ports: WizardPorts = { asker, fetch, secretOf: (name) => secrets.of(name) };
  try {
    asker.say(
      `A home for kairosd: ${cli.home}\nNothing is written before the last question; Ctrl-C leaves all as it is.`,
    );
    const answers = exists ? await askAdditions(ports) : await askEverything(ports);
    const plan = exists ? insertIntoConfig(configOf(cli), additionsOf(answers)) : undefined;
    if (plan !== undefined && plan.added.length > 0) {
      asker.say(`To be added to config.yaml:\n${plan.added.map(additionText).join('\n')}`);
    }
    const writes = !exists || plan?.added.length !== 0 || Object.keys(answers.secrets).length > 0;
    const agreed = !writes || (await asker.confirm(exists ? 'Add this?' : 'Write it?', true));
    if (!agreed) throw left();
    const tries =
      (answers.channels.length > 0 || answers.model.kind !== 'none') &&
      (await asker.confirm('Then try it: one test message, and a look at the model server?', true));
    return await write(cli, { answers, exists, changes: undefined, tries });
  } finally {
    asker.close();
  }
}

interface Order {
  readonly answers: Answers;
  readonly exists: boolean;
  /** Of an existing configuration: nothing is to change. Undefined: what the answers ask for. */
  readonly changes: { readonly added: readonly Addition[]; readonly byHand: readonly Addition[] } | undefined;
  readonly tries: boolean;
}

async function write(cli: Cli, { answers, exists, changes, tries }: Order): Promise<Done> {
  const path = join(cli.home, 'config.yaml');
  const old = exists ? configOf(cli) : '';
  const plan = exists
    ? (changes ?? insertIntoConfig(old, additionsOf(answers)))
    : { added: [], byHand: [], text: configYaml(answers) };
  const text = 'text' in plan ? plan.text : old;
  // An answer that makes no valid configuration is told before anything is written; a broken one of the owner's is kept.
  const config = exists && text === old ? undefined : parseConfig(text, path);
  const before = readSecrets(cli.home, cli.env);
  const given = Object.entries(answers.secrets);
  // What is there already is kept, secrets too.
  const fresh = Object.fromEntries(given.filter(([name]) => before.of(name) === undefined));
  const made = writeHome(cli.home, text, fresh);
  const keptSecrets = given.flatMap(([name, value]) => ([undefined, value].includes(before.of(name)) ? [] : [name]));
  if (exists && text !== old) replaceConfig(cli.home, text);
  const secrets = readSecrets(cli.home, cli.env);
  const secretOf = (name: string): string | undefined => secrets.of(name);
  const tried =
    config === undefined || !tries
      ? []
      : [
          ...(await tryChannels(config.notify, secretOf, cli.nowMs())),
          ...(isModelOn(secretOf) ? [await tryModel(secretOf, fetch)] : []),
        ];
  const missing = neededSecrets(answers).filter((name) => secretOf(name) === undefined);
  return {
    created: made.created,
    kept: [...made.kept, ...keptSecrets],
    answers,
    added: plan.added,
    byHand: plan.byHand,
    missing,
    tried,
  };
}

function configOf({ home }: Cli): string {
  return readIfThere(join(home, 'config.yaml')) ?? '';
}

function neededSecrets({ channels, model }: Answers): string[] {
  const names = { telegram: 'TELEGRAM_BOT_TOKEN', slack: 'SLACK_BOT_TOKEN', webhook: 'NOTIFY_SECRET' };
  const needed = channels.map(({ kind }) => names[kind]);
  return [...new Set([...needed, ...(model.kind === 'anthropic' ? ['ANTHROPIC_API_KEY'] : [])])];
}

const STDIN_CHARS_MAX = 65_536;

async function secretsFromStdin(): Promise<Record<string, string>> {
  let text = '';
  for await (const piece of process.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    text += piece;
    if (text.length > STDIN_CHARS_MAX)
      throw new KairosError('INPUT_INVALID', 'expected at most 64 KiB of NAME=value lines');
  }
  const entries = Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? ''] as const);
  const wrong = entries.find(([, value]) => SECRET(value) !== undefined);
  // The name only: the value is a secret.
  if (wrong !== undefined) throw new KairosError('INPUT_INVALID', `${wrong[0]}: expected ${SECRET(wrong[1])}`);
  return Object.fromEntries(entries);
}

function documentOf({ home }: Cli, { created, kept, added, byHand, missing, tried }: Done): object {
  const some = { added: added.map(additionText), byHand: byHand.map(additionText), missing, tried };
  return { home, created, kept, ...Object.fromEntries(Object.entries(some).filter(([, list]) => list.length > 0)) };
}

function render(cli: Cli, done: Done): string {
  const { home, paint } = cli;
  const { created, kept, added, byHand, missing, tried } = done;
  return [
    `${paint.good('Home')} ${home}`,
    ...(created.length > 0 ? [`  made  ${created.join(', ')}`] : []),
    ...(kept.length > 0 ? [`  kept  ${kept.join(', ')}`] : []),
    ...section('Added to config.yaml:', added.map(additionText)),
    ...section('For your own hands (no safe place was found in config.yaml):', byHand.map(additionText)),
    ...section(
      'Tried:',
      tried.map(({ name, ok, what }) => `${ok ? paint.good('ok  ') : paint.bad('fail')}  ${name}: ${what}`),
    ),
    ...section(
      `Still missing in ${join(home, 'secrets.env')}:`,
      missing.map((name) => `${name}=`),
    ),
    ...section('Next:', nextCommands(cli, done.answers)),
  ].join('\n');
}

function section(title: string, entries: readonly string[]): string[] {
  const lines = entries.flatMap((entry) => entry.split('\n')).map((line) => `  ${line}`);
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function nextCommands({ command }: Cli, { github, service }: Answers): string[] {
  const rows = [
    ...(github.kind === 'poll' ? [] : [['webhook add github', 'a secret, and the steps at GitHub']]),
    service ? ['install', 'run it as a service'] : ['start', 'run it (Ctrl-C stops it)'],
    ...(github.kind === 'poll' ? [['status', 'what it asks GitHub for, and how it is']] : []),
    ['doctor', 'is everything right?'],
  ];
  const width = Math.max(...rows.map(([name = '']) => name.length));
  return rows.map(([name = '', what = '']) => `${command} ${name.padEnd(width)}   ${what}`);
}
