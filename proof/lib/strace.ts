import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** What a process did to files, in order, as far as a power loss can tell. */
export type DiskOp =
  | { readonly kind: 'open'; readonly path: string; readonly creates: boolean; readonly truncates: boolean }
  | { readonly kind: 'write'; readonly path: string; readonly at: number | 'end'; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  /** Asked for and, later, done: what is written in between is not promised. */
  | { readonly kind: 'sync-begins' | 'sync-ends'; readonly path: string }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'mmap'; readonly path: string };

/** What `-e trace=` must name: everything that changes a file, or a directory, or makes it durable. */
export const TRACED =
  'openat,pwrite64,write,writev,pwritev,pwritev2,ftruncate,fallocate,fsync,fdatasync,unlink,unlinkat,rename,renameat,renameat2,link,linkat,mmap';

/**
 * Reads the output of `strace -f -y -xx` back. Calls that failed changed nothing and are left out.
 *
 * @throws for a call it does not know how to replay: a model with holes would prove nothing.
 */
export async function* readStrace(path: string): AsyncGenerator<DiskOp> {
  const begun = new Map<string, string>();
  for await (const line of createInterface({
    input: createReadStream(path, { encoding: 'latin1' }),
    crlfDelay: Infinity,
  })) {
    const found = /^(\d+) +(.*)$/s.exec(line);
    const [, pid = '', call = ''] = found ?? [];
    if (!/^(<\.\.\. )?\w+[( ]/.test(call)) continue;
    if (call.endsWith('<unfinished ...>')) {
      begun.set(pid, call);
      // A write is under way from its beginning on, whenever it returns.
      if (!/^f(data)?sync/.test(call)) continue;
      yield { kind: 'sync-begins', path: fdPath(call) };
    } else if (call.startsWith('<... ')) {
      const whole = `${(begun.get(pid) ?? '').replace(' <unfinished ...>', '')}${call.replace(/^<\.\.\. \w+ resumed>/, '')}`;
      begun.delete(pid);
      const ops = readCall(whole);
      yield* /^f(data)?sync/.test(whole) ? ops.slice(1) : ops;
    } else {
      yield* readCall(call);
    }
  }
}

function readCall(call: string): DiskOp[] {
  const name = /^\w+/.exec(call)?.[0] ?? '';
  // strace lines the results up: any number of spaces may stand before them.
  const result = /\)\s+= ([^"]*)$/.exec(call.slice(call.lastIndexOf('"') + 1))?.[1];
  if (result === undefined) throw new Error(`the replay sees no result in ${call.slice(0, 80)}`);
  if (result.startsWith('-1') || result.startsWith('?')) return [];
  switch (name) {
    case 'openat': {
      const path = hexText(/, "([^"]*)"/.exec(call)?.[1] ?? '');
      return [{ kind: 'open', path, creates: call.includes('O_CREAT'), truncates: call.includes('O_TRUNC') }];
    }
    case 'pwrite64':
    case 'write': {
      const from = call.indexOf('"') + 1;
      const bytes = hexBytes(call.slice(from, call.indexOf('"', from))).subarray(0, Number.parseInt(result, 10));
      const at = name === 'write' ? 'end' : Number(/, (\d+)\)\s+= /.exec(call.slice(call.lastIndexOf('"')))?.[1]);
      return [{ kind: 'write', path: fdPath(call), at, bytes }];
    }
    case 'ftruncate':
      return [{ kind: 'truncate', path: fdPath(call), size: Number(/, (\d+)\)\s+= /.exec(call)?.[1]) }];
    case 'fsync':
    case 'fdatasync': {
      const path = fdPath(call);
      return [
        { kind: 'sync-begins', path },
        { kind: 'sync-ends', path },
      ];
    }
    case 'unlink':
      return [{ kind: 'unlink', path: hexText(/"([^"]*)"/.exec(call)?.[1] ?? '') }];
    case 'mmap':
      return call.includes('MAP_SHARED') ? [{ kind: 'mmap', path: fdPath(call) }] : [];
    default:
      throw new Error(`the replay does not know the call ${call.slice(0, 80)}`);
  }
}

/** The file behind the descriptor: `-y` writes it after the number. */
function fdPath(call: string): string {
  return hexText(/\d+<([^>]*)>/.exec(call)?.[1] ?? '');
}

function hexText(text: string): string {
  return text.startsWith('\\x') ? hexBytes(text).toString('utf8') : text;
}

function hexBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}
