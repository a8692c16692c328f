import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Broken, InvariantId } from '../test/simulation/invariants.ts';
import { ROOT } from './lib/daemon.ts';
import type { CampaignOptions, Check, Report } from './lib/report.ts';

interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A defect that somebody might make, and what the simulation must say of it. */
interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly breaks: readonly InvariantId[];
}

const MUTANTS: readonly Mutant[] = [
  {
    name: 'the windows are forgotten at a restart',
    edits: [
      {
        file: 'src/notify/outbox.ts',
        from: 'windows.open(store.recentReleases(clock.wallMs() - keepMs))',
        to: 'windows.open([])',
      },
      {
        file: 'src/notify/channel-loop.ts',
        from: 'windows.open(store.recentDeliveries(channel.name, now.wallMs - keepMs))',
        to: 'windows.open([])',
      },
    ],
    breaks: ['I3'],
  },
  {
    name: 'a job is settled without its effects',
    edits: [
      {
        file: 'src/ledger/jobs.ts',
        from: "if (settlement.state !== 'queued') applyEffects",
        to: "if (settlement.state === 'parked') applyEffects",
      },
    ],
    breaks: ['I4'],
  },
  {
    name: 'what was due while nobody ran is forgotten',
    edits: [
      {
        file: 'src/ledger/slots.ts',
        from: 'throughMs: isFresh ? nowMs : (known.get(name)?.through_at ?? nowMs)',
        to: 'throughMs: nowMs',
      },
    ],
    breaks: ['I5'],
  },
  {
    name: 'an apply that a crash cut off is not taken up again',
    edits: [
      {
        file: 'src/memory/keeper.ts',
        from: 'const recovered = await recover(options);',
        to: 'const recovered = undefined as Awaited<ReturnType<typeof recover>>;',
      },
    ],
    breaks: ['I10', 'I12'],
  },
  {
    name: 'the key of a message is another one for each attempt',
    edits: [
      {
        file: 'src/notify/channel-loop.ts',
        from: 'idempotencyKey: attempt.idempotencyKey,',
        to: 'idempotencyKey: `${attempt.idempotencyKey}-${attempt.attempt}`,',
      },
    ],
    breaks: ['I4'],
  },
  {
    name: 'the delivery ids of the process before are not looked up',
    edits: [
      {
        file: 'src/ledger/delivery-keys.ts',
        from: 'if (filter?.mayHold(key) === false) return undefined;',
        to: 'if (filter?.mayHold(key) !== true) return undefined;',
      },
    ],
    breaks: ['I1'],
  },
  {
    name: 'what was let go in the evening rings at night',
    edits: [
      {
        file: 'src/notify/pick.ts',
        from: 'const quietMs = delivery.urgent ? undefined :',
        to: 'const quietMs = delivery.attempts >= 0 ? undefined :',
      },
    ],
    breaks: ['I6'],
  },
  {
    name: 'the end of the daily log is not compared after a crash',
    edits: [{ file: 'src/journal/writer.ts', from: 'let inDoubt = true;', to: 'let inDoubt = false;' }],
    breaks: ['I11'],
  },
  {
    name: 'a no of the owner’s counts as a yes',
    edits: [
      {
        file: 'src/agent/call.ts',
        from: "if (approval.state === 'denied') {",
        to: "if (approval.state === 'pending') {",
      },
    ],
    breaks: ['I9'],
  },
];

/** Each defect is put into a copy of the product, and the simulation must see it; in the product itself it sees none. */
export async function proveMutants({ say }: CampaignOptions): Promise<Report> {
  const checks: Check[] = [];
  const none = await brokenIn(undefined);
  checks.push({ name: 'nothing is broken in the product', ok: none.length === 0, detail: wordsOf(none) });
  for (const mutant of MUTANTS) {
    const broken = await brokenIn(mutant);
    const ok = broken.some(({ id }) => mutant.breaks.includes(id));
    checks.push({ name: `seen: ${mutant.name}`, ok, detail: wordsOf(broken) });
    say(`${mutant.name}: ${ok ? 'seen' : 'NOT seen'}`);
  }
  return { checks, figures: { mutants: MUTANTS.length } };
}

function wordsOf(broken: readonly Broken[]): string {
  return broken.map(({ id, what }) => `${id} ${what.slice(0, 80)}`).join(' · ') || 'nothing';
}

async function brokenIn(mutant: Mutant | undefined): Promise<readonly Broken[]> {
  const copy = mkdtempSync(join(tmpdir(), 'kairos-mutant-'));
  try {
    for (const name of ['src', 'proof', 'test']) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    if (mutant !== undefined) spoil(copy, mutant);
    const { stdout } = await promisify(execFile)(process.execPath, [join(copy, 'proof/mutant-tour.ts')], {
      timeout: 180_000,
      maxBuffer: 16_777_216,
    });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '[]') as readonly Broken[];
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function spoil(copy: string, { edits, name }: Mutant): void {
  for (const { file, from, to } of edits) {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${name}: ${file} has not exactly one ${from}`);
    writeFileSync(path, text.replace(from, to));
  }
}
