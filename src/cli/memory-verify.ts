import { homedir } from 'node:os';
import { delimiter } from 'node:path';
import type { Command } from 'commander';
import { resolveWorkspaces } from '../agent/workspaces.ts';
import { loadConfig } from '../daemon/config.ts';
import type { Disk } from '../memory/claims/disk.ts';
import type { Verified } from '../memory/claims/verify.ts';
import type { Cli } from './cli.ts';
import { withExamples, type Act } from './define.ts';
import { renderTable, type Column } from './table.ts';

/** `memory verify`: what the memory claims, looked at in the workspaces. Works without a daemon. */
export function defineVerify(memory: Command, act: Act): void {
  const command = memory
    .command('verify')
    .description(
      'Check what the memory claims about the workspaces: files, symbols, scripts, packages, branches, settings. Changes nothing.',
    )
    .argument('[topic]', 'only this topic')
    .option('--stale', 'only what no longer holds');
  withExamples(
    command,
    'kairos memory verify',
    'kairos memory verify --stale',
    'kairos memory verify billing --json',
  ).action(
    act<{ stale?: boolean }>(async (cli, [topic], { stale }) => {
      const { workspaces, problems } = resolveWorkspaces(loadConfig(cli.home, cli.env).workspaces, homedir());
      for (const problem of problems) cli.note(problem);
      if (workspaces.length === 0)
        cli.note('No workspace to check against: name one under workspaces: in config.yaml.');
      const { verifyMemory } = await import('../memory/claims/verify.ts');
      const { realDisk } = await import('../memory/claims/disk.ts');
      const disk = noting(realDisk, cli);
      const programs = (cli.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
      const clock = { wallMs: cli.nowMs };
      const found = verifyMemory({ home: cli.home, workspaces, programs, clock, topic, disk });
      const shown = stale === true ? found.filter(({ verdict }) => verdict === 'stale') : found;
      cli.print(shown, () => render(cli, shown, found));
    }),
  );
}

const SILENT_MS = 1_000;

/** The disk, with a word once looking takes longer than a second: a check blocks, so that no timer would tell. */
function noting(disk: Disk, cli: Cli): Disk {
  const startedMs = cli.nowMs();
  let told = false;
  const look = (): void => {
    if (told || cli.nowMs() - startedMs < SILENT_MS) return;
    told = true;
    cli.note('Reading the workspaces; the first look at a large one takes a while.');
  };
  return {
    state: (path) => (look(), disk.state(path)),
    read: (path, bytesMax) => (look(), disk.read(path, bytesMax)),
    list: (path) => (look(), disk.list(path)),
  };
}

function render(cli: Cli, shown: readonly Verified[], all: readonly Verified[]): string {
  const count = (verdict: Verified['verdict']): number => all.filter((each) => each.verdict === verdict).length;
  const sum = `${all.length} claims: ${count('verified')} verified, ${count('stale')} stale, ${count('unverifiable')} that can't be checked.`;
  if (shown.length === 0) return all.length === 0 ? 'The memory claims nothing that can be checked.' : sum;
  return `${renderTable(shown, columns(cli), cli)}\n${sum}`;
}

function columns({ paint }: Cli): readonly Column<Verified>[] {
  return [
    {
      title: 'VERDICT',
      text: ({ verdict }) => verdict,
      paint: ({ verdict }) => (verdict === 'stale' ? paint.bad : verdict === 'verified' ? paint.good : paint.dim),
    },
    { title: 'TOPIC', text: ({ topic }) => topic },
    { title: 'CLAIM', text: ({ claim }) => claim },
    { title: 'REASON', text: ({ reason }) => reason },
  ];
}
