import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startFakeGitHub } from '../fakes/github.ts';
import { kairos, newHome, startDaemon } from './kairos.ts';

test('kairos status shows the agent: off, on with its model and its cost, stopped with the way back [STATUS-AGENT]', async () => {
  const bare = newHome();
  mkdirSync(bare);
  await startDaemon(bare);
  expect((await kairos(bare, ['status'])).stdout).toMatch(/^ *Agent +off: there is no model$/m);

  const home = newHome();
  mkdirSync(home);
  writeFileSync(join(home, 'config.yaml'), 'budget: { money: { perDay: 5 } }\n');
  // Nobody listens there: nothing is asked of a model here.
  await startDaemon(home, { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' });
  const on = (await kairos(home, ['status'])).stdout;
  expect(on).toMatch(/^ *Agent +on$/m);
  expect(on).toMatch(/^ *Model +claude-/m);
  expect(on).toMatch(/^ *Cost +\$0\.00 of \$5\.00 today$/m);
  await kairos(home, ['stop', '--agent']);
  expect((await kairos(home, ['status'])).stdout).toMatch(
    /^ *Agent +stopped since .+: .+ \(.*kairos start --agent\)$/m,
  );
  const { stdout } = await kairos(home, ['doctor', '--json']);
  const { findings } = JSON.parse(stdout) as { findings: { check: string; verdict: string; what: string }[] };
  expect(findings.find(({ check }) => check === 'agent')).toMatchObject({
    verdict: 'warn',
    what: expect.stringContaining('stopped by hand') as string,
  });
  expect(findings.map(({ check }) => check)).toContain('sandbox');
});

test('kairos subscribe, subscriptions and status against GitHub [FOLLOW-UNTIL-CLOSED STATUS-ROADS]', async () => {
  await using github = await startFakeGitHub(() => Date.now());
  const repository = github.repository('octo/app');
  const branches = { head: { ref: 'oil', sha: 'a'.repeat(40) }, base: { ref: 'main' } };
  const page = 'https://github.com/octo/app/pull/7';
  const pull = { number: 7, title: 'Oil', state: 'open', html_url: page, pull_request: {}, merged: false, ...branches };
  repository.issues.set(7, pull);
  repository.pulls.set(7, pull);
  const home = newHome();
  mkdirSync(home);
  const reconcile = 'sources: [{ name: github, kind: github, reconcile: { repositories: [octo/app] } }]\n';
  writeFileSync(join(home, 'config.yaml'), reconcile);
  const secrets = { GITHUB_WEBHOOK_SECRET: 'a-secret-of-the-tests-0123456789', GITHUB_TOKEN: 'ghp_x' };
  await startDaemon(home, { ...secrets, GITHUB_API_URL: github.url });
  const asked = await kairos(home, ['subscribe', 'octo/app#7', '--poll']);
  expect(asked).toMatchObject({ code: 0, stderr: '' });
  expect(asked.stdout).toContain('Following octo/app#7: Oil');
  expect((await kairos(home, ['subscriptions'])).stdout).toMatch(/octo\/app#7 .* cli +Oil/);
  const { stdout } = await kairos(home, ['status']);
  expect(stdout).toMatch(/^ *Reconcile +1 repository, not yet looked at, 0 asked for$/m);
  expect(stdout).toMatch(/^ *Polling +2 feeds, asked /m);
  const gone = await kairos(home, ['subscribe', 'octo/app#99']);
  expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('octo/app#99 cannot be seen') as string });
  expect((await kairos(home, ['subscribe', '--remove', 'octo/app#7'])).stdout).toContain('no longer followed');
});
