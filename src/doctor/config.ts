import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { asKairosError } from '../core/errors.ts';
import { fail, ok, type Check } from './check.ts';

/** The configuration is valid. */
export const config: Check = {
  name: 'config',
  about: 'config.yaml and the environment are valid.',
  async look(ports) {
    try {
      ports.config();
    } catch (error) {
      const { problems = [] } = asKairosError(error).detail as {
        problems?: { line: number; column: number; message: string }[];
      };
      const words = problems.map(({ line, column, message }) => `config.yaml:${line}:${column} ${message}`);
      const what = words.length > 0 ? words.join('; ') : asKairosError(error).message;
      return [fail(what, 'The daemon does not start with it (exit code 5).', 'Correct it, then: kairos config check')];
    }
    const there = existsSync(join(ports.home, 'config.yaml'));
    return [ok(there ? 'config.yaml is valid' : 'no config.yaml: the defaults hold (kairos init writes one)')];
  },
};
