import { cut } from '../subscriptions/plain.ts';
import { headline } from './digest.ts';
import type { DigestFacts } from './digest-facts.ts';
import { digestWords } from './digest-words.ts';

/** Fits a phone's screen or two, and every channel. */
export const DIGEST_TEXT_CHARS_MAX = 1_500;

const LINE_CHARS_MAX = 160;
/** Lines of one section; the rest is in the file. */
const LINES_MAX = { failed: 5, waits: 4, held: 4, marked: 6, dreamed: 3, counts: 10 } as const;

/**
 * The digest in at most 1 500 characters (UTF-16 units) of plain text, the most important first: what failed, what waits,
 * what was held back, what was marked, the figures. What does not fit is left out, and said to be.
 *
 * @param since What has happened since the end of that day; only what failed of it is said.
 */
export function digestText(facts: DigestFacts, since?: DigestFacts): string {
  const words = digestWords(facts);
  const sections = [
    section('Failed', words.failed, LINES_MAX.failed),
    section('Since midnight', since === undefined ? [] : digestWords(since).failed, LINES_MAX.failed),
    section('Waits', words.waits, LINES_MAX.waits),
    section('Held back', words.held, LINES_MAX.held),
    section('Marked', words.marked, LINES_MAX.marked),
    section('Memory', words.dreamed, LINES_MAX.dreamed),
    { lines: words.counts.slice(0, LINES_MAX.counts).map(short), left: 0 },
  ];
  const title = `Digest ${facts.date}${facts.complete ? '' : ` so far (${facts.to.slice(11, 16)})`}: ${headline(facts)}`;
  return fit(
    [title, ...sections.flatMap(({ lines }) => lines)],
    sections.some(({ left }) => left > 0),
    facts.date,
  );
}

function section(title: string, lines: readonly string[], linesMax: number): { lines: string[]; left: number } {
  if (lines.length === 0) return { lines: [], left: 0 };
  const left = Math.max(0, lines.length - linesMax);
  const more = left > 0 ? [`  (+${left} more)`] : [];
  return { lines: [`${title}:`, ...lines.slice(0, linesMax).map((line) => `- ${short(line)}`), ...more], left };
}

function short(line: string): string {
  return cut(line, LINE_CHARS_MAX);
}

/** As many whole lines, from the first, as there is room for. */
function fit(lines: readonly string[], shortened: boolean, date: string): string {
  const all = lines.join('\n');
  const pointer = `All of it: kairos digest ${date}`;
  if (!shortened && all.length <= DIGEST_TEXT_CHARS_MAX) return all;
  let text = '';
  for (const line of lines) {
    if (text.length + line.length + 1 + pointer.length > DIGEST_TEXT_CHARS_MAX) break;
    text += `${line}\n`;
  }
  return text + pointer;
}
