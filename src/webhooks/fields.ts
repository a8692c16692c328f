import { hash } from 'node:crypto';
import type { IncomingHeaders } from './source.ts';

/** Longest delivery id the ledger takes. */
const DELIVERY_CHARS_MAX = 200;
const DELIVERY = /^[\x21-\x7e]{1,200}$/;
// No control, format (bidirectional override, zero width), surrogate, private or unassigned characters; no line ends.
const NAME = /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u;

/** A header that came exactly once; undefined when it is missing, empty or a list. */
export function headerOf(headers: IncomingHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * A sender's delivery id as the ledger takes it. One that is too long or holds odd bytes is replaced by its SHA-256, so
 * that two ids stay two; undefined for none.
 */
export function deliveryId(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (text.length <= DELIVERY_CHARS_MAX && DELIVERY.test(text)) return text;
  return `sha256:${hash('sha256', text)}`;
}

/** A type or action somebody gave: 1 to 100 visible characters; undefined when it is anything else. */
export function nameFrom(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const name = value.length <= 300 ? value.trim() : '';
  return NAME.test(name) ? name : undefined;
}

/** An own property of an object from outside; undefined when there is none. Never reads a prototype. */
export function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
