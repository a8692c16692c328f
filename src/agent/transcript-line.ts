import type { Item } from '../core/agent.ts';
import { formatId, formatInstant } from '../core/units.ts';

/** A session as its transcript names it. */
export interface TranscriptSession {
  readonly id: number;
  readonly origin: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** Relative to the home. */
  readonly path: string;
}

/**
 * An item as a line of the transcript (CONTRACT, "File formats"), without the line end. `seq` numbers the lines of a file
 * from 1: by it the follower finds where a crash left the file.
 */
export function transcriptLine(session: TranscriptSession, item: Item, seq: number, timeZone: string): string {
  const at = formatInstant(item.atMs, timeZone);
  if (item.kind === 'meta') {
    const meta =
      seq === 1 ? { session: formatId('s', session.id), startedAt: at, origin: session.origin } : { endedAt: at };
    return JSON.stringify({ at, seq, kind: 'meta', text: '', ...meta });
  }
  const { kind, text, trust, tool, input, callId, isError, eventId, opaque } = item;
  return JSON.stringify({
    at,
    seq,
    kind,
    text,
    trust,
    tool,
    input,
    callId,
    isError: isError === true ? true : undefined,
    eventId: eventId === undefined ? undefined : formatId('e', eventId),
    // Nothing a person could read: that it was there is enough.
    opaque: opaque === undefined ? undefined : opaque.model,
  });
}

/** The number of a whole line; undefined when it is none of ours. */
export function seqOf(line: string): number | undefined {
  try {
    const seq: unknown = (JSON.parse(line) as { seq?: unknown }).seq;
    return typeof seq === 'number' && Number.isSafeInteger(seq) ? seq : undefined;
  } catch {
    return undefined;
  }
}
