import type { Redact } from '../core/ports.ts';

/** How people say a secret: "the password is …", up to where the secret itself begins. */
const SAID =
  /\b(?:pass(?:word|wd|phrase|code)?s?|passwort|kennwort|pwd?|secret(?: key)?|api[ -]?key|access[ -]?key|private key|auth(?:entication)? token|(?:api|access|bot|deploy|github|slack|npm|telegram|bearer|refresh|personal access|session)[ -]?token|token|credentials?|pin(?: code)?|otp|2fa code|recovery code|seed phrase|license key|connection string|webhook secret|client secret|signing key)\b[^.]{0,40}?(?:\s(?:is|are|was|ist|lautet|now|to)\s*:?|:|=)\s*["'`]?(?!(?:in|at|on|stored|kept|managed|called|named|under|the|a|an|not|never|required|rotated|valid|only|saved|handled|held|expired|expires?|set|read|passed|generated|shared|hashed|encrypted|in[a-z]*|von|im|bei|1password|bitwarden|vault|hashicorp|keepass\w*|lastpass)\b)(?=\S{3,})/i;
const RANDOM_RUN =
  /(?<![\w/.:-])(?=[\w+=-]*\d)(?=[\w+=-]*[a-z])(?=[\w+=-]*[A-Z])[\w+=-]{20,}(?![\w/])|(?<![\w/])[0-9a-f]{32,}(?![\w/])/;
const MARK = '[redacted]';
const MARKS = /\[redacted(?::[^\]\s]*)?\]/;
const ADDRESS = /https?:\/\/[^\s?#]+/g;

/** A key, a token, a password: as the redactor knows them, or as people say them. What was taken out already is none. */
export function holdsSecret(text: string, redact: Redact): boolean {
  return (
    redact(text) !== text || text.split(MARKS).some((part) => isSaid(part) || RANDOM_RUN.test(withoutAddresses(part)))
  );
}

/** The text with a mark where a secret was; itself when it holds none. What follows "the password is" goes to its end. */
export function withoutSecrets(text: string, redact: Redact): string {
  if (!holdsSecret(text, redact)) return text;
  const out = redact(text)
    .split(/(\[redacted(?::[^\]\s]*)?\])/)
    .map((part) => (MARKS.test(part) ? part : withoutShapes(part)))
    .join('');
  return holdsSecret(out, redact) ? MARK : out;
}

function isSaid(text: string): boolean {
  return SAID.test(text);
}

function withoutShapes(text: string): string {
  const said = SAID.exec(text);
  const kept = said === null ? text : text.slice(0, said.index + said[0].length) + MARK;
  return kept
    .split(/(\s+)/)
    .map((word) => (RANDOM_RUN.test(withoutAddresses(word)) ? MARK : word))
    .join('');
}

function withoutAddresses(text: string): string {
  return text.replaceAll(ADDRESS, '');
}
