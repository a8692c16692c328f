import { describe, expect, test } from 'vitest';
import type { DoctorPorts, TriedSandbox } from '../../src/doctor/check.ts';
import { dream } from '../../src/doctor/dream.ts';

function look(tried: Partial<TriedSandbox>, enabled = true) {
  const ports = {
    config: () => ({ timezone: 'UTC', notify: [], dream: { enabled } }),
    sandbox: () => Promise.resolve({ kind: 'none', platform: 'linux', ...tried }),
  };
  return dream.look(ports as unknown as DoctorPorts);
}

describe('the check of dreams', () => {
  test('says what the jail rests on [DOCTOR-DREAM]', async () => {
    expect(await look({ kind: 'bubblewrap' })).toMatchObject([
      { verdict: 'ok', what: expect.stringContaining('bubblewrap') },
    ]);
    expect(await look({ kind: 'sandbox-exec', platform: 'darwin' })).toMatchObject([
      { verdict: 'ok', what: expect.stringContaining('other processes are visible') },
    ]);
  });

  test('names what stays open without a sandbox, and what to install [DOCTOR-DREAM]', async () => {
    const [found] = await look({ reason: 'bubblewrap (bwrap) is not installed' });
    expect(found).toMatchObject({ verdict: 'warn', fix: expect.stringContaining('apt-get install bubblewrap') });
    expect(found?.what).toContain('alone (bubblewrap (bwrap) is not installed)');
    expect(found?.why).toMatch(/link .* leads out would be followed, and signals/);
  });

  test('has nothing to say where dreams are off', async () => {
    expect(await look({}, false)).toMatchObject([{ verdict: 'ok', what: 'dreams are off (dream.enabled)' }]);
  });
});
