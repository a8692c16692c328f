import { pino, type Logger } from 'pino';
import type { Redact } from '../core/ports.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Lines for a person at a terminal instead of JSON. */
  readonly readable: boolean;
  readonly redact: Redact;
  readonly write: (line: string) => void;
  /** Gets every line as JSON as well, for the file. */
  readonly keep?: ((line: string) => void) | undefined;
}

/** The log: one event a line. Every line passes the redactor as the last thing before it leaves. */
export function createLogger({ level, readable, redact, write, keep }: LoggerOptions): Logger {
  const sink = {
    write(line: string) {
      write(readable ? readableLine(line) : line);
      keep?.(line);
    },
  };
  return pino(
    { level, base: null, messageKey: 'msg', timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite: redact } },
    sink,
  );
}

const NAMES: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info ', 40: 'warn ', 50: 'error', 60: 'fatal' };

/** `14:03:07 info  event taken source=github id=e12`. A line that is no JSON is passed on as it is. */
export function readableLine(line: string): string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, msg, ...rest } = fields;
  const words = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${String(time).slice(11, 19)} ${NAMES[Number(level)] ?? String(level)} ${[msg, ...words].join('  ')}\n`;
}
