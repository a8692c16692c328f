import { left, type Asker, type TextQuestion } from './ask.ts';

const LINE_CHARS_MAX = 10_000;
const YES_OR_NO = (answer: string): string | undefined => (/^(y|yes|n|no)$/i.test(answer) ? undefined : 'yes or no');

/** Questions as plain lines: for screen readers, dumb terminals, and whoever wants no colour. */
export function openPlainAsker(): Asker {
  const lines = openLines();
  const ask = async (question: TextQuestion, hidden: boolean): Promise<string> => {
    const { message, otherwise, check } = question;
    for (;;) {
      const shown = otherwise && !hidden ? ` [${otherwise}]` : '';
      const prompt = `${message}${shown}${hidden ? ' (not shown)' : ''}: `;
      const answer = (await lines.next(prompt, hidden)).trim() || (otherwise ?? '');
      const expected = check(answer);
      if (expected === undefined) return answer;
      process.stdout.write(`Expected ${expected}.\n`);
    }
  };
  return {
    text: (question) => ask(question, false),
    secret: (question) => ask(question, true),
    async choose({ message, options }) {
      const menu = options.map(({ label }, index) => `  ${index + 1}  ${label}`).join('\n');
      process.stdout.write(`${message}\n${menu}\n`);
      const check = (answer: string): string | undefined =>
        options[Number(answer) - 1] === undefined ? `a number from 1 to ${options.length}` : undefined;
      const chosen = options[Number(await ask({ message: 'Number', otherwise: '1', check }, false)) - 1];
      if (chosen === undefined) throw left();
      return chosen.value;
    },
    async confirm(message, otherwise) {
      return /^y/i.test(
        await ask({ message: `${message} (yes or no)`, otherwise: otherwise ? 'yes' : 'no', check: YES_OR_NO }, false),
      );
    },
    say: (text) => void process.stdout.write(`${text}\n`),
    close: lines.close,
  };
}

/** Lines of the terminal. Hidden ones are read raw: the terminal shows nothing, so Backspace and Ctrl-C are ours to do. */
function openLines(): {
  readonly next: (prompt: string, hidden: boolean) => Promise<string>;
  readonly close: () => void;
} {
  const { stdin, stdout } = process;
  const state = { held: '', ended: false, wake: (): void => undefined };
  const end = (): void => {
    state.ended = true;
    state.wake();
  };
  const hear = (piece: string): void => {
    if (state.held.length < LINE_CHARS_MAX) state.held += piece;
    if (piece.includes(CTRL_C) || piece.includes(CTRL_D)) end();
    else state.wake();
  };
  stdin.setEncoding('utf8');
  stdin.on('data', hear).on('end', end);
  process.on('SIGINT', end);
  const heardMore = (): Promise<void> => new Promise((resolve) => (state.wake = resolve));
  return {
    next: async (prompt, hidden) => {
      // Before the prompt: whoever types as soon as it is there must not see what they type.
      stdin.setRawMode(hidden);
      stdout.write(prompt);
      try {
        while (!/[\r\n]/.test(state.held) && !state.ended) await heardMore();
      } finally {
        stdin.setRawMode(false);
        if (hidden || state.ended) stdout.write('\n');
      }
      if (state.ended) throw left();
      const [line = ''] = state.held.split(/\r\n|\r|\n/, 1);
      state.held = state.held.slice(line.length).replace(/^(\r\n|\r|\n)/, '');
      return hidden ? edited(line) : line;
    },
    close: () => {
      stdin.off('data', hear).off('end', end).pause();
      process.off('SIGINT', end);
    },
  };
}

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACES = ['\b', '\u007f'];

/** Backspace takes the character before it away. Secrets are ASCII. */
function edited(line: string): string {
  let text = '';
  for (const char of line) text = BACKSPACES.includes(char) ? text.slice(0, -1) : text + char;
  return text;
}
