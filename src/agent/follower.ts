import { join } from 'node:path';
import type { Item } from '../core/agent.ts';
import { messageOf } from '../core/errors.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { reached, type Clock, type Log } from '../core/ports.ts';
import { appendFlushed, readEnd, type TranscriptEnd } from './session-file.ts';
import { transcriptLine, type TranscriptSession } from './transcript-line.ts';

/** Where items wait until they are in their file. */
export interface TranscriptStore {
  /** Of one session, the oldest that has any: the items after `afterSeq`, in order. */
  unwritten(
    limit: number,
  ): { readonly session: TranscriptSession; readonly afterSeq: number; readonly items: readonly Item[] } | undefined;
  /** Its items up to this one are on the disk. */
  written(sessionId: number, throughSeq: number): Promise<void>;
}

export interface FollowerPorts {
  readonly store: TranscriptStore;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FollowerOptions {
  readonly home: string;
  /** IANA name, for the times in the lines. */
  readonly timeZone: () => string;
}

const BATCH_COUNT = 100;
const IDLE_MS = 30_000;
const PACE_MS = 250;
const RETRY_MS = 5_000;
/** A stop writes at most so many appends; the next start writes the rest. */
const FINAL_RUNS_MAX = 20;

/**
 * Writes the transcripts: each item of a session as one line of its file, in order. Call `wake()` when there are new ones.
 *
 * Nothing is lost and nothing doubled: before the first append to a file, and after every failure, the end of the file
 * says how far it is. Lines are only ever appended. A disk error is logged and tried again every 5 s.
 */
export function startFollower(ports: FollowerPorts, options: FollowerOptions): Loop {
  const { clock, log } = ports;
  const writeSome = createWriter(ports.store, options);
  const step = async (signal: AbortSignal): Promise<number> => {
    try {
      if (!(await writeSome())) return IDLE_MS;
      await clock.sleep(PACE_MS, signal);
    } catch (error) {
      log.warn({ error: messageOf(error), retryMs: RETRY_MS }, 'transcript not written, trying again');
      // Slept here and not by the loop: a wake must not turn a full disk into a busy loop.
      await clock.sleep(RETRY_MS, signal);
    }
    return 0;
  };
  const loop = startLoop({ name: 'transcripts', clock, log, step });
  return {
    wake: () => loop.wake(),
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      try {
        for (let runs = 0; runs < FINAL_RUNS_MAX && (await writeSome()); runs += 1);
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'transcripts not finished on stop');
      }
    },
  };
}

function createWriter(store: TranscriptStore, { home, timeZone }: FollowerOptions): () => Promise<boolean> {
  // The file whose end is known; any other may have been left torn by a crash.
  let known: string | undefined;
  return async () => {
    const next = store.unwritten(BATCH_COUNT);
    if (next === undefined) return false;
    const { session, afterSeq, items } = next;
    const path = join(home, session.path);
    const end = known === path ? undefined : await readEnd(path);
    known = undefined;
    const lines = items.map((item, index) => transcriptLine(session, item, afterSeq + index + 1, timeZone()));
    // A line of ours with a greater number than is recorded: somebody's copy. What is missing follows it all the same.
    const there = end === undefined || end.seq > afterSeq + items.length ? 0 : Math.max(0, end.seq - afterSeq);
    const bytes = joined(lines.slice(there), end);
    if (bytes.length > 0) await appendFlushed(path, bytes, end?.exists === false);
    reached('transcript.appended');
    await store.written(session.id, afterSeq + items.length);
    known = path;
    return true;
  };
}

/** The lines, without the part of the first one that stands in the file already. */
function joined(lines: readonly string[], end: TranscriptEnd | undefined): Buffer {
  const body = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
  const torn = end?.torn ?? Buffer.alloc(0);
  if (torn.length === 0) return body;
  if (body.length === 0) return body;
  if (body.subarray(0, torn.length).equals(torn)) return body.subarray(torn.length);
  return Buffer.concat([Buffer.from('\n'), body]);
}
