import type { Item, Json } from '../core/agent.ts';
import type { Redact } from '../core/ports.ts';

/**
 * An item without secrets: what is stored, shown and sent. A block of the provider whose readable part holds one is left
 * out (undefined): changed, the provider would refuse it.
 */
export function redactItem(item: Item, redact: Redact): Item | undefined {
  if (item.opaque !== undefined && holdsSecret(item.opaque.block, redact)) return undefined;
  const text = redact(item.text).toWellFormed();
  const input = item.input === undefined ? undefined : redactJson(item.input, redact);
  return { ...item, text, ...(input === undefined ? {} : { input }) };
}

/** The same data with every text and every key redacted. */
function redactJson(value: Json, redact: Redact): Json {
  if (typeof value === 'string') return redact(value).toWellFormed();
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((entry: Json) => redactJson(entry, redact));
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [redact(key).toWellFormed(), redactJson(entry, redact)]),
  );
}

/** Signatures and encrypted data look like secrets now and then, and are none. */
const UNREADABLE = new Set(['signature', 'data']);

function holdsSecret(value: Json, redact: Redact): boolean {
  if (typeof value === 'string') return redact(value) !== value;
  if (value === null || typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.some((entry: Json) => holdsSecret(entry, redact));
  return Object.entries(value).some(([key, entry]) => !UNREADABLE.has(key) && holdsSecret(entry, redact));
}
