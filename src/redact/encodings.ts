/** A shorter needle would hit ordinary text. */
const NEEDLE_CHARS_MIN = 8;

/** Whether a secret is too short to be found by value: replacing it would harm ordinary text. */
export function tooShortToFind(value: string): boolean {
  return value.trim().length < NEEDLE_CHARS_MIN;
}

/**
 * Every way a secret is likely to be written: as it is, trimmed, JSON-escaped (also twice, also ASCII only),
 * URL-encoded (also as a form field), in hex, in base64 and base64url, with and without padding, and as it looks inside
 * the base64 of a longer text at each of the three alignments. Of a value of several lines also each long line.
 *
 * @returns Distinct texts of at least 8 characters; none when the value is shorter than that.
 */
export function writingsOf(value: string): readonly string[] {
  const trimmed = value.trim();
  if (tooShortToFind(value)) return [];
  const found = new Set<string>([value]);
  for (const plain of [trimmed, ...linesOf(trimmed)]) {
    for (const text of escapedForms(plain)) found.add(text);
    for (const text of encodedForms(Buffer.from(plain, 'utf8'))) found.add(text);
  }
  return [...found].filter((text) => text.length >= NEEDLE_CHARS_MIN);
}

/** The lines of a key of several lines (a log shows them one by one), and all of them joined by spaces. */
function linesOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  if (lines.length === 1) return [];
  const long = lines.filter((line) => line.length >= 16 && !line.startsWith('-----'));
  return [lines.join('\n'), lines.join('\r\n'), lines.join(' '), ...long];
}

function escapedForms(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const percent = encodeURIComponent(text.toWellFormed());
  // RFC 3986 writers also encode these five; encodeURIComponent leaves them.
  const strict = percent.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  // A browser's form field keeps "*" and encodes "~"; other writers only turn the space.
  const form = new URLSearchParams({ v: text }).toString().slice(2);
  const urls = [percent, strict, strict.replaceAll('%20', '+'), form].flatMap((url) => [
    url,
    url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  ]);
  return [text, json, ascii, json.replaceAll('/', '\\/'), JSON.stringify(json).slice(1, -1), ...urls];
}

function encodedForms(bytes: Buffer): readonly string[] {
  const hex = bytes.toString('hex');
  const base64 = bytes.toString('base64');
  const forms = [base64, base64.replace(/=+$/, ''), ...[0, 1, 2].map((before) => insideBase64(bytes, before))];
  return [hex, hex.toUpperCase(), ...forms, ...forms.map(urlSafe)];
}

/** The characters that only the secret decides, when `before` bytes (modulo 3) of other text stand before it. */
function insideBase64(bytes: Buffer, before: number): string {
  const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  const first = Math.ceil((before * 8) / 6);
  const end = Math.floor(((before + bytes.length) * 8) / 6);
  return whole.slice(first, end);
}

function urlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}
