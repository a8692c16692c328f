import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assessShell } from '../../../src/permissions/shell/assess.ts';
import { lines, redTeam } from './lists.ts';
import { imagined } from './surroundings.ts';

const run = promisify(execFile);
const WORKERS = 3;
const EVERY = 2;
const DEADLINE_MS = 60_000;
/** They wait, or need what is not everywhere. */
const LEFT_OUT =
  /^(?:tail -f|sleep|LC_ALL=|cal$|nice|stdbuf|ip |ss |netstat |lsof|top |lsblk|tokei|scc|eza|exa|(?:bun|deno|tsc|npx) )/;

let home = '';

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'kairos-really-'));
  mkdirSync(join(home, 'work'));
  for (const folder of ['src/deep', 'docs', 'test', 'build'])
    mkdirSync(join(home, 'work', folder), { recursive: true });
  for (const name of NAMES)
    writeFileSync(
      join(home, 'work', name),
      name.endsWith('.json') ? '{"a":1,"version":"1.0.0","items":[]}' : 'foo 1\nbar 2\n',
    );
  symlinkSync('README.md', join(home, 'work', 'link'));
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

const NAMES =
  'package.json tsconfig.json data.json a.json b.json README.md file.txt a.txt b.txt log.txt names.txt numbers.txt data.csv data.txt data.tsv config.txt paths.txt sizes.txt notes.txt versions.txt deps.txt encoded.txt old.txt data.bin a.bin b.bin file.bin image.png src/index.ts src/a.ts src/b.ts docs/intro.md'.split(
    ' ',
  );

/** What a LOW command called harmless may run: itself. */
const PROGRAMS =
  /^(?:bash|[a-z0-9+_-]+sum|\[|base64|basename|bc|cat|cmp|column|comm|cut|date|dc|df|diff|dirname|du|echo|egrep|expand|expr|false|fgrep|file|find|fmt|fold|free|getconf|git|grep|gcc|groups|gunzip|gzip|tar|unzip|xargs|zcat|head|hexdump|hostname|iconv|id|join|jq|locale|ls|lscpu|mawk|awk|gawk|md5sum|nl|node|nproc|npm|numfmt|od|paste|pgrep|printf|ps|python3[.\d]*|pwd|readlink|realpath|rev|rg|sed|seq|sh|shuf|sort|stat|strings|tac|tail|test|timeout|tr|tree|true|tsort|uname|uniq|uptime|vmstat|wc|whereis|which|whoami|xxd|arch|sha1sum)$/;

test(
  'what is called LOW writes nothing, runs nothing else and opens no connection [PERM-SHELL-REALLY]',
  async (context) => {
    const tool = spawnSync('strace', ['-f', '-o', '/dev/null', 'bwrap', '--ro-bind', '/', '/', 'true']);
    context.skip(process.platform !== 'linux', 'strace is for Linux');
    context.skip(tool.status !== 0, 'strace or bubblewrap is missing, or does not work here');
    const surroundings = imagined();
    const queue = [...lines('ordinary-commands.txt'), ...redTeam('red-team-ordinary.txt')].filter(
      (command, index) =>
        index % EVERY === 0 && !LEFT_OUT.test(command) && assessShell(command, surroundings).risk === 'LOW',
    );
    expect(queue.length).toBeGreaterThanOrEqual(100);
    const found: string[] = [];
    const worker = async (id: number): Promise<void> => {
      for (let command = queue.pop(); command !== undefined; command = queue.pop())
        found.push(...(await watch(command, join(home, `trace-${id}`))).map((what) => `${command}: ${what}`));
    };
    await Promise.all(Array.from({ length: WORKERS }, (_, id) => worker(id)));
    expect(found).toEqual([]);
  },
  DEADLINE_MS,
);

test(
  'the watch sees a write, a strange program and a connection',
  async (context) => {
    const tool = spawnSync('strace', ['-f', '-o', '/dev/null', 'bwrap', '--ro-bind', '/', '/', 'true']);
    context.skip(process.platform !== 'linux', 'strace is for Linux');
    context.skip(tool.status !== 0, 'strace or bubblewrap is missing, or does not work here');
    const seen = async (command: string) => (await watch(command, join(home, 'trace-own'))).join('\n');
    expect(await seen('echo x > made.txt')).toContain('made.txt');
    expect(await seen('touch made.txt; rm made.txt')).toContain('runs touch');
    expect(await seen('echo x > /dev/tcp/127.0.0.1/9 || true')).toContain('AF_INET');
  },
  DEADLINE_MS,
);

/** Runs a command over the workspace, which it may write, and tells what it did that a reader does not do. */
async function watch(command: string, trace: string): Promise<readonly string[]> {
  const calls =
    'execve,openat,open,creat,socket,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,link,linkat,symlink,symlinkat,truncate,ftruncate,chmod,fchmodat,mknodat,utimensat';
  const jail = [
    '--ro-bind',
    '/',
    '/',
    '--dev',
    '/dev',
    '--proc',
    '/proc',
    '--tmpfs',
    '/tmp',
    '--bind',
    join(home, 'work'),
    '/tmp/work',
    '--chdir',
    '/tmp/work',
    '--unshare-net',
    '--unshare-pid',
    '--die-with-parent',
    '--clearenv',
  ];
  const setting = ['--setenv', 'PATH', '/usr/bin:/bin', '--setenv', 'HOME', '/tmp', '--setenv', 'LANG', 'C.UTF-8'];
  await run(
    'bwrap',
    [
      ...jail,
      ...setting,
      '--bind',
      home,
      '/mnt',
      '--',
      'strace',
      '-f',
      '-qq',
      '-s',
      '200',
      '-e',
      `trace=${calls}`,
      '-o',
      `/mnt/${basename(trace)}`,
      'bash',
      '-c',
      'exec </dev/null; eval "$1"',
      'bash',
      command,
    ],
    { timeout: 20_000 },
  ).catch(() => undefined);
  return readFileSync(trace, 'utf8').split('\n').flatMap(judgeCall);
}

function judgeCall(line: string): readonly string[] {
  if (/= -1 E|resumed>/.test(line) && !/AF_INET/.test(line)) return [];
  const program = /execve\("([^"]+)"/.exec(line)?.[1];
  if (program !== undefined) return PROGRAMS.test(basename(program)) ? [] : [`runs ${basename(program)}`];
  if (/open/.test(line)) {
    if (!/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(line)) return [];
    // A here-document and a large sort pass through a file of their own, already nameless or soon gone.
    return /"\/dev\/(?:null|tty)"|"\/tmp\/(?:sh-thd|sort)[^"]*"/.test(line) ? [] : [line.slice(0, 160)];
  }
  if (/socket\(/.test(line)) return /AF_INET/.test(line) ? [line.slice(0, 160)] : [];
  if (/unlink\("\/tmp\/(?:sh-thd|sort)|fchmodat?\(|utimensat\(/.test(line))
    return /utimensat|fchmod/.test(line) ? [line.slice(0, 160)] : [];
  return /^\d+ +(?:creat|unlink|rename|mkdir|link|symlink|truncate|ftruncate|chmod|mknod)/.test(line)
    ? [line.slice(0, 160)]
    : [];
}
