import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { ROOT } from '../repository.ts';
import { kairos, newHome } from './kairos.ts';

const SUBCOMMANDS = [
  ['events', 'show'],
  ['jobs', 'show'],
  ['jobs', 'requeue'],
  ['messages', 'show'],
  ['webhook', 'add'],
  ['webhook', 'test'],
  ['webhook', 'replay'],
  ['config', 'check'],
  ['config', 'schema'],
];

describe('help', () => {
  test.each([...COMMANDS.map(({ name }) => [name]), ...SUBCOMMANDS])(
    'kairos %s %s --help exits with 0 and shows an example [CLI-HELP]',
    async (...words) => {
      const argv = words.filter((word): word is string => typeof word === 'string');
      const { code, stdout, stderr } = await kairos(newHome(), [...argv, '--help']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^Usage: kairos ${argv.join(' ')}`));
      expect(stdout).toMatch(/\nExamples?:\n {2}\$ /);
      expect(stdout).toContain('--json');
      expect(stdout).toContain('--home <dir>');
    },
  );

  test('kairos --help lists every command there is, and --version the version [CLI-HELP]', async () => {
    const { code, stdout } = await kairos(newHome(), ['--help']);
    expect(code).toBe(0);
    for (const { name, summary } of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, 'm'));
    const version = await kairos(newHome(), ['--version']);
    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string });
  });
});

describe('exit codes', () => {
  test.each([
    [['evnts'], 'Did you mean events?'],
    [['events', '--limt', '3'], 'Did you mean --limit?'],
    [['jobs', '--limit', '0'], 'from 1 to 500'],
    [['say'], "missing required argument 'text'"],
    [['webhook', 'add', 'alerts', '--kind', 'carrier-pigeon'], 'Allowed choices are github'],
    [['completion', 'powershell'], 'Allowed choices are bash, zsh, fish'],
    [[], 'Usage: kairos'],
    [['webhook'], 'Usage: kairos webhook'],
  ])('%j is a usage error: 2, with what to do [CLI-EXIT-CODES]', async (argv, words) => {
    const { code, stdout, stderr } = await kairos(newHome(), argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(words);
  });

  test.each([
    ['status'],
    ['say', 'hello'],
    ['events'],
    ['jobs'],
    ['messages'],
    ['subscriptions'],
    ['budget'],
    ['mute', '2h'],
    ['unmute'],
    ['webhook', 'test', 'github'],
    ['webhook', 'replay', 'e1'],
  ])('without a daemon, %s %s exits with 3 and names kairos start [CLI-EXIT-CODES]', async (...words) => {
    const home = newHome();
    const argv = words.filter((word): word is string => typeof word === 'string');
    const { code, stdout, stderr } = await kairos(home, argv);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(
      /^kairos: expected a running daemon, .+\.\n {2}What to do: Start it: `\S*kairos start`\.\n$/,
    );
  });

  test('with --json the error is a problem document on stderr [CLI-JSON]', async () => {
    const home = newHome();
    const absent = await kairos(home, ['status', '--json']);
    expect({ code: absent.code, stdout: absent.stdout }).toEqual({ code: 3, stdout: '' });
    expect(JSON.parse(absent.stderr)).toMatchObject({ code: 'NOT_RUNNING', hint: 'Start it: `kairos start`.' });
    const usage = await kairos(home, ['jobs', '--json', '--nonsense']);
    expect(usage.code).toBe(2);
    expect(JSON.parse(usage.stderr)).toMatchObject({ code: 'INPUT_INVALID', detail: "unknown option '--nonsense'" });
  });
});

test('kairos stop --help says its default as it would be typed [CLI-HELP]', async () => {
  const { stdout } = await kairos(newHome(), ['stop', '--help']);
  expect(stdout).toMatch(/--timeout <duration> .*\(default: 60s\)/);
});

test('what is advised can be typed where it is read [CLI-HELP]', async () => {
  const home = newHome();
  const launcher = join(ROOT, 'bin/kairos');
  // `npm test` says in the environment that npm runs us.
  const byHand = { npm_lifecycle_event: '', npm_config_user_agent: '' };
  const absent = await kairos(home, ['status'], { env: byHand });
  // As seen from the working directory, where the checkout is below it.
  const typed = /Start it: `(\S+) start`\./.exec(absent.stderr)?.[1] ?? '';
  expect(resolve(tmpdir(), typed)).toBe(launcher);
  const made = await kairos(home, ['init', '--yes'], { env: { npm_lifecycle_event: 'npx' } });
  expect(made.stdout).toContain('  npx kairos webhook add github ');
});

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('%s completes every command [CLI-HELP]', async (shell) => {
    const { code, stdout } = await kairos(newHome(), ['completion', shell]);
    expect(code).toBe(0);
    for (const { name } of COMMANDS) expect(stdout).toMatch(new RegExp(`\\b${name}\\b`));
    expect(stdout).toContain(shell === 'fish' ? '-l limit' : '--limit');
  });
});
