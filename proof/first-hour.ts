import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packProgram } from '../scripts/package.ts';
import { freePort, ROOT } from './lib/daemon.ts';
import { makeFreshUser, packagesMib, type FreshUser, type Typed } from './lib/fresh-user.ts';
import { none, type CampaignOptions, type Report } from './lib/report.ts';

/** Somebody who types forty words a minute and reads for ten seconds before each command. */
const KEY_MS = 300;
const READ_MS = 10_000;
const FIRST_WEBHOOK_MS_MAX = 300_000;
const NODE_MODULES = 'prefix/lib/node_modules/kairosd';
/** By which of these names could somebody compile, or a package's install script? */
const COMPILERS = ['cc', 'gcc', 'g++', 'c++', 'clang', 'make', 'cmake', 'ld', 'python3', 'node-gyp', 'tsc'];
const LOOK = `for tool in ${COMPILERS.join(' ')}; do command -v $tool || echo "no $tool"; done`;

interface Line extends Typed {
  readonly line: string;
}

/**
 * The first hour: a fresh user with the packed tarball, the system's Node and npm, a registry and no compiler installs
 * kairosd, makes a home, starts it and gets a first signed webhook. Writes what was typed and answered to docs/transcript-install.md.
 */
export async function proveFirstHour(options: CampaignOptions): Promise<Report> {
  using user = makeFreshUser();
  const tarball = await packProgram(user.base);
  const file = basename(tarball);
  copyFileSync(tarball, join(user.env['HOME'] ?? '', file));
  const port = await freePort();
  const lines: Line[] = [];
  const type = async (line: string): Promise<Line> => {
    const typed = { line, ...(await user.type(line)) };
    lines.push(typed);
    options.say(`${line}: exit ${typed.exitCode}, ${Math.round(typed.ms)} ms`);
    return typed;
  };
  await type('ls -m "${PATH#*:}"');
  const { output: looked } = await type(LOOK);
  const around = lines.length;
  await type(`npm install --global ./${file}`);
  await type('kairos --version');
  await type(`kairos init --yes --port ${port}`);
  await type('kairos webhook add github');
  await using daemon = await startInBackground(user, lines);
  await type('kairos webhook test github');
  const setup = lines.slice(around);
  const firstMs = setup.reduce((sum, { line, ms }) => sum + ms + READ_MS + line.length * KEY_MS, 0);
  const events = await type('kairos events');
  await type('kairos doctor');
  await type('kairos completion bash | head -2');
  await type('kairos stop');
  const programs = await readPrograms(user);
  await daemon.ended;
  const text = renderTranscript(lines, { user, port, firstMs, file, ...programs });
  writeFileSync(join(ROOT, 'docs', 'transcript-install.md'), text);
  return {
    checks: [
      none(
        'every command ends well',
        lines.filter(({ exitCode }) => exitCode !== 0).map(({ line, output }) => `${line}: ${output}`),
        `${lines.length} commands`,
      ),
      none('nothing on the path of this user compiles', compilersIn(looked), `${COMPILERS.length} names looked for`),
      none('the first delivery is an event', /\be1\b/.test(events.output) ? [] : [events.output]),
      none(
        'it took less than five minutes of typing, reading and waiting',
        firstMs < FIRST_WEBHOOK_MS_MAX ? [] : [firstMs],
      ),
      none('no TypeScript and no compiler is among what is installed', programs.typeScript),
    ],
    figures: {
      'to the first webhook, typing and reading counted': `${Math.round(firstMs / 1_000)} s`,
      'of these the machine worked': `${Math.round(setup.reduce((sum, { ms }) => sum + ms, 0) / 1_000)} s`,
      'packages on the disk, without the pinned Node': `${programs.mib} MiB`,
    },
  };
}

/** What `LOOK` found, or did not get to. */
function compilersIn(looked: string): string[] {
  const said = new Set(looked.split('\n'));
  return COMPILERS.filter((name) => !said.has(`no ${name}`));
}

/** `kairos start &`, as one line of the transcript. */
async function startInBackground(user: FreshUser, lines: Line[]) {
  const startedMs = performance.now();
  const child = spawn('kairos', ['start'], { cwd: user.env['HOME'], env: user.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  }
  while (!output.includes('next') && child.exitCode === null && performance.now() - startedMs < 20_000) await sleep(20);
  lines.push({ line: 'kairos start &', output, exitCode: child.exitCode ?? 0, ms: performance.now() - startedMs });
  return {
    ended,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

async function readPrograms(user: FreshUser) {
  const below = join(user.base, NODE_MODULES);
  const find = (...args: string[]): string[] =>
    execFileSync('find', [below, ...args], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line !== '');
  const typeScript = find('-name', '*.ts', '-not', '-name', '*.d.ts', '-not', '-path', '*/node_modules/*');
  const compiler = find('-type', 'd', '-name', 'typescript');
  const { output } = await user.type('node --version');
  return {
    typeScript: [...typeScript, ...compiler],
    mib: packagesMib(join(below, 'node_modules')),
    node: output.trim(),
  };
}

interface Scene {
  readonly user: FreshUser;
  readonly port: number;
  readonly firstMs: number;
  readonly file: string;
  readonly mib: number;
  readonly node: string;
}

/** Output as it was, but for what belongs to this machine: its paths, its registry, the port it had free, and the one secret. */
function renderTranscript(lines: readonly Line[], { user, port, firstMs, file, mib, node }: Scene): string {
  const registry = new URL(user.env['npm_config_registry'] ?? 'https://registry.npmjs.org/').host;
  const clean = (text: string): string =>
    text
      .replaceAll(user.env['HOME'] ?? '', '~')
      .replaceAll(user.base, '')
      .replaceAll(registry, 'registry.npmjs.org')
      .replaceAll(String(port), '7717')
      .replaceAll(/[0-9a-f]{64}/g, '(64 hexadecimal digits)')
      .replaceAll(/^npm (?:warn|notice).*\n/gm, '')
      .trimEnd();
  const shown = lines.map(({ line, output, ms }) => {
    const said = clean(output);
    return `$ ${clean(line)}${said === '' ? '' : `\n${said}`}\n# ${(ms / 1_000).toFixed(1)} s`;
  });
  return `# From a tarball to the first webhook

A fresh user with an empty home, Node ${node} and npm, the programs that the first line lists, and a registry: no TypeScript, no key, and
nothing on the PATH that compiles, as the second line shows (a compiler that the machine has elsewhere is not hidden from a program that knows
its whole path). Written by \`npm run proof -- first-hour\`, which types the lines, and counts ten seconds of reading and a third of a second a
key for each from the installation on: the first signed delivery was recorded after ${Math.round(firstMs / 1_000)} s. The packages take ${mib} MiB, not counting the
Node that ${file} is pinned to. Paths, the registry's name, the port and the secret are replaced by rule, npm's own warnings are left out.

\`\`\`console
${shown.join('\n\n')}
\`\`\`
`;
}
