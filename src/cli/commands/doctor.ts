import { createRequire } from 'node:module';
import type { Command } from 'commander';
import type { Finding } from '../../doctor/check.ts';
import { treat, type Treatment } from '../../doctor/doctor.ts';
import { plainLine } from '../../subscriptions/plain.ts';
import type { Cli } from '../cli.ts';
import { asTyped } from '../command-name.ts';
import { withExamples, type Act } from '../define.ts';
import { doctorPorts } from '../doctor-ports.ts';
import { paintState } from '../paint.ts';

/** No finding is as long; what a terminal may be given at most. */
const FINDING_CHARS_MAX = 10_000;

interface Options {
  readonly deep?: boolean;
  readonly fix?: boolean;
  readonly dryRun?: boolean;
}

export function define(command: Command, act: Act): void {
  command
    .description(
      'Look at everything that can be wrong and say how to fix it. Works without a running daemon. Exit code 1 if something fails.',
    )
    .option('--deep', 'also read a very large ledger through')
    .option('--fix', 'repair what is safe to repair, after a copy into backups/; never configuration or secrets')
    .option('--dry-run', 'with --fix: only say what it would do');
  withExamples(command, 'kairos doctor', 'kairos doctor --fix --dry-run', 'kairos doctor --json').action(
    act<Options>(async (cli, _operands, { deep, fix, dryRun }) => {
      const ports = doctorPorts(cli, ownVersion(), { deep: deep === true });
      const treatment = await treat(ports, { dryRun: fix !== true || dryRun === true });
      const failed = treatment.findings.some(({ verdict }) => verdict === 'fail');
      if (failed) cli.exitCode = 1;
      const { findings, backup } = treatment;
      cli.print({ ok: !failed, findings, ...(backup === undefined ? {} : { backup }) }, () =>
        renderAll(cli, treatment, fix === true),
      );
    }),
  );
}

function ownVersion(): string {
  const manifest = createRequire(import.meta.url)('../../../package.json') as { version: string };
  return manifest.version;
}

function renderAll(cli: Cli, { findings, backup }: Treatment, isFixing: boolean): string {
  const open = findings.filter(({ fixable, fixed }) => fixable === true && fixed === undefined).length;
  const last = [
    ...(backup === undefined ? [] : [`what was changed is kept in ${backup}`]),
    ...(open > 0 && !isFixing ? [asTyped(`${open} of these can be fixed with: kairos doctor --fix`, cli.command)] : []),
    ...(open > 0 && isFixing ? ['nothing was changed (--dry-run)'] : []),
  ];
  return [...findings.map((finding) => render(cli, finding)), ...last].join('\n');
}

function render({ paint, command }: Cli, finding: Finding): string {
  const { check, verdict, fixed } = finding;
  const [what = '', why = '', fix = ''] = [finding.what, finding.why, finding.fix].map(oneLine);
  const [repair, fixError] = [finding.repair, finding.fixError].map((text) => text && oneLine(text));
  const label = fixed === true ? 'done' : verdict;
  const head = `${paintState(paint, fixed === true ? 'ok' : verdict)(label.padEnd(4))}  ${check.padEnd(12)} ${what}`;
  const indent = `\n${' '.repeat(19)}`;
  if (fixed === true) return `${head}${indent}✓ ${repair ?? 'fixed'}`;
  if (verdict === 'ok' || verdict === 'skip') return head;
  const told = [
    ...(why === '' ? [] : [paint.dim(why)]),
    ...(fix === '' ? [] : [`→ ${asTyped(fix, command)}`]),
    ...(fixError === undefined ? [] : [`not fixed: ${fixError}`]),
    ...(repair === undefined || fixed !== undefined ? [] : [paint.dim(`--fix would: ${repair}`)]),
  ];
  return [head, ...told].join(indent);
}

/** Names of files and what stands in them are anybody's: they may not control the terminal, or look like another finding. */
function oneLine(text: string): string {
  return plainLine(text, FINDING_CHARS_MAX);
}
