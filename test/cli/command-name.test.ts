import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asTyped, commandName } from '../../src/cli/command-name.ts';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'kairos-name-')));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('what to type for kairos', () => {
  test('is npx kairos for who came through npm, whatever npm put on PATH', () => {
    writeFileSync(join(folder, 'kairos'), '');
    chmodSync(join(folder, 'kairos'), 0o755);
    for (const name of ['npm_lifecycle_event', 'npm_config_user_agent']) {
      expect(commandName({ PATH: folder, [name]: 'start' }, folder)).toBe('npx kairos');
    }
  });

  test('is kairos where that is an executable on PATH', () => {
    const name = (): string => commandName({ PATH: `/nowhere:${folder}` }, folder, '/x/bin/kairos');
    expect(name()).toBe('/x/bin/kairos');
    writeFileSync(join(folder, 'kairos'), '', { mode: 0o600 });
    expect(name()).toBe('/x/bin/kairos');
    chmodSync(join(folder, 'kairos'), 0o755);
    expect(name()).toBe('kairos');
  });

  test('is else the launcher, as a shell in this directory takes it', () => {
    expect(commandName({}, folder, join(folder, 'bin/kairos'))).toBe('bin/kairos');
    expect(commandName({}, folder, join(folder, 'kairos'))).toBe('./kairos');
    expect(commandName({}, folder, '/srv/my app/bin/kairos')).toBe(`'/srv/my app/bin/kairos'`);
  });
});

test('advice is put as it has to be typed, and names of files and of the daemon stay', () => {
  const advice = 'Start it: `kairos start`. See /srv/kairos and kairosd; then kairos stop, kairos.';
  expect(asTyped(advice, 'npx kairos')).toBe(
    'Start it: `npx kairos start`. See /srv/kairos and kairosd; then npx kairos stop, kairos.',
  );
  expect(asTyped(advice, 'kairos')).toBe(advice);
});
