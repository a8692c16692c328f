import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/tools/confinement.ts';
import { ExecWorld, whyNoSandbox } from './exec-world.ts';

const reason = await whyNoSandbox();

/** Every subcommand that only reads, so that each has its chance to run something. */
const READING: readonly (readonly string[])[] = [
  ['status'],
  ['status', '-v', '-v'],
  ['status', '--porcelain=v2', '--branch'],
  ['diff'],
  ['diff', '--stat'],
  ['diff', '--cached'],
  ['diff', 'HEAD~1', 'HEAD'],
  ['diff', '--word-diff'],
  ['diff-files', '-p'],
  ['diff-index', '-p', 'HEAD'],
  ['diff-tree', '-p', 'HEAD'],
  ['log', '-3', '-p'],
  ['log', '--stat', '--all'],
  ['log', '--show-notes', '--format=%G? %GK %(trailers)'],
  ['show', 'HEAD'],
  ['show', 'HEAD:a.txt'],
  ['whatchanged', '-1', '-p'],
  ['blame', 'a.txt'],
  ['annotate', 'a.txt'],
  ['grep', 'line'],
  ['grep', 'line', 'HEAD'],
  ['ls-files', '-m', '-o', '--exclude-standard'],
  ['ls-tree', '-r', 'HEAD'],
  ['rev-parse', 'HEAD'],
  ['rev-list', '--all', '--objects'],
  ['cat-file', '-p', 'HEAD:a.txt'],
  ['cat-file', '--batch-all-objects', '--batch-check'],
  ['describe', '--always', '--dirty'],
  ['shortlog', '-s', 'HEAD'],
  ['merge-base', 'HEAD', 'HEAD~1'],
  ['name-rev', 'HEAD'],
  ['for-each-ref'],
  ['show-ref'],
  ['show-branch'],
  ['count-objects', '-v'],
  ['range-diff', 'HEAD~1', 'HEAD~1', 'HEAD'],
  ['reflog'],
  ['branch', '-a', '-v'],
  ['tag', '-l', '-n'],
  ['tag', '-v', 'signed'],
  ['verify-commit', 'HEAD'],
  ['remote', '-v'],
  ['remote', 'show', 'origin'],
  ['ls-remote', 'origin'],
  ['config', '--list'],
  ['stash', 'list'],
  ['worktree', 'list'],
  ['check-ignore', 'a.txt'],
  ['check-attr', '-a', 'a.txt'],
  ['var', 'GIT_EDITOR'],
  ['archive', '--format=evil', 'HEAD'],
  ['archive', '--format=tar', 'HEAD'],
  ['format-patch', '--stdout', '-1'],
  ['fsck'],
  ['version'],
  ['-C', 'sub', 'status'],
  ['-C', 'nested', 'status'],
  ['ll'],
];

/** What the owner of a hostile checkout would have run: each leaves a mark. */
function makeHostile(world: ExecWorld): void {
  const canary = join(world.workspace, 'canary.sh');
  world.put('a.txt', 'line one\n');
  world.put('b.bin', 'one\n');
  world.put('sub/c.txt', 'c\n');
  world.git('init', '-q', '-b', 'main');
  world.git('add', '.');
  world.git('commit', '-qm', 'first');
  world.put('a.txt', 'line one\nline two\n');
  world.git('commit', '-qam', 'second');
  world.git('tag', 'signed');
  // A repository in the checkout, known to the outer one as a submodule, with settings of its own.
  const nested = join(world.workspace, 'nested');
  mkdirSync(nested);
  const inner = (...args: string[]): unknown =>
    execFileSync('git', ['-C', nested, '-c', 'user.name=x', '-c', 'user.email=x@x', ...args], {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'] ?? '' },
    });
  inner('init', '-q');
  writeFileSync(join(nested, 'n.txt'), 'n\n');
  inner('add', '.');
  inner('commit', '-qm', 'n');
  world.git('-c', 'advice.addEmbeddedRepo=false', 'add', 'nested');
  world.git('commit', '-qm', 'nested');

  const marks = join(world.workspace, 'marks');
  writeFileSync(canary, `#!/bin/sh\necho "$0 $*" >> '${marks}'\ncat 2>/dev/null\n`);
  chmodSync(canary, 0o755);
  world.put('.gitattributes', '* filter=evil diff=evil merge=evil\n*.bin filter=odd=name\n');
  world.put(
    '.gitmodules',
    '[submodule "nested"]\n\tpath = nested\n\turl = ./x\n\tignore = none\n\tupdate = !./canary.sh\n',
  );
  const config = hostileConfig(canary, world.workspace);
  writeFileSync(
    join(world.workspace, '.git/config'),
    `[core]\n\trepositoryformatversion = 0\n\tbare = false\n${config}`,
  );
  writeFileSync(
    join(world.workspace, '.git/evil.inc'),
    `[diff "evil"]\n\tcommand = ${canary} included\n[filter "evil"]\n\tclean = ${canary} included\n`,
  );
  writeFileSync(join(nested, '.git/config'), `[core]\n\trepositoryformatversion = 0\n${config}`);
  writeFileSync(join(nested, '.gitattributes'), '* filter=evil diff=evil\n');
  for (const repository of [world.workspace, nested]) {
    for (const hook of [
      'pre-commit',
      'post-checkout',
      'post-index-change',
      'reference-transaction',
      'post-commit',
      'fsmonitor',
      'commit-msg',
      'prepare-commit-msg',
    ]) {
      mkdirSync(join(repository, '.git/hooks'), { recursive: true });
      writeFileSync(join(repository, '.git/hooks', hook), `#!/bin/sh\n${canary} hook ${hook}\n`);
      chmodSync(join(repository, '.git/hooks', hook), 0o755);
    }
  }
  // Same sizes, other times and contents: git has to look into them, through the filters.
  writeFileSync(join(world.workspace, 'a.txt'), 'line one\nline zwo\n');
  writeFileSync(join(world.workspace, 'b.bin'), 'two\n');
  writeFileSync(join(nested, 'n.txt'), 'm\n');
  world.put('untracked.txt', 'u\n');
}

function hostileConfig(canary: string, workspace: string): string {
  return `
\tfsmonitor = ${canary} fsmonitor
\thooksPath = ${workspace}/.git/hooks
\tpager = ${canary} pager
\teditor = ${canary} editor
\tsshCommand = ${canary} ssh
\taskPass = ${canary} askpass
\tgitProxy = ${canary} proxy
\talternateRefsCommand = ${canary} alternates
\tattributesFile = ${workspace}/.gitattributes
\tworktree = /etc
[pager]
\tstatus = ${canary} pager-status
\tdiff = ${canary} pager-diff
\tlog = ${canary} pager-log
[diff]
\texternal = ${canary} external
\tsubmodule = diff
\tignoreSubmodules = none
[diff "evil"]
\tcommand = ${canary} driver
\ttextconv = ${canary} textconv
\tcachetextconv = true
[filter "evil"]
\tclean = ${canary} clean
\tsmudge = ${canary} smudge
\tprocess = ${canary} process
\trequired = true
[filter "odd=name"]
\tclean = ${canary} clean-odd
\tsmudge = ${canary} smudge-odd
[merge "evil"]
\tdriver = ${canary} merge
[interactive]
\tdiffFilter = ${canary} interactive
[gpg]
\tprogram = ${canary} gpg
[gpg "ssh"]
\tprogram = ${canary} gpg-ssh
\tdefaultKeyCommand = ${canary} key
[log]
\tshowSignature = true
[commit]
\tgpgSign = true
[credential]
\thelper = !${canary} credential
[alias]
\tll = !${canary} alias
\tstatus = !${canary} alias-status
[submodule]
\trecurse = true
[submodule "nested"]
\turl = ./x
\tactive = true
\tupdate = !${canary} update
\tignore = none
[status]
\tsubmoduleSummary = true
[tar "evil"]
\tcommand = ${canary} tar
[trailer "evil"]
\tcommand = ${canary} trailer
\tcmd = ${canary} trailer-cmd
[remote "origin"]
\turl = ext::${canary} ext
\tuploadpack = ${canary} uploadpack
\tpromisor = true
\tvcs = evil
[protocol "ext"]
\tallow = always
[protocol]
\tallow = always
[sequence]
\teditor = ${canary} sequence
[include]
\tpath = evil.inc
[includeIf "gitdir:**"]
\tpath = evil.inc
`;
}

function marksOf(world: ExecWorld): string {
  const path = join(world.workspace, 'marks');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

describe('git in a hostile checkout', () => {
  test('would run what it names, were it not held back', (context) => {
    context.skip(process.platform === 'win32', 'no shell scripts there');
    using world = new ExecWorld();
    makeHostile(world);
    try {
      world.git('--work-tree', world.workspace, 'status');
    } catch {}
    expect(marksOf(world)).toMatch(/fsmonitor|clean|process/);
  });

  test.each(['bubblewrap', 'none'])(
    'runs nothing of it for any subcommand that reads; sandbox: %s [TOOL-GIT-NEUTRAL]',
    async (kind) => {
      using world = new ExecWorld();
      makeHostile(world);
      const sandbox = await world.sandbox(kind === 'none' ? { searchPath: '/nonexistent' } : {});
      const ran: string[] = [];
      for (const args of READING) {
        // Writable, so that a mark can be made: nobody may rely on the sandbox alone.
        const { text } = await world.git_(args, { sandbox, writes: true });
        const marks = marksOf(world);
        if (marks !== '') ran.push(`${args.join(' ')}: ${marks}`);
        expect({ args, crashed: /signal|Segmentation/.test(text) }).toEqual({ args, crashed: false });
        writeFileSync(join(world.workspace, 'marks'), '');
      }
      expect(ran).toEqual([]);
    },
    60_000,
  );

  test('runs nothing of it when it writes either [TOOL-GIT-NEUTRAL]', async () => {
    using world = new ExecWorld();
    makeHostile(world);
    const sandbox: Sandbox = await world.sandbox({ searchPath: '/nonexistent' });
    const writing = [
      ['add', '-A', '--', 'a.txt', 'b.bin', 'untracked.txt'],
      ['commit', '-m', 'third'],
      ['switch', '-c', 'side', 'HEAD~1'],
      ['checkout', 'main'],
      ['restore', '--source=HEAD~1', '--', 'a.txt'],
      ['stash'],
      ['stash', 'pop'],
      ['reset', '--hard'],
      ['merge', '--no-edit', 'side'],
      ['rebase', 'HEAD~1'],
      ['cherry-pick', 'HEAD'],
      ['tag', '-m', 'x', 'v1'],
      ['gc'],
      ['fetch', 'origin'],
      ['pull', 'origin', 'main'],
      ['push', 'origin', 'main'],
      ['clean', '-n'],
      ['worktree', 'add', 'wt', 'HEAD'],
    ];
    for (const args of writing) await world.git_(args, { sandbox, writes: true });
    expect(marksOf(world)).toBe('');
    expect(
      world.git('--work-tree', world.workspace, '-c', 'core.fsmonitor=false', 'log', '--format=%s %an', '-5'),
    ).toContain('third kairosd');
  }, 60_000);

  test('shows the right repository whatever core.worktree says [TOOL-GIT-NEUTRAL]', async () => {
    using world = new ExecWorld();
    makeHostile(world);
    const { text } = await world.git_(['status', '--short']);
    expect(text).toContain(' M a.txt');
    expect(text).toContain('?? untracked.txt');
    expect((await world.git_(['diff', '--', 'a.txt'])).text).toContain('+line zwo');
  });
});

describe('the tool git', () => {
  function repository(): ExecWorld {
    const world = new ExecWorld();
    world.put('a.txt', 'one\n');
    world.git('init', '-q', '-b', 'main');
    world.git('add', '.');
    world.git('commit', '-qm', 'first');
    return world;
  }

  test('takes words as a list or as one line, and no shell sees them [TOOL-GIT]', async () => {
    using world = repository();
    expect((await world.git_(['log', '--format=%s by %an'])).text).toContain('first by Owner');
    expect((await world.git_(`log --format='%s by %an' -1`)).text).toContain('first by Owner');
    expect((await world.git_('git log -1 --format="%s"')).text).toContain('first');
    for (const line of ['log; id', 'log $(id)', 'log `id`', 'log > x', 'log "$HOME"', "log 'open", 'log | cat']) {
      expect(await world.git_(line)).toMatchObject({
        isError: true,
        text: expect.stringContaining('plain words') as string,
      });
    }
  });

  test.each([
    [['ll'], 'subcommands'],
    [['-c', 'core.pager=evil', 'log'], 'before its subcommand'],
    [['--git-dir=/etc', 'log'], 'before its subcommand'],
    [['--exec-path=/tmp', 'log'], 'before its subcommand'],
    [['difftool'], 'subcommands'],
    [['submodule', 'foreach', 'id'], 'subcommands'],
    [['filter-branch'], 'subcommands'],
    [['bisect', 'run', 'id'], 'is not run with'],
    [['rebase', '--exec', 'id', 'HEAD'], 'is not run with'],
    [['rebase', '-fx', 'id', 'HEAD'], 'is not run with'],
    [['diff', '--ext-diff'], 'is not run with'],
    [['log', '--ext-d', '-p'], 'is not run with'],
    [['log', '--textconv'], 'is not run with'],
    [['grep', '-nOid', 'x'], 'is not run with'],
    [['fetch', '--upload-pack=id', '.'], 'is not run with'],
    [['fetch', '--upl', 'id', '.'], 'is not run with'],
    [['ls-remote', '-qu', 'id'], 'is not run with'],
    [['clone', '-c', 'core.pager=x', 'a'], 'is not run with'],
    [['status', '--ignore-submodules=none'], 'is not run with'],
    [['-C', '..', 'status'], 'in the workspace'],
    [['-C', '/etc', 'status'], 'in the workspace'],
    [['log', '--output=x'], 'reading only'],
  ])('refuses %j [TOOL-GIT-NEUTRAL]', async (args, words) => {
    using world = repository();
    expect(await world.git_(args)).toMatchObject({ isError: true, text: expect.stringContaining(words) as string });
  });

  test('only reads unless the call is known to write [TOOL-GIT]', async (context) => {
    context.skip(reason !== undefined, reason ?? '');
    using world = repository();
    world.put('a.txt', 'two\n');
    expect(await world.git_(['commit', '-am', 'second'])).toMatchObject({
      isError: true,
      text: expect.stringContaining('taken for one that only reads') as string,
    });
    const done = await world.git_(['commit', '-am', 'third'], { writes: true });
    expect(done.isError).toBe(false);
    expect(world.git('log', '-1', '--format=%s|%an')).toBe('third|kairosd\n');
  });

  test('never changes the configuration or the hooks [SANDBOX-PROTECTED]', async (context) => {
    context.skip(reason !== undefined, reason ?? '');
    using world = repository();
    const path = join(world.workspace, '.git/config');
    const before = readFileSync(path, 'utf8');
    const hooks = readdirSync(join(world.workspace, '.git/hooks'));
    for (const args of [
      ['config', 'core.pager', 'evil'],
      ['config', '--global', 'core.pager', 'evil'],
      ['remote', 'add', 'evil', 'ext::id'],
      ['init', '.'],
    ])
      await world.git_(args, { writes: true });
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(join(world.workspace, '.git/hooks'))).toEqual(hooks);
    expect(readFileSync(join(world.owner, '.gitconfig'), 'utf8')).toBe('[user]\n\tname = Owner\n');
  });

  test('writes no protected file besides the repository [SANDBOX-PROTECTED]', async (context) => {
    context.skip(reason !== undefined, reason ?? '');
    using world = repository();
    world.put('.envrc', 'good\n');
    for (const args of [
      ['config', '--file', '.envrc', 'a.b', 'c'],
      ['archive', '--output=.envrc', 'HEAD'],
      ['diff', '--output=.envrc', 'HEAD'],
      ['bundle', 'create', '.envrc', 'HEAD'],
    ])
      await world.git_(args, { writes: true });
    expect(readFileSync(join(world.workspace, '.envrc'), 'utf8')).toBe('good\n');
    const { text } = await world.git_(['config', '--file', '.npmrc', 'a.b', 'c'], { writes: true });
    expect(text).toContain('moved to');
    expect(existsSync(join(world.workspace, '.npmrc'))).toBe(false);
    expect(existsSync(join(world.workspace, '.git/HEAD'))).toBe(true);
  });

  test('tells which protected files a change of branch brought', async () => {
    using world = repository();
    world.git('checkout', '-qb', 'side');
    world.put('.envrc', 'x\n');
    world.git('add', '.');
    world.git('commit', '-qm', 'env');
    world.git('checkout', '-q', 'main');
    const { text } = await world.git_(['checkout', 'side'], { writes: true });
    expect(text).toContain('protected files that this changed: .envrc');
    expect(existsSync(join(world.workspace, '.envrc'))).toBe(true);
  });

  test('works in a linked worktree, and follows no .git file elsewhere [TOOL-GIT]', async () => {
    using world = repository();
    const linked = join(world.root, 'linked');
    world.git('worktree', 'add', '-q', linked);
    const workspace = { name: 'linked', path: linked, trust: 'owner' as const };
    expect((await world.git_(['log', '--format=%s'], { context: { workspace } })).text).toContain('first');
    writeFileSync(join(linked, 'new.txt'), 'n\n');
    await world.git_(['add', 'new.txt'], { writes: true, context: { workspace } });
    expect(
      (await world.git_(['commit', '-m', 'in a worktree'], { writes: true, context: { workspace } })).isError,
    ).toBe(false);

    const trap = join(world.root, 'trap');
    mkdirSync(trap);
    writeFileSync(join(trap, '.git'), `gitdir: ${join(world.workspace, '.git')}\n`);
    expect(
      await world.git_(['log'], { context: { workspace: { name: 'trap', path: trap, trust: 'outside' } } }),
    ).toMatchObject({
      isError: true,
      text: expect.stringContaining('leads out of the workspace') as string,
    });
  });

  test('finds no repository above the workspace, and takes no bare one inside for it', async () => {
    using world = repository();
    mkdirSync(join(world.workspace, 'bare'));
    execFileSync('git', ['init', '-q', '--bare', join(world.workspace, 'bare')]);
    const bare = { name: 'bare', path: join(world.workspace, 'bare'), trust: 'owner' as const };
    expect((await world.git_(['status'], { context: { workspace: bare } })).isError).toBe(true);
    expect((await world.git_(['log'], { context: { workspace: undefined } })).text).toContain('needs a workspace');
  });
});
