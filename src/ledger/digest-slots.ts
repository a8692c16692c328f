import type { Span } from './digest-scan.ts';
import type { Rows } from './reading.ts';

/** Placeholder. */
export function slotRows(_rows: Rows, _span: Span): null | {
  readonly ran: number;
  readonly failed: number;
  readonly missed: readonly { readonly schedule: string; readonly count: number | null; readonly reason: string }[];
} {
  return null;
}
