import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { makeRepository, readAgent } from '../../proof/lib/agent-box.ts';
import { makeHome, ROOT, startDaemon, until as soon } from '../../proof/lib/daemon.ts';
import { postGithub } from '../../proof/lib/sender.ts';
import { startMessagesServer, text } from '../fakes/messages-server.ts';
import { openBox, until } from './agent-box.ts';
import { zoneAtNoon } from '../noon.ts';

const HOUR_MS = 3_600_000;
const TRIAGE = { name: 'triage', source: 'github', event: 'issues', do: 'agent', prompt: 'Triage.' };
/** What is loaded of these rooms beforehand are the schemas of their options. */
const AGENT_ROOMS =
  /src\/(tools|permissions)\/(?!(exec-)?options\.ts)|src\/agent\/(anthropic|loop|run|call|prompt)|anthropic-ai|unbash/;
/** What only a chat, a dream, a memory with something in it, a search, a schedule or a JSON schema needs. */
const OTHER_ROOMS =
  /src\/(chat|tools)\/(?!(exec-)?options\.ts)|src\/dream\/(?!(options|gates|look)\.ts)|src\/memory\/(?!(folders|watch)\.ts)|src\/ledger\/search|\/(croner|@slack|grammy|ajv)\//;

describe('a daemon with a model and nothing to do', () => {
  test('asks nothing and spends nothing, hour after hour [E2E-IDLE-FREE]', async () => {
    await using model = await startMessagesServer(() => ({ blocks: [text('Hello?')] }));
    await using box = await openBox({ model: model.url, config: { subscriptions: [TRIAGE] } });
    await box.clock.advance(8 * HOUR_MS);
    expect(model.requests).toEqual([]);
    expect(readAgent(box.home)).toMatchObject({ spend: [], sessions: [] });
  });

  test.each([
    ['without a model', {}],
    ['with one', { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' }],
  ])(
    '%s loads neither SDK nor tools nor sandbox before the first run, and no chat, dream, memory or search [E2E-IDLE-FREE, MODEL-LAZY]',
    async (_name, env) => {
      using home = makeHome({});
      using place = makeHome({});
      writeFileSync(
        join(home.path, 'config.yaml'),
        JSON.stringify({
          timezone: zoneAtNoon(),
          notify: [],
          workspaces: [{ path: makeRepository(join(place.path, 'shop')) }],
        }),
      );
      const list = join(home.path, 'modules');
      const hook = `--import=${join(ROOT, 'proof/lib/list-modules.ts')}`;
      await using daemon = await startDaemon(home.path, {
        env: { ...env, NODE_OPTIONS: hook, KAIROS_PROOF_MODULES: list },
      });
      await daemon.send('/api/say', { text: 'status' });
      await soon(async () => ((await daemon.get('/api/messages')) as { items: unknown[] }).items.length > 0, 5_000);
      const loaded = readFileSync(list, 'utf8').split('\n');
      expect(loaded.filter((url) => /src\/daemon\/start\.ts/.test(url))).toHaveLength(1);
      expect(loaded.length).toBeGreaterThan(300);
      expect(loaded.filter((url) => AGENT_ROOMS.test(url) || OTHER_ROOMS.test(url))).toEqual([]);
    },
  );
});

describe('without a model', () => {
  test('work of the agent is parked; turning the model on lets it be put back [E2E-IDLE-FREE, JOB-AGENT-PARKED]', async () => {
    await using model = await startMessagesServer(() => ({ blocks: [text('Triaged.')] }));
    await using box = await openBox({ config: { subscriptions: [TRIAGE] } });
    await postGithub(box.daemon.url, { id: 'one', event: 'issues', body: Buffer.from('{"action":"opened"}') });
    expect(await box.ends('j1', 'parked')).toMatchObject({ error: expect.stringContaining('model') as string });
    expect((await box.say('hello?')).job).toBe('j2');
    expect(await until('a rule says so', async () => (await box.replies('e2'))[0])).toContain(
      'There is no model configured',
    );
    writeFileSync(join(box.home, 'secrets.env'), `ANTHROPIC_BASE_URL=${model.url}\n`, { mode: 0o600 });
    await until('it is taken up', async () => {
      await box.clock.advance(20);
      return box.log.some(({ message }) => message === 'configuration taken up') || undefined;
    });
    expect(model.requests).toEqual([]);
    expect(await box.kairos('jobs', 'requeue', 'j1')).toMatchObject({ code: 0 });
    await box.ends('j1', 'succeeded');
    const { job } = await box.say('hello?');
    await box.ends(job, 'succeeded');
    expect(model.requests).toHaveLength(2);
  });
});

describe('in safe mode', () => {
  test('work of the agent waits until the daemon has stayed up, and who asks is told so [E2E-IDLE-FREE]', async () => {
    await using model = await startMessagesServer(() => ({ blocks: [text('Here.')] }));
    await using box = await openBox({ model: model.url, config: { subscriptions: [TRIAGE] } });
    await box.restart(() => crashThrice(box.home, box.clock.wallMs()));
    expect(box.daemon.safeMode).toBe(true);
    await postGithub(box.daemon.url, { id: 'one', event: 'issues', body: Buffer.from('{"action":"opened"}') });
    const early = await box.say('are you there?');
    await box.ends(early.job, 'succeeded');
    expect((await box.replies(early.event)).join(' ')).toContain('safe mode');
    await box.clock.advance(9 * 60_000);
    expect(model.requests).toEqual([]);
    await box.clock.advance(2 * 60_000);
    const { event, job } = await box.say('and now?');
    await box.ends(job, 'succeeded');
    expect(await box.replies(event)).toContain('Here.');
  });
});

/** Three starts that did not end cleanly. */
function crashThrice(home: string, nowMs: number): void {
  using database = new DatabaseSync(join(home, 'ledger.db'));
  const insert = database.prepare('INSERT INTO boots (started_at, pid, version, safe_mode) VALUES (?, 1, ?, 0)');
  for (const agoMs of [3_000, 2_000, 1_000]) insert.run(nowMs - agoMs, '0.1.0');
}
