import packageJson from '../../../package.json' with { type: 'json' };
import { loadConfig } from '../../daemon/config.ts';
import { makeHome } from '../../daemon/home.ts';
import { createLogger } from '../../daemon/logger.ts';
import { rehearse } from '../../daemon/rehearsal.ts';
import { readSecrets } from '../../daemon/secrets.ts';
import { systemClock, systemRandom } from '../../daemon/system.ts';
import { createRedactor } from '../../redact/redactor.ts';
import type { Cli } from '../cli.ts';
import { dryStart } from '../dry-start.ts';

/** A start that takes longer has failed. */
const MS_MAX = 180_000;

/** `kairos start --rehearse`. @throws {KairosError} what a start would. */
export async function runRehearsal(cli: Cli): Promise<void> {
  process.umask(0o077);
  const { home, env } = cli;
  const startedMs = performance.now();
  makeHome(home);
  const config = loadConfig(home, env);
  // Channels too: in the rehearsal itself there are none.
  dryStart(config, home, env);
  const secrets = readSecrets(home, env);
  const redactor = createRedactor(secrets.all());
  const write = (line: string): void => void cli.stderr.write(line);
  const log = createLogger({ level: 'error', readable: cli.stderr.isTTY, redact: redactor.redact, write });
  const ports = { clock: systemClock, random: systemRandom, log, redactor, fetch, print: () => undefined, usage };
  const { version } = packageJson;
  const token = Buffer.from(systemRandom.bytes(32)).toString('hex');
  // A part that hangs: what it left is removed by the next rehearsal.
  const cut = setTimeout(() => {
    write(`kairos: the rehearsal of version ${version} took more than ${MS_MAX / 1_000} s.\n`);
    process.exit(1);
  }, MS_MAX);
  const options = { home, config, secrets, token, version, pid: process.pid, platform: process.platform };
  const skipped = await rehearse(options, ports).finally(() => clearTimeout(cut));
  const ms = Math.round(performance.now() - startedMs);
  const text = skipped === undefined ? `a copy of ${home} was ready after ${ms} ms` : `no rehearsal: ${skipped}`;
  cli.print({ ok: true, version, skipped: skipped ?? null, ms }, `Version ${version}: ${text}.`);
}

function usage(): { residentBytes: number; cpuSeconds: number } {
  return { residentBytes: process.memoryUsage.rss(), cpuSeconds: 0 };
}
