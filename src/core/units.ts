import { z } from 'zod';
import { KairosError } from './errors.ts';

const DURATION_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE_BYTES = { B: 1, KB: 1_024, MB: 1_048_576, GB: 1_073_741_824 } as const;

/** "90s", "15 m", "1.5h" or a plain number of milliseconds → milliseconds; undefined when it is none of these. */
export function parseDurationMs(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(text.trim());
  if (!found) return undefined;
  return Math.round(Number(found[1]) * DURATION_MS[(found[2] ?? 'ms') as keyof typeof DURATION_MS]);
}

/** "25KB", "1 MB" or a plain number of bytes → bytes (KB = 1024); undefined when it is none of these. */
export function parseBytes(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?)\s*(B|KB|MB|GB)?$/.exec(text.trim());
  if (!found) return undefined;
  return Math.round(Number(found[1]) * SIZE_BYTES[(found[2] ?? 'B') as keyof typeof SIZE_BYTES]);
}

/** Milliseconds in words: 90 000 → "1m 30s". Two units at most. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const parts: string[] = [];
  let rest = Math.round(ms / 1_000) * 1_000;
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / DURATION_MS[unit]);
    rest -= count * DURATION_MS[unit];
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}

/** Unix milliseconds as ISO 8601 with the offset of a time zone: `2026-10-01T08:00:00.000+02:00`. */
export function formatInstant(ms: number, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(ms)
    .toZonedDateTimeISO(timeZone)
    .toString({ timeZoneName: 'never', fractionalSecondDigits: 3 });
}

/** Whether it names a time zone that this Node knows: `Europe/Berlin`, `UTC`, `+02:00`. */
export function isTimeZone(name: string): boolean {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId !== '';
  } catch {
    return false;
  }
}

/** A duration in configuration, read as milliseconds. */
export function durationOption(defaultMs: number, bounds: { minMs: number; maxMs: number }) {
  return durationValue(bounds)
    .prefault(defaultMs)
    .meta({ description: `Duration such as 15s, 30m, 24h. Default ${formatDuration(defaultMs)}.` });
}

/** The same without a default: for keys that may be left out. */
export function durationValue(bounds: { minMs: number; maxMs: number }) {
  return z.union([z.number(), z.string()]).transform((value, context) => {
    const ms = parseDurationMs(String(value));
    if (ms !== undefined && ms >= bounds.minMs && ms <= bounds.maxMs) return ms;
    context.addIssue({
      code: 'custom',
      message: `must be a duration from ${formatDuration(bounds.minMs)} to ${formatDuration(bounds.maxMs)} such as 15s, 30m or 24h, got ${JSON.stringify(value)}`,
    });
    return z.NEVER;
  });
}

/** A size in configuration, read as bytes (KB = 1024). */
export function sizeOption(defaultBytes: number, bounds: { minBytes: number; maxBytes: number }) {
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const bytes = parseBytes(String(value));
      if (bytes !== undefined && bytes >= bounds.minBytes && bytes <= bounds.maxBytes) return bytes;
      context.addIssue({
        code: 'custom',
        message: `must be a size from ${bounds.minBytes} to ${bounds.maxBytes} bytes such as 25KB or 64MB, got ${JSON.stringify(value)}`,
      });
      return z.NEVER;
    })
    .prefault(defaultBytes)
    .meta({ description: `Size such as 25KB or 64MB (KB = 1024). Default ${defaultBytes} bytes.` });
}

/**
 * Ids are the row number behind a letter: `e12` an event, `j12` a job, `m12` a message, `a12` an approval, `s12` a session. Short enough to read over a
 * phone, unique in a home, never used twice.
 */
const ID = /^([a-z])([1-9]\d{0,14})$/;

/** e event, j job, m message, a approval, s session. */
export type IdLetter = 'e' | 'j' | 'm' | 'a' | 's';

export function formatId(letter: IdLetter, row: number): string {
  return `${letter}${row}`;
}

/** The row behind an id. @throws {KairosError} `INPUT_INVALID` when it is not an id of that letter. */
export function parseId(letter: IdLetter, text: string): number {
  const found = ID.exec(text);
  if (found?.[1] !== letter) {
    throw new KairosError(
      'INPUT_INVALID',
      `expected an id such as ${letter}12, got ${JSON.stringify(text.slice(0, 40))}`,
    );
  }
  return Number(found[2]);
}
