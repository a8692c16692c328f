import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Check, CheckedConfig, DoctorPorts, Found } from '../../src/doctor/check.ts';
import { heartbeat } from '../../src/doctor/heartbeat.ts';
import { polling } from '../../src/doctor/polling.ts';
import { schedules } from '../../src/doctor/schedules.ts';
import { schedulesOptions } from '../../src/scheduler/options.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kairos-doctor-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Given {
  readonly config?: Partial<CheckedConfig>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** What `/api/status` answers; without it no daemon runs. */
  readonly status?: object;
}

async function look(check: Check, { config = {}, secrets = {}, status }: Given) {
  const ports: DoctorPorts = {
    home,
    env: { PATH: `${home}:/usr/bin:/bin` },
    nodeVersion: '26.0.0',
    userId: -1,
    nowMs: Date.UTC(2026, 10, 22, 12),
    config: () => ({ timezone: 'Europe/Berlin', notify: [], ...config }),
    channelErrors: () => [],
    secrets: () => ({ of: (name) => secrets[name], all: () => [] }),
    ledger: () => undefined,
    daemon: async () =>
      status && { url: 'http://127.0.0.1:7717', pid: 1, token: 't', get: async <Answer>() => status as Answer },
    send: async () => ({ status: 500, body: '' }),
  };
  return check.look(ports);
}

const brief = (found: readonly Found[]) => found.map(({ verdict, what }) => `${verdict} ${what}`);

describe('the check of schedules', () => {
  const entries = (...given: object[]) => ({ schedules: schedulesOptions.parse(given) });
  const command = (more: object) => ({ name: 'backup', every: '1h', do: 'command', ...more });

  test('is content with programs on PATH, by path and relative to their folder [DOCTOR-SCHEDULES]', async () => {
    writeFileSync(join(home, 'mine'), '#!/bin/sh\n');
    chmodSync(join(home, 'mine'), 0o700);
    const config = entries(
      command({ name: 'a', argv: ['sh', '-c', 'true'] }),
      command({ name: 'b', argv: ['mine'] }),
      command({ name: 'c', argv: ['./mine'], cwd: home }),
      command({ name: 'd', argv: [join(home, 'mine')] }),
      { name: 'e', cron: '0 8 * * *', do: 'digest' },
    );
    const status = { missed: { runs: 0, schedules: 0 } };
    expect(brief(await look(schedules, { config, status }))).toEqual(['ok 5 schedules']);
    expect(brief(await look(schedules, {}))).toEqual(['ok none']);
  });

  test.each([
    [{ argv: ['no-such-program'] }, 'fail backup: "no-such-program" is not on PATH'],
    [{ argv: ['sh'], env: { PATH: '/nowhere' } }, 'fail backup: "sh" is not on PATH'],
    [{ argv: ['/usr'] }, 'fail backup: "/usr" is no program'],
    [{ argv: ['true'], cwd: '/no/such/folder' }, 'fail backup: cwd is no directory: /no/such/folder'],
    [{ argv: ['true'], cwd: 'src' }, 'warn backup: cwd is relative: src'],
  ])('%j can not run [DOCTOR-SCHEDULES]', async (more, expected) => {
    const found = await look(schedules, { config: entries(command(more)) });
    expect(brief(found)).toEqual([expected]);
    expect(found[0]?.fix).not.toBe('');
  });

  test('tells those that are never due again, and what was missed [DOCTOR-SCHEDULES]', async () => {
    const config = entries(
      { name: 'past', at: '2026-11-22T11:00', do: 'notify', text: 'hi' },
      { name: 'soon', at: '2026-11-22T14:00', do: 'notify', text: 'hi' },
    );
    const status = { missed: { runs: 3, schedules: 1 } };
    expect(brief(await look(schedules, { config, status }))).toEqual([
      'warn never due again: past',
      'warn 3 runs of 1 schedule missed in the last 24 h',
    ]);
  });
});

describe('the check of polling', () => {
  const poll = { repositories: ['octo/app'], every: 60_000, events: ['push' as const] };
  const config = { sources: [{ name: 'github', kind: 'github' as const, trust: 'outside' as const, poll }] };
  const well = { feeds: 2, paused: '', troubledCount: 0, troubled: [] };

  test('says nothing when nothing is polled, and does not ask GitHub [POLL-TROUBLE]', async () => {
    expect(await look(polling, {})).toEqual([]);
    expect(brief(await look(polling, { config }))).toEqual(['ok github (not tried: the daemon is not running)']);
  });

  test.each([
    [well, 'ok github: 2 feeds, all answered'],
    [null, 'warn github: the daemon does not poll'],
    [{ ...well, paused: 'the rate limit is used up' }, 'warn paused: the rate limit is used up'],
    [
      { ...well, troubledCount: 1, troubled: [{ name: 'octo/app events', state: 'refused', reason: '404' }] },
      'warn octo/app events: 404',
    ],
  ])('%j is said [POLL-TROUBLE]', async (state, expected) => {
    expect(brief(await look(polling, { config, status: { polling: state } }))).toEqual([expected]);
  });
});

describe('the check of the heartbeat', () => {
  const options = { every: 300_000, timeout: 10_000 };

  test('advises one, knows one, and finds that its address is missing [HEARTBEAT-HONEST]', async () => {
    expect(brief(await look(heartbeat, {}))[0]).toContain('ok off: nobody outside notices');
    const byName = { heartbeat: { ...options, urlEnv: 'HEARTBEAT_URL' } };
    expect(brief(await look(heartbeat, { config: byName }))).toEqual(['fail HEARTBEAT_URL is missing']);
    const secrets = { HEARTBEAT_URL: 'https://example.org/ping/1' };
    expect(brief(await look(heartbeat, { config: byName, secrets }))[0]).toMatch(/^ok configured/);
    const byUrl = { heartbeat: { ...options, url: 'https://example.org/ping/1' } };
    expect(brief(await look(heartbeat, { config: byUrl }))[0]).toMatch(/^ok configured/);
  });
});
