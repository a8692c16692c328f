import { formatDuration } from '../core/units.ts';

/** How long something took, as people say it: "40ms", "1.2s", "75s", "2h". */
export function tookOf(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)}s` : formatDuration(ms);
}
