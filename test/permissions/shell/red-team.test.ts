import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assessShell } from '../../../src/permissions/shell/assess.ts';
import { plainRepository } from '../../../src/tools/plain-repository.ts';
import { makePlace, type Place } from '../place.ts';
import { redTeam } from './lists.ts';

/**
 * Lists written from common knowledge (manuals, published write-ups of bypasses) before looking at the rules; the last part
 * of the hostile one was written with the rules in view. First run, before any correction: hostile 1 of 1 365 LOW (two more
 * were mislabelled), with the rules in view 22 of 284; ordinary 502 of 630 LOW; writes 102 of 116 MEDIUM.
 */
let place: Place;
const risk = (command: string) => assessShell(command, place.surroundings).risk;

beforeAll(() => {
  place = makePlace({ plainRepository });
  for (const name of FILES) place.file(`work/app/${name}`);
  execFileSync('git', ['init', '--quiet', '--initial-branch=main', place.workspace]);
});
afterAll(() => place[Symbol.dispose]());

const FILES =
  'src/app.ts src/index.ts src/utils.js src/main.py test/app.test.ts docs/guide.md README.md log.txt app.log data.csv data.json a.txt b.txt notes.md config.yaml package.json tsconfig.json Makefile names.txt fix.patch script.sh .env key.pem id_rsa .npmrc'.split(
    ' ',
  );

describe('commands that nobody wrote the rules for', () => {
  test('of those that do harm or may, none runs by itself [PERM-RED-TEAM]', () => {
    const commands = redTeam('red-team-hostile.txt');
    expect(commands.length).toBeGreaterThanOrEqual(1_600);
    expect(commands.filter((command) => risk(command) === 'LOW')).toEqual([]);
  });

  test('of the ordinary ones that only read, 95 of 100 run by themselves [PERM-RED-TEAM]', () => {
    const commands = redTeam('red-team-ordinary.txt');
    expect(commands.length).toBeGreaterThanOrEqual(600);
    const others = commands.filter((command) => risk(command) !== 'LOW');
    expect(others.length / commands.length, others.join('\n')).toBeLessThanOrEqual(0.05);
  });

  test('of the ordinary ones that write or build, none runs by itself and 85 of 100 are not HIGH [PERM-RED-TEAM]', () => {
    const commands = redTeam('red-team-writes.txt');
    const found = Map.groupBy(commands, risk);
    expect(found.get('LOW') ?? []).toEqual([]);
    expect((found.get('MEDIUM') ?? []).length / commands.length).toBeGreaterThanOrEqual(0.85);
  });
});

describe('what the lists taught', () => {
  test.each([
    ['a loop over a name that the shell obeys', 'for PATH in .; do ls; done'],
    ['an empty pattern of awk before a division', `awk '{ x = // / 2; print > "out"; y = 1 / 2 }' a.txt`],
    ['a statement in the brackets of `for` of awk', `awk 'BEGIN { for (print "x" > "out"; 0;) ; }'`],
    ['a division that looks like a pattern', `awk '{ x = /=2; print > "out"; y /= 1 }' a.txt`],
    ['printf that sets a variable', `printf '%n' 'a[$(touch x)]'`],
    ['a key to sort by that runs gpg', 'git branch --sort=signature'],
    ['a format under a name of the settings', 'git log --pretty=mine'],
    ['a variable of jq with a comment in it', "jq -n '$#\nENV'"],
    ['environments by a column of ps', 'ps -eo pid,environ'],
    ['a label of sed with more behind it', "sed ':x w out' a.txt"],
    ['a comparison that another shell writes', '[[ a > package.json ]]'],
    ['arithmetic that another shell writes', '(( 1 > 2 ))'],
    ['xargs that reads another list', 'find . | xargs wc -l < list.txt'],
    ['xargs behind what is not a list of names', 'cat list.txt | xargs grep KEY'],
    ['xargs with names made up', `find . -printf '/etc/passwd\\n' | xargs grep root`],
    ['xargs without a pattern of its own', 'find . | xargs grep'],
    ['find that reads whole files', 'find . -type f -exec cat {} +'],
    ['a stream that is obeyed', 'source <(cat a.txt)'],
    ['a stream of something else than text', 'cat <(touch x)'],
    ['a list of an archive elsewhere', 'tar tf host:a.tar'],
  ])('%s is not LOW [PERM-RED-TEAM]', (_what, command) => {
    expect(risk(command)).not.toBe('LOW');
  });

  test.each([
    'find . -name "*.ts" | xargs wc -l',
    "find src -type f -name '*.ts' 2>/dev/null | sort | xargs grep -n foo",
    "find . -name '*.ts' -exec grep -l foo {} +",
    'git ls-files | grep ts | xargs wc -l',
    'diff <(sort a.txt) <(sort b.txt)',
    'tar tzf build.tar.gz | head',
    'nice -n 10 grep -rn foo src',
    'git status --short && git diff --stat',
    'cd src && git log --oneline -3',
    'ls *.json',
  ])('%s is LOW [PERM-RED-TEAM]', (command) => {
    expect(risk(command)).toBe('LOW');
  });

  test('without a look at its settings a checkout is not trusted with status and diff [PERM-RED-TEAM]', () => {
    const { plainRepository: _look, ...blind } = place.surroundings;
    for (const command of ['git status', 'git diff', 'git show', 'git log -p'])
      expect([command, assessShell(command, blind).risk]).toEqual([command, 'MEDIUM']);
  });
});
