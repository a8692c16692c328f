import { describe, expect, test } from 'vitest';
import * as checks from './tidy-checks.ts';
import type { SourceFile } from './tidy-checks.ts';

/** Each check is shown something bad, so that its silence about the house means something. */
const table = { core: [], budget: ['core'], ledger: ['core', 'budget'] };

function file(path: string, text: string): SourceFile {
  return { path, text };
}

function layers(path: string, text: string): string[] {
  return checks.checkLayers(file(path, text), table);
}

describe('the layer check', () => {
  test.each([
    ['an import upwards', `import { open } from '../ledger/open.ts';`],
    ['a type import upwards', `import type { Ledger } from '../ledger/open.ts';`],
    ['an export from above', `export { open } from '../ledger/open.ts';`],
    ['everything exported from above', `export * from '../ledger/open.ts';`],
    ['an import for its effect', `import '../ledger/open.ts';`],
    ['a lazy import upwards', `const open = await import('../ledger/open.ts');`],
    ["another room's worker", `new Worker(new URL('../ledger/open.ts', import.meta.url));`],
    ['an import out of src', `import { fake } from '../../test/fakes/clock.ts';`],
  ])('finds %s', (_, text) => {
    expect(layers('src/budget/windows.ts', text)).toHaveLength(1);
  });

  test('lets rooms import what stands below them, and themselves', () => {
    const text = `import { a } from '../core/a.ts'; import { b } from '../budget/b.ts'; import { c } from './c.ts'; import 'zod';`;
    expect(layers('src/ledger/open.ts', text)).toEqual([]);
  });

  test('finds a room that the table does not know', () => {
    expect(layers('src/helpers/misc.ts', '')).toEqual([
      'src/helpers/misc.ts: the room "helpers" is not in the layer table',
    ]);
  });

  test('is not fooled by an import in a comment or a text', () => {
    expect(layers('src/core/a.ts', `// import '../ledger/b.ts'\nconst text = "import '../ledger/b.ts'";`)).toEqual([]);
  });

  test('fails on a file that does not parse', () => {
    expect(() => layers('src/core/a.ts', 'import {')).toThrow('does not parse');
  });
});

describe('the cycle check', () => {
  test('finds a cycle of three files once, also over types', () => {
    const files = [
      file('src/core/a.ts', `import { b } from './b.ts';`),
      file('src/core/b.ts', `import type { C } from './c.ts';`),
      file('src/core/c.ts', `export * from './a.ts';`),
    ];
    expect(checks.checkCycles(files)).toEqual(['cycle: src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts']);
  });

  test('lets two files import the same third', () => {
    const files = [
      file('src/core/a.ts', `import './b.ts'; import './c.ts';`),
      file('src/core/b.ts', `import './c.ts';`),
      file('src/core/c.ts', ''),
    ];
    expect(checks.checkCycles(files)).toEqual([]);
  });
});

describe('the import check', () => {
  test.each([
    `import { a } from './a';`,
    `import { a } from './a.js';`,
    `import { readFileSync } from 'fs';`,
    `import { readFile } from 'fs/promises';`,
    `import a from '/src/a.ts';`,
    `import a from '#core/a.ts';`,
    'const a = await import(name);',
    'const a = await import(`./${name}`);',
  ])('finds %s', (text) => {
    expect(checks.checkSpecifiers(file('src/core/x.ts', text))).toHaveLength(1);
  });

  test('lets node: modules, packages and .ts files be', () => {
    const text = `import 'node:fs'; import 'zod'; import '@scope/name/part'; import './a.ts'; await import('./b.ts');`;
    expect(checks.checkSpecifiers(file('src/core/x.ts', text))).toEqual([]);
  });
});

describe('the world check', () => {
  test.each([
    'const t = Date.now();',
    `const t = Date['now']();`,
    'const t = globalThis.Date.now();',
    'const now = Date.now;',
    'const d = new Date();',
    'const d = Date();',
    'const r = Math.random();',
    'const home = process.env.HOME;',
    `const home = process.env['HOME'];`,
    'const { env } = process;',
    `import { env } from 'node:process';`,
    `console.error('x');`,
    'const t = performance.now();',
    'const t = Temporal.Now.instant();',
  ])('finds %s', (text) => {
    expect(checks.checkWorld(file('src/ledger/x.ts', text)).length).toBeGreaterThanOrEqual(1);
  });

  test('lets a given time, a given log and harmless namesakes be', () => {
    const text = `new Date(ms).getTime(); clock.wallMs(); log.info({}, 'x'); process.platform; Math.max(1, 2); // Date.now()`;
    expect(checks.checkWorld(file('src/ledger/x.ts', text))).toEqual([]);
  });
});

describe('the size check', () => {
  test('walks up to the limit of a file and past it', () => {
    expect(checks.checkSizes(file('src/core/x.ts', 'let a;\n'.repeat(400).replaceAll('let a', '')))).toEqual([]);
    expect(checks.checkSizes(file('src/core/x.ts', ';\n'.repeat(401)))).toEqual([
      'src/core/x.ts: 401 lines, at most 400',
    ]);
  });

  test.each([
    ['function', (body: string) => `function f() {\n${body}}\n`],
    ['arrow function', (body: string) => `const f = () => {\n${body}};\n`],
    ['method', (body: string) => `class A { f() {\n${body}} }\n`],
  ])('walks up to the limit of a %s and past it', (_, wrap) => {
    expect(checks.checkSizes(file('src/core/x.ts', wrap(';\n'.repeat(68))))).toEqual([]);
    expect(checks.checkSizes(file('src/core/x.ts', wrap(';\n'.repeat(69))))).toHaveLength(1);
  });
});

describe('the check for switched-off checks', () => {
  test.each([
    'let a: any;',
    'let a: Record<string, any[]>;',
    'function f(a: any) {} //',
    '// @ts-ignore\nf();',
    '// @ts-ignore it is broken upstream\nf();',
    '// @ts-expect-error\nf();',
    '// eslint-disable-next-line\nf();',
    '// oxlint-disable-next-line no-console\nf();',
    '/* oxlint-disable -- I just do not like them */',
  ])('finds %s', (text) => {
    expect(checks.checkEscapes(file('src/core/x.ts', text))).toHaveLength(1);
  });

  test.each([
    'let a: any; // the package has no types of its own',
    '// @ts-expect-error: the types lag behind the release\nf();',
    '// oxlint-disable-next-line no-console -- the one place that prints\nf();',
    'const any = "@ts-ignore";',
  ])('lets %s be', (text) => {
    expect(checks.checkEscapes(file('src/core/x.ts', text))).toEqual([]);
  });
});

describe('the check of test habits', () => {
  test.each([
    `vi.mock('./a.ts');`,
    'vi.useFakeTimers();',
    `test.only('a', () => {});`,
    `describe.skip('a', () => {});`,
    `test.skip('a', () => {});`,
    `test.skipIf(isMac)('a', () => {});`,
    `test.todo('a');`,
    `test('a', (context) => context.skip());`,
    `test('a', (context) => context.skip(true));`,
  ])('finds %s', (text) => {
    expect(checks.checkTestHabits(file('test/x.test.ts', text)).length).toBeGreaterThanOrEqual(1);
  });

  test('lets a skip with a reason be', () => {
    const text = `test('a', (context) => { context.skip(isMac, 'bubblewrap is Linux only'); context.skip('not here'); });`;
    expect(checks.checkTestHabits(file('test/x.test.ts', text))).toEqual([]);
  });
});

describe('the check for machine paths', () => {
  const person = ['', 'home', 'anna', 'src'].join('/');
  test.each([
    ['a home', `cd ${person}`],
    ['a home of macOS', `"${['', 'Users', 'anna', 'x'].join('/')}"`],
    ['the checkout itself', 'at /srv/build/kairosd/src/a.ts:1'],
    ['the host of a package', `"resolved": ${JSON.stringify(new URL('https://packages.example/a.tgz'))}`],
  ])('finds %s', (_, text) => {
    expect(checks.checkMachinePaths(file('docs/x.md', text), '/srv/build/kairosd')).toHaveLength(1);
  });

  test("lets examples and everybody's paths be", () => {
    const text = '/home/you/.kairos /Users/me/x /usr/bin/env https://example.com/home/anna/ ~/.kairos /var/lib/kairos';
    expect(checks.checkMachinePaths(file('docs/x.md', text), '/srv/build/kairosd')).toEqual([]);
  });
});

describe('the reader of requirement ids', () => {
  test('reads one, several and templated citations, and nothing else in brackets', () => {
    const text =
      "test('a [WEB-413]', f); test.each(x)(`b ${x} [WEB-401, WEB-404]`, f); test('c [a list] [1] [WEB]', f); run({ title: 'd [WEB-PING]' }); // [WEB-415]";
    expect(checks.citedIds(file('test/x.test.ts', text)).map(({ id }) => id)).toEqual([
      'WEB-413',
      'WEB-401',
      'WEB-404',
      'WEB-PING',
    ]);
  });
});
