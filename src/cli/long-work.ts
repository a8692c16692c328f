import { KairosError } from '../core/errors.ts';
import type { Cli } from './cli.ts';

/** While it lasts, Ctrl-C and SIGTERM abort the signal instead of ending the process: what is half done is cleared away. */
export function heedSignals(): Disposable & { readonly signal: AbortSignal } {
  const stopped = new AbortController();
  const stop = (name: NodeJS.Signals): void =>
    stopped.abort(new KairosError('STOPPING', `stopped by ${name}: what was half done is cleared away`));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    signal: stopped.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}

const QUIET_MS = 1_000;

/** Says on stderr what is being done, once the whole has taken more than a second. */
export function sayProgress(cli: Cli): Disposable & { readonly say: (what: string) => void } {
  let what = '';
  let speaks = false;
  const timer = setTimeout(() => {
    speaks = true;
    if (what !== '') cli.note(cli.paint.dim(`${what} …`));
  }, QUIET_MS);
  return {
    say(next) {
      what = next;
      if (speaks) cli.note(cli.paint.dim(`${what} …`));
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/** 1 536 → "1.5 KB". */
export function sizeText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
