import { plainBlock } from './plain-block.ts';
import type { RunRow } from './rows.ts';
import { tookOf } from './took.ts';

/** How a run went, as one line: "succeeded in 1.2s", "failed after 40ms: the command exited with 3". */
export function runInWords({ startedAt, endedAt, ended, succeeded, error }: RunRow): string {
  if (endedAt === null) return 'it still runs';
  const took = tookOf(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)));
  if (succeeded === true) return `succeeded in ${took}`;
  const why = error === null ? '' : `: ${plainBlock(error)}`;
  return `${succeeded === false ? 'failed' : `ended (${ended ?? 'unknown'})`} after ${took}${why}`;
}
