import type { Redact } from '../core/ports.ts';

/** A window is looked through again with every piece that comes; longer lines are let go in parts. */
const WINDOW_CHARS_MAX = 4_096;
const KEY_BEGINS = '-----BEGIN';
const KEY_ENDS = '-----END';
const KEY_CHARS_MAX = 32_768;

/** Lets a text that arrives in pieces through without secrets: a word is held back until it is whole. */
export function createLiveText(redact: Redact, show: (text: string) => void) {
  let window = '';
  let shown = '';
  const emit = (text: string): void => {
    const redacted = redact(text);
    // A secret of several words was recognised late: what is out already stays, the rest follows.
    const common = redacted.startsWith(shown) ? shown.length : sharedLength(redacted, shown);
    if (redacted.length > common) show(redacted.slice(common));
    shown = redacted;
  };
  return {
    add(piece: string): void {
      window += piece;
      const key = window.indexOf(KEY_BEGINS);
      if (key !== -1 && !window.includes(KEY_ENDS, key) && window.length < KEY_CHARS_MAX) return;
      const line = window.lastIndexOf('\n') + 1;
      const word = Math.max(line, window.lastIndexOf(' ') + 1);
      if (word > 0) emit(window.slice(0, word));
      // The line before stays in sight: what introduces a secret may stand at its end.
      const before = line > 1 ? window.lastIndexOf('\n', line - 2) + 1 : 0;
      const done = window.length > WINDOW_CHARS_MAX ? word : before;
      if (done === 0) return;
      window = window.slice(done);
      shown = redact(window.slice(0, word - done));
    },
    /** The text is whole. */
    end(): void {
      if (window !== '') emit(window);
      window = '';
      shown = '';
    },
  };
}

function sharedLength(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}
