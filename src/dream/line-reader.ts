/** Cuts bytes into lines, within limits. */
export interface LineReader {
  /** @returns false: a line, or all of it, is too long; nothing more will be read. */
  take(chunk: Uint8Array): boolean;
  /** Bytes so far. */
  readonly bytes: number;
}

const NEWLINE = 0x0a;

/** Hands on whole lines. What is over a limit is never put together: its sender is to be ended. */
export function createLineReader(
  { lineBytesMax, totalBytesMax }: { readonly lineBytesMax: number; readonly totalBytesMax: number },
  onLine: (line: string) => void,
): LineReader {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let bytes = 0;
  let isOver = false;
  return {
    get bytes() {
      return bytes;
    },
    take(chunk) {
      if (isOver) return false;
      bytes += chunk.length;
      let begin = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, begin)) {
        restBytes += end - begin;
        if (restBytes > lineBytesMax) break;
        const line = Buffer.concat([...rest, chunk.subarray(begin, end)]).toString('utf8');
        rest = [];
        restBytes = 0;
        begin = end + 1;
        onLine(line);
      }
      if (begin < chunk.length) {
        rest.push(chunk.subarray(begin));
        restBytes += chunk.length - begin;
      }
      isOver = bytes > totalBytesMax || restBytes > lineBytesMax;
      return !isOver;
    },
  };
}
