/** Starts that did not end cleanly, within the time that counts. */
export const SAFE_MODE = { uncleanMax: 3, withinMs: 600_000 } as const;

/**
 * Whether to start in safe mode: the process went down three times within ten minutes, so whatever it does beyond taking
 * webhooks and telling the owner waits until it has stayed up for ten minutes. launchd restarts for ever and does not
 * count, so the ledger does.
 */
export function wantsSafeMode(uncleanBoots: number): boolean {
  return uncleanBoots >= SAFE_MODE.uncleanMax;
}
