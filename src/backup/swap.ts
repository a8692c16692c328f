import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, open, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { KairosError } from '../core/errors.ts';
import { flush } from './archive.ts';
import { OWN_TEXT } from './manifest.ts';
import { PENDING } from './pending.ts';

/** What a restore has decided to do; on the disk from then on until it is done. */
const planSchema = z.strictObject({
  /** Where the new contents lie, and where the old ones go: folders in `backups/` of the home. */
  stage: z.string().regex(/^restore-[\w.-]+$/),
  safety: z.string().regex(/^before-restore-[\w.-]+$/),
  /** First everything of before goes out, then everything new comes in. */
  phase: z.enum(['out', 'in']),
});

type SwapPlan = z.output<typeof planSchema>;

export interface Swapped {
  /** Where the contents of before lie now. */
  readonly safety: string;
}

/** All that a restore replaces. Secrets, token, lock, reserve, backups and whatever is not ours stay where they are. */
const REPLACED = new Set([
  'config.yaml',
  'memory',
  'sessions',
  'logs',
  'digests',
  'artifacts',
  'ledger.db',
  'ledger.db-wal',
  'ledger.db-shm',
  'ledger.db-journal',
  'search.db',
  'search.db-wal',
  'search.db-shm',
  'search.db-journal',
]);

/** Decides: from here on the new contents will be there, whatever happens. The home is locked by the caller. */
export async function beginSwap(home: string, plan: Omit<SwapPlan, 'phase'>): Promise<void> {
  await writePlan(home, { ...plan, phase: 'out' });
}

/**
 * Finishes a restore that was decided, also one that was killed at any point. To be called by whoever has just locked the
 * home, before the ledger is opened. Does nothing when there is none.
 *
 * @param step For tests: called after each step, with its name.
 * @returns undefined: there was none.
 * @throws {KairosError} `HOME_UNUSABLE`: it can't be finished, and nothing may be started on half a home.
 */
export async function finishRestore(
  home: string,
  step: (name: string) => void | Promise<void> = () => undefined,
): Promise<Swapped | undefined> {
  const plan = readPlan(home);
  if (plan === undefined) return undefined;
  try {
    const safety = join(home, 'backups', plan.safety);
    if (plan.phase === 'out') {
      await moveOut(home, safety, step);
      await writePlan(home, { ...plan, phase: 'in' });
      await step('out');
    }
    await moveIn({ home, stage: join(home, 'backups', plan.stage), safety }, step);
    await rm(join(home, PENDING), { force: true });
    await flush(home);
    await step('done');
    await rm(join(home, 'backups', plan.stage), { recursive: true, force: true });
    if (readdirSync(safety).length === 0) await rmdir(safety);
    return { safety };
  } catch (cause) {
    if (cause instanceof KairosError) throw cause;
    throw new KairosError('HOME_UNUSABLE', `the restore in ${home} could not be finished`, {}, cause);
  }
}

async function moveOut(home: string, safety: string, step: (name: string) => void | Promise<void>): Promise<void> {
  await mkdir(safety, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(home).toSorted()) {
    if (!REPLACED.has(name) && !OWN_TEXT.test(name)) continue;
    await rename(join(home, name), freeName(safety, name));
    await step(`out ${name}`);
  }
  await flush(safety);
  await flush(join(home, 'backups'));
  await flush(home);
}

async function moveIn(
  { home, stage, safety }: { readonly home: string; readonly stage: string; readonly safety: string },
  step: (name: string) => void | Promise<void>,
): Promise<void> {
  const fresh = join(stage, 'new');
  for (const name of existsSync(fresh) ? readdirSync(fresh).toSorted() : []) {
    const target = join(home, name);
    // Somebody has made one since: it is kept with what was before.
    if (existsSync(target)) await rename(target, freeName(safety, name));
    await rename(join(fresh, name), target);
    await step(`in ${name}`);
  }
  await flush(home);
}

function freeName(directory: string, name: string): string {
  for (let count = 0; ; count += 1) {
    const path = join(directory, count === 0 ? name : `${name}.${count}`);
    if (!existsSync(path)) return path;
  }
}

async function writePlan(home: string, plan: SwapPlan): Promise<void> {
  const part = join(home, `${PENDING}.part`);
  await writeFile(part, `${JSON.stringify(plan)}\n`, { mode: 0o600 });
  {
    await using file = await open(part, 'r');
    await file.sync();
  }
  await rename(part, join(home, PENDING));
  await flush(home);
}

function readPlan(home: string): SwapPlan | undefined {
  const path = join(home, PENDING);
  if (!existsSync(path)) return undefined;
  try {
    return planSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new KairosError('HOME_UNUSABLE', `${path} tells of a restore that was cut off, and can't be read`, {}, cause);
  }
}
