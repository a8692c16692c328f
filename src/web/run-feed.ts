/** What happens in a run while somebody watches it. */
export type RunDelta =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool'; readonly tool: string; readonly text: string }
  | { readonly kind: 'result'; readonly tool: string; readonly isError: boolean; readonly text: string }
  /** It is laid aside: for an approval, a question or a time. */
  | { readonly kind: 'waiting'; readonly text: string }
  /** Its job came to an end. */
  | { readonly kind: 'end' };

type RunListener = (delta: RunDelta) => void;

/** Between runs and those who watch them live. What was said is in the transcript; this only saves waiting for it. */
export interface RunFeed {
  /** Never throws, never waits. */
  publish(jobId: number, delta: RunDelta): void;
  /** First what the run has said so far (the newest 64 KiB), then what it says. Until the returned function is called. */
  watch(jobId: number, listener: RunListener): () => void;
}

interface Line {
  readonly deltas: RunDelta[];
  chars: number;
  readonly listeners: Set<RunListener>;
}

const CHARS_MAX = 65_536;
/** Runs whose words are kept at once; there are a few lanes. */
const RUNS_MAX = 32;

export function createRunFeed(): RunFeed {
  const lines = new Map<number, Line>();
  const lineOf = (jobId: number): Line => {
    const known = lines.get(jobId);
    if (known !== undefined) return known;
    const fresh: Line = { deltas: [], chars: 0, listeners: new Set() };
    lines.set(jobId, fresh);
    dropQuiet(lines);
    return fresh;
  };
  return {
    publish(jobId, delta) {
      if (delta.kind === 'end' && !lines.has(jobId)) return;
      const line = lineOf(jobId);
      for (const listener of line.listeners) listener(delta);
      if (delta.kind === 'end') lines.delete(jobId);
      else keep(line, delta);
    },
    watch(jobId, listener) {
      const line = lineOf(jobId);
      for (const delta of line.deltas) listener(delta);
      line.listeners.add(listener);
      return () => {
        line.listeners.delete(listener);
        if (line.listeners.size === 0 && line.deltas.length === 0) lines.delete(jobId);
      };
    },
  };
}

function keep(line: Line, delta: RunDelta): void {
  line.deltas.push(delta);
  line.chars += charsOf(delta);
  while (line.chars > CHARS_MAX && line.deltas.length > 1) line.chars -= charsOf(line.deltas.shift() as RunDelta);
}

function charsOf(delta: RunDelta): number {
  return 50 + ('text' in delta ? delta.text.length : 0);
}

/** The oldest run that nobody watches makes room. */
function dropQuiet(lines: Map<number, Line>): void {
  if (lines.size <= RUNS_MAX) return;
  for (const [jobId, line] of lines) {
    if (line.listeners.size > 0) continue;
    lines.delete(jobId);
    return;
  }
}
