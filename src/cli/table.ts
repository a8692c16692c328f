import { plainLine } from '../subscriptions/plain.ts';
import type { Paint } from './paint.ts';

/** A column of a table. The last one takes what room is left and is cut to it. */
export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly paint?: (row: Row) => (text: string) => string;
}

/** No cell is wider, however wide the terminal: the whole text is in `--json` and in `show`. */
const CELL_MAX = 400;
/** Any column but the last. */
const NARROW_MAX = 48;
const GAP = '  ';

/**
 * Rows as aligned columns, cut to `width`. Texts from outside are made plain first: no control character, direction mark
 * or line end reaches the terminal.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, paint }: { readonly width: number; readonly paint: Paint },
): string {
  const lastIndex = columns.length - 1;
  const cells = rows.map((row) =>
    columns.map((column, index) => plainLine(column.text(row), index === lastIndex ? CELL_MAX : NARROW_MAX)),
  );
  const widths = columns.map((column, index) =>
    Math.max(textWidth(column.title), ...cells.map((line) => textWidth(line[index] ?? ''))),
  );
  const before = widths.slice(0, lastIndex).reduce((sum, each) => sum + each + GAP.length, 0);
  const lastWidth = Math.max(10, width - before);
  const render = (line: readonly string[], style: (text: string, index: number) => string): string =>
    line
      .map((text, index) => {
        if (index === lastIndex) return style(cutToWidth(text, lastWidth), index);
        return style(text, index) + ' '.repeat((widths[index] ?? 0) - textWidth(text));
      })
      .join(GAP)
      .trimEnd();
  const head = render(
    columns.map((column) => column.title),
    (text) => paint.dim(text),
  );
  const body = cells.map((line, at) =>
    render(line, (text, index) => {
      const style = columns[index]?.paint?.(rows[at] as Row);
      return style === undefined ? text : style(text);
    }),
  );
  return [head, ...body].join('\n');
}

/** "Name  value" lines, values aligned. */
export function renderFacts(facts: readonly (readonly [string, string])[], paint: Paint): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${paint.dim(name.padEnd(width))}  ${value}`).join('\n');
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const MARK = /\p{M}|\u200d|\ufe0f/u;

/** Columns a terminal gives a text: two for wide characters, none for combining marks. */
function textWidth(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (MARK.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width - 1) break;
    out += character;
  }
  return `${out.trimEnd()}…`;
}
