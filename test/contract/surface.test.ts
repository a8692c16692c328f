import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { World } from '../../src/cli/cli.ts';
import { buildProgram, runCli } from '../../src/cli/program.ts';
import { cleanEnv, kairos, newHome, startDaemon, type Ended } from '../cli/kairos.ts';

/** The command line that people and programs rely on: a name may be added here, none taken away. */
const SURFACE =
  `init start stop status doctor say run schedules subscriptions subscribe events jobs jobs-show jobs-requeue messages
  sessions approvals approvals-allow approvals-deny log digest memory memory-show memory-search memory-verify memory-history memory-diff
  memory-rollback dream budget cost risk mood install uninstall backup restore worker webhook webhook-add webhook-test webhook-replay
  config config-check config-schema demo completion`
    .split(/\s+/)
    .map((name) => name.replace('-', ' '));

/** Promised for systems that are not built yet. Who builds one takes its line away. */
const ABSENT_ON_PURPOSE: Readonly<Record<string, string>> = {
  cache: 'system 18, the cache monitor',
  verify: 'system 16, verification',
  nightshift: 'system 17, the nightshift',
};

const LISTS = [
  'events',
  'jobs',
  'messages',
  'sessions',
  'approvals',
  'schedules',
  'subscriptions',
  'memory history',
  'log',
  'cost',
];

/** Without the daemon of the home there is nothing they could ask. */
const NEEDS_A_DAEMON = [
  'status',
  'say x',
  'events',
  'jobs',
  'messages',
  'sessions',
  'approvals',
  'schedules',
  'budget',
  'cost',
  'run x',
  'dream',
];

/** They read the home or compute. */
const WORKS_ALONE = [
  'memory show',
  'memory history',
  'risk -- ls',
  'mood hello',
  'log',
  'config check',
  'config schema',
  'completion bash',
];

const KINDS: Readonly<Record<string, RegExp>> = {
  '--system': /^# kairosd\.service\n[^]*^# kairosd\.socket$/m,
  '--user': /^# kairosd\.service\n[^]*^# kairosd\.socket$/m,
  '--launch-daemon': /^# dev\.kairosd\.plist\n/,
  '--launch-agent': /^# dev\.kairosd\.plist\n/,
};

describe('the command line of the contract', () => {
  test('each command is there; its help shows an example, and names --json', async () => {
    const program = await wholeProgram();
    const wrong = SURFACE.map((name) => [name, helpOf(program, name)] as const).filter(
      ([name, help]) =>
        !help.startsWith(`Usage: kairos ${name}`) ||
        !/\nExamples?:\n {2}\$ .*kairos /.test(help) ||
        !help.includes('--json'),
    );
    expect(wrong).toEqual([]);
  });

  test('what is not there yet is not there, and is a usage error', async () => {
    const names = COMMANDS.map(({ name }) => name);
    const ended = await Promise.all(Object.keys(ABSENT_ON_PURPOSE).map((name) => within(newHome(), [name])));
    expect(names.filter((name) => name in ABSENT_ON_PURPOSE)).toEqual([]);
    expect(ended.map(({ code }) => code)).toEqual([2, 2, 2]);
  });

  test('each list takes --limit and --since', async () => {
    const program = await wholeProgram();
    const help = LISTS.map((name) => [name, helpOf(program, name)] as const);
    expect(help.filter(([, text]) => !/--limit <\w+>/.test(text) || !/--since <when>/.test(text))).toEqual([]);
  });

  test('an unknown option is exit code 2, whichever command; said once, on stderr', async () => {
    const names = SURFACE.filter((name) => !name.includes(' '));
    const home = newHome();
    const ended = await inPairs(names, (name) => within(home, [name, '--no-such-option']));
    const wrong = ended.map((end, at) => ({ name: names[at], ...end }));
    expect(
      wrong.filter(({ code, stdout, stderr }) => code !== 2 || stdout !== '' || !stderr.includes('--help')),
    ).toEqual([]);
  });

  test('without a daemon those that need one end with 3, as a problem document with --json', async () => {
    const home = newHome();
    const ended = await inPairs(NEEDS_A_DAEMON, (line) => within(home, [...line.split(' '), '--json']));
    const codes = ended.map(({ code, stderr }) => [code, (JSON.parse(stderr) as { code: string }).code]);
    expect(codes).toEqual(NEEDS_A_DAEMON.map(() => [3, 'NOT_RUNNING']));
  });

  test('without a daemon those that only read or compute answer one JSON document', async () => {
    const home = newHome();
    const ended = await inPairs(WORKS_ALONE, (line) => {
      const [head = '', ...rest] = line.split(' ');
      return kairos(home, ['--json', head, ...rest]);
    });
    const unreadable = ended.map(({ code, stdout, stderr }, at) => ({
      line: WORKS_ALONE[at],
      code,
      isJson: isJson(stdout),
      stderr,
    }));
    expect(unreadable.filter(({ code, isJson: is }) => code !== 0 || !is)).toEqual([]);
  });

  test('an invalid configuration is exit code 5, with line and column', async () => {
    const home = newHome();
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'config.yaml'), 'timezone: UTC\nservre: {}\n', { mode: 0o600 });
    const lines = [['start'], ['config', 'check'], ['install', '--print', '--user'], ['worker', '--help']];
    const ended = await inPairs(lines, (line) => kairos(home, line));
    // Its help needs no configuration.
    expect(ended.map(({ code }) => code)).toEqual([5, 5, 5, 0]);
    expect(ended[0]?.stderr).toMatch(/config\.yaml:2:1/);
  });

  test('a home that a daemon holds is exit code 4 for a second one, and lists answer --json', async () => {
    const home = newHome();
    await startDaemon(home);
    expect(await kairos(home, ['start'], { env: { KAIROS_PORT: '0' } })).toMatchObject({ code: 4, stdout: '' });
    const ended = await inPairs(LISTS, (name) =>
      kairos(home, [...name.split(' '), '--limit', '1', '--since', '1h', '--json']),
    );
    const wrong = ended.map(({ code, stdout, stderr }, at) => ({
      name: LISTS[at],
      code,
      isJson: isJson(stdout),
      stderr,
    }));
    expect(wrong.filter(({ code, isJson: is }) => code !== 0 || !is)).toEqual([]);
  });

  test.each(Object.entries(KINDS))(
    'install --print %s writes the units apart by a line with their names',
    async (kind, shape) => {
      const home = newHome();
      const { code, stdout, stderr } = await kairos(home, ['install', '--print', kind]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(shape);
    },
  );
});

async function wholeProgram(): Promise<Command> {
  const names = new Set(COMMANDS.map(({ name }) => name));
  return buildProgram(names, () => () => Promise.resolve(), worldOf(newHome()).world);
}

/** One command line in this process: a hundredth of the time of a child. */
async function within(home: string, argv: readonly string[]): Promise<Ended> {
  const { world, said } = worldOf(home);
  const code = await runCli(argv, world);
  return { code, ...said };
}

function worldOf(home: string): { readonly world: World; readonly said: { stdout: string; stderr: string } } {
  const said = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof said) =>
    ({ isTTY: false, write: (text: string) => (said[name] += text) !== '' }) as unknown as NodeJS.WriteStream;
  const world = { env: cleanEnv(home), stdout: stream('stdout'), stderr: stream('stderr'), nowMs: () => 0 };
  return { world, said };
}

/** What `--help` prints, the lines added at its end included. */
function helpOf(program: Command, name: string): string {
  let command: Command | undefined = program;
  for (const word of name.split(' ')) command = command?.commands.find((each) => each.name() === word);
  let text = '';
  command?.configureOutput({ writeOut: (part) => (text += part) });
  command?.outputHelp();
  return text;
}

/** Two at a time: each is a process. */
async function inPairs<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += 2) results.push(...(await Promise.all(items.slice(at, at + 2).map(work))));
  return results;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
