import type { FileHandle } from 'node:fs/promises';

const PROBE_BYTES = 8_192;

/** First bytes in hexadecimal, and what a file that begins so is. */
const KINDS: readonly (readonly [string, string])[] = [
  ['89504e470d0a1a0a', 'PNG image'],
  ['ffd8ff', 'JPEG image'],
  ['474946383', 'GIF image'],
  ['255044462d', 'PDF document'],
  ['504b0304', 'ZIP archive'],
  ['1f8b', 'gzip archive'],
  ['28b52ffd', 'zstd archive'],
  ['fd377a585a00', 'xz archive'],
  ['7f454c46', 'ELF program'],
  ['53514c69746520666f726d6174203300', 'SQLite database'],
  ['0061736d', 'WebAssembly'],
  ['fffe', 'UTF-16 text'],
  ['feff', 'UTF-16 text'],
];

/** What sort of binary an open file is; undefined for text: no NUL in its first 8 KiB. */
export async function binaryKind(handle: FileHandle): Promise<string | undefined> {
  const buffer = Buffer.alloc(PROBE_BYTES);
  const { bytesRead } = await handle.read(buffer, 0, PROBE_BYTES, 0);
  const head = buffer.subarray(0, bytesRead);
  const hex = head.subarray(0, 16).toString('hex');
  const known = KINDS.find(([start]) => hex.startsWith(start));
  if (!head.includes(0) && known?.[1] !== 'PDF document') return undefined;
  return known?.[1] ?? 'unknown type';
}
