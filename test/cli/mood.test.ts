import { describe, expect, test } from 'vitest';
import { kairos, newHome } from './kairos.ts';

describe('kairos mood', () => {
  test('answers one line a line, without a daemon, whatever comes [CLI-MOOD]', async () => {
    const input = [
      '{"text":"stop it"}',
      '{"text":"you broke it again"}',
      '{"text":"in plain English please"}',
      '{"text":"stop the server"}',
      'no JSON',
      '',
      'null',
      '{"text":7}',
      `{"text":"${'x'.repeat(1_048_576)}"}`,
    ].join('\n');
    const { code, stdout, stderr } = await kairos(newHome(), ['mood', '--stdin', '--json'], { input: `${input}\n` });
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { tier: string | null; error?: string });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(answers.map(({ tier }) => tier)).toEqual([
      'back-off',
      'acknowledge',
      'simplify',
      ...Array.from({ length: 6 }, () => null),
    ]);
    expect(answers.map(({ error }) => error !== undefined)).toEqual([
      ...Array.from({ length: 4 }, () => false),
      ...Array.from({ length: 4 }, () => true),
      false,
    ]);
  });

  test('says why for one message, and what follows [CLI-MOOD]', async () => {
    const { code, stdout } = await kairos(newHome(), ['mood', 'please', 'stop messaging me']);
    expect(code).toBe(0);
    expect(stdout).toBe(
      'back-off\n  stop-messaging: stop messaging me\nThe owner asked for quiet: proactive messages wait for 30 minutes.\n',
    );
    expect(JSON.parse((await kairos(newHome(), ['mood', '--json', 'hello'])).stdout)).toEqual({
      tier: null,
      matches: [],
    });
    expect((await kairos(newHome(), ['mood'])).code).toBe(2);
  });
});
