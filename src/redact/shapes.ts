/** A kind of secret that is known by how it looks. */
export interface Shape {
  /** What stands in its place: `[redacted:name]`. */
  readonly name: string;
  /** Three characters each, one of which is in every text of this shape: only then `replace` is called. */
  readonly triggers: readonly string[];
  /** The text without secrets of this shape. Takes time in proportion to the text, whatever it is. */
  readonly replace: (text: string, mark: string) => string;
}

/*
 * How the patterns stay linear and idempotent: each begins at a fixed prefix behind a boundary and takes the longest run
 * of its characters; every repetition that something must follow is bounded. A run takes letters, digits and "_", so
 * no replacement makes a new boundary for what comes after it. Prefixes and lengths are those the issuers publish.
 */
export const SHAPES: readonly Shape[] = [
  { name: 'private-key', triggers: ['PRI'], replace: replacePrivateKeys },
  // Before the others: it may begin right behind a letter (`/bot123:…`), so taking it out can end what stands before it.
  whole('telegram-token', telegramTriggers(), /(?<!\d)\d{6,12}:[\w-]{35}(?![\w-])/g),
  part(
    'authorization',
    ['riz', 'RIZ'],
    /(authorization["'\\]{0,4}\s{0,4}[:=]\s{0,4}["'\\]{0,4}(?:bearer|basic|token|digest)\s{1,4})[\w.~+/=-]{4,}/gi,
  ),
  part(
    'authorization',
    ['rer', 'RER', 'sic', 'SIC'],
    /((?<![A-Za-z0-9_])(?:bearer|basic)\s{1,4})[\w.~+/=-]{12,}/gi,
    hasDigitOrPadding,
  ),
  part(
    'token-header',
    ['i-k', 'i-K', 'I-K', 'b-t', 'b-T', 'B-T', 'e-t', 'e-T', 'E-T', 't-t', 't-T', 'T-T'],
    /((?:x-api-key|private-token|x-gitlab-token|secret-token)["'\\]{0,4}\s{0,4}[:=]\s{0,4}["'\\]{0,4})[\w.~+/=-]{6,}/gi,
  ),
  part('url-password', ['://'], /(:\/\/[^\s/:@"'<>[\]\\]{0,256}:)[^\s/"'<>[\]\\]{1,256}(?=@)/g),
  whole(
    'github-token',
    ['hp_', 'ho_', 'hu_', 'hs_', 'hr_'],
    /(?<![A-Za-z0-9_])gh[pousr]_\w{16,}(?:\.[\w-]{16,}){0,2}/g,
  ),
  whole('github-token', ['_pa'], /(?<![A-Za-z0-9_])github_pat_\w{16,}/g),
  whole('slack-token', ['xox', 'xap'], /(?<![A-Za-z0-9_])(?:xox[abceoprs]|xapp)-[\w-]{10,}/g),
  whole('slack-webhook', ['ck.'], /(?<=hooks\.slack\.com\/(?:services|workflows|triggers)\/)[\w/]{8,}/g),
  whole('api-key', ['sk-'], /(?<![A-Za-z0-9_])sk-[\w-]{16,}/g, hasDigit),
  whole('aws-key-id', ['AKI', 'ASI'], /(?<![A-Za-z0-9_])A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9_])/g),
  whole('webhook-secret', ['whs'], /(?<![A-Za-z0-9_])whsec_[\w+/=-]{16,}/g),
  whole('npm-token', ['npm'], /(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9_])/g),
  whole(
    'gitlab-token',
    ['glp', 'gld', 'glr', 'glc', 'glf', 'gls', 'gla', 'glo', 'gli'],
    /(?<![A-Za-z0-9_])gl(?:pat|dt|rt|ptt|cbt|ft|ffct|soat|agent|oas|imt)-[\w-]{16,}(?:\.[\w-]{2,}){0,2}/g,
  ),
  whole('google-key', ['AIz'], /(?<![A-Za-z0-9_-])AIza[\w-]{35}(?![\w-])/g),
  whole('stripe-key', ['_li', '_te'], /(?<![A-Za-z0-9_])[sr]k_(?:live|test)_\w{10,}/g),
  whole('jwt', ['eyJ'], /(?<![A-Za-z0-9_-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*){0,3}/g),
];

/** A shape that is replaced as a whole. `accept` may let a match stand. */
function whole(name: string, triggers: readonly string[], pattern: RegExp, accept = (_found: string) => true): Shape {
  return { name, triggers, replace: (text, mark) => text.replace(pattern, (found) => (accept(found) ? mark : found)) };
}

/** A shape whose first group, the words before the secret, stays. */
function part(name: string, triggers: readonly string[], pattern: RegExp, accept = (_found: string) => true): Shape {
  const replace = (text: string, mark: string): string => {
    let out = '';
    let from = 0;
    pattern.lastIndex = 0;
    for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
      const before = found[1] ?? '';
      if (accept(found[0].slice(before.length))) {
        out += text.slice(from, found.index) + before + mark;
        from = pattern.lastIndex;
      } else {
        // What is let stand may itself introduce a secret: "Bearer correct-Bearer abc…".
        pattern.lastIndex = found.index + Math.max(1, before.length);
      }
    }
    return from === 0 ? text : out + text.slice(from);
  };
  return { name, triggers, replace };
}

/** Words with hyphens have no digits ("sk-learn-contrib-project"); keys nearly always do. */
function hasDigit(text: string): boolean {
  return /\d/.test(text);
}

function hasDigitOrPadding(text: string): boolean {
  return /[\d=]/.test(text);
}

/** Digit, colon, and a first character of the secret half. */
function telegramTriggers(): readonly string[] {
  const seconds = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-');
  return Array.from('0123456789').flatMap((digit) => seconds.map((second) => `${digit}:${second}`));
}

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
/** What may follow a first line whose last line was cut off. */
const BODY = /[A-Za-z0-9+/=\s\\]*/y;
/** A block that is longer has lost its end. */
const BLOCK_CHARS_MAX = 65_536;

/** From BEGIN to END; when the end is missing, as far as it looks like a key. Goes through the text once. */
function replacePrivateKeys(text: string, mark: string): string {
  let out = '';
  let from = 0;
  let end: RegExpExecArray | null | undefined;
  for (const begin of text.matchAll(BEGIN)) {
    if (begin.index < from) continue;
    const bodyFrom = begin.index + begin[0].length;
    // The end found for an earlier block is looked at again before searching on, so nothing is searched twice.
    if (end === undefined || (end !== null && end.index < bodyFrom)) end = nextEnd(text, bodyFrom);
    out += text.slice(from, begin.index) + mark;
    from =
      end !== null && end.index - bodyFrom <= BLOCK_CHARS_MAX ? end.index + end[0].length : bodyEnd(text, bodyFrom);
  }
  return out + text.slice(from);
}

function nextEnd(text: string, from: number): RegExpExecArray | null {
  END.lastIndex = from;
  return END.exec(text);
}

function bodyEnd(text: string, from: number): number {
  BODY.lastIndex = from;
  return from + (BODY.exec(text)?.[0].trimEnd().length ?? 0);
}
