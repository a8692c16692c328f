import { plainLine } from '../subscriptions/plain.ts';

/** A text of several lines from outside that can't control the terminal: each line plain, line ends kept. */
export function plainBlock(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => indentOf(line) + plainLine(line, 100_000))
    .join('\n');
}

function indentOf(line: string): string {
  return (/^[ \t]*/.exec(line)?.[0] ?? '').replaceAll('\t', '  ');
}
