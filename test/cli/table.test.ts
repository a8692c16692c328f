import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createPaint } from '../../src/cli/paint.ts';
import { plainBlock } from '../../src/cli/plain-block.ts';
import { renderTable, type Column } from '../../src/cli/table.ts';

interface Row {
  readonly id: string;
  readonly text: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'ID', text: (row) => row.id },
  { title: 'TEXT', text: (row) => row.text },
];
const plain = createPaint(false);

describe('renderTable', () => {
  test('aligns columns, also behind wide characters, and cuts the last one to the width', () => {
    const rows = [
      { id: 'e1', text: 'short' },
      { id: '日本', text: 'x'.repeat(100) },
      { id: 'é', text: '日'.repeat(50) },
    ];
    const lines = renderTable(rows, COLUMNS, { width: 30, paint: plain }).split('\n');
    expect(lines).toEqual(['ID    TEXT', 'e1    short', `日本  ${'x'.repeat(23)}…`, `é     ${'日'.repeat(11)}…`]);
  });

  test('colours do not shift columns, and are only there when they are wanted', () => {
    const coloured: readonly Column<Row>[] = [{ ...COLUMNS[0]!, paint: () => createPaint(true).good }, COLUMNS[1]!];
    const rows = [
      { id: 'e1', text: 'a' },
      { id: 'e100', text: 'b' },
    ];
    const text = renderTable(rows, coloured, { width: 80, paint: createPaint(true) });
    expect(text).toContain('\u001b[32me1\u001b[39m');
    expect(stripVTControlCharacters(text)).toBe(renderTable(rows, COLUMNS, { width: 80, paint: plain }));
  });

  test.each(['\u001b]0;owned\u0007', 'a\r\nb', '\u202egnp.exe', '\u009b31m', 'a\u0000b\u0008'])(
    'text from outside (%j) cannot control the terminal',
    (text) => {
      const table = renderTable([{ id: 'e1', text }], COLUMNS, { width: 80, paint: plain });
      // eslint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(table + plainBlock(text)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      expect(table.split('\n')).toHaveLength(2);
    },
  );
});
