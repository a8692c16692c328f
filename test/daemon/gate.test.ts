import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createGate } from '../../src/daemon/gate.ts';
import { DEFAULT_POLICY } from '../../src/permissions/options.ts';
import { factsAtStart } from '../../src/permissions/taint.ts';
import { resolvePath } from '../../src/tools/resolve.ts';

test('what was allowed is where the path led when it was shown, whatever it leads to when the call begins [INJECT-NO-FAKED-APPROVAL]', async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'kairos-gate-')));
  const path = join(root, 'app');
  mkdirSync(join(path, '.git'), { recursive: true });
  symlinkSync('../first.txt', join(path, 'link'));
  const workspace = { name: 'app', path, trust: 'owner' } as const;
  const gate = createGate({
    surroundings: () => ({
      workspaces: [workspace],
      cwd: path,
      home: join(root, 'home'),
      userHome: root,
      platform: 'linux',
      sandbox: 'bubblewrap',
      shellNetwork: false,
      fetchHosts: [],
      resolve: resolvePath,
    }),
    policy: () => DEFAULT_POLICY,
    classifier: () => undefined,
    foresee: async () => undefined,
  });
  const call = { tool: 'write', input: { path: 'link', content: 'x' } };
  const run = { workspace, items: [], signal: new AbortController().signal, jobId: 1, sessionId: 1, spentMicroUsd: 0 };
  const judged = await gate.judge(call, factsAtStart('owner', false), run);
  if (judged.kind !== 'ask') throw new Error(`expected a question, got ${judged.kind}`);
  unlinkSync(join(path, 'link'));
  symlinkSync('.git/config', join(path, 'link'));
  {
    const { assessment, target } = judged;
    using _open = gate.begin({ callId: 'c1', call, assessment, approved: true, target, workspace });
    expect(gate.allowed(join(root, 'first.txt'), 'write', 'c1')).toBe(true);
    expect(gate.allowed(join(path, '.git/config'), 'write', 'c1')).toBe(false);
  }
  expect(gate.allowed(join(root, 'first.txt'), 'write', 'c1')).toBe(false);
  rmSync(root, { recursive: true });
});
