import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLineOf } from '../../src/cli/risk.ts';
import { LINE_CHARS_MAX } from '../../src/cli/risk-lines.ts';
import { ROOT } from '../repository.ts';
import { cleanEnv, kairos, newHome } from './kairos.ts';

interface Answer {
  readonly risk: string;
  readonly reason: string;
  readonly verdict: string;
  readonly error?: string;
}

async function answers(lines: readonly string[], argv: readonly string[] = []): Promise<Answer[]> {
  const input = lines.map((line) => `${line}\n`).join('');
  const { code, stdout, stderr } = await kairos(newHome(), ['risk', '--stdin', '--json', ...argv], { input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

function shell(command: string, context?: object): string {
  return JSON.stringify({ tool: 'shell', input: { command }, ...(context && { context }) });
}

describe('kairos risk', () => {
  test('says the risk of a command, why, and what would be done [CLI-RISK]', async () => {
    const { code, stdout } = await kairos(newHome(), ['risk', '--', 'rm', '-rf', '/']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^HIGH {2}\S.*\nYou would be asked\.\n/);
    const low = await kairos(newHome(), ['risk', '--json', '--', 'ls', '-l']);
    expect(JSON.parse(low.stdout)).toMatchObject({ risk: 'LOW', reason: expect.any(String) as string });
  });

  test('takes the words after -- as the words of one command, and one word as a whole line [CLI-RISK]', async () => {
    expect(commandLineOf(['echo', 'a; rm -rf ~', "it's", '$HOME', ''])).toBe(
      `echo 'a; rm -rf ~' 'it'\\''s' '$HOME' ''`,
    );
    expect(commandLineOf(['ls | head'])).toBe('ls | head');
    const quoted = await kairos(newHome(), ['risk', '--json', '--', 'echo', '; rm -rf /']);
    const line = await kairos(newHome(), ['risk', '--json', 'echo ; rm -rf /']);
    expect(JSON.parse(quoted.stdout)).toMatchObject({ risk: 'LOW' });
    expect(JSON.parse(line.stdout)).toMatchObject({ risk: 'HIGH' });
  });

  test('judges every other tool as well [CLI-RISK]', async () => {
    const input = '{"path":".git/config","content":"x"}';
    const { stdout } = await kairos(newHome(), ['risk', '--json', '--tool', 'write', '--input', input]);
    expect(JSON.parse(stdout)).toMatchObject({ risk: 'HIGH', verdict: 'ask', reason: '.git is protected' });
  });

  test.each([
    [['risk'], 'expected a command after --'],
    [['risk', '--tool', 'read'], 'expected a command after --'],
    [['risk', '--tool', 'read', '--input', '{'], 'JSON'],
    [['risk', '--stdin', 'ls'], 'got both'],
  ])('%j is a usage error [CLI-EXIT-CODES]', async (argv, words) => {
    const { code, stderr } = await kairos(newHome(), argv);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe('kairos risk --stdin --json', () => {
  test('answers each line with one line, in order, and never fails over one [CLI-RISK]', async () => {
    const given = [
      shell('ls'),
      'not json',
      '',
      '[]',
      '{"tool":"shell"}',
      '{"tool":"shell","input":null}',
      '{"tool":"teleport","input":{}}',
      `{"tool":"read","input":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      'x'.repeat(LINE_CHARS_MAX + 1),
      shell(`echo ${'a'.repeat(70_000)}`),
      shell('ls', { afk: 'perhaps' }),
      shell('rm -rf /'),
    ];
    const found = await answers(given);
    expect(found).toHaveLength(given.length);
    expect(found.map(({ risk }) => risk)).toEqual(['LOW', ...Array<string>(10).fill('HIGH'), 'HIGH']);
    expect(found.map(({ error }) => error !== undefined)).toEqual(
      [0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 0].map((one) => one === 1),
    );
    for (const { reason } of found) expect(reason).not.toBe('');
  });

  test('takes the directory it runs in as the workspace, and what the context says of the run [CLI-RISK]', async () => {
    const call = (tool: string, input: object, context = {}) => JSON.stringify({ tool, input, context });
    const found = await answers([
      call('write', { path: 'notes.md', content: 'x' }),
      call('write', { path: 'notes.md', content: 'x' }, { afk: true }),
      call('write', { path: '../notes.md', content: 'x' }),
      call('fetch', { url: 'https://nodejs.org/' }),
      call('fetch', { url: 'https://nodejs.org/' }, { tainted: true }),
      call('read', { path: '.env' }, { tainted: true }),
      call('read', { path: 'notes.md' }, { tainted: true, afk: true }),
    ]);
    expect(found.map(({ risk, verdict }) => `${risk} ${verdict}`)).toEqual([
      'MEDIUM flag',
      'MEDIUM ask',
      'HIGH ask',
      'MEDIUM flag',
      'HIGH ask',
      'HIGH ask',
      'LOW run',
    ]);
  });

  test('answers a line before the next one comes [CLI-RISK]', async () => {
    const home = newHome();
    const argv = ['risk', '--stdin', '--json'];
    const child = spawn(join(ROOT, 'bin/kairos'), argv, { env: cleanEnv(home), stdio: ['pipe', 'pipe', 'ignore'] });
    const lines = createInterface({ input: child.stdout });
    for (const command of ['ls', 'pwd']) {
      child.stdin.write(`${shell(command)}\n`);
      const [line] = (await once(lines, 'line')) as [string];
      expect(JSON.parse(line)).toMatchObject({ risk: 'LOW' });
    }
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
