import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { ExecWorld, whyNoSandbox } from './exec-world.ts';

const reason = await whyNoSandbox();

describe('the shell in the real bubblewrap', () => {
  beforeEach((context) => context.skip(reason !== undefined, reason ?? ''));

  test('runs a command line with bash and tells how it ended, its lines in order [TOOL-SHELL]', async () => {
    using world = new ExecWorld();
    const { text, isError } = await world.shell(
      'for i in 1 2 3; do echo "out $i"; echo "err $i" >&2; done; [[ a == a ]] && pwd',
    );
    expect(text).toMatch(/^\[ended well \(exit status 0\), after \d+ms\]\n/);
    expect(text).toContain(`out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n${world.workspace}`);
    expect(isError).toBe(false);
    expect(await world.shell('echo gone wrong; exit 3')).toMatchObject({
      isError: true,
      text: expect.stringMatching(/failed with exit status 3.*\ngone wrong$/) as string,
    });
  });

  test('gets no input, and a result of nothing says so [TOOL-SHELL]', async () => {
    using world = new ExecWorld();
    expect((await world.shell('cat')).text).toContain('(it printed nothing)');
  });

  test('a long output keeps its two ends and says what is missing [TOOL-SHELL]', async () => {
    using world = new ExecWorld();
    const { text } = await world.shell('echo first; seq 1 200000; echo last', { options: { outputBytes: '8KB' } });
    expect(text).toContain('first\n1\n2\n');
    expect(text).toMatch(/\[\d+ bytes left out here\]/);
    expect(text.endsWith('200000\nlast')).toBe(true);
    expect(text.length).toBeLessThan(8_192 + 200);
  });

  test('a command whose call is not known to write finds a read-only workspace, and is told why [TOOL-SHELL]', async () => {
    using world = new ExecWorld();
    world.put('a.txt', 'a');
    const { text } = await world.shell('echo b > a.txt');
    expect(text).toContain('Read-only file system');
    expect(text).toContain('taken for one that only reads');
    expect(readFileSync(join(world.workspace, 'a.txt'), 'utf8')).toBe('a');
    await world.shell('echo b > a.txt', { writes: true });
    expect(readFileSync(join(world.workspace, 'a.txt'), 'utf8')).toBe('b\n');
  });

  test('switched off, it says where it is switched on', async () => {
    using world = new ExecWorld();
    expect(await world.shell('true', { options: { enabled: false } })).toMatchObject({
      isError: true,
      text: expect.stringContaining('tools.shell.enabled') as string,
    });
  });
});

describe('what a sandboxed command sees', () => {
  beforeEach((context) => context.skip(reason !== undefined, reason ?? ''));

  test('no process in there has anything of our environment, not even the one that holds the sandbox [SANDBOX-NO-SECRETS]', async () => {
    using world = new ExecWorld();
    process.env['KAIROS_TEST_CANARY'] = 'hunter2';
    try {
      const { text } = await world.shell('for f in /proc/[0-9]*/environ; do tr "\\0" "\\n" < $f; echo; done');
      expect(text).not.toContain('hunter2');
      const names = new Set(
        [...text.matchAll(/^(\w+)=/gm)].map(([, name = '']) => name).filter((name) => !name.startsWith('GIT_')),
      );
      expect(
        [...names].filter((name) => !['PATH', 'HOME', 'LANG', 'TZ', 'PWD', 'SHLVL', 'OLDPWD', '_'].includes(name)),
      ).toEqual([]);
      expect([...names]).toEqual(expect.arrayContaining(['PATH', 'HOME', 'LANG', 'TZ']));
    } finally {
      delete process.env['KAIROS_TEST_CANARY'];
    }
  });

  test('processes outside are not there, and cannot be signalled [SANDBOX-PROC-HIDDEN]', async () => {
    using world = new ExecWorld();
    const { text } = await world.shell(
      `ls /proc | grep -c '^[0-9]'; kill -0 ${process.pid} && echo reached; cat /proc/${process.pid}/cmdline`,
    );
    expect(Number(/^\d+$/m.exec(text)?.[0])).toBeLessThan(8);
    expect(text).not.toContain('reached');
    expect(text).toMatch(/No such (process|file)/);
  });

  test('the homes of the owner and of kairosd are not there, nor other workspaces [SANDBOX-NO-SECRETS]', async () => {
    using world = new ExecWorld();
    const { text } = await world.shell(
      `cat ${world.owner}/.bashrc; cat ${world.home}/secrets.env; ls ${world.root}; echo ~`,
    );
    expect(text).not.toMatch(/hunter2|start file/);
    expect(text).toContain('\nsrc\n');
    expect(text.endsWith('/run/home')).toBe(true);
  });

  test('our home is hidden also where the workspace is around it [SANDBOX-NO-SECRETS]', async () => {
    using world = new ExecWorld();
    const around = { name: 'all', path: world.root, trust: 'owner' as const };
    const { text } = await world.shell(`cat home/.kairos/secrets.env; ls -A home/.kairos; echo x > home/.kairos/y`, {
      writes: true,
      context: { workspace: around },
    });
    expect(text).not.toContain('hunter2');
    expect(text).toContain('Read-only file system');
    expect(readdirSync(world.home).toSorted()).toEqual(['config.yaml', 'secrets.env']);
  });

  test('there is no network, not even this machine [SANDBOX-NO-NETWORK]', async () => {
    using world = new ExecWorld();
    const server = createServer((_request, response) => response.end('reached')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const ask = `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`;
    try {
      const refused = await world.shell(ask);
      expect(refused.isError).toBe(true);
      expect(refused.text).not.toContain('HTTP/1.1 200');
      expect((await world.shell(ask, { options: { network: true } })).text).toContain('reached');
    } finally {
      server.close();
    }
  });

  test('has no capabilities and can make no namespaces of its own', async () => {
    using world = new ExecWorld();
    const { text } = await world.shell(
      'grep CapEff /proc/self/status; unshare -Ur true || echo refused; mount -t tmpfs none /tmp || echo refused',
    );
    expect(text).toContain('CapEff:\t0000000000000000');
    expect(text.match(/^refused$/gm)).toHaveLength(2);
  });

  test('nothing outside the workspace and the temporary directories can be written', async () => {
    using world = new ExecWorld();
    const { text } = await world.shell(
      'for d in / /usr /etc /dev /proc /sys; do touch $d/x 2>/dev/null && echo "wrote $d"; done; touch /tmp/x ~/x /dev/shm/x && echo fine',
      { writes: true },
    );
    expect(text).not.toContain('wrote');
    expect(text).toContain('fine');
  });
});

describe('protected files', () => {
  beforeEach((context) => context.skip(reason !== undefined, reason ?? ''));

  const TRICKS = [
    ['a redirect', 'echo bad > .envrc'],
    ['a here-doc', 'cat > .envrc <<E\nbad\nE'],
    ['tee', 'echo bad | tee .envrc .git/config'],
    ['sed -i', 'sed -i s/good/bad/ .envrc'],
    ['..', 'mkdir -p a/b; echo bad > a/b/../../.envrc'],
    ['cp', 'echo bad > x; cp x .envrc; cp x .git/hooks/pre-commit'],
    ['cp -l', 'cp -lf .envrc y; echo bad > y'],
    ['mv', 'echo bad > x; mv -f x .envrc'],
    ['mv of a directory on the way', 'mv pkg old; mkdir pkg; echo bad > pkg/.npmrc'],
    ['rm', 'rm -rf .envrc .git pkg'],
    ['install', 'echo bad > x; install -m 644 x .envrc'],
    ['dd', 'echo bad > x; dd if=x of=.envrc; dd if=x of=.git/config'],
    ['a hard link', 'ln -f .envrc y; echo bad > y; ln -f .git/config z && echo bad > z'],
    ['a symlink', 'ln -s .envrc y; echo bad > y; ln -s .git d; echo bad > d/config'],
    ['/proc/self/cwd', 'echo bad > /proc/self/cwd/.envrc; echo bad > /proc/self/root$PWD/.envrc'],
    ['chmod', 'chmod 777 .envrc .git/config; echo bad > .envrc'],
    ['truncate', 'truncate -s 0 .envrc .git/config'],
    ['git config', 'git config core.pager bad; git config --global user.name bad'],
    ['GIT_CONFIG_GLOBAL=', 'GIT_CONFIG_GLOBAL=$PWD/.envrc git config --global user.name bad'],
    [
      'an environment before the command',
      'env -i HOME=$OWNER git config --global user.name bad; HOME=$OWNER XDG_CONFIG_HOME=$OWNER git config --global a.b bad',
    ],
    ['the file of the owner', 'echo bad >> $OWNER/.bashrc; echo bad > $OWNER/.gitconfig'],
    ['a hard link that was there', 'echo bad >> innocent.txt; echo bad >> shared.txt'],
    [
      'python',
      `python3 -c 'import os; open(".envrc","w").write("bad")'; python3 -c 'import os; os.rename("pkg","old")'`,
    ],
    ['perl', `perl -e 'open(F,">",".envrc"); print F "bad"; unlink ".git/config"'`],
    [
      'node',
      `node -e 'require("fs").writeFileSync(".envrc","bad")'; node -e 'require("fs").rmSync(".git",{recursive:true})'`,
    ],
    [
      'remounting',
      'mount -o remount,rw,bind .envrc; umount .envrc; unshare -Urm sh -c "umount .envrc; echo bad > .envrc"',
    ],
  ] as const;

  test.each(TRICKS)('hold against %s [SANDBOX-PROTECTED]', async (_name, command) => {
    using world = new ExecWorld();
    world.put('.envrc', 'good\n');
    world.put('pkg/.npmrc', 'good\n');
    world.put('pkg/index.js', '');
    world.put('.git/config', 'good\n');
    world.put('.git/hooks/pre-push', 'good\n');
    linkSync(join(world.workspace, '.envrc'), join(world.workspace, 'innocent.txt'));
    linkSync(join(world.owner, '.bashrc'), join(world.workspace, 'shared.txt'));
    const files = ['.envrc', 'pkg/.npmrc', '.git/config', '.git/hooks/pre-push'].map((path) =>
      join(world.workspace, path),
    );
    const others = [join(world.owner, '.bashrc'), join(world.owner, '.gitconfig'), join(world.home, 'config.yaml')];
    const before = [...files, ...others].map((path) => `${statSync(path).ino} ${readFileSync(path, 'utf8')}`);

    const command_ = command.replaceAll('$OWNER', world.owner);
    await world.shell(command_, { writes: true });

    expect([...files, ...others].map((path) => `${statSync(path).ino} ${readFileSync(path, 'utf8')}`)).toEqual(before);
    expect(existsSync(join(world.workspace, '.git/hooks/pre-commit'))).toBe(false);
  });

  test('that are newly made are moved out of the workspace, and the result says so [SANDBOX-PROTECTED]', async () => {
    using world = new ExecWorld();
    const { text } = await world.shell(
      'mkdir -p .vscode .github/workflows sub; echo a > .vscode/tasks.json; echo b > .github/workflows/ci.yml; echo c > sub/.envrc; echo d > fine.txt',
      { writes: true },
    );
    expect(readdirSync(world.workspace).toSorted()).toEqual(['.github', 'fine.txt', 'sub']);
    expect(readdirSync(join(world.workspace, 'sub'))).toEqual([]);
    expect(text).toMatch(/Protected names were newly made; they were moved to .*quarantine.s1-call-0: /);
    const folder = join(world.home, 'artifacts', 'quarantine', 's1-call-0');
    expect(readFileSync(join(folder, '.vscode/tasks.json'), 'utf8')).toBe('a\n');
    expect(readFileSync(join(folder, '.github/workflows/ci.yml'), 'utf8')).toBe('b\n');
    expect(readFileSync(join(folder, 'sub/.envrc'), 'utf8')).toBe('c\n');
  });

  test('behind a symlink are read-only where they lie, and a link that was replaced is told [SANDBOX-PROTECTED]', async () => {
    using world = new ExecWorld();
    world.put('settings/env', 'good\n');
    symlinkSync('settings/env', join(world.workspace, '.envrc'));
    await world.shell('echo bad > settings/env; echo bad > .envrc', { writes: true });
    expect(readFileSync(join(world.workspace, 'settings/env'), 'utf8')).toBe('good\n');
    const { text } = await world.shell('rm .envrc; echo bad > .envrc', { writes: true });
    expect(text).toContain('Protected files changed while it ran: .envrc');
  });

  test('what the owner changes meanwhile stays, and ordinary work goes on around them', async () => {
    using world = new ExecWorld();
    world.put('AGENTS.md', 'old\n');
    const pending = world.shell(
      'mkdir out; echo x > out/x; mv out build; until [ -e go ]; do sleep 0.02; done; cat AGENTS.md',
      { writes: true },
    );
    while (!existsSync(join(world.workspace, 'build/x'))) await new Promise(setImmediate);
    writeFileSync(join(world.workspace, 'AGENTS.md'), 'new by the owner\n');
    writeFileSync(join(world.workspace, 'go'), '');
    const { text } = await pending;
    expect(readFileSync(join(world.workspace, 'AGENTS.md'), 'utf8')).toBe('new by the owner\n');
    expect(text).toContain('changed while it ran: AGENTS.md');
  });

  test('packages that are installed are left alone', async () => {
    using world = new ExecWorld();
    mkdirSync(join(world.workspace, 'node_modules/x'), { recursive: true });
    const { text } = await world.shell('echo a > node_modules/x/.npmrc', { writes: true });
    expect(text).not.toContain('Protected');
  });
});

describe('a command that does not end', () => {
  beforeEach((context) => context.skip(reason !== undefined, reason ?? ''));

  test('is asked to end and then ended, with whatever it left behind in sessions of its own [SANDBOX-DEADLINE]', async () => {
    using world = new ExecWorld();
    const command = `trap 'echo asked' TERM; (setsid sh -c 'trap "" TERM; while :; do echo x >> beat; sleep 0.05; done' >/dev/null 2>&1 &); while :; do sleep 0.05; done`;
    const { text, isError } = await world.shell(command, { writes: true, options: { timeout: '1s' } });
    expect(isError).toBe(true);
    expect(text).toContain('was stopped: it took longer than 1s');
    expect(text).toContain('asked');
    const size = (): number => statSync(join(world.workspace, 'beat')).size;
    const first = size();
    expect(first).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(size()).toBe(first);
  }, 15_000);

  test('ends with the run', async () => {
    using world = new ExecWorld();
    const stop = new AbortController();
    const pending = world.shell('echo on > up; sleep 60', { writes: true, context: { signal: stop.signal } });
    while (!existsSync(join(world.workspace, 'up'))) await new Promise(setImmediate);
    stop.abort();
    expect((await pending).text).toContain('was stopped with the run');
  }, 15_000);

  test('a bomb of processes finds a limit, and a file one too [SANDBOX-DEADLINE]', async () => {
    using world = new ExecWorld();
    const bomb = 'while (defined($p = fork)) { if (!$p) { sleep 30; exit } last if ++$n > 1500 } print "made $n\\n"';
    const { text } = await world.shell(`ulimit -u; ulimit -f; ulimit -Hu; ulimit -c; perl -e '${bomb}'`);
    expect(text).toMatch(/\n1024\n2097152\n1024\n0\n/);
    const made = Number(/made (\d+)/.exec(text)?.[1]);
    expect(made).toBeGreaterThan(900);
    // The kernel does not limit the processes of root.
    expect(made).toBeLessThan(process.getuid?.() === 0 ? 1_502 : 1_024);
  }, 30_000);
});

describe('without a sandbox', () => {
  test('what the gate let through runs all the same, with a clean environment [TOOL-SHELL]', async () => {
    using world = new ExecWorld();
    const sandbox = await world.sandbox({ searchPath: '/nonexistent' });
    expect(sandbox).toMatchObject({ kind: 'none', reason: expect.any(String) as string });
    const { text } = await world.shell('env | cut -d= -f1 | grep -v ^GIT_ | sort | tr "\\n" " "; echo; echo x > made', {
      sandbox,
      writes: true,
    });
    expect(text).toMatch(/\nHOME LANG (OLDPWD )?PATH PWD SHLVL TZ (_ )?\n?/);
    expect(existsSync(join(world.workspace, 'made'))).toBe(true);
  });
});
