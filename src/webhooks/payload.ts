/** A body as far as it could be read. */
export interface Parsed {
  /** undefined when it does not parse. */
  readonly payload: unknown;
  readonly parsed: boolean;
}

const JSON_TYPE = /^(?:application\/(?:[\w.+-]{1,100}\+)?json|text\/json)$/;
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Slack's largest form has some 15 fields; reading hundreds of thousands takes seconds. */
const FORM_FIELDS_MAX = 1_000;
/** Up to here no text becomes more than some 25 MiB of values. */
const UNWEIGHED_CHARS_MAX = 1_048_576;
/**
 * More than the values of any sender's 25 MiB weigh, and a fraction of the parsing thread's heap. JSON.parse that runs
 * out of heap aborts the whole process, the main thread with it: measured on Node 26, `[{},{},…]` of 25 MiB in a thread
 * limited to 512 MiB. So what would weigh more is not parsed.
 */
const WEIGHT_BYTES_MAX = 402_653_184;
/** What an object or array, a member of an object, and an element weigh at most, with their share of tables. */
const WEIGHT_BYTES = { container: 250, member: 100, element: 16 } as const;

const UNPARSABLE: Parsed = { payload: undefined, parsed: false };

/** Whether a `Content-Type` is one that senders of webhooks use: JSON (also `application/…+json`) or a form. */
export function acceptsContentType(header: string | undefined): boolean {
  const type = mediaType(header);
  return type === FORM_TYPE || JSON_TYPE.test(type);
}

/**
 * Reads a body tolerantly; never throws. The bytes stay the truth: this is only what the subscriptions look at.
 *
 * - JSON in UTF-8, a byte order mark allowed; bytes that are no UTF-8 are read as U+FFFD.
 * - A form with `payload=` is the JSON in it (GitHub, Slack's interactivity); another one is an object of its fields, the
 *   first of each name. JSON that is only called a form (curl's default) is read as JSON.
 * - `__proto__` and its like are plain fields of their own object; nothing is merged.
 */
export function parsePayload(contentType: string | undefined, bytes: Uint8Array): Parsed {
  const text = textOf(bytes);
  if (mediaType(contentType) !== FORM_TYPE) return parseJson(text);
  if (/^\s*[{[]/.test(text)) {
    const json = parseJson(text);
    if (json.parsed) return json;
  }
  return parseForm(text);
}

/** `application/json` of `Application/JSON; charset=utf-8`. */
function mediaType(header: string | undefined): string {
  if (header === undefined || header === 'application/json') return header ?? '';
  const end = header.indexOf(';');
  return (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
}

function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function parseJson(text: string): Parsed {
  if (text.length > UNWEIGHED_CHARS_MAX && weighsTooMuch(text)) return UNPARSABLE;
  try {
    return { payload: JSON.parse(text) as unknown, parsed: true };
  } catch {
    // No JSON, or nested deeper than the stack: expected of outsiders, and said by `parsed`.
    return UNPARSABLE;
  }
}

function parseForm(text: string): Parsed {
  if (text === '' || countUpTo(text, '&', FORM_FIELDS_MAX) >= FORM_FIELDS_MAX) return UNPARSABLE;
  const fields = new URLSearchParams(text);
  const inner = fields.get('payload');
  if (inner !== null) return parseJson(inner);
  // Without a prototype, a field called __proto__ is a field.
  const payload = Object.create(null) as Record<string, string>;
  for (const [name, value] of fields) if (!Object.hasOwn(payload, name)) payload[name] = value;
  return { payload, parsed: true };
}

function countUpTo(text: string, mark: string, max: number): number {
  let count = 0;
  for (let at = text.indexOf(mark); at >= 0 && count < max; at = text.indexOf(mark, at + 1)) count += 1;
  return count;
}

/** Adds up what the values of a JSON text will weigh at most, without building them. Linear; 25 MiB take some 50 ms. */
function weighsTooMuch(text: string): boolean {
  let weight = 0;
  let quoted = false;
  for (let at = 0; at < text.length && weight <= WEIGHT_BYTES_MAX; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) quoted = !quoted;
    else if (quoted) at += code === 0x5c ? 1 : 0;
    else if (code === 0x7b || code === 0x5b) weight += WEIGHT_BYTES.container;
    else if (code === 0x3a) weight += WEIGHT_BYTES.member;
    else if (code === 0x2c) weight += WEIGHT_BYTES.element;
  }
  return weight > WEIGHT_BYTES_MAX;
}
