import { describe, expect, test } from 'vitest';
import type { DoctorPorts, TriedSandbox } from '../../src/doctor/check.ts';
import { sandbox } from '../../src/doctor/sandbox.ts';
import { ExecWorld } from '../tools/exec-world.ts';

const tools = { shell: { enabled: true, network: false } };

async function look(tried: TriedSandbox | undefined, given: Partial<typeof tools.shell> = {}) {
  const ports = {
    config: () => ({ timezone: 'UTC', notify: [], tools: { shell: { ...tools.shell, ...given } } }),
    ...(tried === undefined ? {} : { sandbox: async () => tried }),
  };
  return sandbox.look(ports as unknown as DoctorPorts);
}

describe('the check of the sandbox', () => {
  test('tries the real one, and says what it is and what it costs [DOCTOR-SANDBOX]', async () => {
    using world = new ExecWorld();
    const real = await world.sandbox();
    const [found] = await look({ ...real, platform: process.platform });
    expect(found?.what).toMatch(
      real.kind === 'none' ? /^none: / : /^(bubblewrap|sandbox-exec), without network, up in \d+ms$/,
    );
  });

  test.each([
    ['bubblewrap (bwrap) is not installed', 'linux', 'apt-get install bubblewrap'],
    [
      'bubblewrap does not work here: bwrap: No permissions to create new namespace',
      'linux',
      'kernel.unprivileged_userns_clone',
    ],
    ['bubblewrap does not work here: bwrap: setting up uid map: Permission denied', 'linux', 'AppArmor'],
    ['bubblewrap does not work here: something else', 'linux', 'by hand'],
    ['there is none for freebsd', 'freebsd', 'tools.shell.enabled'],
  ])(
    'says why there is none (%s), that the shell is HIGH then, and what to do [DOCTOR-SANDBOX]',
    async (reason, platform, fix) => {
      const [found] = await look({ kind: 'none', reason, platform });
      expect(found).toMatchObject({ verdict: 'warn', what: `none: ${reason}` });
      expect(found?.why).toContain('HIGH');
      expect(found?.fix).toContain(fix);
    },
  );

  test('is content where there is no shell, and silent where there is no agent', async () => {
    expect(await look({ kind: 'none', reason: 'x', platform: 'linux' }, { enabled: false })).toMatchObject([
      { verdict: 'ok' },
    ]);
    expect(await look(undefined)).toEqual([]);
    expect((await look({ kind: 'bubblewrap', startMs: 7, platform: 'linux' }, { network: true }))[0]?.what).toBe(
      'bubblewrap, with network, up in 7ms',
    );
  });
});
