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

/** A piece of a text that is still being written: what could control the terminal is taken out, all else stays. */
export function plainPiece(text: string): string {
  return text
    .replaceAll('\t', '  ')
    .replaceAll(/[^\P{Cc}\n]|[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, '');
}
