import { expect, test } from 'vitest';
import { CHECKS } from '../../src/doctor/checks.ts';
import { readText } from '../repository.ts';

test('the table of docs/doctor.md is what the checks say of themselves, in their order [DOCTOR-TABLE]', () => {
  const rows = CHECKS.map(({ name, about, mends = '' }) => `| \`${name}\` | ${about} | ${mends} |`);
  const shown = readText('docs/doctor.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(shown).toEqual(rows);
  expect(new Set(CHECKS.map(({ name }) => name)).size).toBe(CHECKS.length);
});
