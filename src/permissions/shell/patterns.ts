import { high, medium, shown } from './notes.ts';
import type { Field } from './field.ts';
import type { Note } from './notes.ts';

/** What is wrong with a pattern by itself, and names of secrets and settings that it would match. */
export function patternDangers(
  field: Field,
  writes: boolean,
): { readonly notes: readonly Note[]; readonly names: string[] } {
  const { text, patternAt } = field;
  const start = text.lastIndexOf('/', patternAt) + 1;
  const folder = text.slice(0, start);
  const parts = text.slice(start).split('/');
  const last = (parts.at(-1) ?? '').slice(0, PATTERN_MAX);
  const notes: Note[] = [];
  const weigh = writes ? high : medium;
  if (parts.some((part) => part.startsWith('.') && part.length > 1 && /[*?[]/.test(part)))
    notes.push(weigh(`${shown(text)} may match hidden files`));
  if (parts.slice(1).includes('..')) notes.push(weigh(`${shown(text)} leads up from wherever it matches`));
  const dotted = last.startsWith('.') ? DOTTED.filter((name) => matches(last, name)) : [];
  const letters = last.replaceAll(/[^A-Za-z0-9_]/g, '').length;
  const rest = parts.length > 1 ? `${parts.slice(0, -1).map(sampleText).join('/')}/` : '';
  // `*.json` is after no name, only after a kind of file.
  const telling =
    letters < LETTERS_MIN || /^[*?]+\.json$/.test(last) ? [] : TELLING.filter((name) => matches(last, name));
  return { notes, names: [...dotted, ...telling].map((name) => folder + rest + name) };
}

/** Hidden names that a pattern beginning with a dot may be after. */
const DOTTED = ['.env', '.env.local', '.npmrc', '.netrc', '.git', '.bashrc', '.ssh', '.aws'];

/** One path that a pattern could stand for. */
export function sampleOf(field: Field): string {
  return sampleText(field.text);
}

/** A pattern with fewer letters names everything, not something. */
const LETTERS_MIN = 2;
const PATTERN_MAX = 64;
/** Names that a pattern with some letters in it may be after. */
const TELLING = ['id_rsa', 'id_ed25519', 'secrets.env', 'server.key', 'server.pem', 'credentials', 'credentials.json'];

function sampleText(text: string): string {
  return text.replaceAll(/\[[^\]/]*\]|[*?]/g, 'x');
}

/** Whether a pattern of one name matches a name; brackets count as any character. Quadratic in short strings at worst. */
function matches(pattern: string, name: string): boolean {
  const steps = pattern.replaceAll(/\[[^\]]*\]/g, '?');
  let at = 0;
  let star = -1;
  let retry = 0;
  let position = 0;
  while (position < name.length) {
    const step = steps[at];
    if (step === '*') {
      star = at;
      retry = position;
      at += 1;
    } else if (step === '?' || step === name[position]) {
      at += 1;
      position += 1;
    } else if (star >= 0) {
      at = star + 1;
      retry += 1;
      position = retry;
    } else return false;
  }
  while (steps[at] === '*') at += 1;
  return at === steps.length;
}
