import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/cli/commands.ts';
import { SEE_ALSO } from '../src/cli/see-also.ts';
import { ERRORS } from '../src/core/errors.ts';
import { buildProgram } from '../src/cli/program.ts';
import { terminalPicture } from '../scripts/terminal-picture.ts';
import { parseConfig } from '../src/daemon/config.ts';
import { systemClock } from '../src/daemon/system.ts';
import { webhookChannel } from '../src/notify/channels/webhook.ts';
import { readText, readTree, ROOT } from './repository.ts';
import type { SourceFile } from './tidy-checks.ts';

const PAGES = [
  ...['README.md', 'AGENTS.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map((path) => ({ path, text: readText(path) })),
  ...readTree('docs', /\.md$/),
];

describe('what the pages show', () => {
  test.each(PAGES.flatMap(yamlBlocks))(
    'the configuration at $where is one that the daemon takes',
    ({ where, text }) => {
      expect(() => parseConfig(text, where)).not.toThrow();
    },
  );

  test('every kairos command they name exists, with its subcommand and its options', async () => {
    const program = await wholeProgram();
    const wrong = PAGES.flatMap((page) => commandLines(page).map((line) => problemWith(program, line)));
    expect(wrong.filter((problem) => problem !== undefined)).toEqual([]);
  });

  test('the test above finds commands, and sees one that is not there', async () => {
    const program = await wholeProgram();
    expect(PAGES.flatMap(commandLines).length).toBeGreaterThan(50);
    const page = {
      path: 'x.md',
      text: 'Say `kairos webhok test` or `kairos jobs requeu j1` or `kairos log --limt 3`, or `kairos stop`.',
    };
    expect(
      commandLines(page)
        .map((line) => problemWith(program, line))
        .filter(Boolean),
    ).toHaveLength(3);
  });

  test('the package they install is the one of this version', () => {
    const { version } = JSON.parse(readText('package.json')) as { version: string };
    const pages = PAGES.filter(({ path }) => path !== 'CHANGELOG.md');
    const named = pages.flatMap(({ text }) =>
      [...text.matchAll(/kairosd-(\d+\.\d+\.\d+)\.tgz/g)].map(([, one]) => one),
    );
    expect(named.length).toBeGreaterThan(2);
    expect(new Set(named)).toEqual(new Set([version]));
  });

  test('every file of the repository they link to is there', () => {
    const broken = PAGES.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)\s#]+)(?:#[^)]*)?\)/g)]
        .map(([, target = '']) => join(dirname(path), target))
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${path} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test('every page under docs/ is in the list of the README, and every error code on a page of symptoms', () => {
    const readme = readText('README.md');
    const pages = PAGES.map(({ path }) => path).filter((path) => /^docs\/[^/]+\.md$/.test(path));
    expect(pages.filter((path) => !readme.includes(`(${path})`) && !readme.includes(`(${path}#`))).toEqual([]);
    const codes = Object.keys(ERRORS).filter((code) => !readText('docs/troubleshooting.md').includes(code));
    expect(codes).toEqual([]);
  });

  test('every page that the help of a command names is there', () => {
    const places = Object.values(SEE_ALSO).flat();
    expect(places.filter((place) => place.startsWith('docs/') && !existsSync(join(ROOT, place)))).toEqual([]);
    expect(Object.keys(SEE_ALSO).toSorted()).toEqual(COMMANDS.map(({ name }) => name).toSorted());
  });

  test('every anchor they link to is a heading', () => {
    const headings = new Map(PAGES.map(({ path, text }) => [path, new Set(anchorsOf(text))]));
    const broken = PAGES.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([\w./-]*\.md)?#([^)]+)\)/g)]
        .filter(
          ([, file, anchor = '']) => !headings.get(file === undefined ? path : join(dirname(path), file))?.has(anchor),
        )
        .map(([link]) => `${path} ${link}`),
    );
    expect(broken).toEqual([]);
  });
});

describe('the picture of a real run', () => {
  test('is self-contained: no font, script or image is fetched', () => {
    expect(readText('docs/img/run.svg')).not.toMatch(/<script|<image|href|@import|@font-face|url\(/i);
  });

  test('shows every line as it was printed, escaped, cut at 124 characters', () => {
    const picture = terminalPicture('demo', `1. first\n\n   <b> & "c"\n${'x'.repeat(125)}\n`);
    expect(picture).toContain('class="step"');
    expect(picture).toContain('>&lt;b&gt; &amp; &quot;c&quot;</text>');
    expect(picture).toContain(`>${'x'.repeat(123)}…</text>`);
  });

  test('refuses what nobody would read: more than 60 lines with the command', () => {
    expect(() => terminalPicture('demo', 'x\n'.repeat(59))).not.toThrow();
    expect(() => terminalPicture('demo', 'x\n'.repeat(60))).toThrow('at most 60 lines, got 61');
  });

  test('names every step that the demo takes', () => {
    const picture = readText('docs/img/run.svg');
    const steps = [...readText('src/cli/commands/demo.ts').matchAll(/say\((?:`|')(?:\\n)?(\d\. [^$`'{]+)/g)].map(
      ([, step = '']) => step.trim(),
    );
    expect(steps.length).toBeGreaterThan(2);
    for (const step of steps) expect(picture).toContain(step);
  });
});

describe('the receiver of docs/messages.md', () => {
  const message = {
    id: 'm1',
    idempotencyKey: 'msg_home_m1',
    kind: 'proactive',
    urgent: false,
    topic: '',
    text: 'the tap drips',
    count: 1,
    replyTo: null,
    queuedAt: '2026-11-22T14:03:07.000+00:00',
    attempt: 1,
  } as const;

  test('takes a signed message once, however often it comes, and no forged one [OUTBOX-SIGNED]', async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    await using receiver = await startReceiver(secret);
    const send = (key: string) =>
      webhookChannel({ name: 'phone', url: receiver.url, secret: key }, { fetch, clock: systemClock }).send(
        message,
        AbortSignal.timeout(5_000),
        { maybeReceived: false, earlier: [] },
      );
    await expect(send(secret)).resolves.toEqual({ kind: 'sent' });
    await expect(send(secret)).resolves.toEqual({ kind: 'sent' });
    await expect(send('another secret')).resolves.toMatchObject({ kind: 'refused', error: 'answered 401' });
    expect(receiver.printed).toEqual(['the tap drips']);
  });
});

/** Runs the page's own code as it stands, but on a free port, which it tells. */
async function startReceiver(secret: string): Promise<AsyncDisposable & { url: string; printed: string[] }> {
  const code = /```js\n([\s\S]*?)```/.exec(readText('docs/messages.md'))?.[1] ?? '';
  const fixed = ".listen(9000, '127.0.0.1');";
  expect(code).toContain(fixed);
  const folder = mkdtempSync(join(tmpdir(), 'kairosd-docs-'));
  const file = join(folder, 'receiver.mjs');
  writeFileSync(
    file,
    code.replace(fixed, ".listen(0, '127.0.0.1', function () { console.log(this.address().port); });"),
  );
  const child = spawn(process.execPath, [file], {
    env: { NOTIFY_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const printed: string[] = [];
  const port = await new Promise<string>((resolve) => {
    lines.once('line', (first) => {
      lines.on('line', (line) => printed.push(line));
      resolve(first);
    });
  });
  return {
    url: `http://127.0.0.1:${port}/hook`,
    printed,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Fenced `yaml` blocks. Each must be a whole configuration: a fragment would not be checked by anybody. */
function yamlBlocks({ path, text }: SourceFile): { where: string; text: string }[] {
  return [...text.matchAll(/^ *```yaml\n([\s\S]*?)^ *```/gm)].map((found) => ({
    where: `${path}:${text.slice(0, found.index).split('\n').length}`,
    text: found[1] ?? '',
  }));
}

interface CommandLine {
  readonly where: string;
  readonly words: readonly string[];
}

/** `kairos …` in inline code and as a line of a shell block; also bin/kairos, and after variables. */
function commandLines({ path, text }: SourceFile): CommandLine[] {
  const inline = [...text.matchAll(/`([^`\n]+)`/g)].map((found) => found[1] ?? '');
  const fenced = [...text.matchAll(/^ *```(?:sh|console)\n([\s\S]*?)^ *```/gm)].flatMap((found) =>
    (found[1] ?? '').split('\n'),
  );
  return [...inline, ...fenced].flatMap((line) =>
    [
      ...line
        .replace(/#.*$/, '')
        .matchAll(/(?:^|[\s;&|(])(?:bin\/)?kairos ((?:[a-z-]+|<?[A-Z]+>?|\S+)(?: [^;&|)]+)?)/g),
    ].map((found) => ({
      where: `${path}: ${line.trim()}`,
      // What stands behind `--` is the command's own business.
      words: (found[1] ?? '')
        .replace(/ -- .*$/, '')
        .trim()
        .split(/\s+/),
    })),
  );
}

function problemWith(program: Command, { where, words }: CommandLine): string | undefined {
  const [name = '', sub = ''] = words;
  if (name === '' || !/^[a-z][a-z-]*$/.test(name)) return undefined;
  const command = program.commands.find((each) => each.name() === name);
  if (command === undefined) return `${where}: there is no command ${name}`;
  const inner = command.commands.find((each) => each.name() === sub);
  const takesWords = command.registeredArguments.length > 0;
  if (inner === undefined && /^[a-z]+$/.test(sub) && !takesWords && command.commands.length > 0) {
    return `${where}: ${name} has no subcommand ${sub}`;
  }
  const known = [program, command, ...(inner === undefined ? [] : [inner])].flatMap((each) =>
    each.options.flatMap(({ long, short }) => [long, short]),
  );
  const unknown = words.filter((word) => /^--?[a-z]/i.test(word)).map((word) => word.split('=', 1)[0]);
  const missing = unknown.find((option) => option !== '--help' && option !== '-h' && !known.includes(option));
  return missing === undefined ? undefined : `${where}: no option ${missing}`;
}

async function wholeProgram(): Promise<Command> {
  const world = { env: {}, stdout: process.stdout, stderr: process.stderr, nowMs: () => 0 };
  return buildProgram(new Set(COMMANDS.map(({ name }) => name)), () => async () => undefined, world);
}

/** As GitHub makes them: lower case, blanks to hyphens, everything else that is no letter or digit left out. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}
