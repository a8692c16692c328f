import { LAUNCHD_LABEL } from './kinds.ts';
import { must, type Manager, type ServiceState } from './manager.ts';
import type { Run } from './command.ts';

export interface LaunchdPlace {
  /** `system`, or `gui/501`: who is logged in. */
  readonly domain: string;
  readonly plistPath: string;
  /** Reads the end of the file that launchd writes to. */
  readonly tail: () => readonly string[];
  readonly sleep: (delayMs: number) => Promise<void>;
}

const TRIES = 20;
const TRY_MS = 500;
/** It says EIO while an earlier bootout of the same label is still under way. */
const STILL_LEAVING = 5;
const KNOWN_ALREADY = 37;
/** `print` and `bootout` of a label it does not know. */
const UNKNOWN = [3, 36, 113];

/** launchd through `launchctl`, whose words are only final once `print` shows the same. */
export function createLaunchd(run: Run, { domain, plistPath, tail, sleep }: LaunchdPlace): Manager {
  const target = `${domain}/${LAUNCHD_LABEL}`;
  const state = async (): Promise<ServiceState> => {
    const { status, stdout } = await run(['launchctl', 'print', target]);
    const pid = /^\s*pid = (\d+)$/m.exec(stdout)?.[1];
    return {
      loaded: status === 0,
      active: status === 0 && pid !== undefined,
      pid: pid === undefined ? undefined : Number(pid),
    };
  };
  const until = async (holds: (state: ServiceState) => boolean): Promise<boolean> => {
    for (let tried = 0; tried < TRIES; tried += 1) {
      if (holds(await state())) return true;
      await sleep(TRY_MS);
    }
    return false;
  };
  const leave = async (): Promise<void> => {
    await must(run, ['launchctl', 'bootout', target], undefined, UNKNOWN);
    if (!(await until(({ loaded }) => !loaded))) throw new Error(`launchd has not let go of ${target}`);
  };
  const enter = async (): Promise<void> => {
    for (let tried = 0; ; tried += 1) {
      const fine = tried < TRIES ? [STILL_LEAVING, KNOWN_ALREADY] : [KNOWN_ALREADY];
      const { status } = await must(run, ['launchctl', 'bootstrap', domain, plistPath], undefined, fine);
      if (status !== STILL_LEAVING) return;
      await sleep(TRY_MS);
    }
  };
  return {
    state,
    async load() {
      await must(run, ['launchctl', 'enable', target]);
      // It reads the file when it takes the service up, not later.
      if ((await state()).loaded) await leave();
      await enter();
    },
    async restart() {
      if (!(await state()).loaded) await enter();
      await must(run, ['launchctl', 'kickstart', '-k', target]);
      if (!(await until(({ pid }) => pid !== undefined))) throw new Error(`launchd does not run ${target}`);
    },
    unload: leave,
    lastLines: async () => tail(),
  };
}
