import type { z } from 'zod';
import { KairosError } from '../core/errors.ts';
import type { Redact } from '../core/ports.ts';

/** A body is shown up to here; `bodyBytes` tells how long it really is. */
const BODY_CHARS_MAX = 65_536;
/** Read beyond the cut, so that a secret that the cut would halve is seen whole and taken out. */
const MARGIN_BYTES = 16_384;

/** A recorded body as text that may be shown: bytes that are not UTF-8 replaced, secrets out, cut at `BODY_CHARS_MAX`. */
export function bodyText(
  body: Uint8Array | undefined,
  redact: Redact,
): { readonly body: string | null; readonly bodyTruncated: boolean } {
  if (body === undefined) return { body: null, bodyTruncated: false };
  const head = body.subarray(0, BODY_CHARS_MAX + MARGIN_BYTES);
  const text = redact(new TextDecoder().decode(head));
  // Redaction shortens: when there is more than was read, the margin goes whatever the length.
  const charsMax = head.length < body.length ? Math.min(BODY_CHARS_MAX, text.length - MARGIN_BYTES) : BODY_CHARS_MAX;
  const shown = text.slice(0, Math.max(0, charsMax));
  return { body: shown, bodyTruncated: shown.length < text.length || head.length < body.length };
}

/** The body of a request, read. @throws {KairosError} `INPUT_INVALID` naming the first field that is wrong. */
export function readBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'the body' : issue.path.join('.');
  throw new KairosError('INPUT_INVALID', `${where}: ${issue?.message ?? 'is not what was expected'}`);
}
