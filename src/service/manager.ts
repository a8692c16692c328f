import type { Ran, Run } from './command.ts';

/** How a service is, as its supervisor sees it. */
export interface ServiceState {
  /** It knows the service. */
  readonly loaded: boolean;
  readonly active: boolean;
  readonly pid: number | undefined;
}

/** systemd or launchd, as far as an installation needs it. */
export interface Manager {
  state(): Promise<ServiceState>;
  /** Takes up files that were written, and has the service started with the machine. @throws {Error} with what it said. */
  load(): Promise<void>;
  /**
   * Starts it, or starts it anew; waits until it says that it is ready, or that it is not.
   *
   * @param isDoorChanged The socket itself has to be made anew: what waits in it is lost.
   * @param readyMsMax How long it may take to get ready; default as long as the supervisor gives it.
   * @throws {Error} with what the supervisor said.
   */
  restart(isDoorChanged: boolean, readyMsMax?: number): Promise<void>;
  /** Stops it and forgets it. Files that were removed before are taken note of. @throws {Error} with what it said. */
  unload(): Promise<void>;
  /** The last that it wrote to its log. */
  lastLines(): Promise<readonly string[]>;
}

/** Runs it. @throws {Error} unless it ended with 0 or one of `fine`. */
export async function must(
  run: Run,
  argv: readonly string[],
  deadlineMs?: number,
  fine: readonly number[] = [],
): Promise<Ran> {
  const ran = await run(argv, deadlineMs);
  if (ran.status === 0 || fine.includes(ran.status)) return ran;
  const said = (ran.stderr.trim() || ran.stdout.trim()).slice(0, SAID_CHARS_MAX);
  throw new Error(`\`${shown(argv)}\` ended with ${ran.status}${said === '' ? '' : `: ${said}`}`);
}

const SAID_CHARS_MAX = 2_000;

/** The words of a command; properties of a transient unit are many and say nothing. */
function shown(argv: readonly string[]): string {
  return argv.filter((word, index) => word !== '-p' && argv[index - 1] !== '-p').join(' ');
}
