import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ROOT } from '../repository.ts';
import { cleanEnv } from './kairos.ts';

/** Somebody at a real terminal (a pty, made by script(1)). */
export interface Terminal {
  /** Waits until these words have appeared after what was last waited for. */
  see(words: string): Promise<void>;
  type(text: string): void;
  /** Everything that appeared. */
  said(): string;
  /** @returns The exit code. */
  end(): Promise<number | null>;
}

/** Runs `bin/kairos` on a terminal of its own. It ends with the test. @param columns Its width. */
export function onTerminal(
  home: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  columns = 100,
): Terminal {
  const words = [join(ROOT, 'bin/kairos'), ...argv].map((word) => `'${word}'`).join(' ');
  // A pty that nobody has sized has no columns at all.
  const line = `stty cols ${columns} rows 40; exec ${words}`;
  const program =
    process.platform === 'darwin' ? ['-q', '/dev/null', 'sh', '-c', line] : ['-q', '-e', '-c', line, '/dev/null'];
  const child = spawn('script', program, {
    env: cleanEnv(home, { TERM: 'xterm-256color', SHELL: '/bin/sh', LANG: 'C.UTF-8', ...env }),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  let seen = 0;
  let wake = (): void => undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    wake();
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  void ended.then(() => wake());
  return {
    async see(text) {
      while (!said.slice(seen).includes(text)) {
        if (child.exitCode !== null) throw new Error(`it ended (${child.exitCode}) without saying "${text}":\n${said}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
      seen = said.indexOf(text, seen) + text.length;
    },
    type: (text) => void child.stdin.write(text),
    said: () => said,
    end: async () => (await ended)[0],
  };
}
