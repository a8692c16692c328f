/** Cells of the table in which the longest common lines are found; above, a file is shown as replaced whole. */
const CELLS_MAX = 4_000_000;
const CONTEXT_LINES = 3;

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

/**
 * What changed in a file, as a unified diff; empty when nothing did.
 *
 * @param before null: there was no file. @param after null: it was taken away.
 */
export function unifiedDiff(path: string, before: string | null, after: string | null): string {
  if (before === after) return '';
  const edits = editsOf(linesOf(before), linesOf(after));
  const head = [
    `--- ${before === null ? '/dev/null' : `a/${path}`}`,
    `+++ ${after === null ? '/dev/null' : `b/${path}`}`,
  ];
  return [...head, ...hunksOf(edits)].join('\n') + '\n';
}

/** The lines that the second text has more than the first, in order. */
export function addedLines(before: string, after: string): string[] {
  return editsOf(linesOf(before), linesOf(after)).flatMap(({ sign, line }) => (sign === '+' ? [line] : []));
}

/** A last line without an end differs from one with it. */
function linesOf(text: string | null): string[] {
  if (text === null || text === '') return [];
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`];
}

function editsOf(before: readonly string[], after: readonly string[]): Edit[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return [
    ...unchanged(before.slice(0, head)),
    ...middleOf(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...unchanged(before.slice(before.length - tail)),
  ];
}

function unchanged(lines: readonly string[]): Edit[] {
  return lines.map((line) => ({ sign: ' ', line }));
}

/** By the longest common subsequence of lines. */
function middleOf(before: readonly string[], after: readonly string[]): Edit[] {
  const width = after.length + 1;
  if (before.length * width > CELLS_MAX) {
    return [...before.map((line): Edit => ({ sign: '-', line })), ...after.map((line): Edit => ({ sign: '+', line }))];
  }
  const common = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      common[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const edits: Edit[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [was, is] = [before[row], after[column]];
    if (was !== undefined && was === is) {
      edits.push({ sign: ' ', line: was });
      row += 1;
      column += 1;
    } else if (was !== undefined && (is === undefined || at(row + 1, column) >= at(row, column + 1))) {
      edits.push({ sign: '-', line: was });
      row += 1;
    } else {
      edits.push({ sign: '+', line: is ?? '' });
      column += 1;
    }
  }
  return edits;
}

function hunksOf(edits: readonly Edit[]): string[] {
  const lines: string[] = [];
  let [oldLine, newLine, index] = [1, 1, 0];
  for (const { from, to } of rangesOf(edits)) {
    for (; index < from; index += 1) [oldLine, newLine] = [oldLine + 1, newLine + 1];
    const hunk = edits.slice(from, to);
    const oldCount = hunk.filter(({ sign }) => sign !== '+').length;
    const newCount = hunk.filter(({ sign }) => sign !== '-').length;
    lines.push(`@@ -${spanOf(oldLine, oldCount)} +${spanOf(newLine, newCount)} @@`);
    lines.push(...hunk.map(({ sign, line }) => `${sign}${line}`));
    [oldLine, newLine, index] = [oldLine + oldCount, newLine + newCount, to];
  }
  return lines;
}

/** An empty span is named by the line before it. */
function spanOf(line: number, count: number): string {
  return `${count === 0 ? line - 1 : line},${count}`;
}

/** The changed lines with some around them; ranges that touch are one. */
function rangesOf(edits: readonly Edit[]): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (const [index, { sign }] of edits.entries()) {
    if (sign === ' ') continue;
    const from = Math.max(0, index - CONTEXT_LINES);
    const to = Math.min(edits.length, index + CONTEXT_LINES + 1);
    const last = ranges.at(-1);
    if (last !== undefined && from <= last.to) last.to = to;
    else ranges.push({ from, to });
  }
  return ranges;
}
