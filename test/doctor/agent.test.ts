import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { agent } from '../../src/doctor/agent.ts';
import { chat } from '../../src/doctor/chat.ts';
import type { CheckedConfig, DoctorPorts } from '../../src/doctor/check.ts';
import { polling } from '../../src/doctor/polling.ts';
import { reconcile } from '../../src/doctor/reconcile.ts';
import { workspaces } from '../../src/doctor/workspaces.ts';
import { folder } from '../ledger/make.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;

interface Given {
  readonly config?: Partial<CheckedConfig>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** What the daemon answers, by path; undefined: none runs. */
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly home?: string;
  readonly userHome?: string;
}

function portsOf({ config = {}, secrets = {}, answers, home = '/nowhere', userHome = homedir() }: Given): DoctorPorts {
  const get = async (path: string): Promise<unknown> => answers?.[path.split('?', 1)[0] ?? ''];
  const ports = {
    home,
    userHome,
    nowMs: NOW,
    config: () => ({ timezone: 'UTC', notify: [], ...config }),
    secrets: () => ({ of: (name: string) => secrets[name], all: () => [] }),
    daemon: async () => (answers === undefined ? undefined : { url: '', pid: 1, token: '', get }),
  };
  return ports as unknown as DoctorPorts;
}

describe('the check of the agent', () => {
  const state = { on: true, stopped: null, approvalsPending: 0 };
  const asked = (hoursAgo: number, id: string) => ({ id, askedAt: new Date(NOW - hoursAgo * HOUR_MS).toISOString() });

  test('shows that it was stopped, since when and why, and how it goes on [DOCTOR-AGENT]', async () => {
    const stopped = { since: '2026-11-22T09:00:00+00:00', reason: 'too eager' };
    const answers = { '/api/status': { agent: { ...state, stopped } } };
    expect(await agent.look(portsOf({ answers }))).toMatchObject([
      {
        verdict: 'warn',
        what: 'stopped by hand since 2026-11-22T09:00:00+00:00: too eager',
        fix: 'kairos start --agent',
      },
    ]);
  });

  test('names approvals that wait for more than 24 h, and no younger one [DOCTOR-AGENT]', async () => {
    const items = [asked(1, 'a9'), asked(24, 'a3'), asked(25, 'a2'), asked(48, 'a1')];
    const answers = { '/api/status': { agent: { ...state, approvalsPending: 4 } }, '/api/approvals': { items } };
    expect(await agent.look(portsOf({ answers }))).toMatchObject([
      {
        verdict: 'warn',
        what: '2 approvals wait for your answer for more than 24 h (a2, a1)',
        fix: 'kairos approvals --state pending',
      },
    ]);
  });

  test('is content with one that works, and silent without a model or a daemon [DOCTOR-AGENT]', async () => {
    const pending = { agent: { ...state, approvalsPending: 1 } };
    const answers = { '/api/status': pending, '/api/approvals': { items: [asked(2, 'a1')] } };
    expect(await agent.look(portsOf({ answers }))).toMatchObject([
      { verdict: 'ok', what: 'on; 1 approval waits for your answer' },
    ]);
    const off = { '/api/status': { agent: { ...state, on: false } } };
    expect(await agent.look(portsOf({ answers: off }))).toEqual([]);
    expect(await agent.look(portsOf({}))).toEqual([]);
  });
});

describe('the check of workspaces', () => {
  const at = (path: string) => ({ path, trust: 'owner' as const });

  test('names those that are not there, with the fix for each [DOCTOR-WORKSPACES]', async () => {
    using place = folder();
    writeFileSync(join(place.path, 'file'), '');
    const given = [at(join(place.path, 'gone')), at(join(place.path, 'file'))];
    const found = await workspaces.look(portsOf({ config: { workspaces: given } }));
    expect(found).toMatchObject([
      { verdict: 'warn', fix: expect.stringContaining('Make the directory') as string },
      { verdict: 'warn', fix: expect.stringContaining('Name the directory around it') as string },
    ]);
  });

  test('warns of one that holds the home of kairosd, or all that is yours [DOCTOR-WORKSPACES]', async () => {
    using place = folder();
    const home = join(place.path, 'kairos');
    const project = join(place.path, 'kairos-project');
    for (const path of [home, project]) mkdirSync(path);
    const look = (path: string, userHome: string) =>
      workspaces.look(portsOf({ config: { workspaces: [at(path)] }, home, userHome }));
    expect(await look(place.path, '/root-of-somebody')).toMatchObject([
      { verdict: 'warn', what: expect.stringContaining('contains the home of kairosd') as string },
    ]);
    expect(await look(place.path, place.path)).toMatchObject([
      { verdict: 'warn', what: expect.stringContaining('is your whole home directory') as string },
    ]);
    expect(await look(project, place.path)).toMatchObject([{ verdict: 'ok', what: 'kairos-project' }]);
  });

  test('says of none what follows, where there is a model [DOCTOR-WORKSPACES]', async () => {
    const secrets = { ANTHROPIC_API_KEY: 'sk-x' };
    expect(await workspaces.look(portsOf({ secrets }))).toMatchObject([{ verdict: 'ok' }]);
    expect(await workspaces.look(portsOf({}))).toEqual([]);
  });
});

describe('the check of chat', () => {
  const telegram = { kind: 'telegram', name: 'phone' };

  test('says when there is a bot and nobody can speak to it [DOCTOR-CHAT]', async () => {
    const secrets = { TELEGRAM_BOT_TOKEN: '1:x' };
    const look = (allow: readonly unknown[], given: Readonly<Record<string, string>> = secrets) =>
      chat.look(portsOf({ config: { notify: [{ ...telegram, allow }] }, secrets: given }));
    expect(await look([])).toMatchObject([
      {
        verdict: 'ok',
        what: 'phone: it tells you things, and hears nobody: that takes allow: [your id] (docs/chat.md)',
      },
    ]);
    expect(await look([1])).toMatchObject([{ verdict: 'ok', what: 'somebody may speak on phone' }]);
    expect(await look([], {})).toEqual([]);
  });

  test('tells why a chat is not listened to [DOCTOR-CHAT]', async () => {
    const listening = [
      { name: 'telegram', state: 'refused', reason: 'Unauthorized' },
      { name: 'slack', state: 'ok', reason: '' },
    ];
    const found = await chat.look(portsOf({ answers: { '/api/status': { listening } } }));
    expect(found).toMatchObject([{ verdict: 'warn', what: 'telegram: Unauthorized' }]);
  });
});

test('polling that is only there for what is followed is looked at as well [DOCTOR-RECONCILE]', async () => {
  const troubled = [{ name: 'follow events octo/app', state: 'refused', reason: 'not found (404)' }];
  const state = { feeds: 2, paused: '', troubledCount: 1, troubled };
  expect(await polling.look(portsOf({ answers: { '/api/status': { polling: state } } }))).toMatchObject([
    { verdict: 'warn', what: 'follow events octo/app: not found (404)' },
  ]);
  expect(await polling.look(portsOf({ answers: { '/api/status': { polling: null } } }))).toEqual([]);
});

describe('the check of reconciling', () => {
  const source = { name: 'github', kind: 'github', trust: 'outside' } as const;
  const config = { sources: [{ ...source, reconcile: { repositories: ['octo/app'], every: 900_000 } }] };
  const secrets = { GITHUB_TOKEN: 'ghp_x' };
  const look = (troubled: readonly object[]) => {
    const state = { repositories: 2, troubledCount: troubled.length, troubled };
    return reconcile.look(portsOf({ config, secrets, answers: { '/api/status': { reconcile: state } } }));
  };

  test.each([
    ['no-rights', 'Webhooks: read and write'],
    ['no-hook', 'kairos webhook add github'],
    ['failing', 'by itself'],
  ])('%s is a warning with its fix [DOCTOR-RECONCILE]', async (state, fix) => {
    const place = { source: 'github', repository: 'octo/app', state, reason: 'because' };
    expect(await look([place])).toMatchObject([
      { verdict: 'warn', what: 'octo/app: because', fix: expect.stringContaining(fix) as string },
    ]);
  });

  test('is content when all is well, and silent where nothing is asked for [DOCTOR-RECONCILE]', async () => {
    expect(await look([])).toMatchObject([{ verdict: 'ok', what: 'github: 2 repositories' }]);
    expect(await reconcile.look(portsOf({ config: { sources: [source] } }))).toEqual([]);
  });

  test('names the token that is missing, and a daemon that does not ask [DOCTOR-RECONCILE]', async () => {
    expect(await reconcile.look(portsOf({ config }))).toMatchObject([
      { verdict: 'warn', what: 'github: there is no GITHUB_TOKEN to ask with' },
    ]);
    const idle = { '/api/status': { reconcile: null } };
    expect(await reconcile.look(portsOf({ config, secrets, answers: idle }))).toMatchObject([{ verdict: 'warn' }]);
    expect(await reconcile.look(portsOf({ config, secrets }))).toMatchObject([{ verdict: 'ok' }]);
  });
});
