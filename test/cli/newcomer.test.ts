import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { kairos, newHome, startDaemon } from './kairos.ts';

describe('somebody without a home and without a daemon', () => {
  test.each([
    ['status', 3, 'does not exist yet', 'start`'],
    ['events', 3, 'does not exist yet', 'start`'],
    ['statsu', 2, "unknown command 'statsu'", 'Did you mean status?'],
    ['mute', 2, "missing required argument 'duration'", '--help'],
    ['webhook add foo', 2, '--kind github|standard|slack|telegram|gitlab|bearer', '--help'],
    ['webhook add slack', 2, 'Signing Secret', 'SLACK_SIGNING_SECRET'],
    ['completion tcsh', 2, 'Allowed choices are bash, zsh, fish', '--help'],
    ['jobs --state gone', 2, 'queued, running, succeeded', '--help'],
    ['log yesteryear', 2, 'a date such as', '--help'],
    ['digest', 1, 'there is no ledger', 'kairos start'],
    ['restore /nowhere/a.tar.gz', 2, 'there is none', '--help'],
    ['backup /nowhere/a.tar.gz', 2, 'expected a home with a ledger', '--help'],
    ['stop', 3, 'does not exist yet', 'Nothing, if this is the home you mean'],
    ['memory search deploy', 1, 'there is no memory', 'What to do'],
    ['init --channel sms:1', 2, 'telegram:CHAT', '--help'],
  ])(
    'is told by `kairos %s` what was expected and what to do [FIRST-NEXT-STEP]',
    async (line, code, expected, advice) => {
      const home = newHome();
      const ended = await kairos(home, line.split(' '));
      expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' });
      expect(ended.stderr).toContain(expected);
      expect(ended.stderr).toContain(advice);
      expect(ended.stderr).not.toMatch(/INTERNAL|ENOENT|at .*\.ts:\d+/);
      expect(existsSync(home)).toBe(false);
    },
  );

  test('gets from nothing to the first message with the commands that each step names [FIRST-NEXT-STEP]', async () => {
    const home = newHome();
    const named = (text: string, command: string): boolean => text.includes(`kairos ${command}`);
    const made = await kairos(home, ['init', '--yes']);
    for (const next of ['webhook add github', 'start', 'doctor']) expect(named(made.stdout, next)).toBe(true);
    const added = await kairos(home, ['webhook', 'add', 'github']);
    expect(named(added.stdout, 'webhook test github')).toBe(true);
    await startDaemon(home);
    const tried = await kairos(home, ['webhook', 'test', 'github']);
    expect(tried).toMatchObject({ code: 0 });
    const told = await kairos(home, ['messages', '--json']);
    expect(JSON.parse(told.stdout)).toMatchObject({
      items: [{ text: expect.stringContaining('CI failed on kairos/webhook-test') as string }],
    });
  });

  test('finds every command in the help, with the exit codes [FIRST-NEXT-STEP]', async () => {
    const { stdout } = await kairos(newHome(), ['--help']);
    for (const { name } of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(stdout).toContain('5 configuration invalid');
  });
});
