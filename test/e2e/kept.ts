import { expect } from 'vitest';
import type { CampaignOptions, Report } from '../../proof/lib/report.ts';

/** The short form of a campaign; the long one is `npm run proof`. The seed is in the title of what fails. */
export function short(seed = 20_261_122): CampaignOptions {
  return { seed, quick: true, keep: false, say: () => undefined };
}

/** Expects that the checks whose names match are there, and hold. */
export function expectKept(report: Report, names: RegExp, ...except: string[]): void {
  const checks = report.checks.filter(({ name }) => names.test(name) && !except.includes(name));
  expect(checks.length, `checks that match ${names}`).toBeGreaterThan(0);
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
}
