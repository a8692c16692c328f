/** `kairosd-20261122T033000Z.tar.gz`: sorts by time, and is the same on every file system. */
export function backupName(atMs: number): string {
  return `kairosd-${stampOf(atMs)}.tar.gz`;
}

/** `20261122T033000Z`. */
export function stampOf(atMs: number): string {
  const text = Temporal.Instant.fromEpochMilliseconds(atMs).toString({ fractionalSecondDigits: 0 });
  return text.replaceAll(/[-:]/g, '');
}

const NAME = /^kairosd-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.tar\.gz$/;

/** When a backup of ours was begun, by its name; undefined: somebody else named this file. */
export function backupTimeMs(name: string): number | undefined {
  const [, year, month, day, hour, minute, second] = NAME.exec(name) ?? [];
  if (year === undefined) return undefined;
  const atMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return backupName(atMs) === name ? atMs : undefined;
}

/**
 * Which of the files in a folder of backups are to be removed: ours but the newest `keep`. Files with other names are never
 * among them, and at least the newest one always stays. Pure.
 */
export function outdated(names: readonly string[], keep: number): readonly string[] {
  const ours = names.filter((name) => backupTimeMs(name) !== undefined).toSorted();
  return ours.slice(0, Math.max(0, ours.length - Math.max(1, keep)));
}
