import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderMan } from '../../scripts/man.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { readText, ROOT } from '../repository.ts';

const PAGE = 'man/kairos.1';

describe('the man page', () => {
  test('is what the commands say: bin/node scripts/man.ts writes it anew [FIRST-MAN]', async () => {
    expect(readText(PAGE)).toBe(await renderMan());
  });

  test.for([
    { program: 'groff', argv: ['-man', '-ww', '-z', '-Tutf8'] },
    { program: 'mandoc', argv: ['-T', 'lint', '-W', 'warning'] },
  ])('$program has nothing to say against it [FIRST-MAN]', ({ program, argv }, context) => {
    const { error, stdout, stderr, status } = spawnSync(program, [...argv, join(ROOT, PAGE)], { encoding: 'utf8' });
    if (error !== undefined && 'code' in error && error.code === 'ENOENT')
      context.skip(`there is no ${program} on this machine`);
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });
});

describe('--help', () => {
  const world = { env: {}, stdout: process.stdout, stderr: process.stderr, nowMs: () => 0 };

  test.each(COMMANDS.map(({ name }) => name))(
    'of %s has a sentence, an example and where to go on [FIRST-MAN]',
    async (name) => {
      const program = await buildProgram(new Set([name]), () => async () => undefined, world);
      const command = program.commands.find((each) => each.name() === name);
      let help = '';
      command?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      expect(command?.description()).toMatch(/^[A-Z].{20,}\.$/s);
      expect(help).toMatch(/\nExamples?:\n {2}\$ .*kairos /);
      expect(help).toMatch(/\nSee also: /);
      for (const option of command?.options.filter(({ hidden }) => !hidden) ?? [])
        expect(option.description, option.flags).not.toBe('');
    },
  );
});
