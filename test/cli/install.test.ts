import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkKind, chooseKind } from '../../src/cli/service-kind.ts';
import { kairos, newHome } from './kairos.ts';

describe('install --print', () => {
  test.each([
    ['--system', ['# kairosd.service', '# kairosd.socket']],
    ['--user', ['# kairosd.service', '# kairosd.socket']],
    ['--launch-daemon', ['# dev.kairosd.plist']],
    ['--launch-agent', ['# dev.kairosd.plist']],
  ])('%s writes its units to stdout and touches nothing [SERVICE-PRINT]', async (kind, heads) => {
    const home = newHome();
    const { code, stdout, stderr } = await kairos(home, ['install', '--print', kind]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.match(/^# [\w.]+\.(?:service|socket|plist)$/gm)).toEqual(heads);
    expect(existsSync(home)).toBe(false);
  });

  test('is rendered from the configuration, strict without the shell tool [SERVICE-PRINT]', async () => {
    const home = newHome();
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'config.yaml'), 'server: { port: 8123 }\ntools: { shell: { enabled: false } }\n');
    const { stdout } = await kairos(home, ['install', '--print', '--system', '--json']);
    const { files } = JSON.parse(stdout) as { files: { name: string; text: string }[] };
    expect(files.map(({ name }) => name)).toEqual(['kairosd.service', 'kairosd.socket']);
    expect(files[0]?.text).toContain('RestrictNamespaces=yes');
    expect(files[1]?.text).toContain('ListenStream=127.0.0.1:8123');
  });

  test('an invalid configuration is exit code 5, two kinds are 2', async () => {
    const home = newHome();
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'config.yaml'), 'nonsense: 1\n');
    expect((await kairos(home, ['install', '--print', '--user'])).code).toBe(5);
    expect((await kairos(newHome(), ['install', '--print', '--user', '--system'])).code).toBe(2);
  });
});

describe('a kind', () => {
  test('is the one of the platform, for the whole machine when root asks', () => {
    expect(chooseKind({}, { platform: 'linux', userId: 0 })).toBe('system');
    expect(chooseKind({}, { platform: 'linux', userId: 1000 })).toBe('user');
    expect(chooseKind({}, { platform: 'darwin', userId: 0 })).toBe('launch-daemon');
    expect(chooseKind({}, { platform: 'darwin', userId: 501 })).toBe('launch-agent');
  });

  test.each([
    ['system', 'linux', 1000, true, /needs root: run it with sudo, or take --user/],
    ['user', 'darwin', 501, true, /not for this system.*--launch-agent/],
    ['launch-agent', 'linux', 1000, true, /not for this system.*--system or --user/],
    ['launch-agent', 'darwin', 0, true, /without sudo/],
    ['user', 'linux', 1000, false, /expected systemd, but it does not run here/],
  ] as const)('%s on %s as %d is refused with what to do [SERVICE-REFUSE]', (kind, platform, userId, runs, message) => {
    expect(() => checkKind(kind, { platform, userId }, runs)).toThrow(message);
  });
});
