import { InvalidArgumentError, type Command } from 'commander';
import { parseDurationMs } from '../core/units.ts';

/** Adds `--since` to a list that is filtered here, not by the daemon. */
export function sinceOption(command: Command, what: string): Command {
  return command.option(
    '--since <when>',
    `only ${what} since then: 2h, 3d, or a time such as 2026-11-02T08:00`,
    readSince,
  );
}

/** @returns Unix milliseconds; -Infinity without `--since`. */
export function sinceMsOf(since: number | undefined, nowMs: number): number {
  if (since === undefined) return -Infinity;
  return since < 0 ? nowMs + since : since;
}

/** @returns Unix milliseconds, or below 0: so long ago. */
function readSince(text: string): number {
  const agoMs = parseDurationMs(text);
  if (agoMs !== undefined && agoMs > 0) return -agoMs;
  const atMs = Date.parse(text);
  if (Number.isFinite(atMs) && atMs > 0) return atMs;
  throw new InvalidArgumentError('Expected a duration such as 2h or 3d, or a time such as 2026-11-02T08:00.');
}
