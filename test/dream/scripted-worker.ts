import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A worker that was taken over: says what a file in the memory tells it to, line by line, whatever it is asked. A line
 * `wait` waits for an answer, `hang` for ever, `die` ends it, `flood` never stops talking.
 */
let text = '';
let script: string[] | undefined;

process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
  text += chunk;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
    const message = JSON.parse(text.slice(0, end)) as { kind: string; home?: string };
    text = text.slice(end + 1);
    script ??= readFileSync(join(message.home ?? '', 'memory', 'script.txt'), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    goOn(script);
  }
});

function goOn(lines: string[]): void {
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    if (line === 'wait') return;
    if (line === 'hang') {
      process.on('SIGTERM', () => {});
      setInterval(() => {}, 1_000);
      return;
    }
    if (line === 'die') process.exit(3);
    if (line === 'flood') for (;;) writeSync(1, 'x'.repeat(65_536));
    writeAll(`${line}\n`);
  }
  process.exit(0);
}

function writeAll(line: string): void {
  const bytes = Buffer.from(line);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}
