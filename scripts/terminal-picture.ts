/**
 * Turns what a command printed into a picture of a terminal. Nothing in it is drawn by hand:
 * `npm run --silent demo | bin/node scripts/terminal-picture.ts 'npm run demo' > docs/img/run.svg`
 */
import { text } from 'node:stream/consumers';

const CHARACTER = { width: 7.25, height: 17, size: 12 } as const;
const PADDING = 16;
const TITLE_BAR = 30;
const COLUMNS_MAX = 124;
const LINES_MAX = 60;

/** Dark in itself, with a border, so that it is readable on light and on dark pages; no font is fetched. */
const STYLE = `
  .frame { fill: #161b22; stroke: #6e7681; }
  .button { fill: #484f58; }
  text { font: ${CHARACTER.size}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #e6edf3; }
  .title { fill: #9da7b3; }
  .prompt { fill: #7ee787; }
  .step { fill: #79c0ff; font-weight: bold; }`;

/**
 * The picture as SVG.
 *
 * @param command What was typed; shown behind a prompt and as the title.
 * @param output At most 60 lines of plain text, each cut at 124 characters. Longer output is an error: nobody would read it.
 */
export function terminalPicture(command: string, output: string): string {
  const lines = [`$ ${command}`, ...output.trimEnd().split('\n')].map(cut);
  if (lines.length > LINES_MAX) throw new Error(`expected at most ${LINES_MAX} lines, got ${lines.length}`);
  const columns = Math.max(...lines.map((line) => line.length));
  const width = Math.ceil(columns * CHARACTER.width + 2 * PADDING);
  const height = TITLE_BAR + lines.length * CHARACTER.height + PADDING;
  const buttons = [18, 36, 54].map((x) => `<circle class="button" cx="${x}" cy="15" r="5"/>`).join('');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escape(`What ${command} prints in a terminal`)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="frame" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    buttons,
    `<text class="title" x="${width / 2}" y="19" text-anchor="middle">${escape(command)}</text>`,
    ...lines.map(lineOf),
    '</svg>\n',
  ].join('\n');
}

function lineOf(line: string, index: number): string {
  const indent = line.length - line.trimStart().length;
  const shown = line.trim();
  if (shown === '') return '';
  const style = index === 0 ? ' class="prompt"' : /^\d+\. /.test(line) ? ' class="step"' : '';
  const x = (PADDING + indent * CHARACTER.width).toFixed(2);
  const y = TITLE_BAR + (index + 1) * CHARACTER.height - 5;
  // Whatever font is there, a line is as long as its characters are many.
  const length = (shown.length * CHARACTER.width).toFixed(2);
  return `<text${style} x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escape(shown)}</text>`;
}

function cut(line: string): string {
  return line.length <= COLUMNS_MAX ? line : `${line.slice(0, COLUMNS_MAX - 1)}…`;
}

function escape(raw: string): string {
  return raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

if (import.meta.main) {
  process.stdout.write(terminalPicture(process.argv[2] ?? '', await text(process.stdin)));
}
