import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findService } from '../../src/cli/doctor-service.ts';
import { serviceValues } from '../../src/cli/service-values.ts';
import type { Run } from '../../src/doctor/check.ts';
import { renderUnits } from '../../src/service/render.ts';

let userHome: string;
let home: string;

beforeEach(() => {
  userHome = mkdtempSync(join(tmpdir(), 'kairos-service-'));
  home = join(userHome, '.kairos');
  mkdirSync(home);
});

afterEach(() => rmSync(userHome, { recursive: true, force: true }));

const SYSTEMD: Run = async ([program, ...words]) => {
  if (program === 'loginctl') return { code: 0, stdout: 'Linger=no\n' };
  if (words.includes('is-enabled')) return { code: 1, stdout: 'disabled\n' };
  return { code: 0, stdout: 'UnitFileState=enabled\nActiveState=active\n' };
};

function find(platform: string, run: Run) {
  return findService({ home, userHome, userId: 1000, platform, run, env: {} });
}

/** As `kairos install` writes it. */
function unit(kind: 'user' | 'launch-agent'): string {
  const values = serviceValues({ kind, home, userName: undefined }, home, {});
  return renderUnits(kind, values)[0]?.text ?? '';
}

describe('the service of a home', () => {
  test('is none where nothing is installed, or only that of another home [DOCTOR-MACHINE]', async () => {
    expect(await find('linux', SYSTEMD)).toBeUndefined();
    mkdirSync(join(userHome, '.config/systemd/user'), { recursive: true });
    writeFileSync(
      join(userHome, '.config/systemd/user/kairosd.service'),
      '[Service]\nEnvironment=KAIROS_HOME=/elsewhere\n',
    );
    expect(await find('linux', SYSTEMD)).toBeUndefined();
  });

  test('of systemd is found with its state, and compared with what this version writes [DOCTOR-MACHINE]', async () => {
    const path = join(userHome, '.config/systemd/user/kairosd.service');
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, unit('user'));
    const seen = await find('linux', SYSTEMD);
    expect(seen).toEqual({
      unit: 'kairosd.service',
      path,
      scope: 'user',
      enabled: true,
      active: true,
      lingers: false,
      current: true,
      programRoot: join(userHome, '.local/lib/kairosd'),
    });
    writeFileSync(path, `${unit('user')}\n# edited\n`);
    expect(await find('linux', SYSTEMD)).toMatchObject({ current: false });
    expect(await find('linux', async () => undefined)).toMatchObject({ enabled: false, active: false });
  });

  test('of launchd is found with its state [DOCTOR-MACHINE]', async () => {
    const path = join(userHome, 'Library/LaunchAgents/dev.kairosd.plist');
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, unit('launch-agent'));
    const printed: Run = async (argv) => {
      expect(argv).toEqual(['launchctl', 'print', 'gui/1000/dev.kairosd']);
      return { code: 0, stdout: 'gui/1000/dev.kairosd = {\n\tactive count = 1\n\tstate = running\n' };
    };
    expect(await find('darwin', printed)).toMatchObject({
      unit: 'dev.kairosd',
      scope: 'user',
      enabled: true,
      active: true,
      current: true,
    });
    expect(await find('darwin', async () => ({ code: 113, stdout: '' }))).toMatchObject({
      enabled: false,
      active: false,
    });
    expect(homedir()).not.toBe(userHome);
  });
});
