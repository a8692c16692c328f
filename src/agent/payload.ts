/** Longest payload that is parsed; a longer one is shown from its beginning. */
const PARSE_BYTES_MAX = 1_048_576;
const TEXT_BYTES_MAX = 65_536;
const STRING_CHARS_MAX = 16_384;
const ENTRIES_MAX = 50;
const DEPTH_MAX = 8;
/** Addresses for programs and pictures; `html_url` is what a person would open. */
const NOISE = /^(?:node_id|_links|avatar_url|gravatar_id|(?!html_).*_url|url|performed_via_github_app)$/;

/** What the agent is shown of the body of an event: its JSON without noise, or its text; at most 64 KiB. Throws on nothing. */
export function shownPayload(body: Uint8Array, contentType: string): string {
  const raw = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (raw.length > PARSE_BYTES_MAX) return capped(raw.subarray(0, TEXT_BYTES_MAX * 2).toString('utf8'));
  const text = raw.toString('utf8');
  const json = contentType.includes('x-www-form-urlencoded')
    ? (new URLSearchParams(text).get('payload') ?? text)
    : text;
  try {
    return capped(JSON.stringify(trimmed(JSON.parse(json), 0), undefined, 1) ?? '');
  } catch {
    return capped(text);
  }
}

function trimmed(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    return value.length > STRING_CHARS_MAX ? `${value.slice(0, STRING_CHARS_MAX)}… (cut)` : value;
  }
  if (value === null || typeof value !== 'object') return value;
  if (depth >= DEPTH_MAX) return '…';
  if (Array.isArray(value)) {
    const kept = value.slice(0, ENTRIES_MAX).map((entry: unknown) => trimmed(entry, depth + 1));
    return value.length > ENTRIES_MAX ? [...kept, `… ${value.length - ENTRIES_MAX} more`] : kept;
  }
  const entries = Object.entries(value).filter(([key, entry]) => entry !== null && !NOISE.test(key));
  return Object.fromEntries(entries.map(([key, entry]) => [key, trimmed(entry, depth + 1)]));
}

function capped(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= TEXT_BYTES_MAX) return text;
  return `${bytes.subarray(0, TEXT_BYTES_MAX).toString('utf8')}\n(cut here: the payload is longer)`;
}
