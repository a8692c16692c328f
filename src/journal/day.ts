import { basename } from 'node:path';
import { appendFlushed, readTail, type FileTail } from './files.ts';
import { logPaths } from './line.ts';
import { countPresent, countTorn, TAIL_BYTES } from './tail.ts';

/** Lines of one local day on their way into its file. */
export interface DayAppend {
  readonly home: string;
  readonly date: string;
  /** Rendered, in order, together at most `APPEND_BYTES_MAX` bytes. */
  readonly lines: readonly string[];
  /** Some of the lines may be in the file already, after a crash or a failed append: compare first. */
  readonly inDoubt: boolean;
  /** About how large the main file may grow. */
  readonly maxBytes: number;
}

/** Left free below `maxBytes` for the heading and the line that names the overflow file. */
const RESERVE_BYTES = 200;
const NOTICE = /^- \d\d:\d\d:\d\d journal \[\] the rest of this day is in /m;

/**
 * Appends lines to the log of a day, through to the disk. What no longer fits goes to the overflow file, and everything
 * after it too, so that each file stays in order; the main file says so in one line.
 *
 * @throws The error of the file system; what was written until then is found by the next call with `inDoubt`.
 */
export async function appendToDay({ home, date, lines, inDoubt, maxBytes }: DayAppend): Promise<void> {
  const paths = logPaths(home, date);
  const main = await readTail(paths.main, TAIL_BYTES);
  const overflow = await readTail(paths.overflow, TAIL_BYTES);
  const noticed = NOTICE.test(main.tail.toString('utf8'));

  const missing = lines.slice(inDoubt ? countPresent(main.tail, lines) : 0);
  const room = overflow.exists || noticed ? 0 : maxBytes - RESERVE_BYTES - main.size;
  const fitting = countFitting(missing, room);
  const mainLines = missing.slice(0, fitting);
  const overflowing = missing.slice(fitting);
  const [firstOver] = overflowing;
  if (firstOver !== undefined && !noticed) mainLines.push(noticeLine(firstOver, basename(paths.overflow)));
  await appendLines(paths.main, main, { title: date, lines: mainLines, inDoubt });

  const there = inDoubt ? countPresent(overflow.tail, overflowing) : 0;
  const rest = { title: `${date} (overflow)`, lines: overflowing.slice(there), inDoubt };
  await appendLines(paths.overflow, overflow, rest);
}

function countFitting(lines: readonly string[], roomBytes: number): number {
  let left = roomBytes;
  for (const [index, line] of lines.entries()) {
    left -= Buffer.byteLength(line) + 1;
    if (left < 0) return index;
  }
  return lines.length;
}

function noticeLine(firstOver: string, fileName: string): string {
  return `- ${firstOver.slice(2, 10)} journal [] the rest of this day is in ${fileName}`;
}

async function appendLines(
  path: string,
  file: FileTail,
  { title, lines, inDoubt }: { title: string; lines: readonly string[]; inDoubt: boolean },
): Promise<void> {
  const [first] = lines;
  if (first === undefined) return;
  const body = Buffer.from(`${lines.join('\n')}\n`, 'utf8');
  const heading = Buffer.from(`# ${title}\n\n`, 'utf8');
  // Empty, or torn within the heading.
  if (file.size < heading.length && heading.subarray(0, file.size).equals(file.tail)) {
    await appendFlushed(path, Buffer.concat([heading.subarray(file.size), body]), !file.exists);
    return;
  }
  const torn = inDoubt ? countTorn(file.tail, first) : 0;
  // The last line has no end: a person's editor left it so, or it was torn and is not ours to complete.
  const lead = torn === 0 && file.tail.at(-1) !== 0x0a ? '\n' : '';
  await appendFlushed(path, Buffer.concat([Buffer.from(lead), body.subarray(torn)]), false);
}
