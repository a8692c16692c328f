import { medium, NOTHING } from './notes.ts';
import { judgeField } from './scene.ts';
import type { Notes } from './notes.ts';
import type { Call, Program, Programs } from './program.ts';

const UNPACKED: Program = { operands: 'read*', least: 1, sharp: true };

/** Archives and compressed files, listed or unpacked to the output. What unpacks into files is not here. */
export const ARCHIVE_PROGRAMS: Programs = {
  zcat: UNPACKED,
  bzcat: UNPACKED,
  xzcat: UNPACKED,
  zstdcat: UNPACKED,
  gzip: {
    flags: '-cdltv',
    operands: 'read*',
    least: 1,
    sharp: true,
    check: (seen) => replaces(seen.flags, ['-c', '-d']),
  },
  gunzip: { flags: '-cltv', operands: 'read*', least: 1, sharp: true, check: (seen) => replaces(seen.flags, ['-c']) },
  unzip: {
    flags: '-lvtZ1',
    operands: 'read text*',
    least: 1,
    sharp: true,
    check: ({ flags }) =>
      ['-l', '-v', '-t', '-Z'].some((flag) => flags.has(flag))
        ? NOTHING
        : [medium('unzip writes files', { writes: true })],
  },
  zipinfo: { flags: '-1smlht', operands: 'read text*', least: 1, sharp: true },
};

/** `tar tzf archive`: the list alone. Anything but these letters may write, or run a program: undefined. */
export function readTarList(call: Call): Notes | undefined {
  const [letters, archive, ...members] = call.args;
  const lists =
    letters !== undefined &&
    archive !== undefined &&
    letters.plain &&
    /^-?[tvzjJ]*t[tvzjJ]*f$/.test(letters.text) &&
    // Before a colon stands another machine.
    /^[^-:][^:]*$/.test(archive.text) &&
    archive.patternAt < 0 &&
    members.every(({ text, opaque, patternAt }) => opaque === undefined && patternAt < 0 && !text.startsWith('-'));
  return lists ? judgeField(archive, 'read', call.scene) : undefined;
}

/** gzip puts a file in the place of the one it reads, unless it only lists, tests, or writes to the output. */
function replaces(flags: ReadonlySet<string>, needed: readonly string[]): Notes {
  const tells = flags.has('-l') || flags.has('-t') || needed.every((flag) => flags.has(flag));
  return tells ? NOTHING : [medium('gzip replaces the files it is given', { writes: true })];
}
