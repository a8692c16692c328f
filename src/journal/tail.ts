/** How much of a file's end is compared. An append is kept to half of it, so all of it is always seen. */
export const TAIL_BYTES = 65_536;
export const APPEND_BYTES_MAX = TAIL_BYTES / 2;

/**
 * How many of these lines, from the first, did an append that was cut short already bring into the file?
 *
 * An append writes lines in order, so what is there is a beginning of them: the longest beginning that is found in the
 * tail in that order, whatever a person put between. Two lines that are the same to the letter, second and id
 * included, count as one here.
 */
export function countPresent(tail: Buffer, wanted: readonly string[]): number {
  const whole = tail.subarray(0, tail.lastIndexOf(0x0a) + 1).toString('utf8');
  let present = 0;
  for (const line of whole.split('\n')) if (present < wanted.length && line === wanted[present]) present += 1;
  return present;
}

/**
 * How many bytes of the next line stand at the end of the file already, because an append was torn within it? 0 when
 * the file ends with a whole line, or with something else.
 */
export function countTorn(tail: Buffer, next: string): number {
  const open = tail.subarray(tail.lastIndexOf(0x0a) + 1);
  const wanted = Buffer.from(next, 'utf8');
  return open.length <= wanted.length && wanted.subarray(0, open.length).equals(open) ? open.length : 0;
}
