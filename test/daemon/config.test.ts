import { expect, test } from 'vitest';
import type { KairosError } from '../../src/core/errors.ts';
import { parseConfig } from '../../src/daemon/config.ts';

test('problems are told in the order of the file, by line and then by column [CONFIG-STRICT]', () => {
  const text = [
    'timezone: Mars/Olympus',
    'zoo: 1',
    'server: { prot: 1, port: 99999, hots: [] }',
    'budget: { messageTtl: 1s }',
    'aaa: 2',
  ].join('\n');
  let places: [number, number][] = [];
  try {
    parseConfig(text, 'config.yaml');
  } catch (error) {
    const { problems } = (error as KairosError).detail as { problems: { line: number; column: number }[] };
    places = problems.map(({ line, column }) => [line, column]);
  }
  expect(places).toEqual([
    [1, 11],
    [2, 1],
    [3, 11],
    [3, 26],
    [3, 33],
    [4, 23],
    [5, 1],
  ]);
});
