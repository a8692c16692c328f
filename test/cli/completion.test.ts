import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { renderCompletion, SHELLS } from '../../src/cli/completion.ts';
import { buildProgram } from '../../src/cli/program.ts';

const world = { env: {}, stdout: process.stdout, stderr: process.stderr, nowMs: () => 0 };
const program = await buildProgram(new Set(COMMANDS.map(({ name }) => name)), () => async () => undefined, world);

/** How each shell is asked what it would offer for a line; the last word is the one being typed. */
const ASK: Readonly<Record<string, (script: string, words: readonly string[]) => readonly string[]>> = {
  bash: (script, words) => [
    '--norc',
    '-c',
    `source ${script}; COMP_WORDS=(${quoted(words)}); COMP_CWORD=${words.length - 1}; _kairos; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  // Outside the line editor its own words are ordinary variables; compadd and _files are what the editor offers.
  zsh: (script, words) => [
    '-f',
    '-c',
    `compdef() { :; }; _files() { print -l FILES; }; compadd() { shift; print -l -- "\${(@M)@:#\${words[CURRENT]}*}"; }
source ${script}; words=(${quoted(words)}); CURRENT=${words.length}; _kairos`,
  ],
  fish: (script, words) => ['--no-config', '-c', `source ${script}; complete -C '${words.join(' ')}'`],
};

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(' ');
}

function offers(shell: string, words: readonly string[], context: TestContext): string[] {
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, shell)));
  if (!found) context.skip(`there is no ${shell} on this machine`);
  const folder = mkdtempSync(join(tmpdir(), 'kairos-completion-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const script = join(folder, 'script');
  writeFileSync(script, renderCompletion(shell, program));
  const env = { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8' };
  const said = execFileSync(shell, ASK[shell]?.(script, words) ?? [], { env, encoding: 'utf8' });
  return said.split('\n').flatMap((line) => line.split('\t', 1)[0] || []);
}

describe.each(SHELLS)('completion in %s', (shell) => {
  test('offers every command, also those that begin alike [FIRST-COMPLETION]', (context) => {
    const all = offers(shell, ['kairos', ''], context);
    expect(all).toEqual(expect.arrayContaining([...COMMANDS.map(({ name }) => name), 'help']));
    expect(offers(shell, ['kairos', 'sub'], context).toSorted()).toEqual(['subscribe', 'subscriptions']);
  });

  test('offers subcommands, and the options of just that place [FIRST-COMPLETION]', (context) => {
    expect(offers(shell, ['kairos', 'webhook', ''], context)).toEqual(
      expect.arrayContaining(['add', 'test', 'replay']),
    );
    expect(offers(shell, ['kairos', 'webhook', 'add', '--r'], context)).toEqual(['--rotate']);
    expect(offers(shell, ['kairos', 'webhook', 'test', '--r'], context)).not.toContain('--rotate');
    // What is said is no command, and an option between does not hide the place.
    expect(offers(shell, ['kairos', '--json', 'jobs', '--limit', '5', 're'], context)).toContain('requeue');
  });

  test('offers the values that an option or an operand may have [FIRST-COMPLETION]', (context) => {
    expect(offers(shell, ['kairos', 'jobs', '--state', ''], context).toSorted()).toEqual(
      ['queued', 'running', 'succeeded', 'failed', 'dead', 'parked'].toSorted(),
    );
    expect(offers(shell, ['kairos', 'webhook', 'add', '--kind', 'git'], context).toSorted()).toEqual([
      'github',
      'gitlab',
    ]);
    expect(offers(shell, ['kairos', 'completion', 'z'], context)).toEqual(['zsh']);
    expect(offers(shell, ['kairos', 'mute', '--topic', ''], context)).not.toContain('--topic');
  });

  test('knows every option of every command [FIRST-COMPLETION]', (context) => {
    for (const command of program.commands.filter(({ options }) => options.length > 0)) {
      const shown = offers(shell, ['kairos', command.name(), '--'], context);
      expect(shown).toEqual(
        expect.arrayContaining(command.options.filter(({ hidden }) => !hidden).map(({ long }) => long)),
      );
      expect(shown).toEqual(expect.arrayContaining(['--help', '--home', '--json']));
    }
  });
});
