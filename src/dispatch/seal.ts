import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Random } from '../core/ports.ts';

/** What a sealed text is: one of a kind can't pass for one of another. */
export type Purpose = 'work' | 'completion' | 'heartbeat';

/** Keeps what travels over Redis unreadable, and forged work out. */
export interface Seal {
  close(purpose: Purpose, value: unknown): string;
  /** @returns undefined when it was not sealed with this key, for this purpose, or is no JSON. */
  open(purpose: Purpose, text: string): unknown;
}

/** Characters of a key that is worth the name. */
export const WORKER_KEY_CHARS_MIN = 32;

const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
/** Keys of senders kept: each start of a process is a sender. */
const SENDERS_MAX = 1_000;
const PLAIN = 'p:';
const SEALED = 's:';

/**
 * AES-256-GCM over JSON. Every sender has a key of its own (HKDF-SHA256 of the shared key and a salt that it makes at its start),
 * and counts its nonces: none comes twice, however many jobs there are.
 */
export function createSeal(sharedKey: string, random: Pick<Random, 'bytes'>): Seal {
  const salt = Buffer.from(random.bytes(SALT_BYTES));
  const senders = new Map<string, Buffer>();
  const keyOf = (from: Buffer): Buffer => {
    const name = from.toString('latin1');
    const known = senders.get(name);
    if (known !== undefined) return known;
    if (senders.size >= SENDERS_MAX) senders.delete(senders.keys().next().value ?? '');
    const key = Buffer.from(hkdfSync('sha256', sharedKey, from, 'kairosd remote work 1', KEY_BYTES));
    senders.set(name, key);
    return key;
  };
  const own = keyOf(salt);
  let count = 0;
  return {
    close(purpose, value) {
      count += 1;
      const nonce = Buffer.alloc(NONCE_BYTES);
      nonce.writeUIntBE(count, NONCE_BYTES - 6, 6);
      const cipher = createCipheriv('aes-256-gcm', own, nonce);
      cipher.setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
      return SEALED + Buffer.concat([salt, nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open(purpose, text) {
      if (!text.startsWith(SEALED)) return undefined;
      const bytes = Buffer.from(text.slice(SEALED.length), 'base64');
      const bodyAt = SALT_BYTES + NONCE_BYTES + TAG_BYTES;
      if (bytes.length < bodyAt) return undefined;
      try {
        const nonce = bytes.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', keyOf(bytes.subarray(0, SALT_BYTES)), nonce);
        decipher.setAAD(Buffer.from(purpose));
        decipher.setAuthTag(bytes.subarray(SALT_BYTES + NONCE_BYTES, bodyAt));
        const body = Buffer.concat([decipher.update(bytes.subarray(bodyAt)), decipher.final()]);
        return JSON.parse(body.toString('utf8')) as unknown;
      } catch {
        return undefined;
      }
    },
  };
}

/** Without a key, for a Redis that only this machine reaches: readable, and whoever can write there can make work. */
export const openSeal: Seal = {
  close: (purpose, value) => `${PLAIN}${purpose}:${JSON.stringify(value)}`,
  open(purpose, text) {
    const head = `${PLAIN}${purpose}:`;
    if (!text.startsWith(head)) return undefined;
    try {
      return JSON.parse(text.slice(head.length)) as unknown;
    } catch {
      return undefined;
    }
  },
};
