/** What a process of a tool sees of the machine. Nothing else of our environment reaches it. */
export interface Surrounding {
  /** Directories of programs, `:` between them. */
  readonly path: string;
  readonly home: string;
  readonly lang: string;
  readonly timezone: string;
}

/** The whole environment of a tool's process: PATH, HOME, LANG, TZ, and what keeps git quiet. Never a secret. */
export function cleanEnvironment(surrounding: Surrounding, network: boolean): Record<string, string> {
  const { path, home, lang, timezone } = surrounding;
  return { PATH: path, HOME: home, LANG: lang, TZ: timezone, ...neutralGit(network) };
}

/**
 * Makes git obey neither the owner's settings nor, as far as a fixed name can be overruled, those of a checkout: no pager,
 * no hooks, no file monitor, no external diff, no prompt, no credential helper, no signing. What a checkout names by
 * itself (filters, diff drivers) is overruled per call, see `git-neutral.ts`.
 */
function neutralGit(network: boolean): Record<string, string> {
  return {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_PAGER: 'cat',
    GIT_EDITOR: 'false',
    GIT_SEQUENCE_EDITOR: 'false',
    GIT_ASKPASS: 'false',
    GIT_SSH_COMMAND: 'false',
    GIT_ALLOW_PROTOCOL: network ? 'https' : 'none',
    ...configEnvironment(NEUTRAL),
  };
}

/** Settings as git reads them from the environment: they overrule every file, and any key can be said. */
export function configEnvironment(
  settings: readonly (readonly [key: string, value: string])[],
): Record<string, string> {
  const found: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  for (const [index, [key, value]] of settings.entries()) {
    found[`GIT_CONFIG_KEY_${index}`] = key;
    found[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return found;
}

/** Git's programs that have a fixed name. */
export const NEUTRAL: readonly (readonly [string, string])[] = [
  ['core.fsmonitor', 'false'],
  ['core.hooksPath', '/dev/null'],
  ['core.attributesFile', '/dev/null'],
  ['core.pager', 'cat'],
  ['core.editor', 'false'],
  ['core.sshCommand', 'false'],
  ['core.askPass', 'false'],
  ['core.gitProxy', ''],
  ['core.alternateRefsCommand', 'true'],
  ['sequence.editor', 'false'],
  ['diff.external', ''],
  ['diff.ignoreSubmodules', 'all'],
  ['diff.submodule', 'short'],
  ['status.submoduleSummary', 'false'],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['interactive.diffFilter', 'cat'],
  ['credential.helper', ''],
  ['protocol.ext.allow', 'never'],
  ['log.showSignature', 'false'],
  ['commit.gpgSign', 'false'],
  ['tag.gpgSign', 'false'],
  ['push.gpgSign', 'false'],
  ['gpg.program', 'false'],
  ['gpg.ssh.program', 'false'],
  ['gpg.x509.program', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['safe.directory', '*'],
];
