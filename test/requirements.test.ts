import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTree, ROOT } from './repository.ts';
import { REQUIREMENTS } from './requirements.ts';
import { citedIds } from './tidy-checks.ts';

const proofs = [
  ...readTree('test', /\.test\.ts$/).filter((file) => !file.path.startsWith('test/tidy-checks')),
  ...(existsSync(join(ROOT, 'proof')) ? readTree('proof', /\.ts$/) : []),
];
const cited = proofs.flatMap((file) => citedIds(file).map(({ id, line }) => ({ id, at: `${file.path}:${line}` })));

describe('the promises', () => {
  test('have one id each, in capitals', () => {
    const ids = REQUIREMENTS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$/.test(id))).toEqual([]);
  });

  test('are each proven by a test that cites them', () => {
    const proven = new Set(cited.map(({ id }) => id));
    const unproven = REQUIREMENTS.filter(({ id }) => !proven.has(id));
    expect(unproven.map(({ id, promise, source }) => `${id}: ${promise} (${source})`)).toEqual([]);
  });

  test('are the only ones that tests cite', () => {
    const known = new Set(REQUIREMENTS.map(({ id }) => id));
    expect(
      cited.filter(({ id }) => !known.has(id)).map(({ id, at }) => `${at} cites [${id}], which no list holds`),
    ).toEqual([]);
  });
});
