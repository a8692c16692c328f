import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { KairosError, messageOf } from '../core/errors.ts';
import type { UnitFile } from './kinds.ts';
import type { Manager } from './manager.ts';
import { beginTrial, failedTrial, revokeTrial, versionsOnTrial } from './trial.ts';
import { currentVersion, placeVersion, pruneVersions, switchTo, type Placing, type Version } from './versions.ts';

/** What an installation is to bring about. */
export interface InstallPlan extends Placing {
  readonly home: string;
  readonly unitDirectory: string;
  readonly files: readonly UnitFile[];
}

export interface InstallPorts {
  readonly manager: Manager;
  /** Whether the daemon at the door is ready, and of which version. undefined: nobody answers. */
  readonly ask: () => Promise<{ readonly version: string; readonly ready: boolean } | undefined>;
  /** Who says in the home that it runs there. */
  readonly announcedPid: () => number | undefined;
  readonly monoMs: () => number;
  readonly sleep: (delayMs: number) => Promise<void>;
  readonly say: (step: string) => void;
  /** Tries the new version on a copy of the home before anything is changed. @throws when it fails. Default: not tried. */
  readonly rehearse?: ((version: Version) => Promise<void>) | undefined;
  /** How long the new version may take to get ready, at least; default 60 s. With its rehearsal and its ledger it gets more. */
  readonly readyMsMax?: number | undefined;
}

/** What was done; `changed` is false when all was as it should be. */
export interface Installed {
  readonly changed: boolean;
  readonly version: Version;
  readonly before: string | undefined;
  readonly pid: number;
  readonly written: readonly string[];
}

const READY_MS_MAX = 60_000;
/** On trial it does what it did in its rehearsal, beside whatever else the machine has to do. */
const TIMES_REHEARSED = 3;
/** For the copies of the ledger, where there was no room for a rehearsal: 10 MB/s, a slow disk. */
const LEDGER_BYTES_PER_MS = 10_000;
const LOOK_MS = 250;

/**
 * Places this version, writes the units, starts the service, and makes sure that it is this version that answers. When a step
 * fails, everything is put back as it was, and what was running runs again; but a new version that was ready once stays,
 * because the ledger is its own from then on (`endTrial`), and the version before may not be able to read it.
 *
 * @throws {KairosError} `STATE_CONFLICT` with what failed and the last lines of its log; what placing and trials throw.
 */
export async function installService(plan: InstallPlan, ports: InstallPorts): Promise<Installed> {
  const { programRoot, home, files, unitDirectory } = plan;
  const { manager, say } = ports;
  say('placing the program');
  const version = await placeVersion(plan);
  const before = currentVersion(programRoot);
  const stale = files.filter(({ name, text }) => readIfThere(join(unitDirectory, name)) !== text);
  const was = await manager.state();
  const isNew = before?.name !== version.name;
  const facts = { version, before: before?.name, written: stale.map(({ name }) => join(unitDirectory, name)) };
  if (!isNew && stale.length === 0 && was.active) {
    return { ...facts, changed: false, pid: await verify(version, home, ports) };
  }
  const undo = createUndo();
  let { readyMsMax = READY_MS_MAX } = ports;
  let isTried = false;
  try {
    if (isNew && before !== undefined && existsSync(join(home, 'ledger.db'))) {
      say('trying it on a copy of the home');
      readyMsMax = await rehearseIn(readyMsMax, version, home, ports);
      beginTrial(home, { from: before.name, to: version.name });
      isTried = true;
      giveToOwner(home);
    }
    await switchTo(programRoot, version.name);
    undo.add(() =>
      before === undefined ? rmSync(join(programRoot, 'current'), { force: true }) : switchTo(programRoot, before.name),
    );
    say('writing the units');
    if (stale.length > 0) undo.add(() => (was.loaded ? manager.load() : manager.unload()));
    for (const file of stale) undo.add(writeUnit(unitDirectory, file));
    if (stale.length > 0 || !was.loaded) await manager.load();
    say('starting the service');
    if (was.active) undo.addLast(() => manager.restart(false));
    await manager.restart(
      was.loaded && stale.some(({ name }) => name.endsWith('.socket')),
      isTried ? readyMsMax : undefined,
    );
    say('making sure that it answers');
    const pid = await verify(version, home, { ...ports, readyMsMax });
    pruneVersions(programRoot, versionsOnTrial(home));
    return { ...facts, changed: true, pid };
  } catch (error) {
    if (isTried && !revokeTrial(home, version.name)) throw stays(error, version, await manager.lastLines());
    const lines = await manager.lastLines();
    const troubles = await undo.run();
    // Who tries again and again needs no more room for it.
    if (before !== undefined) pruneVersions(programRoot, [before.name, ...versionsOnTrial(home)]);
    throw failed(error, lines, troubles, before !== undefined && was.active);
  }
}

/** @returns how long the real start may take, given how long this one took. */
async function rehearseIn(readyMsMax: number, version: Version, home: string, ports: InstallPorts): Promise<number> {
  const { rehearse, monoMs } = ports;
  const startedMs = monoMs();
  await rehearse?.(version);
  const ledgerMs = statSync(join(home, 'ledger.db')).size / LEDGER_BYTES_PER_MS;
  return Math.ceil(Math.max(readyMsMax + ledgerMs, TIMES_REHEARSED * (monoMs() - startedMs)));
}

/** Not done until the version that answers is the one placed, as the process that the supervisor started. */
async function verify(version: Version, home: string, ports: InstallPorts): Promise<number> {
  const { readyMsMax = READY_MS_MAX, manager, ask, announcedPid, sleep, monoMs } = ports;
  const endMs = monoMs() + readyMsMax;
  for (let missing = ''; ; await sleep(LOOK_MS)) {
    const failure = failedTrial(home);
    if (failure?.to === version.name) throw new Error(`${version.name} did not become ready: ${failure.reason}`);
    const { pid } = await manager.state();
    const answer = await ask().catch(() => undefined);
    if (answer === undefined) missing = 'nobody answers';
    else if (answer.version !== version.version) missing = `version ${answer.version} answers, not ${version.version}`;
    else if (!answer.ready) missing = '/readyz does not say that it is ready';
    else if (pid === undefined || announcedPid() !== pid) {
      missing = `process ${announcedPid() ?? 'nobody'} answers, but the service is process ${pid ?? 'none'}`;
    } else return pid;
    if (monoMs() > endMs) throw new Error(`within ${Math.round(readyMsMax / 1_000)} s ${missing}`);
  }
}

type Step = () => unknown;

/** What takes the steps back, the last one first. */
function createUndo() {
  const steps: Step[] = [];
  const last: Step[] = [];
  return {
    add: (step: Step) => steps.push(step),
    /** For after all others. */
    addLast: (step: Step) => last.push(step),
    /** @returns what could not be taken back. */
    async run(): Promise<string[]> {
      const troubles: string[] = [];
      for (const step of [...steps.toReversed(), ...last]) {
        try {
          await step();
        } catch (error) {
          troubles.push(messageOf(error));
        }
      }
      return troubles;
    },
  };
}

/** Writes a unit whole or not at all. @returns what puts the old one back. */
function writeUnit(directory: string, { name, text }: UnitFile): Step {
  const path = join(directory, name);
  const old = readIfThere(path);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    writeWhole(path, text);
  } catch (cause) {
    throw new KairosError('STATE_CONFLICT', `${path} can't be written: ${messageOf(cause)}`, {}, cause);
  }
  return () => (old === undefined ? rmSync(path, { force: true }) : writeWhole(path, old));
}

function writeWhole(path: string, text: string): void {
  // Units hold no secret, and systemd warns of ones that others can't read.
  writeFileSync(`${path}.part`, text, { mode: 0o644 });
  renameSync(`${path}.part`, path);
}

/** Root writes the trial into a home that belongs to the service, which has to be able to end it. */
function giveToOwner(home: string): void {
  const { uid, gid } = statSync(home);
  if (process.getuid?.() !== 0 || uid === 0) return;
  const give = (path: string): void => {
    if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) give(join(path, name));
    chownSync(path, uid, gid);
  };
  give(join(home, 'upgrade'));
}

function failed(error: unknown, lines: readonly string[], troubles: readonly string[], ran: boolean): KairosError {
  const state =
    troubles.length > 0
      ? `putting everything back did not work out: ${troubles.join('; ')}`
      : ran
        ? 'everything is as before, and the version before runs'
        : 'everything is as before';
  return new KairosError('STATE_CONFLICT', `not installed: ${messageOf(error)}; ${state}${said(lines)}`, {}, error);
}

function stays(error: unknown, version: Version, lines: readonly string[]): KairosError {
  const text = [
    `${version.name} is installed and was ready, but ${messageOf(error)}.`,
    'It is not taken back, because it has taken the ledger over and may have accepted deliveries since.',
    'Look with kairos doctor; then restart the service, or install another version',
  ].join(' ');
  return new KairosError('STATE_CONFLICT', `${text}${said(lines)}`, {}, error);
}

function said(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `\n  the last lines of its log:\n    ${lines.join('\n    ')}`;
}

/** The text of a file; undefined when there is none. */
function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** What an uninstallation has taken away. */
export interface Uninstalled {
  readonly removed: readonly string[];
}

export interface UninstallPlan {
  readonly unitDirectory: string;
  readonly names: readonly string[];
  /** Also the placed versions: this directory. */
  readonly purge: string | undefined;
}

/** Stops the service and removes its files. Never the home. Again, it finds nothing to do. */
export async function uninstallService(plan: UninstallPlan, manager: Manager): Promise<Uninstalled> {
  const paths = plan.names.map((name) => join(plan.unitDirectory, name)).filter((path) => existsSync(path));
  const { loaded } = await manager.state();
  if (loaded || paths.length > 0) await manager.unload();
  for (const path of paths) rmSync(path, { force: true });
  // systemd keeps what it has read until it is told to look again.
  if (paths.length > 0) await manager.unload();
  const programs = plan.purge !== undefined && existsSync(plan.purge) ? [plan.purge] : [];
  for (const path of programs) rmSync(path, { recursive: true, force: true });
  return { removed: [...paths, ...programs] };
}
