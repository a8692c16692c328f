import type { IncomingMessage } from 'node:http';
import { KairosError } from '../core/errors.ts';

/** Deliveries are at most 25 MiB: GitHub sends no more. */
const BODY_BYTES_MAX = 26_214_400;
/** Bodies being received at the same moment; one more waits outside with 503. Bounds memory, whoever sends. */
const HELD_BYTES_MAX = 268_435_456;
/** Bodies this small are not worth counting. */
const COUNTED_BYTES_MIN = 65_536;

/** Bodies over this go to the parsing thread. */
const SHARED_BYTES_MIN = 262_144;

export interface BodyReader {
  /**
   * Collects a body; every piece also goes to `onChunk` as it comes, so that a large one is hashed on the way. A request
   * that breaks off never calls back: its connection is gone.
   */
  read(
    request: IncomingMessage,
    onChunk: (chunk: Uint8Array) => void,
    done: (result: Buffer | KairosError) => void,
  ): void;
}

export function createBodyReader(bytesMax = BODY_BYTES_MAX, heldBytesMax = HELD_BYTES_MAX): BodyReader {
  let heldBytes = 0;
  return {
    read(request, onChunk, done) {
      const announced = Number(request.headers['content-length'] ?? 0);
      if (announced > bytesMax) return done(tooLarge(bytesMax));
      const counted = announced > COUNTED_BYTES_MIN ? announced : request.headers['transfer-encoding'] ? bytesMax : 0;
      if (counted > 0 && heldBytes + counted > heldBytesMax) return done(tooMany());
      heldBytes += counted;
      collect(request, { announced, bytesMax }, onChunk, (result) => {
        heldBytes -= counted;
        if (result !== undefined) done(result);
      });
    },
  };
}

/** Calls back once: with the body, with an error, or with undefined when the client went away. */
function collect(
  request: IncomingMessage,
  limits: { readonly announced: number; readonly bytesMax: number },
  onChunk: (chunk: Uint8Array) => void,
  done: (result: Buffer | KairosError | undefined) => void,
): void {
  const parts = limits.announced > SHARED_BYTES_MIN ? sharedParts(limits.announced) : listedParts();
  let bytes = 0;
  let ended = false;
  const end = (result: Buffer | KairosError | undefined): void => {
    if (ended) return;
    ended = true;
    done(result);
  };
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limits.bytesMax) return end(tooLarge(limits.bytesMax));
    if (ended) return;
    onChunk(chunk);
    parts.add(chunk);
  });
  request.on('end', () => end(parts.whole()));
  request.on('close', () => end(undefined));
  request.on('error', () => end(undefined));
}

interface Parts {
  add(chunk: Buffer): void;
  whole(): Buffer;
}

function listedParts(): Parts {
  const chunks: Buffer[] = [];
  return {
    add: (chunk) => void chunks.push(chunk),
    whole: () => (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
  };
}

/** A large body is put together as it comes, in memory that the parsing thread reads where it is. */
function sharedParts(announced: number): Parts {
  const memory = Buffer.from(new SharedArrayBuffer(announced));
  let bytes = 0;
  return {
    // HTTP ends a body at its announced length, so a chunk always fits.
    add: (chunk) => void (bytes += chunk.copy(memory, bytes)),
    whole: () => memory.subarray(0, bytes),
  };
}

function tooLarge(bytesMax: number): KairosError {
  return new KairosError('BODY_TOO_LARGE', `a delivery has at most ${bytesMax} bytes`);
}

function tooMany(): KairosError {
  return new KairosError('OVERLOADED', 'too many large deliveries are under way');
}
