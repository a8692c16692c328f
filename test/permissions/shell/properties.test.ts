import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assessShell } from '../../../src/permissions/shell/assess.ts';
import { lines } from './lists.ts';
import { imagined } from './surroundings.ts';

const machine = imagined();
const RANK = { LOW: 0, MEDIUM: 1, HIGH: 2 } as const;
const rank = (command: string) => RANK[assessShell(command, machine).risk];

const closed = (command: string) => !/[<&]|^#| #|\\$/.test(command) && !/^(?:coproc|function|time)\b/.test(command);
// `xargs ls` alone reads names nobody sees; behind `ls |`, which is one of the wrappings, they are seen.
function takesNamesOfLs(command: string): boolean {
  return command.startsWith('xargs ') && rank(`ls | ${command}`) === 0;
}
// What a `cd` makes hostile is something else where the `cd` does not reach.
const hostile = fc.constantFrom(
  ...lines('hostile-commands.txt').filter(
    (command) => closed(command) && !/\bcd\b/.test(command) && !takesNamesOfLs(command),
  ),
);
const ordinary = fc.constantFrom(...lines('ordinary-commands.txt').filter(closed));

const WRAPPINGS: readonly ((command: string) => string)[] = [
  (command) => `{ ${command}; }`,
  (command) => `( ${command} )`,
  (command) => `! ${command}`,
  (command) => `time ${command}`,
  (command) => `ls; ${command}`,
  (command) => `${command}; ls`,
  (command) => `ls && ${command}`,
  (command) => `ls || ${command}`,
  (command) => `ls | ${command}`,
  (command) => `${command} | cat`,
  (command) => `if true; then ${command}; fi`,
  (command) => `if ${command}; then true; fi`,
  (command) => `if true; then true; else ${command}; fi`,
  (command) => `while false; do ${command}; done`,
  (command) => `for i in 1 2; do ${command}; done`,
  (command) => `case x in x) ${command};; esac`,
  (command) => `echo "$(${command})"`,
  (command) => `cat <(${command})`,
  (command) => `echo \${x:-$(${command})}`,
  (command) => `f() { ${command}; }; f`,
  (command) => `{ ${command}; } 2>/dev/null`,
];

describe('properties', () => {
  test('no wrapping makes a hostile command LOW [PERM-SHELL-TREE]', () => {
    fc.assert(
      fc.property(
        hostile,
        fc.array(fc.constantFrom(...WRAPPINGS), { minLength: 1, maxLength: 3 }),
        (command, wrappings) => {
          expect(rank(wrappings.reduce((inner, wrap) => wrap(inner), command))).toBeGreaterThan(0);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('a line is at least as risky as each of its commands', () => {
    fc.assert(
      fc.property(
        fc.oneof(hostile, ordinary),
        ordinary,
        fc.constantFrom('; ', ' && ', ' | ', ' || '),
        (first, second, joint) => {
          expect(rank(`${first}${joint}${second}`)).toBeGreaterThanOrEqual(rank(first));
          // Behind a `cd` the second is another command, and so is what is given names.
          const least = /\bcd\b/.test(first) || /^xargs\b/.test(second) ? 0 : rank(second);
          expect(rank(`${first}${joint}${second}`)).toBeGreaterThanOrEqual(least);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('an unknown flag never makes a command LOW [PERM-SHELL-FLAGS]', () => {
    const simple = lines('ordinary-commands.txt').filter(
      (command) =>
        /^[a-z0-9]+ [^|;&<>(){}[\]$#*`]+$/.test(command) &&
        !/^(?:echo|printf|expr|test|basename|dirname|set|cd|time|true|false|timeout|LC_ALL|TZ|jq --arg)/.test(command),
    );
    expect(simple.length).toBeGreaterThan(150);
    for (const command of simple) {
      const [program, ...rest] = command.split(' ');
      expect([command, rank(`${program} --zz-unknown ${rest.join(' ')}`)]).not.toEqual([command, 0]);
    }
  });

  test('quotes and backslashes around pieces change nothing that matters', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('-o', '--output', '--compress-program=sh', '-T'),
        fc.nat(6),
        fc.constantFrom('"', "'", '\\'),
        (flag, at, mark) => {
          const cut = Math.min(at, flag.length - 1);
          const quoted =
            mark === '\\'
              ? `${flag.slice(0, cut)}\\${flag.slice(cut)}`
              : `${flag.slice(0, cut)}${mark}${flag[cut]}${mark}${flag.slice(cut + 1)}`;
          expect(rank(`sort ${quoted} x y`)).toBeGreaterThan(0);
        },
      ),
    );
  });

  test('whatever it is given, it answers and does not throw', () => {
    const piece = fc.constantFrom(
      'ls',
      'cat',
      ' ',
      '$(',
      ')',
      '`',
      '"',
      "'",
      '{',
      '}',
      ',',
      '|',
      '&',
      ';',
      '\n',
      '<<A',
      '>',
      '$',
      '[[',
      ']]',
      '((',
      '))',
      '*',
      '\\',
      'if',
      'then',
      'fi',
      'for x in',
      'do',
      'done',
      'sed',
      'awk',
      "'s/a/b/'",
      '-e',
      '~',
      '=',
      '#',
      'é',
      '\u200b',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        expect(['LOW', 'MEDIUM', 'HIGH']).toContain(assessShell(pieces.join(''), machine).risk);
      }),
      { numRuns: 3_000 },
    );
  });
});
