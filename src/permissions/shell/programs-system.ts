import { medium, NOTHING } from './notes.ts';
import type { Programs } from './program.ts';

/** Programs that tell about the machine. Left out on purpose: whatever sets something (`date -s`, `hostname NAME`) or shows environments (`ps e`, `env`). */
export const SYSTEM_PROGRAMS: Programs = {
  whoami: {},
  logname: {},
  users: {},
  tty: { flags: '-s' },
  arch: {},
  id: { flags: '-agGnruz --user --group --groups --name --real', operands: 'word' },
  groups: { operands: 'word' },
  uname: { flags: '-amnioprsv --all --kernel-name --kernel-release --machine --operating-system --nodename' },
  nproc: { flags: '--all --ignore:small' },
  hostname: { flags: '-s --short' },
  uptime: { flags: '-ps --pretty --since' },
  free: { flags: '-bghklmtw --human --total --wide --mega --giga --kibi --mebi --gibi --bytes --si' },
  locale: { flags: '-am --all-locales --charmaps', operands: 'word*' },
  getconf: { operands: 'word', least: 1 },
  lscpu: { flags: '-aJ --json --all' },
  sleep: { operands: 'delay', least: 1 },
  cal: { flags: '-1 -3 -jmsy', operands: 'small small word' },
  date: {
    flags:
      '-uRj -d:text -r:look -I?word --date:text --reference:look --iso-8601?word --rfc-3339:word --rfc-email --utc --universal',
    operands: 'text',
    check: ({ operands }) =>
      operands.every(({ text }) => text.startsWith('+')) ? NOTHING : [medium('date would set the clock')],
  },
  ps: {
    flags: '-efAF -p:count -o:word -u:word -C:word --no-headers --sort:word --forest',
    operands: 'word',
    check: ({ operands }, { args }) =>
      operands.every(({ text }) => text === 'aux' || text === 'ax') && !args.some(({ text }) => /env/i.test(text))
        ? NOTHING
        : [medium('ps can show what environment a process runs in')],
  },
  pgrep: { flags: '-aflinox -u:word --list-name --full --count', operands: 'text', least: 1 },
};

/** Whose version may be asked for: nothing in a directory changes which program, or what else, that runs. */
export const VERSIONED: ReadonlySet<string> = new Set(
  (
    'node npm git python python3 perl ruby bash gcc g++ clang make cmake java docker curl wget jq rg grep sed awk gawk ' +
    'tar zip unzip ssh openssl sqlite3 psql redis-server nginx tmux vim nano less man find sort diff tree file ' +
    'systemctl ffmpeg pip pip3 npx deno bun tsc php lua kubectl terraform gh shellcheck ls cat head tail wc uname date'
  ).split(' '),
);
