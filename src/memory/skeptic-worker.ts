import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import type { Judged, Place } from './claims/claim.ts';
import { realDisk } from './claims/disk.ts';
import { createSkeptic, type Remembered } from './claims/skeptic.ts';

/** What the thread is told once. */
export interface SkepticTask {
  readonly places: readonly Place[];
  /** Directories of programs. */
  readonly programs: readonly string[];
}

export interface SkepticQuestion {
  readonly id: number;
  readonly texts: readonly Remembered[];
  readonly nowMs: number;
}

export type SkepticAnswer =
  | { readonly id: number; readonly judged: readonly (readonly Judged[])[] }
  | { readonly id: number; readonly error: string };

/** Thread entry: answers one question after the other. Elsewhere than in a thread, importing it does nothing. */
function serve(port: MessagePort, { places, programs }: SkepticTask): void {
  let nowMs = 0;
  const skeptic = createSkeptic({ places, programs, disk: realDisk, clock: { wallMs: () => nowMs } });
  const answer = ({ id, texts, nowMs: askedMs }: SkepticQuestion): SkepticAnswer => {
    nowMs = askedMs;
    try {
      return { id, judged: skeptic.check(texts) };
    } catch (error) {
      return { id, error: messageOf(error) };
    }
  };
  port.on('message', (question: SkepticQuestion) => port.postMessage(answer(question)));
}

if (parentPort !== null && (workerData as SkepticTask | null)?.places !== undefined) {
  serve(parentPort, workerData as SkepticTask);
}
