/** What a command may touch. Everything else of the machine is not there for it, or not writable. */
export interface Confinement {
  /** Canonical. undefined: it works on nothing of the owner's. */
  readonly workspace: string | undefined;
  /** Whether it may write in the workspace; what `guard` names stays read-only all the same. */
  readonly writable: boolean;
  readonly guard: Guard;
  /** Of the workspace, what cannot even be read. */
  readonly hidden?: readonly Hidden[] | undefined;
  readonly network: boolean;
  readonly cwd: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** More directories it needs, such as the repository behind a linked worktree. */
  readonly more?: readonly { readonly path: string; readonly writable: boolean }[] | undefined;
}

/** Something of a workspace that is not there for a command. */
export interface Hidden {
  /** Absolute and canonical. */
  readonly path: string;
  readonly isDirectory: boolean;
}

/** Paths of a workspace that exist and that no command may change. Absolute and canonical. */
export interface Guard {
  readonly readOnly: readonly string[];
  /** Directories on the way to them: they must stay where they are, or something else could take their place. */
  readonly fixed: readonly string[];
}

export interface Wrapped {
  readonly program: string;
  readonly args: readonly string[];
  /** Of the program itself: what holds a sandbox together is visible in it, and so must know no secret either. */
  readonly env: Readonly<Record<string, string>>;
}

/** What the processes of tools are put into. */
export interface Sandbox {
  readonly kind: 'bubblewrap' | 'sandbox-exec' | 'none';
  /** Why there is none. */
  readonly reason?: string | undefined;
  /** How long the first process took to come up; what every command costs on top. */
  readonly startMs?: number | undefined;
  /** Where commands find their programs, and the home they see. */
  readonly path: string;
  readonly home: string;
  wrap(argv: readonly [string, ...string[]], confinement: Confinement): Wrapped;
}
