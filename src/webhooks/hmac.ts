import { createHmac, createSecretKey, timingSafeEqual, type Hmac, type KeyObject } from 'node:crypto';
import type { Check } from './source.ts';

/** How far a signed timestamp may be off either way: five minutes (Standard Webhooks and Slack both say so). */
const TIMESTAMP_TOLERANCE_MS = 300_000;

const SECONDS = /^\d{1,12}$/;

/** Keys from secrets, made once: a key object saves what setting up a string key costs on every delivery. */
export function hmacKeys(secrets: readonly (string | Uint8Array)[]): KeyObject[] {
  return secrets.map((secret) =>
    typeof secret === 'string' ? createSecretKey(secret, 'utf8') : createSecretKey(secret),
  );
}

/**
 * Checks HMAC-SHA256 of the prefix and the body under any of the keys against any of the signatures, in constant time:
 * every pair is compared, also after one has matched.
 */
export class HmacCheck implements Check {
  readonly #hmacs: readonly Hmac[];
  readonly #signatures: readonly Uint8Array[];

  /** @param signatures 32 bytes each; the prefix is what is signed before the body. */
  constructor(keys: readonly KeyObject[], prefix: string, signatures: readonly Uint8Array[]) {
    this.#hmacs = keys.map((key) => createHmac('sha256', key));
    this.#signatures = signatures;
    // Header bytes come as latin1; written back so, they are the bytes the sender signed.
    if (prefix !== '') for (const hmac of this.#hmacs) hmac.update(prefix, 'latin1');
  }

  update(chunk: Uint8Array): void {
    for (const hmac of this.#hmacs) hmac.update(chunk);
  }

  verify(): boolean {
    let matched = false;
    for (const hmac of this.#hmacs) {
      const digest = hmac.digest();
      for (const signature of this.#signatures) matched = timingSafeEqual(digest, signature) || matched;
    }
    return matched;
  }
}

/** Whether a header is a Unix time in seconds, digits only, within the tolerance. "123abc" is none. */
export function isFreshSeconds(text: string | undefined, nowMs: number): text is string {
  if (text === undefined || !SECONDS.test(text)) return false;
  return Math.abs(nowMs - Number(text) * 1_000) <= TIMESTAMP_TOLERANCE_MS;
}
