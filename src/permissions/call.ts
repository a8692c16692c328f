import type { Json, Workspace } from '../core/agent.ts';

/** LOW runs at once; MEDIUM is for the policy to decide, sandboxed and shown to the owner; HIGH needs a human. */
export type Risk = 'LOW' | 'MEDIUM' | 'HIGH';

/** A call as the gate sees it, its input already of the tool's shape. */
export interface ToolCall {
  readonly tool: string;
  readonly input: Json;
}

/** What a call would do, found without running it. */
export interface Assessment {
  readonly risk: Risk;
  /** One line for a person: what it does that makes it so. */
  readonly reason: string;
  /** May change files of a workspace: the state before is kept for undo. */
  readonly writes: boolean;
  /** May bring text from outside into the run. */
  readonly readsOutside: boolean;
  /** May bring a secret into the run (keys, .env, credentials). */
  readonly readsSecrets: boolean;
  /** May let something leave this machine, or become a standing belief: network, comments, a message to a new place, user memory. */
  readonly sends: boolean;
}

/** What a path is once everything on the way to it was followed. */
export interface ResolvedPath {
  /** Absolute, canonical: no `..`, no symlink; for what does not exist yet, its canonical parent and the rest. */
  readonly canonical: string;
  readonly exists: boolean;
  /** Names this file has on the disk; more than one: another name of it may be a protected one. */
  readonly links: number;
  readonly directory: boolean;
  /** A device, socket or pipe: neither file nor directory. */
  readonly special?: boolean | undefined;
  /** Why it could not be followed to its end (a loop, no permission, too long): it is HIGH then. */
  readonly unclear?: string | undefined;
}

/** The machine as far as a decision needs it. The functions look, and change nothing. */
export interface Surroundings {
  readonly workspaces: readonly Workspace[];
  /** Where relative paths start: the workspace of the run. undefined: there is none, and a relative path is HIGH. */
  readonly cwd: string | undefined;
  /** Home of kairosd: unwritable, and its secrets unreadable, by any tool. */
  readonly home: string;
  /** The owner's home directory, for `~`. */
  readonly userHome: string;
  /** `linux`, `darwin`: whether names differ by case. */
  readonly platform: string;
  /** What the shell runs in. `none`: every shell command is HIGH. */
  readonly sandbox: 'bubblewrap' | 'sandbox-exec' | 'none';
  /** Whether sandboxed commands may use the network. */
  readonly shellNetwork: boolean;
  /** Hosts that `fetch` may ask without being asked about. */
  readonly fetchHosts: readonly string[];
  /** Canonical places no tool writes, workspace or not: where kairosd's own program lies. */
  readonly protectedPlaces?: readonly string[] | undefined;
  /** Names of the configured channels to the owner, as `notify {channel}` gives them. */
  readonly channels?: readonly string[] | undefined;
  /**
   * Whether git, asked from a directory, finds a repository whose own configuration names no program. Never throws. Left
   * out: it is not known, and what such a program could run for is MEDIUM.
   */
  readonly plainRepository?: ((directory: string) => boolean) | undefined;
  /**
   * Whether a file, or anything below a directory, may hold text from outside wherever it lies: a run that had read such text
   * left it so. Never throws. Left out: nothing does.
   */
  readonly leftByOutside?: ((canonical: string) => boolean) | undefined;
  /** What a path is on the disk. Never throws; what cannot be followed is `unclear`. */
  resolve(path: string): ResolvedPath;
}

/** What the policy knows of the run that makes the call. */
export interface RunFacts {
  /** Who began it: the owner in person, the owner's configuration (a schedule), or an event from outside (a subscription). */
  readonly source: 'owner' | 'schedule' | 'outside';
  /** The owner is away: what would be flagged waits instead. */
  readonly afk: boolean;
  readonly tainted: boolean;
  readonly hasReadSecrets: boolean;
  /** Something that may carry a secret has left already. */
  readonly hasSent: boolean;
  readonly denialsInARow: number;
  readonly denials: number;
}

/** What is done with a call. */
export type Verdict =
  /** `flag`: it runs, and the owner reads of it in the log and digest. */
  | { readonly kind: 'run'; readonly flag: boolean }
  /** A fast model may settle it; when that fails in any way, a human is asked. */
  | { readonly kind: 'classify' }
  | { readonly kind: 'ask'; readonly reason: string }
  /** Too many denials: the run ends and hands back to the owner. */
  | { readonly kind: 'hand-back'; readonly reason: string };
