import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { Redact } from '../core/ports.ts';

/** What a command printed. */
export interface Output {
  /** The beginning and the end, secrets taken out. */
  readonly preview: string;
  /** What it printed altogether, kept or not. */
  readonly bytes: number;
  /** False when nothing was printed: then there is no file. */
  readonly kept: boolean;
}

export interface OutputSink {
  write(chunk: Buffer): void;
  /** Resolves when the file is complete. @throws what the file system threw. */
  close(): Promise<Output>;
}

/** Kept of one run; what comes after is counted and dropped. */
const FILE_CHARACTERS_MAX = 10_485_760;
const PREVIEW_CHARACTERS = 2_048;
/** A line longer than this is cut, so that memory has a limit; a secret that lies on the cut would be seen. */
const LINE_CHARACTERS_MAX = 65_536;

/**
 * Takes the output of a command as it comes: line by line through the redactor into a file (mode 0600), made with the
 * first byte. Text that is not UTF-8 is kept with replacement characters.
 */
export function openOutput(path: string, redact: Redact): OutputSink {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let bytes = 0;
  let file: Promise<WriteStream> | undefined;
  let written = 0;
  let failure: Error | undefined;
  let head = '';
  let tail = '';

  const put = (text: string): void => {
    if (text === '') return;
    const clean = redact(text);
    if (head.length < PREVIEW_CHARACTERS) head = (head + clean).slice(0, PREVIEW_CHARACTERS);
    tail = (tail + clean).slice(-PREVIEW_CHARACTERS);
    const kept = clean.slice(0, Math.max(0, FILE_CHARACTERS_MAX - written));
    const cut = kept.length < clean.length && written < FILE_CHARACTERS_MAX;
    written += clean.length;
    if (kept === '') return;
    file ??= openFile(path, (error) => (failure ??= error));
    void file.then(
      (stream) => stream.write(cut ? `${kept}\n[the rest was not kept: more than 10 MiB]\n` : kept),
      () => undefined,
    );
  };
  return {
    write(chunk) {
      bytes += chunk.byteLength;
      rest += decoder.write(chunk);
      const end = rest.lastIndexOf('\n') + 1;
      if (end === 0 && rest.length < LINE_CHARACTERS_MAX) return;
      const ready = end === 0 ? rest.length : end;
      put(rest.slice(0, ready));
      rest = rest.slice(ready);
    },
    async close() {
      put(rest + decoder.end());
      rest = '';
      const stream = await file?.catch(() => undefined);
      await new Promise<void>((resolve) => {
        if (stream === undefined || stream.destroyed) resolve();
        else stream.end(() => resolve());
      });
      const short = written <= PREVIEW_CHARACTERS * 2;
      const overlap = head.length + tail.length - written;
      const preview = short ? head + tail.slice(Math.max(0, overlap)) : `${head}\n[…]\n${tail}`;
      return {
        preview: failure === undefined ? preview : `${preview}\n[not kept: ${failure.message}]`,
        bytes,
        kept: file !== undefined && failure === undefined,
      };
    },
  };
}

async function openFile(path: string, onError: (error: Error) => void): Promise<WriteStream> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    onError(error as Error);
    throw error;
  }
  // A full disk takes the output, never the run.
  return createWriteStream(path, { flags: 'w', mode: 0o600 }).on('error', onError);
}
