/**
 * `npm run proof -- [name…] [--quick] [--seed N] [--keep] [--minutes N] [--weeks N]`: campaigns that try to make the real daemon break its word.
 * Loopback only. Exits with 1 when a promise was broken; the seed that it prints repeats the choices it made.
 */
import { parseArgs } from 'node:util';
import { renderReport, type CampaignOptions, type Report } from './lib/report.ts';

const CAMPAIGNS: Readonly<Record<string, () => Promise<(options: CampaignOptions) => Promise<Report>>>> = {
  doors: async () => (await import('./doors.ts')).proveDoors,
  'kill-nine': async () => (await import('./kill-nine.ts')).proveKillNine,
  quiet: async () => (await import('./quiet.ts')).proveQuiet,
  'power-loss': async () => (await import('./power-loss.ts')).provePowerLoss,
  disk: async () => (await import('./disk.ts')).proveDisk,
  week: async () => (await import('./week.ts')).proveWeek,
  lanes: async () => (await import('./lanes.ts')).proveLanes,
  backup: async () => (await import('./backup.ts')).proveBackup,
  agent: async () => (await import('./agent.ts')).proveAgent,
  workers: async () => (await import('./workers.ts')).proveWorkers,
  systemd: async () => (await import('./systemd.ts')).proveSystemd,
  failpoints: async () => (await import('./failpoints.ts')).proveFailpoints,
  soak: async () => (await import('./soak.ts')).proveSoak,
  'first-hour': async () => (await import('./first-hour.ts')).proveFirstHour,
  restarts: async () => (await import('./restarts.ts')).proveRestarts,
  upgrade: async () => (await import('./upgrade.ts')).proveUpgrade,
  simulation: async () => (await import('./simulation.ts')).proveSimulation,
  mutants: async () => (await import('./mutants.ts')).proveMutants,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    seed: { type: 'string' },
    weeks: { type: 'string' },
    minutes: { type: 'string' },
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();

async function main(): Promise<number> {
  const names = positionals.length > 0 ? positionals : Object.keys(CAMPAIGNS);
  const unknown = names.filter((name) => CAMPAIGNS[name] === undefined);
  if (unknown.length > 0) {
    console.error(`there is no campaign ${unknown.join(', ')}; there are ${Object.keys(CAMPAIGNS).join(', ')}`);
    return 2;
  }
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${seed}${values.quick ? ', quick' : ''}`);
  let broken = 0;
  for (const name of names) broken += await runOne(name, seed);
  console.log(broken === 0 ? 'every promise was kept' : `${broken} broken`);
  return broken === 0 ? 0 : 1;
}

/** @returns how many promises were broken; a campaign that fell over counts as one. */
async function runOne(name: string, seed: number): Promise<number> {
  const startedMs = performance.now();
  const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
  const [minutes, weeks] = [numberOf(values.minutes), numberOf(values.weeks)];
  const say = (line: string): void => console.log(`   ${name}: ${line}`);
  try {
    const prove = await CAMPAIGNS[name]?.();
    const report = await prove?.({ seed, quick: values.quick, keep: values.keep, minutes, weeks, say });
    if (report === undefined) return 1;
    console.log(renderReport(name, report));
    console.log(`        took ${((performance.now() - startedMs) / 1_000).toFixed(1)} s\n`);
    return report.checks.filter((check) => !check.ok).length;
  } catch (error) {
    console.error(`── ${name} fell over:`, error);
    return 1;
  }
}
