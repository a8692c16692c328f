/** One broken or kept promise. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was counted, in words. */
  readonly detail: string;
}

/** What a campaign found out. `skipped` says why there was nothing to find out. */
export interface Report {
  readonly checks: readonly Check[];
  /** Figures worth telling, in order. */
  readonly figures: Readonly<Record<string, string | number>>;
  readonly skipped?: string | undefined;
}

export interface CampaignOptions {
  readonly seed: number;
  /** A short run of the same thing. */
  readonly quick: boolean;
  /** Leave the homes on the disk. */
  readonly keep: boolean;
  /** Where the homes are made, for a campaign that is not about a disk. Default: the temporary directory. */
  readonly under?: string | undefined;
  /** Length of what is run in real time (soak). */
  readonly minutes?: number | undefined;
  /** Only for the simulation: how many weeks. */
  readonly weeks?: number | undefined;
  /** How it goes, for a person who waits. */
  readonly say: (line: string) => void;
}

/** A check that holds when nothing is found; a few of the finds are named. */
export function none(name: string, found: readonly unknown[], counted = ''): Check {
  const shown = found
    .slice(0, 3)
    .map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
    .join(' · ');
  const detail = found.length === 0 ? counted : `${found.length} found: ${shown}`;
  return { name, ok: found.length === 0, detail };
}

export function equal(name: string, got: unknown, expected: unknown): Check {
  const ok = JSON.stringify(got) === JSON.stringify(expected);
  return {
    name,
    ok,
    detail: ok ? brief(got) : `expected ${brief(expected)}, got ${brief(got)}`,
  };
}

/** The check and the figures as text, a line each. */
export function renderReport(name: string, report: Report): string {
  if (report.skipped !== undefined) return `── ${name}: skipped: ${report.skipped}`;
  const width = Math.max(20, ...report.checks.map((check) => check.name.length));
  return [
    `── ${name}`,
    ...report.checks.map(
      ({ name: what, ok, detail }) => `${ok ? 'kept  ' : 'BROKEN'}  ${what.padEnd(width)}  ${detail}`,
    ),
    ...Object.entries(report.figures).map(([what, figure]) => `        ${what.padEnd(width)}  ${figure}`),
  ].join('\n');
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** How often each of some words occurs. */
export function tally(words: Iterable<string | number>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length <= 160 ? text : `${text.slice(0, 160)}…`;
}
