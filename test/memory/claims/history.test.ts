import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../repository.ts';
import { git, noteDown } from './history.ts';
import { figures, skepticOf, temporary, verdictOf } from './lay.ts';

test('claims that were true at old commits of this project are judged as git itself says [SKEPTIC-RECALL] [SKEPTIC-FALSE-ALARMS] [SKEPTIC-UNVERIFIABLE]', ({
  skip,
}) => {
  const commits = existsSync(join(ROOT, '.git'))
    ? git(ROOT, 'log', '--first-parent', '--format=%H', '--reverse').trim().split('\n')
    : [];
  skip(commits.length < 5, 'there is no history here');
  const path = temporary();
  const archive = execFileSync('git', ['archive', 'HEAD'], { cwd: ROOT, maxBuffer: 256 * 1_048_576 });
  execFileSync('tar', ['x', '-C', path], { input: archive });
  const olds = [0, Math.floor(commits.length / 2)].map((index) => commits[index] ?? 'HEAD');
  const noted = olds.flatMap((old) => noteDown(ROOT, old, 'HEAD'));

  const judged = skepticOf(path).check(noted);

  const found = figures(noted.map(({ text, stale }, index) => ({ text, stale, got: verdictOf(judged[index] ?? []) })));
  expect(noted.length).toBeGreaterThan(500);
  expect(found.recall, found.missed.slice(0, 20).join('\n')).toBeGreaterThanOrEqual(0.98);
  expect(found.falseAlarms, found.alarms.slice(0, 20).join('\n')).toBeLessThanOrEqual(0.02);
  expect(found.unverifiable).toBeLessThanOrEqual(0.15);
});
