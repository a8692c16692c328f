/** Colours on a terminal, plain text elsewhere. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
}

/** @param enabled Whether a person looks at it and wants colours (a terminal, and no `NO_COLOR`). */
export function createPaint(enabled: boolean): Paint {
  const style = (on: number, off: number) => (text: string) => (enabled ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { bold: style(1, 22), dim: style(2, 22), good: style(32, 39), warn: style(33, 39), bad: style(31, 39) };
}

/** The colour of a state of anything. */
export function paintState(paint: Paint, state: string): (text: string) => string {
  if (/^(sent|succeeded|ok)$/.test(state)) return paint.good;
  if (/^(failed|dead|expired|fail)$/.test(state)) return paint.bad;
  return /^(queued|running|parked|warn|pending|sending)$/.test(state) ? paint.warn : paint.dim;
}
