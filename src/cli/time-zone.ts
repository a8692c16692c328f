import { loadConfig } from '../daemon/config.ts';
import type { Cli } from './cli.ts';

/** The configured time zone; with a broken configuration the machine's: what is only read can be read then too. */
export function timeZoneOf(cli: Pick<Cli, 'home' | 'env'>): string {
  try {
    return loadConfig(cli.home, cli.env).timezone;
  } catch {
    return Temporal.Now.timeZoneId();
  }
}
